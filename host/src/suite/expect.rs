//! What a case expects, and how a decision falls short of it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::decision::{Candidate, Decision, Effect, Finding, Stage, Verdict};
use crate::model::port::Problem;

/// Everything that a case expects; what is not said is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub cells: Vec<Cell>,
    /// `Some(None)`: no node.
    pub chosen: Option<Option<String>>,
    /// Nodes that nothing rejects, the best first.
    pub order: Option<Vec<String>>,
    pub claims: Option<Vec<ClaimWanted>>,
    pub settings_refused: Option<RefusalWanted>,
    /// How far a score may be off.
    pub tolerance: f64,
}

/// One rule on one node, or on every node that is not named: `*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub rule: String,
    pub node: String,
    pub want: Want,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    pub verdict: Option<Verdict>,
    /// What follows for the node under the rule's mode.
    pub effect: Option<Effect>,
    pub code: Option<String>,
    pub score: Option<f64>,
    /// The whole text, or a part of it with `...` where it goes on; so are the next three.
    pub text: Option<String>,
    pub measured: Option<String>,
    pub needed: Option<String>,
    pub remedy: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimWanted {
    pub resource: String,
    pub amount: u64,
    pub limit: u64,
}

/// That the settings are refused: at this JSON pointer, with these words in the message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RefusalForm")]
pub struct RefusalWanted {
    pub path: String,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RefusalForm {
    Path(String),
    Full { path: String, message: String },
}

impl From<RefusalForm> for RefusalWanted {
    fn from(form: RefusalForm) -> Self {
        match form {
            RefusalForm::Path(path) => Self { path, message: String::new() },
            RefusalForm::Full { path, message } => Self { path, message },
        }
    }
}

impl RefusalWanted {
    /// `settings refused at /reserve_mib, "..."`
    pub fn in_words(&self) -> String {
        let message =
            if self.message.is_empty() { String::new() } else { format!(", with {:?}", self.message) };
        format!("settings refused at {:?}{message}", self.path)
    }

    pub fn fits(&self, problem: &Problem) -> bool {
        self.path == problem.path && problem.message.contains(&self.message)
    }
}

/// One way in which a case fell short.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// `expectation`, `order-of-nodes`, `missing-fact`, `added-node`, `fuel`, `settings`.
    pub kind: &'static str,
    pub rule: Option<String>,
    pub node: Option<String>,
    pub expected: String,
    pub found: String,
}

/// Every node that is not named.
const OTHERS: &str = "*";

impl Expected {
    pub const TOLERANCE: f64 = 0.000_5;

    pub fn is_nothing(&self) -> bool {
        self.cells.is_empty()
            && self.chosen.is_none()
            && self.order.is_none()
            && self.claims.is_none()
            && self.settings_refused.is_none()
    }

    /// What the decision does not fulfil.
    pub fn hold(&self, decision: &Decision) -> Vec<Failure> {
        let mut failures = Vec::new();
        for candidate in &decision.candidates {
            for finding in &candidate.findings {
                if let Some(cell) = self.cell(&finding.rule, &candidate.node) {
                    let told = cell.want.hold(finding, self.tolerance);
                    failures.extend(told.into_iter().map(|(expected, found)| Failure {
                        kind: "expectation",
                        rule: Some(finding.rule.clone()),
                        node: Some(candidate.node.clone()),
                        expected,
                        found,
                    }));
                }
            }
        }
        failures.extend(self.hold_choice(decision));
        failures
    }

    pub fn cell(&self, rule: &str, node: &str) -> Option<&Cell> {
        let named = |name: &str| self.cells.iter().find(|cell| cell.rule == rule && cell.node == name);
        named(node).or_else(|| named(OTHERS))
    }

    fn hold_choice(&self, decision: &Decision) -> Vec<Failure> {
        let failure = |what: &str, expected: String, found: String| {
            (expected != found).then(|| Failure {
                kind: "expectation",
                rule: None,
                node: None,
                expected: format!("{what} {expected}"),
                found: format!("{what} {found}"),
            })
        };
        let none = || "none".to_owned();
        let chosen = self.chosen.as_ref().and_then(|chosen| {
            failure(
                "chosen",
                chosen.clone().unwrap_or_else(none),
                decision.chosen.clone().unwrap_or_else(none),
            )
        });
        let order = self
            .order
            .as_ref()
            .and_then(|order| failure("order", order.join(", "), ranked(decision).join(", ")));
        let claims = self.claims.as_ref().and_then(|wanted| {
            let told = |resource: &str, amount: u64, limit: u64| format!("{amount} of {limit} {resource}");
            let wanted: Vec<_> =
                wanted.iter().map(|one| told(&one.resource, one.amount, one.limit)).collect();
            let found: Vec<_> =
                decision.claims.iter().map(|one| told(&one.resource, one.amount, one.limit)).collect();
            failure("claims", wanted.join(", "), found.join(", "))
        });
        [chosen, order, claims].into_iter().flatten().collect()
    }
}

/// Nodes that nothing rejects, the best first.
pub fn ranked(decision: &Decision) -> Vec<String> {
    let mut open: Vec<&Candidate> =
        decision.candidates.iter().filter(|candidate| candidate.stage != Stage::Rejected).collect();
    open.sort_by(|one, other| one.best_first(other));
    open.into_iter().map(|candidate| candidate.node.clone()).collect()
}

