//! The record of all jobs and decisions: stores behind the ports `Journal` and `Records`.
//!
//! `memory` forgets at exit and serves tests and dry runs; `sqlite` is the embedded
//! default. One suite (`conformance`) runs on both. Nothing here interprets events: that
//! is `model::Job::fold`.
//!
//! ```text
//! open ─▶ append* ─▶ reserve ─▶ append* ─▶ append(Concluded)
//!           │           │                        │
//!           └───────────┴── (any order) ─────────┴─▶ claims and room are free again
//! ```

mod hold;
mod memory;
mod memory_records;
mod records;
mod schema;
mod sqlite;
mod trouble;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod record_conformance;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sqlite_tests;

pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;
