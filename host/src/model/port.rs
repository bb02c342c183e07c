//! The ports: what the core asks of the world. Adapters implement them and never
//! meet each other; only `main` knows which one is real.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::decision::{Claim, Decision};
use super::domain::DomainFacts;
use super::job::{Event, Figures, Job, JobId, Phase, Recorded, Request, Room};
use super::node::{NodeEntry, NodeFacts};
use super::order::MigrationOrder;
use super::policy::{RuleInfo, RuleUse};
use super::record::{DecisionId, DecisionRecord, Keep, Selection, Summary};
use super::snapshot::{CpuComparison, Reach, Snapshot, StorageProbe};

// ---------------------------------------------------------------- hypervisor

/// An error of a hypervisor's daemon, with its own numbers kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{doing}: {text}")]
pub struct HypervisorError {
    /// Stable, kebab-case: `no-such-domain`, `node-unreachable`, `libvirt-error`, ...
    pub code: String,
    /// What we were doing, with which domain and node.
    pub doing: String,
    pub text: String,
    pub hint: Option<String>,
    /// libvirt's error number and error domain, where it is libvirt's error.
    pub number: Option<(u32, u32)>,
}

/// A node's libvirt daemon. Every call is bounded: a dead node costs its own
/// time-out only.
#[async_trait]
pub trait Hypervisor: Send + Sync {
    /// Facts of one domain by name or UUID, live.
    async fn domain(&self, node: &NodeEntry, name: &str) -> Result<DomainFacts, HypervisorError>;

    /// Facts of one node; what no rule needs is not gathered. An unreachable node is an answer.
    async fn node(&self, node: &NodeEntry, needs: &BTreeSet<String>) -> NodeFacts;

    /// The destination's own comparison of the live guest CPU.
    async fn compare_cpu(&self, source: &NodeEntry, domain: &str, destination: &NodeEntry) -> CpuComparison;

    /// Can the source's daemon connect to this URI? Asks it, and moves nothing.
    async fn probe_reach(&self, source: &NodeEntry, domain: &str, destination_uri: &str) -> Reach;

    /// Are the disks on storage that the destination shares and can write? Creates a
    /// volume with a random name at the destination, looks for it at the source, removes it.
    async fn probe_storage(
        &self,
        source: &NodeEntry,
        domain: &DomainFacts,
        destination: &NodeEntry,
    ) -> StorageProbe;

    /// The tunnelled, peer-to-peer, live move. Returns when libvirt's call does.
    async fn migrate(&self, source: &NodeEntry, order: &MigrationOrder) -> Result<(), HypervisorError>;

    /// Figures of the running migration job; none when there is none.
    async fn progress(&self, source: &NodeEntry, domain: Uuid) -> Result<Option<Progress>, HypervisorError>;

    /// Figures of the last completed job, kept by the destination.
    async fn completed(&self, destination: &NodeEntry, domain: Uuid) -> Option<Figures>;

    async fn set_downtime_ms(&self, source: &NodeEntry, domain: Uuid, ms: u64)
    -> Result<(), HypervisorError>;

    async fn abort(&self, source: &NodeEntry, domain: Uuid) -> Result<(), HypervisorError>;

    /// What one node shows of a domain. Never an error: not to be reached is an answer.
    async fn presence(&self, node: &NodeEntry, domain: Uuid) -> Presence;
}

/// What a running migration tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub elapsed_ms: u64,
    /// The guest's memory; 0 until QEMU has started.
    pub total_bytes: u64,
    /// May exceed the total: pages that were written again are sent again.
    pub processed_bytes: u64,
    pub remaining_bytes: u64,
    /// Which pass over the memory this is; 0 and 1 are the first.
    pub iteration: u64,
    pub dirty_rate_bytes_s: Option<u64>,
    pub bandwidth_bytes_s: Option<u64>,
    pub downtime_expected_ms: Option<u64>,
}

/// A domain as one node shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "presence")]
pub enum Presence {
    Absent,
    /// Defined, not live.
    ShutOff {
        name: String,
    },
    /// `resumed`: it had been stopped before, as at the end of a move; nothing tells that it is not
    /// because libvirt gave a move up without knowing what the other node does.
    Running {
        name: String,
        migrating: bool,
        resumed: bool,
    },
    /// `reason` is libvirt's: `user`, `migration`, `io-error`, `api-error`, `starting-up`, ...
    Paused {
        name: String,
        reason: String,
        migrating: bool,
    },
    Unreachable {
        error: String,
    },
}

// ------------------------------------------------------------------- evaluate

/// Where rules come from and who answers for them.
pub trait Evaluate: Send + Sync {
    /// Every rule that was found, in a stable order.
    fn rules(&self) -> &[RuleInfo];

    /// The plugin's own judgement of settings that already fit its schema.
    fn configure(&self, rule: &RuleInfo, settings: &serde_json::Value) -> Result<(), Vec<Problem>>;

    /// A sitting over one snapshot: rules are evaluated in it, each in a fresh sandbox.
    fn sit<'a>(&'a self, snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a>;

