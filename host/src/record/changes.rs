//! What differs between a recorded decision and the same one taken again.

use serde::Serialize;

use super::compare::{Difference, differences};
use crate::model::decision::{Candidate, Decision, Effect, Finding, Verdict};
use crate::model::record::{DecisionId, DecisionRecord};

/// Where a change is not of one rule. No rule can have such a name.
pub const CHOICE: &str = "(choice)";
pub const CLAIMS: &str = "(claims)";
pub const SCORE: &str = "(score)";
pub const BYTES: &str = "(bytes)";

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub decision: Option<DecisionId>,
    pub domain: String,
    /// None: of the decision as a whole.
    pub node: Option<String>,
    /// The rule's name in the policy, or what else changed: `(choice)`, `(claims)`, ...
    pub rule: String,
    pub was: String,
    pub now: String,
    pub why: String,
    /// The reason under which it was approved.
    pub allowed: Option<String>,
}

struct Between<'a> {
    record: &'a DecisionRecord,
    now: &'a Decision,
    found: Vec<Change>,
}

/// Verdicts, choice and claims; not scores, words and fuel, which any new policy changes.
pub fn changes(record: &DecisionRecord, now: &Decision) -> Vec<Change> {
    let mut between = Between { record, now, found: Vec::new() };
    between.verdicts();
    between.found
}

/// Everything, down to words and fuel.
pub fn exact_changes(record: &DecisionRecord, now: &Decision) -> Vec<Change> {
    // Read from JSON like the recorded one: a number is then the same where its text is.
    let text = serde_json::to_string(now).unwrap_or_default();
    let again: Option<Decision> = serde_json::from_str(&text).ok();
    let mut between = Between { record, now: again.as_ref().unwrap_or(now), found: Vec::new() };
    between.verdicts();
    between.scores_and_words();
    between.fuel();
    if between.found.is_empty() {
        let digest = super::digest(now);
        between.push(None, BYTES, &record.decision_digest, &digest, "the digests differ".to_owned());
    }
    between.found
}

impl<'a> Between<'a> {
    fn push(&mut self, node: Option<&str>, rule: &str, was: &str, now: &str, why: String) {
        self.found.push(Change {
            decision: self.record.id,
            domain: self.record.decision.domain.clone(),
            node: node.map(str::to_owned),
            rule: rule.to_owned(),
            was: was.to_owned(),
            now: now.to_owned(),
            why,
            allowed: None,
        });
    }

    fn was(&self) -> &'a Decision {
        &self.record.decision
    }

    fn verdicts(&mut self) {
        let (was, now) = (self.was(), self.now);
        for difference in differences(was, now) {
            match difference {
                Difference::Choice => {
                    let name = |decision: &'a Decision| decision.chosen.as_deref().unwrap_or("none");
                    self.push(None, CHOICE, name(was), name(now), why_chosen(was, now));
                }
                Difference::Claims => {
                    self.push(now.chosen.as_deref(), CLAIMS, &claims(was), &claims(now), String::new());
                }
                Difference::NotJudged { node } => {
                    self.push(Some(node), CHOICE, "judged", "not judged", String::new());
                }
                Difference::Finding { node, rule, was, now } => self.finding(node, rule, was, now),
                // It follows from the verdicts.
                Difference::Stage { .. } => {}
            }
        }
    }

    fn finding(&mut self, node: &str, rule: &str, was: Option<&Finding>, now: Option<&Finding>) {
        match (was, now) {
            (Some(was), Some(now)) if (was.verdict, &was.code) != (now.verdict, &now.code) => {
                self.push(Some(node), rule, &verdict(was), &verdict(now), reason(now));
            }
            (Some(was), Some(now)) if was.effect != now.effect => {
                self.push(Some(node), rule, &with_effect(was), &with_effect(now), reason(now));
            }
            (Some(was), None) if is_worth_a_word(was) => {
                let why = "the policy has no such rule now".to_owned();
                self.push(Some(node), rule, &verdict(was), "-", why);
            }
            // A rule that is new is worth a word where it has an effect.
            (None, Some(now)) if is_worth_a_word(now) => {
                self.push(Some(node), rule, "-", &verdict(now), reason(now));
            }
            _ => {}
        }
    }

    fn scores_and_words(&mut self) {
        let (was, now) = (self.was(), self.now);
        for (one, other) in was.candidates.iter().zip(&now.candidates) {
            if one.score != other.score {
                self.push(Some(&one.node), SCORE, &number(one.score), &number(other.score), String::new());
            }
            for (was, now) in one.findings.iter().zip(&other.findings) {
                let words = |one: &Finding| {
                    let all =
                        [Some(&one.text), one.measured.as_ref(), one.needed.as_ref(), one.remedy.as_ref()];
                    let mut told: Vec<String> =
                        all.into_iter().flatten().filter(|text| !text.is_empty()).cloned().collect();
                    told.extend(one.score.map(|score| score.to_string()));
                    some(told.join("; "))
                };
                if was.verdict == now.verdict && was.code == now.code && words(was) != words(now) {
                    self.push(
                        Some(&one.node),
                        &was.rule,
                        &words(was),
                        &words(now),
                        "its words or score".to_owned(),
                    );
                }
            }
        }
    }

    fn fuel(&mut self) {
        let (was, now) = (self.was(), self.now);
        for (one, other) in was.rules.iter().zip(&now.rules) {
            if one.fuel != other.fuel {
                let fuel = |fuel: u64| format!("{fuel} of fuel");
                let why = "another build of the engine, or facts that did not survive".to_owned();
                self.push(None, &one.name, &fuel(one.fuel), &fuel(other.fuel), why);
            }
        }
    }
}

