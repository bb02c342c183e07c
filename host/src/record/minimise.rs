//! A record that says the same with less: nodes go first, then facts, as long as the choice,
//! every verdict that is left, and every reason that was given stay.
//!
//! Delta debugging over the tree of facts: what can go goes, the large pieces first, until nothing
//! more can. Every step is a decision; the last one is the record's own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::digest;
use crate::decide::{decide, decide_briefly};
use crate::fixture::{Fixture, at, escaped, remove};
use crate::model::decision::{Decision, Stage, Verdict};
use crate::model::policy::Policy;
use crate::model::port::Evaluate;
use crate::model::record::{DecisionRecord, Purpose, RecordedPolicy, TakenBy};

/// Once through all facts can make room for more; it seldom takes a third time.
const ROUNDS_MAX: usize = 5;
/// Names stay: without them nobody knows what is spoken of.
const KEPT: [&str; 2] = ["domain/name", "source/name"];

pub struct Minimised {
    pub record: DecisionRecord,
    pub nodes: (usize, usize),
    pub facts: (usize, usize),
    /// How many decisions it took.
    pub decisions: usize,
}

/// None: the recorded facts do not give the recorded verdicts, so there is nothing to keep.
pub fn minimise(
    record: &DecisionRecord,
    policy: &Policy,
    evaluate: &dyn Evaluate,
    by: &TakenBy,
) -> Option<Minimised> {
    let mut search = Search { policy, evaluate, wanted: Said::of(&record.decision), decisions: 0 };
    let mut tree = Fixture::of(&record.snapshot).tree;
    if !search.holds(&tree) {
        return None;
    }
    let before = (nodes(&tree), leaves(&tree));
    search.drop_nodes(&mut tree);
    for _ in 0..ROUNDS_MAX {
        let had = leaves(&tree);
        for part in ["nodes", "source", "domain", "site_data", "destination_name"] {
            search.shrink(&mut tree, part);
        }
        if leaves(&tree) == had {
            break;
        }
    }
    let snapshot = Fixture::new(tree.clone()).snapshot().ok()?;
    let decision = decide(policy, &snapshot, evaluate);
    let record = DecisionRecord {
        id: None,
        by: by.clone(),
        purpose: Purpose::Minimised { of: record.id },
        policy: RecordedPolicy::from(policy),
        decision_digest: digest(&decision),
        snapshot,
        decision,
        ..record.clone()
    };
    let (nodes, facts) = ((before.0, nodes(&tree)), (before.1, leaves(&tree)));
    Some(Minimised { record, nodes, facts, decisions: search.decisions + 1 })
}

/// A rule, its verdict and its code.
type Told = (String, Verdict, String);

/// What must stay.
#[derive(PartialEq)]
struct Said {
    chosen: Option<String>,
    nodes: BTreeMap<String, (Stage, Vec<Told>)>,
    reasons: BTreeSet<(String, String)>,
}

impl Said {
    fn of(decision: &Decision) -> Self {
        let nodes = decision.candidates.iter().map(|candidate| {
            let said = candidate.findings.iter();
            let said = said.map(|one| (one.rule.clone(), one.verdict, one.code.clone())).collect();
            // Who is second and who is chosen is told by the choice.
            let stage = if candidate.stage == Stage::Chosen { Stage::Eligible } else { candidate.stage };
            (candidate.node.clone(), (stage, said))
        });
        let findings = decision.candidates.iter().flat_map(|candidate| &candidate.findings);
        let reasons = findings.filter(|one| one.verdict != Verdict::Pass);
        Self {
            chosen: decision.chosen.clone(),
            reasons: reasons.map(|one| (one.rule.clone(), one.code.clone())).collect(),
            nodes: nodes.collect(),
        }
    }
}

struct Search<'a> {
    policy: &'a Policy,
    evaluate: &'a dyn Evaluate,
    wanted: Said,
    decisions: usize,
}

impl Search<'_> {
    fn holds(&mut self, tree: &Value) -> bool {
        let Ok(snapshot) = Fixture::new(tree.clone()).snapshot() else { return false };
        self.decisions += 1;
        let said = Said::of(&decide_briefly(self.policy, &snapshot, self.evaluate));
        !said.nodes.is_empty()
            && said.chosen == self.wanted.chosen
            && said.reasons == self.wanted.reasons
            && said.nodes.iter().all(|(node, said)| self.wanted.nodes.get(node) == Some(said))
    }

    /// Takes away as many nodes at once as can go, then fewer, down to single ones.
    fn drop_nodes(&mut self, tree: &mut Value) {
        let mut at_once = nodes(tree).div_ceil(2);
        while at_once > 0 {
            let names: Vec<String> = Fixture::new(tree.clone()).nodes().map(str::to_owned).collect();
            for some in names.chunks(at_once) {
                let mut fewer = tree.clone();
                if let Some(nodes) = fewer["nodes"].as_object_mut() {
                    some.iter().for_each(|name| drop(nodes.remove(name)));
                }
                if self.holds(&fewer) {
                    *tree = fewer;
                }
            }
            at_once = if at_once == 1 { 0 } else { at_once.div_ceil(2) };
        }
    }

    /// Takes away what stands at a place, or as much of it as can go.
    fn shrink(&mut self, tree: &mut Value, place: &str) {
        if KEPT.contains(&place) {
            return;
        }
        // A part of the whole stays, and a node went already if it could.
        let is_node = place.starts_with("nodes/") && place.matches('/').count() == 1;
        if place.contains('/') && !is_node {
            let mut fewer = tree.clone();
            if remove(&mut fewer, place) && self.holds(&fewer) {
                *tree = fewer;
                return;
            }
        }
        let inner: Vec<String> = match at(tree, place) {
            Some(Value::Object(fields)) => fields.keys().map(|key| escaped(key)).collect(),
            // From the end, so that what is left keeps its place.
            Some(Value::Array(items)) => (0..items.len()).rev().map(|index| index.to_string()).collect(),
            _ => return,
        };
        for key in inner {
            self.shrink(tree, &format!("{place}/{key}"));
        }
    }
}

fn nodes(tree: &Value) -> usize {
    tree["nodes"].as_object().map_or(0, serde_json::Map::len)
}

/// Single facts.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Null => 0,
        _ => 1,
    }
}
