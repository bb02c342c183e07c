//! Why this node, why not the others, and what it would take.

use serde::Serialize;

use super::whatif::{Answer, whatif};
use crate::model::decision::{Candidate, Decision, Finding, Stage};
use crate::model::policy::{Mode, Policy, RuleKind};
use crate::model::port::Evaluate;
use crate::model::record::{DecisionId, DecisionRecord};
use crate::parallel::{each, processors};

/// Of many nodes that do not fit, so many are explained; any other by its name.
const NODES_MAX: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    pub id: Option<DecisionId>,
    pub domain: String,
    pub source: String,
    pub chosen: Option<String>,
    /// The next best one that is eligible too.
    pub runner_up: Option<String>,
    /// What made the difference, rule by rule.
    pub terms: Vec<Term>,
    pub nodes: Vec<NotChosen>,
    /// Nodes that do not fit and are not explained here.
    pub more: usize,
}

/// One rule's share of the scores: its weight times what it answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    pub rule: String,
    pub weight: f64,
    pub chosen: f64,
    pub runner_up: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotChosen {
    pub node: String,
    pub stage: Stage,
    pub score: Option<f64>,
    /// What keeps it out.
    pub because: Vec<Finding>,
    /// None: it is eligible, or its daemon told nothing, so that nothing can be varied.
    pub what_if: Option<Answer>,
}

/// `node`: this one only. None: the decision has no such node.
pub fn explain(
    record: &DecisionRecord,
    policy: &Policy,
    evaluate: &dyn Evaluate,
    node: Option<&str>,
) -> Option<Explanation> {
    let decision = &record.decision;
    let told: Vec<&Candidate> = match node {
        Some(node) => vec![decision.candidate(node)?],
        None => {
            let mut unfit: Vec<&Candidate> = decision
                .candidates
                .iter()
                .filter(|one| matches!(one.stage, Stage::Rejected | Stage::Inconclusive))
                .collect();
            // The nearest first: those that the fewest rules keep out.
            unfit.sort_by_key(|one| (stopping(one).count(), one.node.clone()));
            unfit
        }
    };
    let few = &told[..told.len().min(NODES_MAX)];
    let nodes = each(few.len(), processors(), |index| NotChosen {
        node: few[index].node.clone(),
        stage: few[index].stage,
        score: few[index].score,
        because: stopping(few[index]).cloned().collect(),
        what_if: whatif(record, policy, evaluate, &few[index].node),
    });
    let runner_up = runner_up(decision);
    Some(Explanation {
        id: record.id,
        domain: decision.domain.clone(),
        source: decision.source.clone(),
        chosen: decision.chosen.clone(),
        runner_up: runner_up.map(|one| one.node.clone()),
        terms: terms(decision, runner_up),
        more: told.len() - few.len(),
        nodes,
    })
}

fn stopping(candidate: &Candidate) -> impl Iterator<Item = &Finding> {
    candidate.findings.iter().filter(|one| one.effect.stops())
}

fn runner_up(decision: &Decision) -> Option<&Candidate> {
    let eligible = decision.candidates.iter().filter(|one| one.stage == Stage::Eligible);
    eligible.min_by(|one, other| one.best_first(other))
}

fn terms(decision: &Decision, runner_up: Option<&Candidate>) -> Vec<Term> {
    let Some(chosen) = decision.chosen.as_deref().and_then(|node| decision.candidate(node)) else {
        return Vec::new();
    };
    let scores = decision.rules.iter().filter(|one| one.kind == RuleKind::Score && one.mode == Mode::Enforce);
    scores
        .map(|rule| {
            let share = |candidate: &Candidate| {
                let finding = candidate.findings.iter().find(|finding| finding.rule == rule.name);
                rule.weight * finding.and_then(|finding| finding.score).unwrap_or(0.0)
            };
            Term {
                rule: rule.name.clone(),
                weight: rule.weight,
                chosen: share(chosen),
                runner_up: runner_up.map(share),
            }
        })
        .collect()
}
