//! The smallest change that would let a node take the domain.
//!
//! A search by deciding: facts that the blocking rules read, the rules' settings, rows of site
//! data, one change first, then two. Numbers are narrowed down to the very value at which the
//! answer turns. What is told was decided, with all nodes and all rules.

mod moves;
mod narrow;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use self::moves::{Move, Target, moves};
use self::narrow::{Narrowed, narrow};
use crate::decide::decide_briefly;
use crate::fixture::Fixture;
use crate::model::decision::{Decision, Stage};
use crate::model::policy::Policy;
use crate::model::port::Evaluate;
use crate::model::record::DecisionRecord;

/// How many ways are told for one node.
const TOLD_MAX: usize = 5;
/// How many changes are paired with each other, for each rule.
const PAIRED_MAX: usize = 12;
/// Decisions for one node; a search that goes on longer has no short answer.
const DECISIONS_MAX: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub node: String,
    /// Each a way of its own, of one or two changes, the least first; empty: there is none.
    pub ways: Vec<Vec<Step>>,
    /// How many decisions were taken to find out.
    pub decisions: usize,
}

/// One change of one fact or setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// `nodes.beta.memory_free_bytes`, `settings.memory-room.reserve_mib`
    pub place: String,
    pub how: How,
    pub to: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// One less would not do.
    AtLeast,
    /// One more would not do.
    AtMost,
    Be,
    /// One more in a list.
    Add,
    /// It is not there.
    Without,
}

/// What would make this node fit. None: it is eligible, nothing at all is known of it, or what it
/// was judged by was redacted.
pub fn whatif(
    record: &DecisionRecord,
    policy: &Policy,
    evaluate: &dyn Evaluate,
    node: &str,
) -> Option<Answer> {
    if record.redacted.decides_otherwise {
        return None;
    }
    let candidate = record.decision.candidate(node)?;
    let blocking: Vec<usize> = policy
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| {
            candidate.findings.iter().any(|finding| finding.rule == rule.name && finding.effect.stops())
        })
        .map(|(index, _)| index)
        .collect();
    let known =
        record.snapshot.candidates.iter().any(|one| one.node.name() == node && one.node.host().is_some());
    if blocking.is_empty() || !known {
        return None;
    }
    let full = Fixture::of(&record.snapshot).tree;
    let mut search = Search { policy, evaluate, node, blocking, full, bench: Value::Null, decisions: 0 };
    search.bench = search.smaller_bench();
    let ways = search.ways();
    Some(Answer { node: node.to_owned(), ways, decisions: search.decisions })
}

/// The place without the numbers of lists, and whichever node's domains.
fn kind_of(place: &str) -> String {
    if place.contains(".residents.") {
        return "residents".to_owned();
    }
    let words = place.split('.').map(|word| if word.parse::<usize>().is_ok() { "*" } else { word });
    words.collect::<Vec<_>>().join(".")
}

/// The place itself, or one within it.
fn lies_in(place: &str, outer: &str) -> bool {
    place.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

struct Search<'a> {
    policy: &'a Policy,
    evaluate: &'a dyn Evaluate,
    node: &'a str,
    /// Rules of the policy that keep the node out.
    blocking: Vec<usize>,
    full: Value,
    /// Facts that the search decides on: without the other nodes where they do not matter.
    bench: Value,
    decisions: usize,
}

/// A change with what it does: the blocking rules that let the node in then.
#[derive(Clone)]
struct Found {
    narrowed: Narrowed,
    frees: BTreeSet<usize>,
}

