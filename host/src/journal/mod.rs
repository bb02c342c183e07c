//! The record of all jobs: stores behind the `Journal` port.
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
mod schema;
mod sqlite;
mod trouble;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sqlite_tests;

pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;
