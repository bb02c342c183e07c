//! What holds for every good rule, whatever it is about: held against each case, on by default.
//!
//! - `order-of-nodes`: the nodes in another order get the same answers.
//! - `missing-fact`: a fact that is missing, or a source of data that fails, never turns a rejection
//!   into a permission.
//! - `added-node`: one node more never changes another node's verdict.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::expect::{Failure, shown};
use crate::decide::{decide, verdicts};
use crate::fixture::{self, Fact, Fixture, Missing};
use crate::model::decision::{Candidate, Decision, Finding, Verdict};
use crate::model::policy::Policy;
use crate::model::port::Evaluate;
use crate::model::snapshot::Snapshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    OrderOfNodes,
    MissingFact,
    AddedNode,
}

/// In a larger fleet each fact is taken away from all nodes at once only.
const NODES_MAX: usize = 32;
/// No node of a suite has this name.
const ADDED: &str = "zz-added-by-the-test";

/// What any rules owe to any facts: an answer without a fault, and the same one in another order.
pub fn steady(policy: &Policy, facts: &Fixture, evaluate: &dyn Evaluate) -> Vec<Failure> {
    let Ok(snapshot) = facts.snapshot() else { return Vec::new() };
    let decision = decide(policy, &snapshot, evaluate);
    let findings =
        decision.candidates.iter().flat_map(|one| one.findings.iter().map(move |found| (one, found)));
    let mut failures: Vec<Failure> = findings
        .filter(|(_, finding)| finding.verdict == Verdict::Fault)
        .map(|(candidate, finding)| Failure {
            kind: "fault",
            rule: Some(finding.rule.clone()),
            node: Some(candidate.node.clone()),
            expected: "an answer".to_owned(),
            found: shown(finding),
        })
        .collect();
    let held = Held { policy, facts, snapshot: &snapshot, decision: &decision, evaluate };
    failures.extend(held.order_of_nodes());
    failures
}

/// A case whose own answers are known already.
pub struct Held<'a> {
    pub policy: &'a Policy,
    pub facts: &'a Fixture,
    pub snapshot: &'a Snapshot,
    pub decision: &'a Decision,
    pub evaluate: &'a dyn Evaluate,
}

type Verdicts = Vec<BTreeMap<String, Verdict>>;

