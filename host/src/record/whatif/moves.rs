//! What could be changed: facts that the blocking rules read, their settings, rows of site data.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::narrow::written;
use crate::fixture::{Fact, at, escaped, others, remove, select, set};
use crate::model::policy::{Policy, RuleUse};

/// More than any machine has; a rule that asks for more asks for the impossible.
const BYTES_MAX: u64 = 1 << 50;
const COUNT_MAX: u64 = 1 << 31;
/// Hundredths: as finely as a setting that is no whole number is narrowed down.
const SCALE: u64 = 100;
/// Values that other nodes have are tried, so many of them.
const EXAMPLES_MAX: usize = 8;
/// Domains that could be elsewhere, so many of them.
const RESIDENTS_MAX: usize = 64;

/// One change, made.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    Fact { place: String, value: Value },
    Without { place: String, value: Value },
    Append { place: String, value: Value },
    Setting { rule: String, key: String, value: Value },
}

impl Move {
    /// In the words of a person: dots, no slashes.
    pub fn place(&self) -> String {
        match self {
            Self::Fact { place, .. } | Self::Without { place, .. } | Self::Append { place, .. } => {
                dotted(place)
            }
            Self::Setting { rule, key, .. } => format!("settings.{rule}.{key}"),
        }
    }

    pub fn value(&self) -> &Value {
        match self {
            Self::Fact { value, .. }
            | Self::Without { value, .. }
            | Self::Append { value, .. }
            | Self::Setting { value, .. } => value,
        }
    }

    pub fn current(&self, facts: &Value, policy: &Policy) -> Option<Value> {
        match self {
            Self::Fact { place, .. } => at(facts, place).cloned(),
            Self::Without { .. } | Self::Append { .. } => None,
            Self::Setting { rule, key, .. } => {
                let rule = policy.rules.iter().find(|one| one.name == *rule)?;
                rule.setting(key).cloned()
            }
        }
    }

    /// False: there is no such place.
    pub fn apply(&self, tree: &mut Value, policy: &mut Policy) -> bool {
        match self {
            Self::Fact { place, value } => set_deep(tree, place, value.clone()),
            Self::Without { place, .. } => remove(tree, place),
            Self::Append { place, value } => match at(tree, place) {
                Some(Value::Array(items)) => {
                    let longer = [items.as_slice(), std::slice::from_ref(value)].concat();
                    set(tree, place, Value::Array(longer))
                }
                Some(_) => false,
                None => set_deep(tree, place, json!([value])),
            },
            Self::Setting { rule, key, value } => {
                // A rule that does not block is not in the search, and its settings do not matter.
                if let Some(rule) = policy.rules.iter_mut().find(|one| one.name == *rule) {
                    rule.settings[key.as_str()] = value.clone();
                }
                true
            }
        }
    }
}

/// A fact can lack the tables above it: labels of a node that has none.
fn set_deep(tree: &mut Value, place: &str, value: Value) -> bool {
    if let Some((above, _)) = place.rsplit_once('/')
        && at(tree, above).is_none()
        && !set_deep(tree, above, json!({}))
    {
        return false;
    }
    set(tree, place, value)
}

fn dotted(place: &str) -> String {
    let words = place.split('/').map(|word| word.replace("~1", "/").replace("~0", "~"));
    words.collect::<Vec<_>>().join(".")
}

/// Something that could be otherwise, and how.
pub struct Target {
    make: Move,
    pub values: Values,
    pub rank: usize,
}

pub enum Values {
    These(Vec<Value>),
    /// Whole numbers, or parts of them: what is, and how far it can go.
    Numbers {
        now: u64,
        low: u64,
        high: u64,
        scale: u64,
        as_text: bool,
    },
}

impl Target {
    fn of(make: Move, values: Values, rank: usize) -> Self {
        Self { make, values, rank }
    }

    fn with(&self, value: Value) -> Move {
        let mut change = self.make.clone();
        match &mut change {
            Move::Fact { value: of, .. }
            | Move::Without { value: of, .. }
            | Move::Append { value: of, .. }
            | Move::Setting { value: of, .. } => *of = value,
        }
        change
    }

    pub fn with_number(&self, number: u64) -> Move {
        match self.values {
            Values::Numbers { scale, as_text, .. } => self.with(written(number, scale, as_text)),
            Values::These(_) => self.make.clone(),
        }
    }

    pub fn number(&self, value: &Value) -> Option<u64> {
        let Values::Numbers { scale, .. } = self.values else { return None };
        number(value, scale)
    }

    /// As far as each way goes.
    pub fn extremes(&self) -> Vec<Move> {
        match &self.values {
            Values::These(values) => values.iter().map(|value| self.with(value.clone())).collect(),
            Values::Numbers { now, low, high, .. } => {
                // In some places 0 says "not known".
                let least = (*low + 1).min(*now);
                let ends = BTreeSet::from([*high, *low, least]);
                ends.iter().rev().filter(|end| *end != now).map(|end| self.with_number(*end)).collect()
            }
        }
    }
}

