//! The matrix of rules and nodes: rules as rows and nodes as columns, one short word a cell.

use super::text::{WIDTH, clean, wide_table};
use crate::model::decision::{Candidate, Decision, Effect, Finding, RuleSummary, Stage, Verdict};
use crate::model::policy::{Mode, RuleKind};

/// The matrix for these candidates, with a legend of the words that need one.
pub fn matrix(decision: &Decision, candidates: &[&Candidate]) -> String {
    blocks(candidates, &labels(decision, candidates)) + &legend(candidates)
}

/// With codes where they fit, else without, else in two halves, one below the other.
fn blocks(candidates: &[&Candidate], labels: &[(String, String)]) -> String {
    let fits = |block: &String| block.lines().all(|line| line.chars().count() <= WIDTH);
    let with_codes = block(candidates, labels, true);
    if fits(&with_codes) {
        return with_codes;
    }
    let without = block(candidates, labels, false);
    if fits(&without) || candidates.len() < 2 {
        return without;
    }
    let (left, right) = candidates.split_at(candidates.len().div_ceil(2));
    format!("{}\n{}", blocks(left, labels), blocks(right, labels))
}

fn block(candidates: &[&Candidate], labels: &[(String, String)], codes: bool) -> String {
    let names: Vec<String> = candidates.iter().map(|candidate| clean(&candidate.node)).collect();
    let header: Vec<&str> = std::iter::once("rule").chain(names.iter().map(String::as_str)).collect();
    let rules = labels.iter().map(|(name, label)| line(label, candidates, |one| cell_of(one, name, codes)));
    let score =
        line("score", candidates, |one| one.score.map_or("-".to_owned(), |score| format!("{score:.2}")));
    let stage = line("stage", candidates, |one| stage(one.stage).to_owned());
    wide_table(&header, rules.chain([score, stage]))
}

fn line(name: &str, candidates: &[&Candidate], value: impl Fn(&Candidate) -> String) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(candidates.iter().map(|one| value(one))).collect()
}

/// The rules of the policy, then what the core itself found, each with its label.
fn labels(decision: &Decision, candidates: &[&Candidate]) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> =
        decision.rules.iter().map(|rule| (rule.name.clone(), label(rule))).collect();
    for finding in candidates.iter().flat_map(|candidate| &candidate.findings) {
        if !labels.iter().any(|(name, _)| *name == finding.rule) {
            labels.push((finding.rule.clone(), clean(&finding.rule)));
        }
    }
    labels
}

fn label(rule: &RuleSummary) -> String {
    let name = clean(&rule.name);
    match (rule.mode, rule.kind) {
        (Mode::Audit, _) => format!("{name} (audit)"),
        (Mode::Warn, RuleKind::Check) => format!("{name} (warn)"),
        (_, RuleKind::Score) => format!("{name} (x{})", rule.weight),
        (Mode::Enforce, RuleKind::Check) => name,
    }
}

fn cell_of(candidate: &Candidate, rule: &str, code: bool) -> String {
    let mut of_rule = candidate.findings.iter().filter(|finding| finding.rule == rule);
    of_rule.next().map_or_else(|| "-".to_owned(), |finding| cell(finding, code))
}

/// One word for a finding, and its code where there is room.
pub fn cell(finding: &Finding, with_code: bool) -> String {
    if let (Verdict::Pass, Some(score)) = (finding.verdict, finding.score) {
        return format!("{score:.2}");
    }
    let word = word(finding);
    if finding.verdict == Verdict::Pass || !with_code {
        return word;
    }
    let code = clean(&finding.code);
    match word.strip_suffix(')') {
        Some(open) => format!("{open} {code})"),
        None => format!("{word} {code}"),
    }
}

/// Large letters: this stops the node. In brackets: seen, and without any effect.
fn word(finding: &Finding) -> String {
    let (plain, loud) = match finding.verdict {
        Verdict::Pass => return "pass".to_owned(),
        Verdict::Warn => ("warn", "WARN"),
        Verdict::Reject => ("reject", "REJECT"),
        Verdict::Unknown => ("?", "?"),
        Verdict::Fault => ("fault", "FAULT"),
    };
    match finding.effect {
        Effect::Blocks | Effect::Holds => loud.to_owned(),
        Effect::Warns if finding.verdict == Verdict::Warn => plain.to_owned(),
        Effect::Warns => format!("warn: {plain}"),
        Effect::None => format!("({plain})"),
    }
}

pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Rejected => "REJECTED",
        Stage::Inconclusive => "INCONCLUSIVE",
        Stage::Eligible => "eligible",
        Stage::Chosen => "CHOSEN",
    }
}

fn legend(candidates: &[&Candidate]) -> String {
    let findings = || candidates.iter().flat_map(|candidate| &candidate.findings);
    let any = |test: &dyn Fn(&Finding) -> bool| findings().any(test);
    let mut words = Vec::new();
    if any(&|finding| finding.verdict == Verdict::Unknown) {
        words.push("?: a fact that the rule needs is not known");
    }
    if any(&|finding| finding.verdict == Verdict::Fault) {
        words.push("FAULT: the rule itself is broken");
    }
    if any(&|finding| finding.verdict != Verdict::Pass && finding.effect == Effect::None) {
        words.push("(in brackets): recorded, without effect");
    }
    if words.is_empty() { String::new() } else { format!("  {}\n", words.join("; ")) }
}
