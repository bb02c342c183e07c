//! The nouns of the project and the ports to the outside world.
//!
//! Facts, policy, decision, job and outcome, as plain data, and the traits that
//! adapters implement (`port`). There is no I/O here and no foreign crate except
//! serde and the types that time and identity need. Everything else may use this
//! module; it uses nothing of the crate.

pub mod decision;
pub mod domain;
pub mod job;
pub mod node;
pub mod order;
pub mod policy;
pub mod port;
pub mod record;
pub mod snapshot;

pub use decision::{Candidate, Decision, Effect, Finding, RuleSummary, Stage, Verdict};
pub use domain::DomainFacts;
pub use job::{Event, Job, JobId, Outcome, Phase, Recorded};
pub use node::{HostFacts, NodeEntry, NodeFacts};
pub use order::{Limits, MigrationOrder, Parameter, ParameterValue};
pub use policy::{Mode, OnFault, Policy, RuleInfo, RuleKind, RuleUse};
pub use record::{DecisionId, DecisionRecord, Purpose};
pub use snapshot::{PairFacts, Snapshot, Table};
