//! The rule at work: on no node, one and many, twice, and with the nodes the other way round.

use std::collections::BTreeMap;

use super::{Finding, error, settings};
use crate::fixture::{Fixture, Fleet, generate};
use crate::model::policy::{RuleInfo, RuleUse};
use crate::model::port::{Evaluate, Explanation, Fault, Rows};
use crate::model::snapshot::Snapshot;

const MANY: usize = 40;

/// What a rule said of each node, with its words.
type Said = BTreeMap<String, (String, Explanation)>;

/// The first thing that went wrong; the others would follow from it.
pub fn of_rule(rule: &RuleInfo, evaluate: &dyn Evaluate) -> Option<Finding> {
    let rule_use = RuleUse::enforced(rule.clone(), settings::likely(rule)?);
    let ask = |snapshot: &Snapshot| said(&rule_use, evaluate, snapshot);
    let many = fleet(MANY)?;
    for (snapshot, about) in [(&fleet(0)?, "no node"), (&fleet(1)?, "one node"), (&many, "forty nodes")] {
        if let Err(fault) = ask(snapshot) {
            return Some(error(
                "faults",
                format!("asked about {about} with its defaults it failed: {} ({})", fault.detail, fault.code),
                "answer one code or score a node, whatever is known of it; no nodes are no error",
            ));
        }
    }
    let mut turned = many.clone();
    turned.candidates.reverse();
    let (once, again, turned) = (ask(&many).ok()?, ask(&many).ok()?, ask(&turned).ok()?);
    if let Some(node) = differing(&once, &again) {
        return Some(error(
            "not-deterministic",
            format!("asked twice about the same facts it said two things of {node}"),
            "use nothing but facts and settings: no addresses, no iteration over a hash map",
        ));
    }
    differing(&once, &turned).map(|node| {
        error(
            "depends-on-order",
            format!("with the nodes in another order it said something else of {node}"),
            "judge each node by itself; where nodes are compared, break ties by name",
        )
    })
}

fn differing<'a>(one: &'a Said, other: &Said) -> Option<&'a str> {
    one.iter().find(|(node, said)| other.get(*node) != Some(said)).map(|(node, _)| node.as_str())
}

fn fleet(nodes: usize) -> Option<Snapshot> {
    Fixture::new(generate(Fleet { nodes, seed: 1, residents_max: 4 })).snapshot().ok()
}

fn said(rule: &RuleUse, evaluate: &dyn Evaluate, snapshot: &Snapshot) -> Result<Said, Fault> {
    let sitting = evaluate.sit(snapshot);
    let answers: Vec<(String, Explanation)> = match sitting.answer(rule, &|_, _| true).rows? {
        Rows::Codes { codes, mut explained } => codes
            .iter()
            .enumerate()
            .map(|(row, code)| (code.to_string(), explained.remove(&row).unwrap_or_default()))
            .collect(),
        Rows::Scores { scores, mut explained } => scores
            .iter()
            .enumerate()
            .map(|(row, score)| (score.to_string(), explained.remove(&row).unwrap_or_default()))
            .collect(),
    };
    let name = |row: &usize| snapshot.candidates[*row].node.name().to_owned();
    Ok(sitting.rows().iter().map(name).zip(answers).collect())
}
