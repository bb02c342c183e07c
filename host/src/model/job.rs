//! A job: one migration request with one id, as the fold of its events.
//!
//! ```text
//! opened -> decided -> reserved -> prepared -> transfer-started -> returned -> concluded
//!             |            |           |             |
//!             +------------+-----------+-------------+--> concluded (refused, failed, ...)
//! ```
//!
//! `TransferStarted` is the point of no return: written, durably, before the act.
//! From there on the outcome is what both nodes show, never what a call returned.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decision::{Claim, Decision};
use super::node::NodeEntry;
use super::order::{Limits, MigrationOrder, Parameter};
use super::record::DecisionId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub domain: String,
    pub domain_uuid: Uuid,
    /// The domain was paused by its owner before the move, and is to stay so.
    pub paused: bool,
    pub source: NodeEntry,
    /// The node that was asked for; none: the policy chooses.
    pub to: Option<String>,
    pub destination_name: Option<String>,
    pub destination_uri: Option<String>,
    pub limits: Limits,
    pub parameters: Vec<Parameter>,
    pub policy: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    Opened {
        request: Box<Request>,
    },
    Decided {
        /// The whole of it where the event carries it: the record has it else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<Decision>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<DecisionId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<String>,
    },
    /// Claims and room are held from here until the job is concluded.
    Reserved {
        destination: String,
        claims: Vec<Claim>,
        room: Room,
    },
    /// The chosen pair was read and judged again, and what only an act can show was shown.
    Prepared {
        destination: NodeEntry,
        destination_uri: String,
        /// The second judgement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<DecisionId>,
    },
    TransferStarted {
        destination: NodeEntry,
        order: Box<MigrationOrder>,
    },
    AbortRequested {
        by: String,
        reason: String,
    },
    TransferReturned {
        error: Option<Failure>,
    },
    Concluded {
        outcome: Box<Outcome>,
    },
}

impl Event {
    /// A decision that is kept as a record.
    pub fn decided(record: DecisionId, decision: &Decision) -> Self {
        Self::Decided { decision: None, record: Some(record), chosen: decision.chosen.clone() }
    }

    /// A decision that the event itself keeps.
    pub fn decided_whole(decision: Decision) -> Self {
        let chosen = decision.chosen.clone();
        Self::Decided { decision: Some(Box::new(decision)), record: None, chosen }
    }
}

/// Room at the destination that an open job holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    pub memory_bytes: u64,
    pub vcpus: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: Event,
}

/// An error as data: what a record or a program keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The source: is the domain there, live, and free to move?
    Check,
    Decide,
    Reserve,
    /// Connect the destination, read the pair again, judge it again, probe it.
    Prepare,
    Transfer,
    /// Observe both nodes and conclude; after an error this is the recovery.
    Verify,
    Close,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Decide => "decide",
            Self::Reserve => "reserve",
            Self::Prepare => "prepare",
            Self::Transfer => "transfer",
            Self::Verify => "verify",
            Self::Close => "close",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    Succeeded,
    /// The policy permits no destination.
    Refused,
    /// Nothing rejects it, but what a rule needs to know could not be found out.
    Inconclusive,
    /// Not moved; the domain is still on its source.
    Failed,
    Aborted,
    /// It cannot be shown that exactly one copy runs.
    Uncertain,
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Uncertain => "uncertain",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub kind: OutcomeKind,
    /// Stable, kebab-case; `ok` on success.
    pub code: String,
    pub text: String,
    /// Where the one running copy is, as far as it could be shown.
    pub runs_on: Option<String>,
    /// The domain as it is now: with its new name after a rename.
    pub domain: String,
    pub domain_uuid: Uuid,
    /// What a person should look at or do.
    pub look_at: Vec<String>,
    pub figures: Option<Figures>,
}

/// The figures of a transfer that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Guest stopped to resumed, as the destination counted it.
    pub downtime_ms: Option<u64>,
    pub transfer_ms: Option<u64>,
    pub transferred_bytes: Option<u64>,
}

/// A job as its events tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub phase: Phase,
    pub request: Request,
    pub destination: Option<NodeEntry>,
    pub abort_requested: bool,
    /// The transfer was ordered: the domain may be at either node.
    pub transfer_started: bool,
    pub transfer_error: Option<Failure>,
    pub outcome: Option<Outcome>,
}

impl Job {
    /// Folds a job's events; none unless the first one opens it.
    pub fn fold(id: JobId, events: &[Recorded]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let Event::Opened { request } = &first.event else { return None };
        let mut job = Self {
            id,
            opened_at: first.at,
            closed_at: None,
            phase: Phase::Check,
            request: (**request).clone(),
            destination: None,
            abort_requested: false,
            transfer_started: false,
            transfer_error: None,
            outcome: None,
        };
        for recorded in rest {
            job.apply(recorded);
        }
        Some(job)
    }

    fn apply(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Opened { .. } => {}
            Event::Decided { .. } => self.phase = Phase::Decide,
            Event::Reserved { .. } => self.phase = Phase::Reserve,
            Event::Prepared { destination, .. } => {
                self.phase = Phase::Prepare;
                self.destination = Some(destination.clone());
            }
            Event::TransferStarted { destination, .. } => {
                self.phase = Phase::Transfer;
                self.transfer_started = true;
                self.destination = Some(destination.clone());
            }
            Event::AbortRequested { .. } => self.abort_requested = true,
            Event::TransferReturned { error } => {
                self.phase = Phase::Verify;
                self.transfer_error = error.clone();
            }
            Event::Concluded { outcome } => {
                self.phase = Phase::Close;
                self.closed_at = Some(recorded.at);
                self.outcome = Some((**outcome).clone());
            }
        }
    }

    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}