    /// The component of this digest as it was loaded, where it can still be had.
    fn component(&self, _digest: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Rows are the candidates that have facts, in the snapshot's order.
pub trait Sitting {
    /// For each row of the sitting, the index of its candidate in the snapshot.
    fn rows(&self) -> &[usize];

    /// Evaluates one rule on all rows and explains the rows for which `explain` says so.
    fn answer(&self, rule: &RuleUse, explain: &dyn Fn(usize, u8) -> bool) -> Answer;

    /// What the move to this row must hold while it runs.
    fn claims(&self, rule: &RuleUse, row: usize) -> Result<Vec<Claim>, Fault>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub rows: Result<Rows, Fault>,
    pub fuel: u64,
    /// Imports that the rule called, as `interface.function`: the facts that it looked at. Shared, since
    /// every decision has them and few look.
    pub reads: Vec<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// A reason code a row; 0 passes.
    Codes { codes: Vec<u8>, explained: Explained },
    /// 0..=1 a row.
    Scores { scores: Vec<f32>, explained: Explained },
}

/// By row; only those that were to be explained.
pub type Explained = BTreeMap<usize, Explanation>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    pub measured: Option<String>,
    pub needed: Option<String>,
    pub remedy: Option<String>,
}

/// A rule that did not answer as the contract asks. Never a permission.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[error("{detail}")]
pub struct Fault {
    /// `out-of-fuel`, `out-of-time`, `out-of-memory`, `trap`, `bad-answer`, ...
    pub code: String,
    pub detail: String,
}

/// One thing wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON pointer into the settings.
    pub path: String,
    pub message: String,
}

// -------------------------------------------------------------------- journal

#[derive(Debug, Error)]
pub enum JournalError {
    /// The domain has an open job already.
    #[error("domain {domain} has an open job already: {job}")]
    Busy { domain: String, job: JobId },
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// Nothing is added to a record that is closed.
    #[error("job {0} is concluded already")]
    Concluded(JobId),
    #[error("there is no record of decision {0}")]
    NoSuchDecision(DecisionId),
    #[error("{doing}")]
    Store {
        /// Stable, kebab-case: `journal-not-writable`, `journal-disk-full`, ...
        code: &'static str,
        doing: String,
        hint: Option<String>,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl JournalError {
    /// Stable, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "domain-busy",
            Self::NoSuchJob(_) => "no-such-job",
            Self::Concluded(_) => "job-concluded",
            Self::NoSuchDecision(_) => "no-such-decision",
            Self::Store { code, .. } => code,
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Busy { job, .. } => Some(format!("see `wayleave job show {job}`")),
            Self::NoSuchJob(_) => Some("see `wayleave job list`".to_owned()),
            Self::Concluded(job) => Some(format!("see how it ended: `wayleave job show {job}`")),
            Self::NoSuchDecision(_) => Some("see `wayleave decision list`; old ones are pruned".to_owned()),
            Self::Store { hint, .. } => hint.clone(),
        }
    }
}

/// A claim that another open job's claims left no room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimTaken {
    pub claim: Claim,
    pub held: u64,
    pub holders: Vec<JobId>,
}

/// A wish in the record that a job should end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abort {
    pub by: String,
    pub reason: String,
}

impl Abort {
    /// What an event says of an end that is wanted; none for any other event.
    pub fn of(event: Event) -> Option<Self> {
        match event {
            Event::AbortRequested { by, reason } => Some(Self { by, reason }),
            _ => None,
        }
    }
}

/// The append-only record. Every call is durable when it returns.
pub trait Journal: Send + Sync {
    /// Opens a job; refuses when the domain has an open one.
    fn open(&self, request: &Request) -> Result<JobId, JournalError>;

    /// Appends one event. `Concluded` releases what the job held, in the same transaction.
    fn append(&self, job: JobId, event: &Event) -> Result<(), JournalError>;

    /// Takes claims and room atomically and appends `Reserved`, or takes nothing. What the
    /// job itself held before is given back in the same step.
    fn reserve(
        &self,
        job: JobId,
        destination: &str,
        claims: &[Claim],
        room: Room,
    ) -> Result<Result<(), ClaimTaken>, JournalError>;

    fn events(&self, job: JobId) -> Result<Vec<Recorded>, JournalError>;

    /// Newest first.
    fn jobs(&self, limit: usize) -> Result<Vec<Job>, JournalError>;

    fn open_jobs(&self) -> Result<Vec<Job>, JournalError>;

    /// Room that open jobs hold at a node, but for one job's own.
    fn reserved(&self, node: &str, except: Option<JobId>) -> Result<Room, JournalError>;

    /// Whether somebody wrote that the job is to end: asked often while it runs.
    fn abort_requested(&self, job: JobId) -> Result<Option<Abort>, JournalError>;
}

// -------------------------------------------------------------------- records

/// Gives a component by its digest, where it can be had.
pub type ComponentOf<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// Decisions as they were taken, kept beside the journal. Every call is durable when it returns.
pub trait Records: Send + Sync {
    /// Gives the record its number and keeps it, with the components that are not kept yet.
    /// What `keep` does not keep any longer goes in the same step.
    fn add(
        &self,
        record: &DecisionRecord,
        component: &ComponentOf<'_>,
        keep: &Keep,
    ) -> Result<DecisionId, JournalError>;

    /// The canonical JSON of a record.
    fn text(&self, id: DecisionId) -> Result<String, JournalError>;

    /// Newest first.
    fn list(&self, wanted: &Selection) -> Result<Vec<Summary>, JournalError>;

    fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, JournalError>;

    fn get(&self, id: DecisionId) -> Result<DecisionRecord, JournalError> {
        serde_json::from_str(&self.text(id)?).map_err(|error| JournalError::Store {
            code: "record-unreadable",
            doing: format!("reading decision {id}"),
            hint: Some("a newer version of wayleave may have written it".to_owned()),
            source: Box::new(error),
        })
    }
}

// -------------------------------------------------------------------- watcher

/// Someone who watches a job go on: a terminal, a stream. Must not block.
pub trait Watcher: Send + Sync {
    fn phase(&self, _job: Option<JobId>, _phase: Phase) {}
    fn decided(&self, _decision: &Decision) {}
    fn progress(&self, _progress: &Progress) {}
    fn note(&self, _text: &str) {}
}

/// Nobody watches.
pub struct Unwatched;

impl Watcher for Unwatched {}