impl Want {
    /// Pairs of what was expected and what was found.
    fn hold(&self, finding: &Finding, tolerance: f64) -> Vec<(String, String)> {
        let mut told = Vec::new();
        if self.verdict.is_some_and(|verdict| verdict != finding.verdict) {
            let word = self.verdict.map(Verdict::word).unwrap_or_default();
            told.push((word.to_owned(), shown(finding)));
        }
        if self.effect.is_some_and(|effect| effect != finding.effect) {
            let word = |effect: Effect| format!("effect {}", effect.word());
            told.push((self.effect.map(word).unwrap_or_default(), word(finding.effect)));
        }
        if self.code.as_ref().is_some_and(|code| *code != finding.code) {
            told.push((self.code.clone().unwrap_or_default(), shown(finding)));
        }
        if let Some(score) = self.score {
            match finding.score {
                Some(found) if (found - score).abs() <= tolerance => {}
                Some(found) => told.push((format!("score {score}"), format!("score {found:.4}"))),
                None => told.push((format!("score {score}"), shown(finding))),
            }
        }
        let text = Some(finding.text.clone());
        let words = [
            ("text", &self.text, &text),
            ("measured", &self.measured, &finding.measured),
            ("needed", &self.needed, &finding.needed),
            ("remedy", &self.remedy, &finding.remedy),
        ];
        for (name, wanted, found) in words {
            if let Some(wanted) = wanted {
                let found = found.clone().unwrap_or_default();
                if !fits(wanted, &found) {
                    told.push((format!("{name} {wanted:?}"), format!("{name} {found:?}")));
                }
            }
        }
        told
    }
}

/// `free 321 MiB ...` fits what begins so; without dots it is the whole text.
fn fits(wanted: &str, found: &str) -> bool {
    const MORE: &str = "...";
    match (wanted.strip_prefix(MORE), wanted.strip_suffix(MORE)) {
        (Some(_), Some(_)) => found.contains(wanted.trim_matches('.').trim()),
        (Some(end), None) => found.ends_with(end.trim_start()),
        (None, Some(beginning)) => found.starts_with(beginning.trim_end()),
        (None, None) => wanted == found,
    }
}

/// `reject memory-short: 1024 MiB free`
pub fn shown(finding: &Finding) -> String {
    let mut text = finding.verdict.word().to_owned();
    if finding.verdict != Verdict::Pass {
        text = format!("{text} {}", finding.code);
    }
    match (&finding.measured, finding.verdict) {
        (_, Verdict::Fault) => format!("{text}: {}", finding.text),
        (Some(measured), _) => format!("{text}: {measured}"),
        (None, _) => text,
    }
}

/// The cells of `expect`: by node where the case is about one rule, else by rule and node.
pub fn cells(expect: &Map<String, Value>, rule: Option<&str>, nodes: &[&str]) -> Result<Vec<Cell>, String> {
    match rule {
        Some(rule) => row(rule, expect, nodes),
        None => expect
            .iter()
            .map(|(rule, row_of)| {
                let row_of = row_of.as_object().ok_or_else(|| {
                    format!("expect.{rule} is no table: in a suite of a policy it is expect.RULE.NODE")
                })?;
                row(rule, row_of, nodes)
            })
            .collect::<Result<Vec<_>, _>>()
            .map(|rows| rows.into_iter().flatten().collect()),
    }
}

fn row(rule: &str, row: &Map<String, Value>, nodes: &[&str]) -> Result<Vec<Cell>, String> {
    row.iter()
        .map(|(node, want)| {
            if node != OTHERS && !nodes.contains(&node.as_str()) {
                return Err(no_node(node, nodes));
            }
            let want = wanted(want).map_err(|text| format!("what is expected of node `{node}`: {text}"))?;
            Ok(Cell { rule: rule.to_owned(), node: node.clone(), want })
        })
        .collect()
}

fn no_node(node: &str, nodes: &[&str]) -> String {
    let near = crate::problem::nearest(node, nodes.iter().copied());
    let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    format!("it expects something of node `{node}`{near}, which its facts do not have: {}", nodes.join(", "))
}

/// Nodes that are to be in an order must be there.
pub fn ordered(order: Option<&[String]>, nodes: &[&str]) -> Result<(), String> {
    let stranger = order.into_iter().flatten().find(|node| !nodes.contains(&node.as_str()));
    stranger.map_or(Ok(()), |node| Err(no_node(node, nodes)))
}

/// A verdict, a reason code, a score, or a table of them.
fn wanted(want: &Value) -> Result<Want, String> {
    match want {
        Value::String(word) => Ok(match Verdict::of_word(word) {
            Some(verdict) => Want { verdict: Some(verdict), ..Want::default() },
            None => Want { code: Some(word.clone()), ..Want::default() },
        }),
        Value::Number(score) => Ok(Want { score: score.as_f64(), ..Want::default() }),
        Value::Object(_) => {
            let want: Want = serde_json::from_value(want.clone()).map_err(|error| error.to_string())?;
            if want == Want::default() { Err("the table is empty".to_owned()) } else { Ok(want) }
        }
        _ => Err("a verdict, a reason code, a score or a table was expected".to_owned()),
    }
}

/// A node's name, or `false` for none.
pub fn chosen(chosen: Option<&Value>, nodes: &[&str]) -> Result<Option<Option<String>>, String> {
    match chosen {
        None => Ok(None),
        Some(Value::Bool(false)) => Ok(Some(None)),
        Some(Value::String(node)) if nodes.contains(&node.as_str()) => Ok(Some(Some(node.clone()))),
        Some(Value::String(node)) => Err(no_node(node, nodes)),
        Some(_) => Err("chosen is a node's name, or false for none".to_owned()),
    }
}
