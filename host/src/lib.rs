//! Wayleave: moves running libvirt domains between nodes, and lets nothing move that the
//! site's own rules do not permit.
//!
//! ```text
//! facts ──▶ policy ──▶ decision ──▶ migration ──▶ record
//! ```
//!
//! # Invariants
//!
//! 1. *Deciding is pure.* The same facts, policy and plugin digests give the same
//!    decision, byte for byte. A plugin imports nothing but the contract's own interfaces:
//!    no WASI, no clock, no randomness, no network, no files.
//! 2. *The journal is the truth.* A job's state is a fold over its events; "started" is
//!    written, durably, before the act.
//! 3. *Past the point of no return we observe, we do not undo.* The source's daemon goes
//!    on when its client dies. Who comes back looks at both nodes, and restarts or aborts
//!    nothing by itself.
//! 4. *Exactly one running copy.* Whatever fails, the domain ends running on exactly one
//!    node; if that cannot be shown, the outcome is `uncertain` and says what to look at.
//! 5. *A broken rule never permits.* A plugin that traps, times out, runs out of fuel or
//!    answers nonsense is a fault: the candidate is out unless the rule's `on_fault` says
//!    otherwise, and the fault is shown.
//!
//! # Who may use whom
//!
//! ```text
//! main -> cli -> world, controller -> record, decide, migrate, policy, site_data, lease -> model
//!         cli -> reload, mutate, lint -> suite -> fixture, decide, policy -> model
//!                world -> plugin, libvirt, journal, config (the adapters) -> model
//! ```
//!
//! Adapters never meet each other. Each foreign crate lives in one folder. `tests/tidy.rs`
//! reads the `use` lines and fails on any other edge.

pub mod cli;
pub mod config;
pub mod controller;
pub mod decide;
pub mod fixture;
pub mod journal;
pub mod lease;
#[cfg(feature = "libvirt")]
pub mod libvirt;
pub mod lint;
pub mod migrate;
pub mod model;
pub mod mutate;
pub mod parallel;
pub mod plugin;
pub mod policy;
pub mod problem;
pub mod record;
pub mod reload;
pub mod settings_schema;
pub mod site_data;
pub mod suite;
pub mod uri;
pub mod world;
pub mod xml;
