//! Mutants of settings: the value next to the one in force, and the ends that the schema allows.

use serde_json::{Value, json};

use super::{Family, Mutant, Work};
use crate::fixture;
use crate::model::policy::Policy;
use crate::policy::accept_settings;
use crate::suite::Case;
use crate::suite::run::{Bound, Varied};

/// How a value is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    /// The n-th value beside the one in force.
    Beside(usize),
    /// To an end or a word of the schema: the n-th.
    Of(usize),
}

pub(super) fn mutants(bound: &Bound) -> Vec<Mutant<'_>> {
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut mutants = Vec::new();
    for case in &bound.suite.cases {
        let Ok(policy) = bound.policy_of(case, &Varied::default()) else { continue };
        for rule in &policy.rules {
            for (key, schema) in rule.info.settings() {
                let name = (rule.name.clone(), key.clone());
                if !seen.contains(&name) {
                    seen.push(name);
                    mutants.extend(of_key(bound, &rule.name, key, schema));
                }
            }
        }
    }
    mutants
}

fn of_key<'a>(bound: &'a Bound, rule: &str, key: &str, schema: &Value) -> Vec<Mutant<'a>> {
    let ends = of_schema(schema);
    let moves = (0..2).map(Move::Beside).chain((0..ends.len()).map(Move::Of));
    moves
        .map(|moved| {
            let change = match moved {
                Move::Beside(0) => format!("{key}: one less, or another"),
                Move::Beside(_) => format!("{key}: one more"),
                Move::Of(place) => format!("{key}: {}", ends[place]),
            };
            let (rule, key, schema) = (rule.to_owned(), key.to_owned(), schema.clone());
            Mutant {
                family: Family::Settings,
                subject: rule.clone(),
                change,
                place: None,
                work: Work::Settings(Box::new(move |case| {
                    moved_to(bound, case, &rule, &key, &schema, moved)
                })),
            }
        })
        .collect()
}

/// Ends and words that a schema names.
fn of_schema(schema: &Value) -> Vec<Value> {
    let ends = ["minimum", "maximum"].into_iter().filter_map(|end| schema.get(end).cloned());
    let words = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    ends.chain(words).collect()
}

/// The settings of a case with one of them moved; none where the rule would refuse them.
fn moved_to(bound: &Bound, case: &Case, rule: &str, key: &str, schema: &Value, moved: Move) -> Option<Value> {
    if case.expected.settings_refused.is_some() {
        return None;
    }
    let policy: Policy = bound.policy_of(case, &Varied::default()).ok()?;
    let rule = policy.rules.iter().find(|one| one.name == rule)?;
    let now = rule.setting(key)?;
    let value = match moved {
        Move::Beside(place) => beside(now).into_iter().nth(place)?,
        Move::Of(place) => of_schema(schema).into_iter().nth(place)?,
    };
    if value == *now {
        return None;
    }
    let mut settings = rule.settings.clone();
    fixture::merge(&mut settings, &json!({ key: value }));
    accept_settings(&rule.info, &settings, bound.evaluate.as_ref()).ok()?;
    Some(json!({ rule.name.as_str(): { key: value } }))
}

/// One less and one more; of a fraction a tenth; of anything else another.
fn beside(value: &Value) -> Vec<Value> {
    match value.as_f64() {
        Some(number) if !value.is_u64() && !value.is_i64() => vec![json!(number * 0.9), json!(number * 1.1)],
        Some(_) if value.as_u64() == Some(0) => vec![json!(1)],
        _ => fixture::others("", value),
    }
}
