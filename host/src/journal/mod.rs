//! The record of all jobs: stores behind the `Journal` port, and the lease of a controller.
//!
//! `memory` forgets at exit and serves tests and dry runs; `sqlite` is the embedded
//! default. One suite (`conformance`) runs on both. A `Lease` tells other processes
//! on this machine that the controller of a job is alive; it is no part of the record.
//! Nothing here interprets events: that is `model::Job::fold`.
//!
//! ```text
//! open ─▶ append* ─▶ reserve ─▶ append* ─▶ append(Concluded)
//!           │           │                        │
//!           └───────────┴── (any order) ─────────┴─▶ claims and room are free again
//! ```

mod hold;
mod lease;
mod memory;
mod schema;
mod sqlite;
mod trouble;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sqlite_tests;

pub use lease::Lease;
pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;
