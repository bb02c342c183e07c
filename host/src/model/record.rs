//! A decision as it is kept: everything that it was taken from, and everything that it says.
//!
//! A record stands alone. Its facts with its rules give its decision again, byte for byte, by
//! whoever has the same components. Its JSON is canonical: keys in order, no spaces, so that
//! the same record is the same bytes. What was redacted is not in it, and it says so.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::{Decision, Stage};
use super::job::JobId;
use super::policy::{Mode, OnFault, Policy, RuleUse};
use super::snapshot::Snapshot;

/// The version of the form that is written here.
pub const VERSION: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionId(pub u64);

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    pub version: u32,
    /// Its number in the store; none for one that never was in a store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DecisionId>,
    pub at: Timestamp,
    pub by: TakenBy,
    pub purpose: Purpose,
    pub policy: RecordedPolicy,
    pub snapshot: Snapshot,
    pub decision: Decision,
    /// SHA-256 of the decision's canonical JSON.
    pub decision_digest: String,
    #[serde(default, skip_serializing_if = "Redacted::is_empty")]
    pub redacted: Redacted,
}

/// The program that took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBy {
    pub wayleave: String,
    pub contract: String,
}

/// Why it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Purpose {
    Plan,
    /// One pair, asked about by a person.
    Check,
    /// A job acts on it.
    Migrate {
        job: JobId,
    },
    /// The chosen pair, judged again just before the move.
    Prepare {
        job: JobId,
    },
    /// Made smaller from another record.
    Minimised {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<DecisionId>,
    },
}

impl Purpose {
    pub fn job(self) -> Option<JobId> {
        match self {
            Self::Migrate { job } | Self::Prepare { job } => Some(job),
            Self::Plan | Self::Check | Self::Minimised { .. } => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan"),
            Self::Check => f.write_str("check"),
            Self::Migrate { job } => write!(f, "migrate, job {job}"),
            Self::Prepare { job } => write!(f, "prepare, job {job}"),
            Self::Minimised { of: Some(id) } => write!(f, "minimised from {id}"),
            Self::Minimised { of: None } => f.write_str("minimised"),
        }
    }
}

/// The policy as it was used. What a rule is stands in its component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedPolicy {
    pub name: String,
    pub digest: String,
    pub rules: Vec<RecordedRule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedRule {
    /// The name in reports.
    pub name: String,
    /// The name in its plugin.
    pub rule: String,
    pub plugin: String,
    pub plugin_digest: String,
    pub mode: Mode,
    pub on_fault: OnFault,
    pub weight: f64,
    pub settings: Value,
    pub mandatory: bool,
}

impl From<&Policy> for RecordedPolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            name: policy.name.clone(),
            digest: policy.digest.clone(),
            rules: policy.rules.iter().map(RecordedRule::from).collect(),
        }
    }
}

impl From<&RuleUse> for RecordedRule {
    fn from(rule: &RuleUse) -> Self {
        Self {
            name: rule.name.clone(),
            rule: rule.info.name.clone(),
            plugin: rule.info.plugin.clone(),
            plugin_digest: rule.info.plugin_digest.clone(),
            mode: rule.mode,
            on_fault: rule.on_fault,
            weight: rule.weight,
            settings: rule.settings.clone(),
            mandatory: rule.mandatory,
        }
    }
}

impl RecordedPolicy {
    /// Digests of the components that it takes to decide again.
    pub fn components(&self) -> BTreeSet<&str> {
        self.rules.iter().map(|rule| rule.plugin_digest.as_str()).collect()
    }
}

/// What was taken out before anything was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// Where it stood, in the words of patterns: `source.labels.token`.
    pub paths: BTreeSet<String>,
    /// How many different values; equal ones have the same token.
    pub values: usize,
    /// The facts as they are recorded give another decision than the one that was taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decides_otherwise: bool,
}

impl Redacted {
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

impl DecisionRecord {
    pub fn canonical(&self) -> String {
        canonical(self)
    }

    /// What is told of it in a list.
    pub fn summary(&self) -> Summary {
        let number = |wanted: fn(Stage) -> bool| {
            self.decision.candidates.iter().filter(|one| wanted(one.stage)).count()
        };
        Summary {
            id: self.id,
            at: self.at,
            purpose: self.purpose,
            domain: self.decision.domain.clone(),
            source: self.decision.source.clone(),
            policy: self.policy.name.clone(),
            chosen: self.decision.chosen.clone(),
            nodes: self.decision.candidates.len(),
            eligible: number(|stage| matches!(stage, Stage::Eligible | Stage::Chosen)),
            inconclusive: number(|stage| stage == Stage::Inconclusive),
        }
    }
}

/// One line of a list of decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub id: Option<DecisionId>,
    pub at: Timestamp,
    pub purpose: Purpose,
    pub domain: String,
    pub source: String,
    pub policy: String,
    pub chosen: Option<String>,
    pub nodes: usize,
    pub eligible: usize,
    pub inconclusive: usize,
}

/// Which records a list has: newest first, at most so many.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub limit: Option<usize>,
    pub since: Option<Timestamp>,
    pub domain: Option<String>,
}

/// How much is kept, and for how long. Records of open jobs are kept whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Keep {
    pub days: u32,
    pub records: u32,
    /// The components too: without them a decision cannot be taken again once a plugin is replaced.
    pub plugins: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self { days: 90, records: 10_000, plugins: true }
    }
}

/// JSON with its keys in order and no spaces: the same value is the same bytes.
pub fn canonical(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // Maps of the model have text keys, and no number of it is infinite.
    let value = serde_json::to_value(value).unwrap_or_default();
    write(&value, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            bytes.push(b'{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                separate(index, bytes);
                scalar(name, bytes);
                bytes.push(b':');
                write(value, bytes);
            }
            bytes.push(b'}');
        }
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(index, bytes);
                write(item, bytes);
            }
            bytes.push(b']');
        }
        other => scalar(other, bytes),
    }
}

fn separate(index: usize, bytes: &mut Vec<u8>) {
    if index > 0 {
        bytes.push(b',');
    }
}

fn scalar(value: &impl Serialize, bytes: &mut Vec<u8>) {
    // Writing to memory cannot fail, and every scalar can be written.
    let _ = serde_json::to_writer(bytes, value);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_json_has_its_keys_in_order_and_no_spaces() {
        let value = json!({"b": [1, 2.5, null], "a": {"z": "\u{1}ä\"", "y": true}, "c": {}, "d": []});
        let text = canonical(&value);
        assert_eq!(text, r#"{"a":{"y":true,"z":"\u0001ä\""},"b":[1,2.5,null],"c":{},"d":[]}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).expect("is JSON"), value);
    }

    #[test]
    fn a_purpose_says_which_job_it_was_for() {
        let purpose = Purpose::Prepare { job: JobId(7) };
        assert_eq!(purpose.job(), Some(JobId(7)));
        assert_eq!(canonical(&purpose), r#"{"job":7,"kind":"prepare"}"#);
        assert_eq!(purpose.to_string(), "prepare, job 7");
        assert_eq!(Purpose::Plan.job(), None);
    }
}