/// A rule that one of both policies does not have. Of a node that told nothing no rule was asked.
fn is_worth_a_word(finding: &Finding) -> bool {
    finding.effect != Effect::None && finding.code != "not-gathered"
}

fn claims(decision: &Decision) -> String {
    let held = decision.claims.iter().map(|one| format!("{} of {} {}", one.amount, one.limit, one.resource));
    some(held.collect::<Vec<_>>().join(", "))
}

/// `reject memory-short`
fn verdict(finding: &Finding) -> String {
    if finding.verdict == Verdict::Pass {
        return finding.verdict.word().to_owned();
    }
    format!("{} {}", finding.verdict.word(), finding.code)
}

/// `reject memory-short (warns)`
fn with_effect(finding: &Finding) -> String {
    format!("{} ({})", verdict(finding), effect(finding))
}

/// What follows from a finding.
pub fn effect(finding: &Finding) -> &'static str {
    if finding.effect == Effect::None { "no effect" } else { finding.effect.word() }
}

fn reason(finding: &Finding) -> String {
    let needed = finding.needed.as_ref().map(|needed| format!("needed: {needed}"));
    let measured = finding.measured.as_ref().map(|measured| format!("measured: {measured}"));
    match (measured, needed) {
        (None, None) => finding.text.clone(),
        (measured, needed) => [measured, needed].into_iter().flatten().collect::<Vec<_>>().join("; "),
    }
}

fn why_chosen(was: &Decision, now: &Decision) -> String {
    let score = |node: &Candidate| number(node.score);
    let before = was.chosen.as_deref().and_then(|node| now.candidate(node));
    let after = now.chosen.as_deref().and_then(|node| now.candidate(node));
    match (before, after) {
        (Some(before), _) if before.score.is_none() => {
            let blocks = before.findings.iter().filter(|finding| finding.effect == Effect::Blocks);
            let rules: Vec<String> = blocks.map(|one| format!("{} ({})", one.rule, one.code)).collect();
            format!("{} is rejected by {}", before.node, rules.join(", "))
        }
        (Some(before), Some(after)) => {
            format!("{} scores {}, {} {}", after.node, score(after), before.node, score(before))
        }
        (Some(before), None) => format!("{} waits for facts", before.node),
        (None, Some(after)) => format!("{} is eligible", after.node),
        (None, None) => String::new(),
    }
}

fn number(score: Option<f64>) -> String {
    score.map_or("-".to_owned(), |score| {
        format!("{score:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

fn some(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}