impl Search<'_> {
    /// Other nodes are left out of the search if the node's verdicts are the same without them.
    fn smaller_bench(&mut self) -> Value {
        let mut alone = self.full.clone();
        if let Some(nodes) = alone["nodes"].as_object_mut() {
            nodes.retain(|name, _| name == self.node);
        }
        let codes = |decision: Option<Decision>| {
            let candidate = decision?.candidate(self.node)?.clone();
            Some(candidate.findings.into_iter().map(|one| (one.rule, one.code)).collect::<Vec<_>>())
        };
        let same = codes(self.decide(&alone, self.policy)) == codes(self.decide(&self.full, self.policy));
        self.decisions += 2;
        if same { alone } else { self.full.clone() }
    }

    fn decide(&self, tree: &Value, policy: &Policy) -> Option<Decision> {
        let mut snapshot = Fixture::new(tree.clone()).snapshot().ok()?;
        snapshot.only = Some(self.node.to_owned());
        Some(decide_briefly(policy, &snapshot, self.evaluate))
    }

    /// Which blocking rules let the node in after these changes.
    fn frees(&mut self, changes: &[&Move]) -> BTreeSet<usize> {
        let mut tree = self.bench.clone();
        let mut policy = Policy {
            rules: self.blocking.iter().map(|index| self.policy.rules[*index].clone()).collect(),
            ..self.policy.clone()
        };
        self.decisions += 1;
        if !changes.iter().all(|change| change.apply(&mut tree, &mut policy)) {
            return BTreeSet::new();
        }
        let Some(decision) = self.decide(&tree, &policy) else { return BTreeSet::new() };
        let Some(candidate) = decision.candidate(self.node) else { return BTreeSet::new() };
        let still = |index: &usize| {
            let name = &self.policy.rules[*index].name;
            candidate.findings.iter().any(|finding| finding.rule == *name && finding.effect.stops())
        };
        self.blocking.iter().copied().filter(|index| !still(index)).collect()
    }

    /// The whole decision, all nodes and all rules: does the node fit then?
    fn fits(&mut self, changes: &[&Move]) -> bool {
        let (mut tree, mut policy) = (self.full.clone(), self.policy.clone());
        self.decisions += 1;
        if !changes.iter().all(|change| change.apply(&mut tree, &mut policy)) {
            return false;
        }
        let configured = |(was, now): (&crate::model::policy::RuleUse, &crate::model::policy::RuleUse)| {
            was.settings == now.settings || self.evaluate.configure(&now.info, &now.settings).is_ok()
        };
        if !self.policy.rules.iter().zip(&policy.rules).all(configured) {
            return false;
        }
        let Ok(snapshot) = Fixture::new(tree).snapshot() else { return false };
        let decision = decide_briefly(&policy, &snapshot, self.evaluate);
        let stage = decision.candidate(self.node).map(|candidate| candidate.stage);
        matches!(stage, Some(Stage::Eligible | Stage::Chosen))
    }

    fn is_over(&self) -> bool {
        self.decisions > DECISIONS_MAX
    }

    fn ways(&mut self) -> Vec<Vec<Step>> {
        let found = self.single_changes();
        let all: BTreeSet<usize> = self.blocking.iter().copied().collect();
        let mut ways: Vec<Vec<&Found>> = Vec::new();
        for one in found.iter().filter(|one| one.frees == all) {
            let place = one.narrowed.change.place();
            let kind = kind_of(&place);
            // One domain that could go is as good as another; of places within each other one is told.
            let told = ways.iter().flatten().any(|other| {
                let other = other.narrowed.change.place();
                lies_in(&other, &place) || kind_of(&other) == kind
            });
            if ways.len() < TOLD_MAX && !told && self.fits(&[&one.narrowed.change]) {
                ways.push(vec![one]);
            }
        }
        if ways.is_empty() {
            ways = self.pairs(&found, &all);
        }
        if !ways.is_empty() || self.blocking.len() > 2 {
            return ways
                .iter()
                .map(|way| way.iter().map(|one| one.narrowed.step(&self.full, self.policy)).collect())
                .collect();
        }
        self.joint_pairs(&all)
    }

    /// Single changes that free at least one rule, the least first.
    fn single_changes(&mut self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for candidate in moves(&self.full, self.policy, &self.blocking, self.node) {
            if self.is_over() {
                break;
            }
            for change in candidate.extremes() {
                let frees = self.frees(&[&change]);
                if frees.is_empty() {
                    continue;
                }
                let narrowed = narrow(self, &candidate, &change, &[], &frees);
                if !found.iter().any(|other| other.narrowed.change == narrowed.change) {
                    found.push(Found { narrowed, frees });
                }
            }
        }
        found.sort_by_key(|one| one.narrowed.cost());
        found
    }

    /// Two changes, each of which frees some of the rules.
    fn pairs<'f>(&mut self, found: &'f [Found], all: &BTreeSet<usize>) -> Vec<Vec<&'f Found>> {
        let mut tried = BTreeSet::new();
        let mut some: Vec<&Found> = Vec::new();
        for rule in all {
            let of_rule = found.iter().enumerate().filter(|(_, one)| one.frees.contains(rule));
            some.extend(of_rule.take(PAIRED_MAX).filter(|(at, _)| tried.insert(*at)).map(|(_, one)| one));
        }
        let mut ways = Vec::new();
        let mut pairs: Vec<(&Found, &Found)> = Vec::new();
        for (at, one) in some.iter().enumerate() {
            for other in &some[at + 1..] {
                if one.frees.union(&other.frees).copied().collect::<BTreeSet<_>>() == *all
                    && one.narrowed.change.place() != other.narrowed.change.place()
                {
                    pairs.push((one, other));
                }
            }
        }
        pairs.sort_by_key(|(one, other)| one.narrowed.cost().0 + other.narrowed.cost().0);
        for (one, other) in pairs {
            if ways.len() == TOLD_MAX || self.is_over() {
                break;
            }
            if self.fits(&[&one.narrowed.change, &other.narrowed.change]) {
                ways.push(vec![one, other]);
            }
        }
        ways
    }

    /// Two changes that only together free a rule.
    fn joint_pairs(&mut self, all: &BTreeSet<usize>) -> Vec<Vec<Step>> {
        let candidates = moves(&self.full, self.policy, &self.blocking, self.node);
        let extremes: Vec<(&Target, Move)> = candidates
            .iter()
            .flat_map(|candidate| candidate.extremes().into_iter().map(move |change| (candidate, change)))
            .collect();
        let mut ways = Vec::new();
        for (at, (one, first)) in extremes.iter().enumerate() {
            for (other, second) in &extremes[at + 1..] {
                if ways.len() == TOLD_MAX || self.is_over() {
                    return ways;
                }
                if first.place() == second.place() || self.frees(&[first, second]) != *all {
                    continue;
                }
                let first = narrow(self, one, first, &[second], all);
                let second = narrow(self, other, second, &[&first.change], all);
                if self.fits(&[&first.change, &second.change]) {
                    ways.push(vec![
                        first.step(&self.full, self.policy),
                        second.step(&self.full, self.policy),
                    ]);
                }
            }
        }
        ways
    }
}
