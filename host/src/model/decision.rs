//! A decision: the full matrix of nodes and rules, and the choice.
//!
//! "No" is data: a refusal is a `Decision` with nothing chosen, not an error.

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
