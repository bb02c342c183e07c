//! From the rules' answers to where each row stands: rejected, waiting, or eligible with
//! a score. Codes in, stages out; no text is made here.

use crate::model::decision::{Effect, Stage, Verdict};
use crate::model::policy::{Mode, OnFault, Policy, ReasonKind, RuleUse};
use crate::model::port::{Answer, Rows};

/// Where one row stands after all rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub stage: Stage,
    /// Sum of weight times score.
    pub score: f64,
}

/// What one rule's answer means, by code: looked up once a rule, not once a row.
pub(super) fn verdicts(rule: &RuleUse) -> Vec<(Verdict, Effect)> {
    let mut table = vec![(Verdict::Pass, Effect::None)];
    table.extend(rule.info.reasons.iter().map(|reason| {
        let verdict = match reason.kind {
            ReasonKind::Reject => Verdict::Reject,
            ReasonKind::Warn => Verdict::Warn,
            ReasonKind::Unknown => Verdict::Unknown,
        };
        (verdict, effect(rule, verdict))
    }));
    table
}

pub(super) fn effect(rule: &RuleUse, verdict: Verdict) -> Effect {
    match (rule.mode, verdict) {
        (_, Verdict::Pass) | (Mode::Audit, _) => Effect::None,
        (Mode::Warn, _) | (Mode::Enforce, Verdict::Warn) => Effect::Warns,
        (Mode::Enforce, Verdict::Reject) => Effect::Blocks,
        (Mode::Enforce, Verdict::Unknown) => Effect::Holds,
        (Mode::Enforce, Verdict::Fault) => match rule.on_fault {
            OnFault::Reject => Effect::Blocks,
            OnFault::Warn => Effect::Warns,
        },
    }
}

pub fn weigh(policy: &Policy, answers: &[Answer], rows: usize) -> Vec<Standing> {
    let mut worst = vec![Effect::None; rows];
    let mut scores = vec![0.0_f64; rows];
    for (rule, answer) in policy.rules.iter().zip(answers) {
        match &answer.rows {
            Err(_) => {
                let effect = effect(rule, Verdict::Fault);
                worst.iter_mut().for_each(|one| *one = (*one).max(effect));
            }
            Ok(Rows::Codes { codes, .. }) => {
                let table = verdicts(rule);
                for (one, code) in worst.iter_mut().zip(codes) {
                    if *code != 0 {
                        *one = (*one).max(table[usize::from(*code)].1);
                    }
                }
            }
            Ok(Rows::Scores { scores: given, .. }) if rule.mode == Mode::Enforce => {
                for (score, given) in scores.iter_mut().zip(given) {
                    *score += rule.weight * f64::from(*given);
                }
            }
            Ok(Rows::Scores { .. }) => {}
        }
    }
    worst
        .into_iter()
        .zip(scores)
        .map(|(worst, score)| {
            let stage = match worst {
                Effect::Blocks => Stage::Rejected,
                Effect::Holds => Stage::Inconclusive,
                Effect::Warns | Effect::None => Stage::Eligible,
            };
            Standing { stage, score }
        })
        .collect()
}

/// Rows that nothing rejects, best first; equal scores by the node's name.
pub fn rank<'a>(standings: &[Standing], name: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let mut rows: Vec<usize> =
        (0..standings.len()).filter(|row| standings[*row].stage != Stage::Rejected).collect();
    rows.sort_by(|a, b| {
        standings[*b].score.total_cmp(&standings[*a].score).then_with(|| name(*a).cmp(name(*b)))
    });
    rows
}