fn number(value: &Value, scale: u64) -> Option<u64> {
    match value {
        Value::Number(number) if scale == 1 => number.as_u64(),
        Value::Number(number) => number.as_f64().map(|number| (number * scale as f64).round() as u64),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Everything that could be otherwise, for rules that keep a node out.
pub fn moves(tree: &Value, policy: &Policy, blocking: &[usize], node: &str) -> Vec<Target> {
    let mut maker = Maker { tree, node: escaped(node), seen: BTreeSet::new(), made: Vec::new() };
    let rules = || blocking.iter().map(|index| &policy.rules[*index]);
    let reads = |import: &str| rules().any(|rule| rule.info.needs.contains(import));
    for fact in Fact::of(reads).filter(|fact| fact.places != "taken_at") {
        maker.fact(fact.places);
    }
    if reads("networks.name") {
        maker.networks();
    }
    if reads("nodes.machine-known") {
        maker.machines();
    }
    rules().for_each(|rule| maker.settings(rule));
    maker.made
}

struct Maker<'a> {
    tree: &'a Value,
    node: String,
    seen: BTreeSet<String>,
    made: Vec<Target>,
}

impl Maker<'_> {
    fn push(&mut self, make: Move, values: Values, rank: usize) {
        let what = if matches!(make, Move::Without { .. }) { "without " } else { "" };
        if self.seen.insert(format!("{what}{}", make.place())) || matches!(make, Move::Append { .. }) {
            self.made.push(Target::of(make, values, rank));
        }
    }

    fn fact(&mut self, pattern: &str) {
        match pattern.split_once('/') {
            Some(("nodes", _)) => self.of_node(pattern),
            Some(("site_data", _)) => self.site_data(pattern),
            Some(("domain", below)) => self.of_domain(pattern, below),
            _ => select(self.tree, pattern).iter().for_each(|place| self.value(place, Vec::new(), 4)),
        }
    }

    fn of_node(&mut self, pattern: &str) {
        if pattern.contains("/residents/") {
            return self.residents();
        }
        let here = pattern.replacen('*', &self.node, 1);
        // A fact that is not known here may have the values of others, and so may one that is.
        let mut places: BTreeSet<String> = select(self.tree, &here).into_iter().collect();
        let mut examples: Vec<Value> = Vec::new();
        for place in select(self.tree, pattern).into_iter().chain(self.of_source(pattern)) {
            let below = match place.strip_prefix("nodes/") {
                Some(rest) => rest.split_once('/').map(|(_, below)| below),
                None => place.strip_prefix("source/"),
            };
            let Some(below) = below else { continue };
            // A list is added to elsewhere, not by its numbers.
            if !below.split('/').any(|word| word.parse::<usize>().is_ok()) {
                places.insert(format!("nodes/{}/{below}", self.node));
            }
            let value = at(self.tree, &place).cloned().unwrap_or(Value::Null);
            if examples.len() < EXAMPLES_MAX && !examples.contains(&value) {
                examples.push(value);
            }
        }
        if places.is_empty() && !here.contains('*') {
            places.insert(here);
        }
        for place in places {
            let rank = match at(self.tree, &place) {
                _ if place.ends_with("uuid") => 4,
                // Another node's whole list is much to ask for.
                Some(Value::Array(_)) => 3,
                _ => 0,
            };
            self.value(&place, examples.clone(), rank);
        }
    }

    fn of_source(&self, pattern: &str) -> Vec<String> {
        let below = pattern.strip_prefix("nodes/*/").unwrap_or_default();
        if below.starts_with("pair/") { Vec::new() } else { select(self.tree, &format!("source/{below}")) }
    }

    /// A domain elsewhere, on this node or on another: some rules count them all.
    fn residents(&mut self) {
        let here = format!("nodes/{}/", self.node);
        let mut places = select(self.tree, "nodes/*/residents/*");
        places.sort_by_key(|place| !place.starts_with(&here));
        for place in places.into_iter().take(RESIDENTS_MAX) {
            let resident = at(self.tree, &place).cloned().unwrap_or(Value::Null);
            let rank = if place.starts_with(&here) { 1 } else { 2 };
            self.push(Move::Without { place, value: resident.clone() }, Values::These(vec![resident]), rank);
        }
    }

    fn networks(&mut self) {
        let list = format!("nodes/{}/networks", self.node);
        for place in select(self.tree, "domain/interfaces/*") {
            let Some(interface) = at(self.tree, &place) else { continue };
            let Some(name) = interface["source"].as_str() else { continue };
            for kind in ["network", "bridge"] {
                let network = json!({ "kind": kind, "name": name, "active": true });
                let make = Move::Append { place: list.clone(), value: network.clone() };
                self.push(make, Values::These(vec![network]), 0);
            }
        }
    }

    /// An emulator that knows the domain's machine type too.
    fn machines(&mut self) {
        let Some(machine) = at(self.tree, "domain/machine").cloned() else { return };
        for place in select(self.tree, &format!("nodes/{}/guests/*/machines", self.node)) {
            let make = Move::Append { place, value: machine.clone() };
            self.push(make, Values::These(vec![machine.clone()]), 0);
        }
    }

    fn of_domain(&mut self, pattern: &str, below: &str) {
        let places = select(self.tree, pattern);
        // A device can be taken off, whatever of it a rule reads.
        if let Some((list, _)) = below.split_once("/*/") {
            for place in select(self.tree, &format!("domain/{list}/*")) {
                let device = at(self.tree, &place).cloned().unwrap_or(Value::Null);
                self.push(Move::Without { place, value: device.clone() }, Values::These(vec![device]), 3);
            }
        }
        for place in places {
            let rank = if place.ends_with("uuid") || place == "domain/name" { 4 } else { 3 };
            if let Some(Value::String(text)) = at(self.tree, &place) {
                let value = json!(text);
                self.push(
                    Move::Without { place: place.clone(), value: value.clone() },
                    Values::These(vec![value]),
                    rank,
                );
            }
            self.value(&place, Vec::new(), rank);
        }
    }

    fn site_data(&mut self, pattern: &str) {
        if pattern.matches('*').count() < 3 {
            return;
        }
        for place in select(self.tree, pattern) {
            let Some(Value::String(cell)) = at(self.tree, &place) else { continue };
            if let Ok(now) = cell.trim().parse::<u64>() {
                let values = Values::Numbers { now, low: 0, high: COUNT_MAX, scale: 1, as_text: true };
                self.push(Move::Fact { place, value: Value::Null }, values, 1);
                continue;
            }
            let (table, column) =
                (place.split('/').nth(1).unwrap_or_default(), place.rsplit('/').next().unwrap_or_default());
            let mut cells = vec![json!(""), json!(format!("{cell} {}", dotted(&self.node)).trim())];
            for other in select(self.tree, &format!("site_data/{table}/*/{column}")) {
                cells.extend(at(self.tree, &other).filter(|_| cells.len() < EXAMPLES_MAX).cloned());
            }
            cells.retain(|other| other.as_str() != Some(cell));
            self.push(Move::Fact { place, value: Value::Null }, Values::These(cells), 1);
        }
    }

    /// One place with the values that it could have.
    fn value(&mut self, place: &str, examples: Vec<Value>, rank: usize) {
        let now = at(self.tree, place);
        let make = Move::Fact { place: place.to_owned(), value: Value::Null };
        let is_number = |value: &Value| value.is_u64();
        if now.is_some_and(is_number)
            || (now.is_none() && examples.iter().any(is_number))
            || (now.is_none() && is_size(place))
        {
            let now = now.and_then(Value::as_u64).unwrap_or(0);
            let high = if is_size(place) { BYTES_MAX } else { COUNT_MAX };
            let values = Values::Numbers { now, low: 0, high, scale: 1, as_text: false };
            return self.push(make, values, rank);
        }
        let mut values = now.map(|now| others(place, now)).unwrap_or_default();
        match place.rsplit('/').next() {
            Some("storage") => values = vec![json!("shared-writable")],
            Some("maintenance") if now.is_none() => values.push(json!(true)),
            _ => {}
        }
        // What others have is a better answer than a made-up word.
        let invented =
            values.iter().all(Value::is_string) && !place.contains("/pair/") && !examples.is_empty();
        values = if invented { [examples, values].concat() } else { [values, examples].concat() };
        values.retain(|value| Some(value) != now && !value.is_null());
        self.push(make, Values::These(values), rank);
    }

    fn settings(&mut self, rule: &RuleUse) {
        for (key, schema) in rule.info.settings() {
            let make = Move::Setting { rule: rule.name.clone(), key: key.clone(), value: Value::Null };
            let now = rule.setting(key).cloned();
            let bound = |name: &str, scale: u64| schema.get(name).and_then(|bound| number(bound, scale));
            let kind = schema["type"].as_str().unwrap_or_default();
            let values = match kind {
                "integer" | "number" => {
                    let scale = if kind == "integer" { 1 } else { SCALE };
                    Values::Numbers {
                        now: now.as_ref().and_then(|now| number(now, scale)).unwrap_or(0),
                        low: bound("minimum", scale).unwrap_or(0),
                        high: bound("maximum", scale).unwrap_or(COUNT_MAX * scale),
                        scale,
                        as_text: false,
                    }
                }
                "boolean" => Values::These(vec![json!(now != Some(json!(true)))]),
                _ => match schema["enum"].as_array() {
                    Some(words) => Values::These(
                        words.iter().filter(|word| Some(*word) != now.as_ref()).cloned().collect(),
                    ),
                    None => continue,
                },
            };
            self.push(make, values, 2);
        }
    }
}

fn is_size(place: &str) -> bool {
    place.ends_with("_bytes")
}
