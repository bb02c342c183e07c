//! A decision for the person who must act on it: the answer, the matrix, then every
//! reason with what was measured, what is needed and what helps.
//!
//! With many nodes the matrix gives way to counts by reason and the best few; nothing
//! is lost, the JSON has it all.

use std::collections::BTreeMap;

use super::findings::{of_candidate, stops, warns};
use super::matrix::{cell, matrix, stage};
use super::text::{clean, count, short, table, time, wrap};
use crate::model::decision::{Candidate, Decision, Effect, Stage, Verdict};

/// More nodes than this are no columns any more.
const COLUMNS: usize = 6;
/// Of many nodes, so many are listed, and of these so many explained.
const LISTED: usize = 20;
const EXPLAINED: usize = 3;

pub fn decision(decision: &Decision) -> String {
    let mut parts = vec![answer(decision)];
    if (1..=COLUMNS).contains(&decision.candidates.len()) {
        let all: Vec<&Candidate> = decision.candidates.iter().collect();
        parts.push(matrix(decision, &all));
        parts.extend(all.into_iter().filter(|one| worth_words(one)).map(of_candidate));
    } else if !decision.candidates.is_empty() {
        parts.extend(many(decision));
    }
    if let Some(held) = claims(decision) {
        parts.push(held);
    }
    parts.push(basis(decision));
    parts.join("\n")
}

fn worth_words(candidate: &Candidate) -> bool {
    candidate.findings.iter().any(|finding| stops(finding) || warns(finding))
}

/// What the decision is, in one or two lines.
pub fn answer(decision: &Decision) -> String {
    let (domain, source) = (clean(&decision.domain), clean(&decision.source));
    let number = |wanted: Stage| decision.candidates.iter().filter(|one| one.stage == wanted).count();
    let (eligible, open) = (number(Stage::Eligible), number(Stage::Inconclusive));
    let all = decision.candidates.len();
    let nodes = count(all, "node");
    if let Some(chosen) = &decision.chosen {
        let score = decision.candidate(chosen).and_then(|one| one.score);
        let why = match (eligible, score) {
            (0, _) if all == 1 => "every rule lets it through".to_owned(),
            (0, _) if open > 0 => format!("the best by score; {} not probed", count(open, "other")),
            (0, _) => format!("the only eligible one of {nodes}"),
            (_, Some(score)) => format!("the best of {} eligible, score {score:.2}", eligible + 1),
            (_, None) => format!("one of {} eligible", eligible + 1),
        };
        return format!("PERMITTED: {domain} may move from {source} to {}, {why}.\n", clean(chosen));
    }
    let text = match (all, eligible, open) {
        (0, ..) => format!("REFUSED: {domain} stays on {source}. There is no other node to judge."),
        (1, 0, 0) => format!(
            "REFUSED: {domain} stays on {source}. {} may not take it.",
            clean(&decision.candidates[0].node)
        ),
        (_, 0, 0) => format!("REFUSED: {domain} stays on {source}. None of {nodes} may take it."),
        (_, 0, _) => format!(
            "INCONCLUSIVE: {domain} stays on {source}. Nothing rejects {}, but what a rule needs is not known.",
            named(decision, Stage::Inconclusive)
        ),
        _ => format!(
            "NOT DECIDED: {} could take {domain}, and none is chosen.",
            named(decision, Stage::Eligible)
        ),
    };
    wrap("", &text) + "\n"
}

fn named(decision: &Decision, wanted: Stage) -> String {
    let of_stage = decision.candidates.iter().filter(|one| one.stage == wanted);
    let names: Vec<String> = of_stage.map(|one| clean(&one.node)).collect();
    if names.len() <= 3 { names.join(", ") } else { format!("{} nodes", names.len()) }
}

fn basis(decision: &Decision) -> String {
    format!(
        "Policy {} ({}), {}; facts of {}.\n",
        clean(&decision.policy),
        short(&decision.policy_digest),
        count(decision.rules.len(), "rule"),
        time(decision.taken_at)
    )
}

