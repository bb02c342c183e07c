//! Snapshot and policy to decision. Pure: no clock, no I/O, no randomness.
//!
//! ```text
//! snapshot --sit--> answers, one a rule --weigh--> standings, one a row --tell--> Decision
//! ```
//!
//! Every rule is asked about every node, whatever another rule said: a refusal lists
//! every reason. The same facts, policy and plugins give the same decision.

mod tell;
mod weigh;

use std::cell::Cell;
use std::collections::BTreeMap;

pub use tell::REACHED;
pub use weigh::{Standing, rank, weigh};

use crate::model::decision::{Claim, Decision, Stage, Verdict};
use crate::model::policy::Policy;
use crate::model::port::{Answer, Evaluate, Fault, Rows, Sitting};
use crate::model::snapshot::Snapshot;

/// How many rows are explained for one rule, once there are more rows than this.
const EXPLAINED_MAX: usize = 200;

/// Asks every rule of the policy, explaining what a person may want to see.
pub fn ask(policy: &Policy, sitting: &dyn Sitting) -> Vec<Answer> {
    let few = sitting.rows().len() <= EXPLAINED_MAX;
    policy
        .rules
        .iter()
        .map(|rule| {
            let left = Cell::new(EXPLAINED_MAX);
            sitting.answer(rule, &|_, code| {
                if few {
                    return true;
                }
                let wanted = code != 0 && left.get() > 0;
                left.set(left.get() - usize::from(wanted));
                wanted
            })
        })
        .collect()
}

/// The same without a word of explanation: the hot path of a large fleet.
pub fn ask_briefly(policy: &Policy, sitting: &dyn Sitting) -> Vec<Answer> {
    policy.rules.iter().map(|rule| sitting.answer(rule, &|_, _| false)).collect()
}

pub fn decide(policy: &Policy, snapshot: &Snapshot, evaluate: &dyn Evaluate) -> Decision {
    judge(policy, snapshot, evaluate).0
}

/// A decision with the answers that it rests on.
pub fn judge(policy: &Policy, snapshot: &Snapshot, evaluate: &dyn Evaluate) -> (Decision, Vec<Answer>) {
    judge_asking(policy, snapshot, evaluate, ask)
}

/// The same verdicts and the same choice, without words: for who decides again and again.
pub fn decide_briefly(policy: &Policy, snapshot: &Snapshot, evaluate: &dyn Evaluate) -> Decision {
    judge_asking(policy, snapshot, evaluate, ask_briefly).0
}

fn judge_asking(
    policy: &Policy,
    snapshot: &Snapshot,
    evaluate: &dyn Evaluate,
    ask: impl Fn(&Policy, &dyn Sitting) -> Vec<Answer>,
) -> (Decision, Vec<Answer>) {
    let sitting = evaluate.sit(snapshot);
    let answers = ask(policy, sitting.as_ref());
    let standings = weigh(policy, &answers, sitting.rows().len());
    let mut decision = tell::tell(policy, snapshot, sitting.rows(), &answers, &standings);
    choose(policy, snapshot, sitting.as_ref(), &standings, &mut decision);
    (decision, answers)
}

/// What each rule answers for each node, by name, and nothing else: no explanation, no choice.
pub fn verdicts(
    policy: &Policy,
    snapshot: &Snapshot,
    evaluate: &dyn Evaluate,
) -> Vec<BTreeMap<String, Verdict>> {
    let sitting = evaluate.sit(snapshot);
    let name = |row: usize| snapshot.candidates[sitting.rows()[row]].node.name().to_owned();
    ask_briefly(policy, sitting.as_ref())
        .iter()
        .zip(&policy.rules)
        .map(|(answer, rule)| {
            let table = weigh::verdicts(rule);
            let verdict = |row: usize| match &answer.rows {
                Err(_) => Verdict::Fault,
                Ok(Rows::Codes { codes, .. }) => table[usize::from(codes[row])].0,
                Ok(Rows::Scores { .. }) => Verdict::Pass,
            };
            (0..sitting.rows().len()).map(|row| (name(row), verdict(row))).collect()
        })
        .collect()
}

/// The best eligible row whose claims its rules can state.
fn choose(
    policy: &Policy,
    snapshot: &Snapshot,
    sitting: &dyn Sitting,
    standings: &[Standing],
    decision: &mut Decision,
) {
    let name = |row: usize| snapshot.candidates[sitting.rows()[row]].node.name();
    for row in rank(standings, name) {
        let Some(candidate) = decision.candidates.iter_mut().find(|one| one.node == name(row)) else {
            continue;
        };
        if candidate.stage != Stage::Eligible {
            continue;
        }
        match claims(policy, sitting, row) {
            Ok(claims) => {
                candidate.stage = Stage::Chosen;
                decision.chosen = Some(candidate.node.clone());
                decision.claims = claims;
                return;
            }
            Err((rule, fault)) => tell::reject_for_fault(candidate, rule, &fault),
        }
    }
}

fn claims(policy: &Policy, sitting: &dyn Sitting, row: usize) -> Result<Vec<Claim>, (usize, Fault)> {
    let mut all = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        if rule.mode == crate::model::policy::Mode::Enforce {
            all.extend(sitting.claims(rule, row).map_err(|fault| (index, fault))?);
        }
    }
    Ok(all)
}

/// Which candidate to probe next: the best one that only waits for facts.
///
/// None when the best candidate is settled already, or when nothing is left to probe.
pub fn next_to_probe(decision: &Decision, probed: &[String]) -> Option<String> {
    let mut open: Vec<_> = decision
        .candidates
        .iter()
        .filter(|one| matches!(one.stage, Stage::Eligible | Stage::Chosen | Stage::Inconclusive))
        .filter(|one| one.stage != Stage::Inconclusive || !probed.contains(&one.node))
        .collect();
    open.sort_by(|one, other| one.best_first(other));
    let best = open.first()?;
    (best.stage == Stage::Inconclusive).then(|| best.node.clone())
}

#[cfg(test)]
mod tests;
