//! Write a Wayleave rule in a few lines of Rust.
//!
//! A rule is a type: settings in, a verdict a node out. One function both decides and
//! explains, and a fact that is not known becomes the verdict "unknown" by itself.
//!
//! ```
//! use wayleave_sdk::prelude::*;
//!
//! settings! {
//!     struct Settings {
//!         /// Kept free on every node, in MiB.
//!         reserve_mib: u64 = 256,
//!     }
//! }
//!
//! reasons! {
//!     SHORT: reject "memory-short", "not enough free memory";
//! }
//!
//! struct MemoryRoom {
//!     reserve: u64,
//!     domain: Known<u64>,
//! }
//!
//! impl Check for MemoryRoom {
//!     const NAME: &'static str = "memory-room";
//!     const TITLE: &'static str = "the domain's memory fits the node's free memory";
//!     const REASONS: &'static [Reason] = REASONS;
//!     type Settings = Settings;
//!
//!     fn new(settings: Settings) -> Self {
//!         Self { reserve: settings.reserve_mib << 20, domain: domain::memory() }
//!     }
//!
//!     fn judge(&self, node: Node<'_>) -> Verdict {
//!         let needed = self.domain? + self.reserve;
//!         let free = node.memory_free()?;
//!         let verdict = if free < needed { because(SHORT) } else { pass() };
//!         verdict.measured(mib(free)).needed(mib(needed))
//!     }
//! }
//!
//! wayleave_sdk::checks!(MemoryRoom);
//! ```
//!
//! Not here: what a rule may decide (see `plugins/README.md`), and the core's side of the
//! contract. Native code gets the same rules over a table in memory: `native`.

#[cfg(target_family = "wasm")]
pub mod bindings;
mod columns;
mod details;
pub mod domain;
#[cfg(target_family = "wasm")]
pub mod export;
pub mod json;
mod known;
mod macros;
#[cfg(not(target_family = "wasm"))]
pub mod native;
mod node;
mod plugin;
mod port;
mod reason;
mod rows;
mod rule;
mod settings;
pub mod site;
pub mod source;
mod symbol;

pub use details::{Details, Explained, list, mib};
pub use known::{Known, Unknown};
pub use node::{CpuComparison, Node, NodeLabel, Reach};
pub use plugin::{CONTRACT, Offer, Plugin, Rule};
pub use port::Data;
pub use reason::{Finding, Kind, Reason, Verdict, because, pass};
pub use rows::{Access, Cell, DiskStorage, FreePages, Network, Resident, ResidentLabel};
pub use rule::{Check, Claim, Score};
#[doc(hidden)]
pub use settings::{__UNKNOWN_KEY, __parse, __schema, __set, __setting};
pub use settings::{NoSettings, Problem, Setting, Settings};
pub use symbol::{Symbol, symbol, symbols};

/// Writes a line into the core's log.
pub mod log {
    use crate::port;

    pub fn error(message: &str) {
        port::log::emit(0, message);
    }

    pub fn warn(message: &str) {
        port::log::emit(1, message);
    }

    pub fn info(message: &str) {
        port::log::emit(2, message);
    }

    pub fn debug(message: &str) {
        port::log::emit(3, message);
    }
}

/// When the facts were taken, in seconds since 1970. There is no other clock.
pub fn taken_at() -> u64 {
    port::clock::taken_at()
}

/// Everything that a rule usually names.
pub mod prelude {
    pub use crate::{
        Access, Check, Claim, CpuComparison, Details, FreePages, Known, NoSettings, Node, NodeLabel, Problem,
        Reach, Reason, ResidentLabel, Score, Symbol, Unknown, Verdict, because, check, domain, list, mib,
        pass, reasons, score, settings, site, source, symbol, symbols,
    };
}
