//! Old decisions, taken again: with what took them, the very same bytes; with another policy or
//! other plugins, what changes.

use std::collections::HashMap;
use std::path::Path;

use super::changes::{Change, changes, exact_changes};
use super::digest;
use super::read::{read, read_inputs};
use crate::decide::decide;
use crate::model::decision::Decision;
use crate::model::policy::{Policy, RuleInfo, RuleUse};
use crate::model::port::{Evaluate, Problem, Sitting};
use crate::model::record::{DecisionRecord, RecordedPolicy, RecordedRule, canonical};
use crate::model::snapshot::Snapshot;
use crate::problem::InputError;

/// What decisions are taken again with.
pub struct Replay<'a> {
    evaluate: &'a dyn Evaluate,
    /// The policy instead of the recorded one.
    policy: Option<&'a Policy>,
    /// Plugins that stand in for those of the same name: their rules, by plugin and rule.
    instead: HashMap<(&'a str, &'a str), &'a RuleInfo>,
    replaced: Vec<&'a str>,
    by_digest: HashMap<(&'a str, &'a str), &'a RuleInfo>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    Same,
    Changed(Vec<Change>),
    Impossible(Impossible),
}

/// Why a decision cannot be taken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    pub code: &'static str,
    pub text: String,
    /// The digest of a component that would mend it.
    pub wants: Option<String>,
}

impl<'a> Replay<'a> {
    pub fn new(evaluate: &'a dyn Evaluate, policy: Option<&'a Policy>, instead: &'a [RuleInfo]) -> Self {
        let by_digest = evaluate
            .rules()
            .iter()
            .map(|rule| ((rule.plugin_digest.as_str(), rule.name.as_str()), rule))
            .collect();
        Self {
            evaluate,
            policy,
            instead: instead.iter().map(|rule| ((rule.plugin.as_str(), rule.name.as_str()), rule)).collect(),
            replaced: instead.iter().map(|rule| rule.plugin.as_str()).collect(),
            by_digest,
        }
    }

    /// Nothing is new: the same bytes are expected.
    fn is_exact(&self) -> bool {
        self.policy.is_none() && self.replaced.is_empty()
    }

    /// The same from a record's text. Where nothing is new and nothing differs, the bytes say so.
    pub fn replay_text(&self, text: &str, place: &Path) -> Result<Replayed, InputError> {
        if self.is_exact()
            && let Some((inputs, decision)) = read_inputs(text)
            && !inputs.redacted.decides_otherwise
            && let Ok(policy) = self.policy_of(&inputs.policy)
            && canonical(&decide(&policy, &inputs.snapshot, self.evaluate)) == decision
        {
            return Ok(Replayed::Same);
        }
        Ok(self.replay(&read(text, place)?))
    }

    pub fn replay(&self, record: &DecisionRecord) -> Replayed {
        if record.redacted.decides_otherwise {
            return Replayed::Impossible(Impossible {
                code: "record-redacted",
                text: "what was redacted is what it rested on".to_owned(),
                wants: None,
            });
        }
        let now = match self.decide(record) {
            Ok(now) => now,
            Err(impossible) => return Replayed::Impossible(impossible),
        };
        let found = if self.is_exact() {
            if digest(&now) == record.decision_digest {
                return Replayed::Same;
            }
            exact_changes(record, &now)
        } else {
            changes(record, &now)
        };
        if found.is_empty() { Replayed::Same } else { Replayed::Changed(found) }
    }

    /// The decision as it is now.
    pub fn decide(&self, record: &DecisionRecord) -> Result<Decision, Impossible> {
        let own;
        let policy = match self.policy {
            Some(policy) => policy,
            None => {
                own = self.policy_of(&record.policy)?;
                &own
            }
        };
        Ok(decide(policy, &record.snapshot, self.evaluate))
    }

    /// A recorded policy with its rules found again.
    pub fn policy_of(&self, recorded: &RecordedPolicy) -> Result<Policy, Impossible> {
        let rules = recorded.rules.iter().map(|rule| {
            let info = self.rule(rule)?;
            Ok(RuleUse {
                name: rule.name.clone(),
                info: info.clone(),
                mode: rule.mode,
                on_fault: rule.on_fault,
                weight: rule.weight,
                settings: rule.settings.clone(),
                mandatory: rule.mandatory,
            })
        });
        Ok(Policy {
            name: recorded.name.clone(),
            digest: recorded.digest.clone(),
            rules: rules.collect::<Result<_, _>>()?,
            data: Default::default(),
        })
    }

    fn rule(&self, rule: &RecordedRule) -> Result<&'a RuleInfo, Impossible> {
        if self.replaced.contains(&rule.plugin.as_str()) {
            let found = self.instead.get(&(rule.plugin.as_str(), rule.rule.as_str()));
            return found.copied().ok_or_else(|| Impossible {
                code: "rule-gone",
                text: format!("the new plugin {} offers no rule {}", rule.plugin, rule.rule),
                wants: None,
            });
        }
        let found = self.by_digest.get(&(rule.plugin_digest.as_str(), rule.rule.as_str()));
        found.copied().ok_or_else(|| Impossible {
            code: "plugin-not-had",
            text: format!("plugin {} ({}) is not to be had", rule.plugin, rule.plugin_digest),
            wants: Some(rule.plugin_digest.clone()),
        })
    }
}

/// Plugins of which some stand in for others of the same name, as a new policy finds them.
pub struct Instead<'a> {
    evaluate: &'a dyn Evaluate,
    rules: Vec<RuleInfo>,
}

impl<'a> Instead<'a> {
    pub fn new(evaluate: &'a dyn Evaluate, new: &[RuleInfo]) -> Self {
        let replaced = |rule: &RuleInfo| {
            new.iter().any(|new| new.plugin == rule.plugin && new.plugin_digest != rule.plugin_digest)
        };
        let rules = evaluate.rules().iter().filter(|rule| !replaced(rule)).cloned().collect();
        Self { evaluate, rules }
    }
}

impl Evaluate for Instead<'_> {
    fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    fn configure(&self, rule: &RuleInfo, settings: &serde_json::Value) -> Result<(), Vec<Problem>> {
        self.evaluate.configure(rule, settings)
    }

    fn sit<'b>(&'b self, snapshot: &'b Snapshot) -> Box<dyn Sitting + 'b> {
        self.evaluate.sit(snapshot)
    }
}
