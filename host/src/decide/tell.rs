//! The decision in words: one finding for every rule on every node.

use super::weigh::{Standing, effect, verdicts};
use crate::model::decision::{Candidate, Decision, Effect, Finding, RuleSummary, Stage, Verdict};
use crate::model::node::Gathered;
use crate::model::policy::{Mode, Policy, RuleUse};
use crate::model::port::{Answer, Explanation, Fault, Rows};
use crate::model::snapshot::{CandidateFacts, Snapshot};

/// The core's own finding, for a node whose facts could not be had.
pub const REACHED: &str = "node-answers";

pub(super) fn tell(
    policy: &Policy,
    snapshot: &Snapshot,
    rows: &[usize],
    answers: &[Answer],
    standings: &[Standing],
) -> Decision {
    let tables: Vec<_> = policy.rules.iter().map(verdicts).collect();
    let mut row_of = vec![None; snapshot.candidates.len()];
    for (row, index) in rows.iter().enumerate() {
        row_of[*index] = Some(row);
    }
    let candidates = snapshot
        .candidates
        .iter()
        .zip(&row_of)
        .filter(|(facts, _)| snapshot.is_judged(facts.node.name()))
        .map(|(facts, row)| match row {
            None => unreachable(policy, facts),
            Some(row) => Candidate {
                node: facts.node.name().to_owned(),
                stage: standings[*row].stage,
                score: (standings[*row].stage != Stage::Rejected).then_some(standings[*row].score),
                findings: policy
                    .rules
                    .iter()
                    .zip(answers)
                    .zip(&tables)
                    .map(|((rule, answer), table)| finding(rule, answer, table, *row))
                    .collect(),
            },
        })
        .collect();
    Decision {
        taken_at: snapshot.taken_at,
        domain: snapshot.domain.name.clone(),
        domain_uuid: snapshot.domain.uuid,
        source: snapshot.source.name().to_owned(),
        policy: policy.name.clone(),
        policy_digest: policy.digest.clone(),
        rules: policy.rules.iter().zip(answers).map(|(rule, answer)| summary(rule, answer)).collect(),
        candidates,
        chosen: None,
        claims: Vec::new(),
    }
}

fn summary(rule: &RuleUse, answer: &Answer) -> RuleSummary {
    RuleSummary {
        name: rule.name.clone(),
        plugin: rule.info.plugin.clone(),
        plugin_digest: rule.info.plugin_digest.clone(),
        kind: rule.info.kind,
        mode: rule.mode,
        weight: rule.weight,
        title: rule.info.title.clone(),
        fuel: answer.fuel,
    }
}

fn finding(rule: &RuleUse, answer: &Answer, table: &[(Verdict, Effect)], row: usize) -> Finding {
    match &answer.rows {
        Err(fault) => faulty(rule, fault),
        Ok(Rows::Codes { codes, explained }) => {
            let code = codes[row];
            let (verdict, effect) = table[usize::from(code)];
            let (name, text) = match rule.info.reason(code) {
                Some(reason) => (reason.code.as_str(), reason.text.as_str()),
                None => ("ok", ""),
            };
            explain(base(rule, verdict, effect, name, text), explained.get(&row))
        }
        Ok(Rows::Scores { scores, explained }) => {
            let mut finding = base(rule, Verdict::Pass, Effect::None, "ok", "");
            finding.score = Some(f64::from(scores[row]));
            explain(finding, explained.get(&row))
        }
    }
}

fn base(rule: &RuleUse, verdict: Verdict, effect: Effect, code: &str, text: &str) -> Finding {
    Finding {
        rule: rule.name.clone(),
        verdict,
        effect,
        code: code.to_owned(),
        text: text.to_owned(),
        measured: None,
        needed: None,
        remedy: None,
        score: None,
    }
}

fn explain(finding: Finding, explanation: Option<&Explanation>) -> Finding {
    let Some(explanation) = explanation else { return finding };
    Finding {
        measured: explanation.measured.clone(),
        needed: explanation.needed.clone(),
        remedy: explanation.remedy.clone(),
        ..finding
    }
}

fn faulty(rule: &RuleUse, fault: &Fault) -> Finding {
    let text = format!("the rule failed: {}", fault.detail);
    let mut finding = base(rule, Verdict::Fault, effect(rule, Verdict::Fault), &fault.code, &text);
    finding.remedy = Some(format!("mend plugin {}, or see `on_fault` in the policy", rule.info.plugin));
    finding
}

/// A rule whose claims could not be had rejects the row after all.
pub(super) fn reject_for_fault(candidate: &mut Candidate, rule: usize, fault: &Fault) {
    candidate.stage = Stage::Rejected;
    candidate.score = None;
    if let Some(finding) = candidate.findings.get_mut(rule) {
        finding.verdict = Verdict::Fault;
        finding.effect = Effect::Blocks;
        finding.code.clone_from(&fault.code);
        finding.text = format!("the rule failed to state its claims: {}", fault.detail);
    }
}

/// Nothing is known of the node, so nothing is assumed: no rule was asked.
fn unreachable(policy: &Policy, facts: &CandidateFacts) -> Candidate {
    let (code, error) = match &facts.node.gathered {
        Gathered::Unreachable { code, error } => (code.as_str(), error.as_str()),
        Gathered::Facts(_) => ("not-gathered", ""),
    };
    let mut findings: Vec<Finding> = policy
        .rules
        .iter()
        .map(|rule| {
            let effect = if rule.mode == Mode::Enforce { Effect::Holds } else { Effect::None };
            base(rule, Verdict::Unknown, effect, "not-gathered", "the node gave no facts")
        })
        .collect();
    findings.push(Finding {
        rule: REACHED.to_owned(),
        verdict: Verdict::Reject,
        effect: Effect::Blocks,
        code: code.to_owned(),
        text: "the node's daemon does not answer".to_owned(),
        measured: Some(error.to_owned()),
        needed: Some(format!("an answer at {}", facts.node.entry.uri)),
        remedy: Some(format!("wayleave doctor {}", facts.node.name())),
        score: None,
    });
    Candidate { node: facts.node.name().to_owned(), stage: Stage::Rejected, score: None, findings }
}