impl Held<'_> {
    pub fn hold(&self, skipped: &[Property]) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut held = |property, hold: &dyn Fn() -> Vec<Failure>| {
            if !skipped.contains(&property) {
                failures.extend(hold());
            }
        };
        held(Property::OrderOfNodes, &|| self.order_of_nodes());
        let before = verdicts(self.policy, self.snapshot, self.evaluate);
        held(Property::MissingFact, &|| self.missing_fact(&before));
        held(Property::AddedNode, &|| self.added_node(&before));
        failures
    }

    /// The second run, in fresh instances, with the nodes the other way round.
    fn order_of_nodes(&self) -> Vec<Failure> {
        let mut snapshot = self.snapshot.clone();
        snapshot.candidates.reverse();
        let again = decide(self.policy, &snapshot, self.evaluate);
        let mut failures = Vec::new();
        for candidate in &self.decision.candidates {
            let twin = again.candidate(&candidate.node);
            failures.extend(twin.into_iter().flat_map(|twin| differences(candidate, twin)));
        }
        if (&self.decision.chosen, &self.decision.claims) != (&again.chosen, &again.claims) {
            let told =
                |decision: &Decision| format!("chosen {}", decision.chosen.as_deref().unwrap_or("none"));
            failures.push(failure(Property::OrderOfNodes, None, None, told(self.decision), told(&again)));
        }
        failures
    }

    fn missing_fact(&self, before: &Verdicts) -> Vec<Failure> {
        let needs = self.policy.needs();
        let mut failures = Vec::new();
        let facts = Fact::of(|import| needs.contains(import)).filter(|fact| fact.missing != Missing::Never);
        for fact in facts {
            for places in self.places(fact) {
                let mut varied = self.facts.clone();
                for place in &places {
                    match fact.missing.value() {
                        Some(value) => fixture::set(&mut varied.tree, place, value),
                        None => fixture::remove(&mut varied.tree, place),
                    };
                }
                let Ok(snapshot) = varied.snapshot() else { continue };
                let after = verdicts(self.policy, &snapshot, self.evaluate);
                let what = places.join(", ").replace('/', ".");
                failures.extend(self.permitted(before, &after, &what));
            }
        }
        failures
    }

    /// All places of a fact together, and each of them alone.
    fn places(&self, fact: &Fact) -> Vec<Vec<String>> {
        let all = fixture::select(&self.facts.tree, fact.places);
        let alone = if all.len() > 1 && self.snapshot.candidates.len() <= NODES_MAX {
            all.iter().map(|place| vec![place.clone()]).collect()
        } else {
            Vec::new()
        };
        let together = (!all.is_empty()).then_some(all);
        alone.into_iter().chain(together).collect()
    }

    fn permitted(&self, before: &Verdicts, after: &Verdicts, what: &str) -> Vec<Failure> {
        let permits = |verdict: Verdict| matches!(verdict, Verdict::Pass | Verdict::Warn);
        self.changed(before, after)
            .filter(|(_, _, was, now)| *was == Verdict::Reject && permits(*now))
            .map(|(rule, node, was, now)| {
                let found = format!("{} when {what} is not known", now.word());
                failure(Property::MissingFact, Some(rule), Some(node), was.word().to_owned(), found)
            })
            .collect()
    }

    fn added_node(&self, before: &Verdicts) -> Vec<Failure> {
        let mut facts = self.facts.clone();
        if let Some(nodes) = facts.tree.get_mut("nodes").and_then(Value::as_object_mut) {
            nodes.insert(ADDED.to_owned(), json!({}));
        }
        let Ok(snapshot) = facts.snapshot() else { return Vec::new() };
        let after = verdicts(self.policy, &snapshot, self.evaluate);
        self.changed(before, &after)
            .map(|(rule, node, was, now)| {
                let found = format!("{} once another node is there", now.word());
                failure(Property::AddedNode, Some(rule), Some(node), was.word().to_owned(), found)
            })
            .collect()
    }

    /// Rule, node, what it was and what it is now.
    fn changed<'a>(
        &'a self,
        before: &'a Verdicts,
        after: &'a Verdicts,
    ) -> impl Iterator<Item = (&'a str, &'a str, Verdict, Verdict)> {
        self.policy.rules.iter().zip(before.iter().zip(after)).flat_map(|(rule, (before, after))| {
            before.iter().filter_map(|(node, was)| {
                let now = after.get(node).filter(|now| *now != was)?;
                Some((rule.name.as_str(), node.as_str(), *was, *now))
            })
        })
    }
}

fn differences(candidate: &Candidate, twin: &Candidate) -> Vec<Failure> {
    let pairs = candidate.findings.iter().zip(&twin.findings).filter(|(one, other)| !alike(one, other));
    pairs
        .map(|(one, other)| {
            let node = Some(candidate.node.as_str());
            let told = |finding| format!("{} {:?}", shown(finding), finding.score);
            failure(Property::OrderOfNodes, Some(&one.rule), node, told(one), told(other))
        })
        .collect()
}

/// Of a large fleet not every node is explained, and in another order others are.
fn alike(one: &Finding, other: &Finding) -> bool {
    let words =
        |finding: &Finding| [finding.measured.clone(), finding.needed.clone(), finding.remedy.clone()];
    let (here, there) = (words(one), words(other));
    let silent = |words: &[Option<String>; 3]| words.iter().all(Option::is_none);
    let answer = |finding: &Finding| (finding.verdict, finding.effect, finding.code.clone(), finding.score);
    answer(one) == answer(other) && (here == there || silent(&here) || silent(&there))
}

fn failure(
    property: Property,
    rule: Option<&str>,
    node: Option<&str>,
    expected: String,
    found: String,
) -> Failure {
    let kind = match property {
        Property::OrderOfNodes => "order-of-nodes",
        Property::MissingFact => "missing-fact",
        Property::AddedNode => "added-node",
    };
    Failure { kind, rule: rule.map(str::to_owned), node: node.map(str::to_owned), expected, found }
}
