//! What a person can ask for: plan, migrate, abort, show. The order of things is here;
//! what each thing is, is elsewhere.
//!
//! ```text
//! check -> decide -> reserve -> prepare -> | transfer -> verify -> close
//!   one error exit: conclude, release      | from here on: observe, conclude
//! ```

pub mod doctor;
mod ending;
pub mod error;
mod gather;
mod job;
mod migration;
mod plan;
mod recorder;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::error::Error;
pub use self::gather::Wish;
pub use self::job::{Now, Shown};
pub use self::migration::{Finished, Wanted};
pub use self::recorder::Recorder;
use crate::migrate::verify::Patience;
use crate::model::node::{NodeEntry, NodeFacts};
use crate::model::policy::Policy;
use crate::model::port::{Evaluate, Hypervisor, Journal, Records};

/// What it takes to look at jobs and to end them.
pub struct Jobs {
    pub hypervisor: Arc<dyn Hypervisor>,
    pub journal: Arc<dyn Journal>,
    pub records: Arc<dyn Records>,
    pub state_folder: PathBuf,
    pub patience: Patience,
}

/// What it takes to decide and to move. Only `world` knows which adapters are real.
pub struct Controller {
    pub jobs: Jobs,
    pub recorder: Recorder,
    pub evaluate: Arc<dyn Evaluate>,
    pub inventory: Vec<NodeEntry>,
    pub policy: Policy,
}

impl Controller {
    fn gatherer(&self, job: Option<crate::model::job::JobId>) -> gather::Gatherer<'_> {
        gather::Gatherer {
            hypervisor: &self.jobs.hypervisor,
            journal: self.jobs.journal.as_ref(),
            inventory: &self.inventory,
            policy: &self.policy,
            job,
        }
    }
}

/// Facts of the nodes, all that rules could ask for, each node asked at the same time.
pub async fn ask_nodes(hypervisor: &Arc<dyn Hypervisor>, entries: &[NodeEntry]) -> Vec<NodeFacts> {
    let needs =
        ["nodes.memory-free", "nodes.machine-known", "cells.free-pages", "residents.label", "networks.name"];
    gather::nodes(hypervisor, entries, &needs.into_iter().map(str::to_owned).collect()).await
}
