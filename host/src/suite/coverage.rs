//! What the cases have seen of their rules: which outcome of each was ever answered, and which of
//! the facts that it can ask for it looked at.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::decision::{Decision, Verdict};
use crate::model::policy::{Policy, RuleInfo, RuleKind};
use crate::model::port::Answer;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// By plugin and rule: `room:memory-room`.
    pub rules: BTreeMap<String, RuleCoverage>,
    /// By plugin: each of its imports, and whether any of its rules called it.
    pub facts: BTreeMap<String, BTreeMap<String, bool>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RuleCoverage {
    /// How often each outcome was answered: `ok` and every reason of a check, `low` and `high` (half
    /// and more) of a score.
    pub outcomes: BTreeMap<String, u64>,
    /// Faults are seen, not asked for: a good rule has none.
    pub faults: BTreeMap<String, u64>,
}

/// What a rule can answer at all.
fn outcomes(info: &RuleInfo) -> Vec<String> {
    match info.kind {
        RuleKind::Check => {
            std::iter::once("ok".to_owned()).chain(info.reasons.iter().map(|one| one.code.clone())).collect()
        }
        RuleKind::Score => vec!["low".to_owned(), "high".to_owned()],
    }
}

impl Coverage {
    /// A rule that is under test, seen or not.
    pub fn declare(&mut self, info: &RuleInfo) {
        let rule = self.rules.entry(key(info)).or_default();
        for outcome in outcomes(info) {
            rule.outcomes.entry(outcome).or_default();
        }
        let facts = self.facts.entry(info.plugin.clone()).or_default();
        for import in info.needs.iter().filter(|import| import.as_str() != "log.panic") {
            facts.entry(import.clone()).or_default();
        }
    }

    /// Leaves out what a suite says can not be brought about; an error names what was seen all the same.
    pub fn leave_out(&mut self, rule: &RuleInfo, outcome: &str) -> Result<(), String> {
        let name = key(rule);
        let outcomes = self.rules.get_mut(&name).map(|rule| &mut rule.outcomes);
        match outcomes.and_then(|outcomes| outcomes.remove(outcome)) {
            Some(0) => Ok(()),
            Some(count) => Err(format!(
                "outcome `{outcome}` of {name} is said to be unreachable; it was seen {count} times"
            )),
            None => Err(format!("{name} has no outcome `{outcome}`")),
        }
    }

    /// What rules that were declared have answered.
    pub fn see(&mut self, policy: &Policy, decision: &Decision, answers: &[Answer]) {
        for (index, (rule, answer)) in policy.rules.iter().zip(answers).enumerate() {
            let facts = self.facts.entry(rule.info.plugin.clone()).or_default();
            for import in &answer.reads {
                facts.insert(import.to_string(), true);
            }
            let seen = self.rules.entry(key(&rule.info)).or_default();
            for candidate in &decision.candidates {
                let Some(finding) = candidate.findings.get(index) else { continue };
                let outcome = match (finding.verdict, finding.score) {
                    (Verdict::Fault, _) => {
                        *seen.faults.entry(finding.code.clone()).or_default() += 1;
                        continue;
                    }
                    (_, Some(score)) if score < 0.5 => "low",
                    (_, Some(_)) => "high",
                    (_, None) => finding.code.as_str(),
                };
                if let Some(count) = seen.outcomes.get_mut(outcome) {
                    *count += 1;
                }
            }
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (name, seen) in &other.rules {
            let rule = self.rules.entry(name.clone()).or_default();
            for (outcome, count) in &seen.outcomes {
                *rule.outcomes.entry(outcome.clone()).or_default() += count;
            }
            for (code, count) in &seen.faults {
                *rule.faults.entry(code.clone()).or_default() += count;
            }
        }
        for (plugin, facts) in &other.facts {
            let all = self.facts.entry(plugin.clone()).or_default();
            for (import, read) in facts {
                *all.entry(import.clone()).or_default() |= read;
            }
        }
    }

    /// Facts that a plugin asks for and no rule of it looked at.
    pub fn unread(&self) -> BTreeMap<&str, Vec<&str>> {
        self.facts
            .iter()
            .map(|(plugin, facts)| {
                let unread = facts.iter().filter(|(_, read)| !**read).map(|(import, _)| import.as_str());
                (plugin.as_str(), unread.collect::<Vec<_>>())
            })
            .filter(|(_, unread)| !unread.is_empty())
            .collect()
    }

    /// Outcomes that were seen, and all there are.
    pub fn outcomes(&self) -> (usize, usize) {
        let all = self.rules.values().flat_map(|rule| rule.outcomes.values());
        all.fold((0, 0), |(seen, all), count| (seen + usize::from(*count > 0), all + 1))
    }

    /// The share of outcomes that was seen; of nothing all was.
    pub fn share(&self) -> f64 {
        let (seen, all) = self.outcomes();
        if all == 0 { 1.0 } else { seen as f64 / all as f64 }
    }
}

impl RuleCoverage {
    pub fn unseen(&self) -> Vec<&str> {
        self.outcomes.iter().filter(|(_, count)| **count == 0).map(|(outcome, _)| outcome.as_str()).collect()
    }
}

fn key(info: &RuleInfo) -> String {
    format!("{}:{}", info.plugin, info.name)
}