fn claims(decision: &Decision) -> Option<String> {
    let held: Vec<String> = decision
        .claims
        .iter()
        .map(|claim| {
            format!(
                "{} of {} {} (rule {})",
                claim.amount,
                claim.limit,
                clean(&claim.resource),
                clean(&claim.rule)
            )
        })
        .collect();
    (!held.is_empty()).then(|| wrap("While it moves it holds ", &format!("{}.", held.join(", "))) + "\n")
}

fn many(decision: &Decision) -> Vec<String> {
    let ranked = ranked(decision);
    let mut parts = vec![stages(decision), reasons(decision), list(&ranked)];
    if decision.chosen.is_none() {
        parts.extend(ranked.iter().take(EXPLAINED).map(|one| of_candidate(one)));
    } else {
        parts.extend(
            ranked.iter().take(EXPLAINED).filter(|one| worth_words(one)).map(|one| of_candidate(one)),
        );
    }
    parts
        .push("One node in full: `wayleave check ... --to NODE`; all of them: `--output json`.\n".to_owned());
    parts
}

/// The chosen one, then by stage, score, and how little stands against it.
fn ranked(decision: &Decision) -> Vec<&Candidate> {
    let order = |candidate: &Candidate| match candidate.stage {
        Stage::Chosen => 0,
        Stage::Eligible => 1,
        Stage::Inconclusive => 2,
        Stage::Rejected => 3,
    };
    let against = |candidate: &Candidate| candidate.findings.iter().filter(|finding| stops(finding)).count();
    let mut ranked: Vec<&Candidate> = decision.candidates.iter().collect();
    ranked.sort_by(|a, b| {
        order(a)
            .cmp(&order(b))
            .then(b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)))
            .then(against(a).cmp(&against(b)))
            .then(a.node.cmp(&b.node))
    });
    ranked
}

fn stages(decision: &Decision) -> String {
    let number = |wanted: Stage| decision.candidates.iter().filter(|one| one.stage == wanted).count();
    format!(
        "{}: {} eligible, {} inconclusive, {} rejected.\n",
        count(decision.candidates.len(), "node"),
        number(Stage::Eligible) + number(Stage::Chosen),
        number(Stage::Inconclusive),
        number(Stage::Rejected)
    )
}

/// How often each reason was given, the most frequent first.
fn reasons(decision: &Decision) -> String {
    let mut counted: BTreeMap<(String, String), (usize, &str)> = BTreeMap::new();
    for finding in decision.candidates.iter().flat_map(|candidate| &candidate.findings) {
        if finding.verdict != Verdict::Pass {
            let key = (clean(&finding.rule), cell(finding, true));
            counted.entry(key).or_insert((0, &finding.text)).0 += 1;
        }
    }
    if counted.is_empty() {
        return "No rule objects to any of them.\n".to_owned();
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
    let row = |((rule, cell), (number, text)): ((String, String), (usize, &str))| {
        vec![number.to_string(), rule, cell, clean(text)]
    };
    table(&["nodes", "rule", "verdict", "meaning"], counted.into_iter().map(row))
}

fn list(ranked: &[&Candidate]) -> String {
    let rows = ranked.iter().take(LISTED).map(|candidate| {
        let notable = candidate.findings.iter().filter(|finding| finding.effect != Effect::None);
        let notable: Vec<String> = notable.map(|finding| cell(finding, true)).collect();
        vec![
            clean(&candidate.node),
            stage(candidate.stage).to_owned(),
            candidate.score.map_or("-".to_owned(), |score| format!("{score:.2}")),
            notable.join(", "),
        ]
    });
    let table = table(&["node", "stage", "score", "findings"], rows);
    match ranked.len().saturating_sub(LISTED) {
        0 => table,
        more => format!("{table}  and {} more\n", count(more, "node")),
    }
}
