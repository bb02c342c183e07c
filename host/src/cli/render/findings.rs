//! Findings in full: what was measured, what is needed, what to do about it.

use super::matrix;
use super::text::{clean, count, wrap};
use crate::model::decision::{Candidate, Effect, Finding, Stage};

/// Everything that keeps a candidate from being eligible, and what it is warned of.
pub fn of_candidate(candidate: &Candidate) -> String {
    let groups = grouped(candidate);
    let stopping = groups.iter().filter(|(_, finding)| stops(finding)).count();
    let heading = match candidate.stage {
        Stage::Rejected => format!("rejected, {}", count(stopping, "reason")),
        Stage::Inconclusive => format!("inconclusive, {}", count(stopping, "open question")),
        Stage::Eligible => "eligible, with warnings".to_owned(),
        Stage::Chosen => "chosen, with warnings".to_owned(),
    };
    let mut shown = format!("{}: {heading}\n", clean(&candidate.node));
    for (rules, finding) in groups {
        shown += &one(&rules, finding);
    }
    if candidate.stage == Stage::Inconclusive {
        let ask = "find out what is not known (`--probe all` asks every pair), then decide again";
        shown += &(wrap("  => ", ask) + "\n");
    }
    shown
}

pub fn stops(finding: &Finding) -> bool {
    finding.effect.stops()
}

pub fn warns(finding: &Finding) -> bool {
    finding.effect == Effect::Warns
}

/// What has an effect, the worst first; rules that say the very same are told once.
fn grouped(candidate: &Candidate) -> Vec<(Vec<&str>, &Finding)> {
    let mut groups: Vec<(Vec<&str>, &Finding)> = Vec::new();
    for finding in candidate.findings.iter().filter(|finding| stops(finding) || warns(finding)) {
        match groups.iter_mut().find(|(_, other)| same(other, finding)) {
            Some((rules, _)) => rules.push(&finding.rule),
            None => groups.push((vec![&finding.rule], finding)),
        }
    }
    groups.sort_by_key(|(_, finding)| match finding.effect {
        Effect::Blocks => 0,
        Effect::Holds => 1,
        Effect::Warns | Effect::None => 2,
    });
    groups
}

fn same(left: &Finding, right: &Finding) -> bool {
    let content = |finding: &Finding| {
        let Finding { verdict, effect, code, text, measured, needed, remedy, .. } = finding.clone();
        (verdict, effect, code, text, measured, needed, remedy)
    };
    content(left) == content(right)
}

fn one(rules: &[&str], finding: &Finding) -> String {
    let word = matrix::cell(finding, true);
    let text = if finding.text.is_empty() { String::new() } else { format!(": {}", clean(&finding.text)) };
    let by = match rules {
        [rule] => format!("rule {}", clean(rule)),
        [first, .., last] if rules.len() > 3 => {
            format!("{} rules, {} to {}", rules.len(), clean(first), clean(last))
        }
        several => format!("rules {}", several.iter().map(|rule| clean(rule)).collect::<Vec<_>>().join(", ")),
    };
    let mut shown = wrap("  ", &format!("{word} ({by}){text}")) + "\n";
    let mut detail = |name: &str, value: &Option<String>| {
        if let Some(value) = value.as_deref().map(clean).filter(|value| !value.is_empty()) {
            shown += &(wrap(&format!("      {name:<9}"), &value) + "\n");
        }
    };
    detail("measured", &finding.measured);
    detail("needed", &finding.needed);
    detail("remedy", &finding.remedy);
    shown
}
