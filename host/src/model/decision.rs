//! A decision: the full matrix of nodes and rules, and the choice.
//!
//! "No" is data: a refusal is a `Decision` with nothing chosen, not an error.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::policy::{Mode, RuleKind};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When the facts were taken.
    pub taken_at: Timestamp,
    pub domain: String,
    pub domain_uuid: Option<Uuid>,
    pub source: String,
    pub policy: String,
    pub policy_digest: String,
    pub rules: Vec<RuleSummary>,
    /// In the order of the inventory.
    pub candidates: Vec<Candidate>,
    pub chosen: Option<String>,
    /// What must be taken before the move, on the chosen node.
    pub claims: Vec<Claim>,
}

impl Decision {
    pub fn candidate(&self, node: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.node == node)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleSummary {
    pub name: String,
    pub plugin: String,
    pub plugin_digest: String,
    pub kind: RuleKind,
    pub mode: Mode,
    pub weight: f64,
    pub title: String,
    /// Deterministic cost of this rule in this decision.
    pub fuel: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub node: String,
    pub stage: Stage,
    /// Sum of weight times score; none for a rejected node.
    pub score: Option<f64>,
    /// One for each rule, in the policy's order, then the core's own (if any).
    pub findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Rejected,
    /// Nothing rejects it, but something that a rule needs is not known yet.
    Inconclusive,
    Eligible,
    Chosen,
}

impl Stage {
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Inconclusive => "inconclusive",
            Self::Eligible => "eligible",
            Self::Chosen => "chosen",
        }
    }
}

impl Candidate {
    /// The better one first: by score, and by name where that is the same.
    pub fn best_first(&self, other: &Self) -> Ordering {
        let score = |candidate: &Self| candidate.score.unwrap_or(0.0);
        score(other).total_cmp(&score(self)).then_with(|| self.node.cmp(&other.node))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: String,
    pub verdict: Verdict,
    pub effect: Effect,
    /// `ok`, the rule's own reason code, or the code of the fault.
    pub code: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// What the rule answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Warn,
    Reject,
    Unknown,
    Fault,
}

impl Verdict {
    pub const ALL: [Self; 5] = [Self::Pass, Self::Warn, Self::Reject, Self::Unknown, Self::Fault];

    /// As it is written everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Reject => "reject",
            Self::Unknown => "unknown",
            Self::Fault => "fault",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

/// What follows from it for the candidate, under the rule's mode; the worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    None,
    Warns,
    /// Not known: the candidate waits for a probe.
    Holds,
    Blocks,
}

impl Effect {
    /// It keeps the candidate from being eligible.
    pub fn stops(self) -> bool {
        matches!(self, Self::Blocks | Self::Holds)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warns => "warns",
            Self::Holds => "holds",
            Self::Blocks => "blocks",
        }
    }
}

/// Something countable that a move must hold while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub rule: String,
    /// `licence/oracle-ee`
    pub resource: String,
    pub amount: u64,
    /// How much of it all open jobs together may hold.
    pub limit: u64,
}
