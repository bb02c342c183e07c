//! The adapter to libvirt: the port `Hypervisor` over the crates `virt` and `virt-sys`.
//!
//! Only this folder uses them. It asks daemons and translates their answers; it judges
//! nothing, keeps no state of jobs, and never starts a move by itself. Each node has a few
//! threads of its own (`pool`), so a dead node costs its own time-out and nothing else.

mod connection;
mod cpu;
mod domain;
mod error;
mod event;
mod job;
mod migrate;
mod names;
mod node;
mod pool;
mod presence;
mod raw;
mod reach;
mod storage;
mod volumes;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use virt::connect::Connect;

use crate::model::domain::DomainFacts;
use crate::model::job::Figures;
use crate::model::node::{NodeEntry, NodeFacts};
use crate::model::order::MigrationOrder;
use crate::model::port::{Hypervisor, HypervisorError, Presence, Progress};
use crate::model::snapshot::{CpuComparison, Reach, StorageProbe};
use pool::Pool;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Longest that opening a connection may take.
    pub connect_timeout: Duration,
    /// Longest that one call may take, once connected. Moves have no such limit.
    pub call_timeout: Duration,
    /// How many calls one node is asked at a time; a daemon is not faster with more.
    pub threads_per_node: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            threads_per_node: 3,
        }
    }
}

/// libvirt daemons by their URIs. Connects when asked, keeps connections while they are used.
pub struct Libvirt {
    options: Options,
    pools: Mutex<HashMap<String, Arc<Pool>>>,
}

impl Libvirt {
    pub fn new(options: Options) -> Self {
        Self { options, pools: Mutex::new(HashMap::new()) }
    }

    fn pool(&self, node: &NodeEntry) -> Arc<Pool> {
        self.pool_at(&node.uri)
    }

    fn pool_at(&self, uri: &str) -> Arc<Pool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Pool::new(uri, self.options));
        Arc::clone(pools.entry(uri.to_owned()).or_insert_with(new))
    }

    /// Runs a call that needs the node's name and a domain's UUID only.
    async fn ask<T: Send + 'static>(
        &self,
        node: &NodeEntry,
        doing: &str,
        domain: Uuid,
        call: fn(&Connect, &str, Uuid) -> error::Result<T>,
    ) -> error::Result<T> {
        let name = node.name.clone();
        let doing = format!("{doing} of {domain} on {name}");
        self.pool(node).call(&doing, move |connection| call(connection, &name, domain)).await
    }
}

#[async_trait]
impl Hypervisor for Libvirt {
    async fn domain(&self, node: &NodeEntry, name: &str) -> Result<DomainFacts, HypervisorError> {
        let (node_name, name) = (node.name.clone(), name.to_owned());
        let doing = format!("reading the domain {name} on {node_name}");
        self.pool(node).call(&doing, move |connection| domain::facts(connection, &node_name, &name)).await
    }

    async fn node(&self, node: &NodeEntry, needs: &BTreeSet<String>) -> NodeFacts {
        node::gather(self, node, needs).await
    }

    async fn compare_cpu(&self, source: &NodeEntry, domain: &str, destination: &NodeEntry) -> CpuComparison {
        cpu::compare(self, source, domain, destination).await
    }

    async fn probe_reach(&self, source: &NodeEntry, domain: &str, destination_uri: &str) -> Reach {
        reach::probe(self, source, domain, destination_uri).await
    }

    async fn probe_storage(
        &self,
        source: &NodeEntry,
        domain: &DomainFacts,
        destination: &NodeEntry,
    ) -> StorageProbe {
        storage::probe(self, source, domain, destination).await
    }

    async fn migrate(&self, source: &NodeEntry, order: &MigrationOrder) -> Result<(), HypervisorError> {
        migrate::migrate(source, order, self.options).await
    }

    async fn progress(&self, source: &NodeEntry, domain: Uuid) -> Result<Option<Progress>, HypervisorError> {
        self.ask(source, "reading the migration job", domain, job::progress).await
    }

    async fn completed(&self, destination: &NodeEntry, domain: Uuid) -> Option<Figures> {
        match self.ask(destination, "reading the last job", domain, job::completed).await {
            Ok(figures) => figures,
            Err(error) => {
                tracing::debug!(%error, "no figures of the last job");
                None
            }
        }
    }

    async fn set_downtime_ms(
        &self,
        source: &NodeEntry,
        domain: Uuid,
        ms: u64,
    ) -> Result<(), HypervisorError> {
        let name = source.name.clone();
        let doing = format!("setting the downtime limit of {domain} on {name}");
        let set = move |connection: &Connect| job::set_downtime_ms(connection, &name, domain, ms);
        self.pool(source).call(&doing, set).await
    }

    async fn abort(&self, source: &NodeEntry, domain: Uuid) -> Result<(), HypervisorError> {
        self.ask(source, "aborting the job", domain, job::abort).await
    }

    async fn presence(&self, node: &NodeEntry, domain: Uuid) -> Presence {
        match self.ask(node, "reading the state", domain, presence::presence).await {
            Ok(presence) => presence,
            Err(error) => Presence::Unreachable { error: error.to_string() },
        }
    }
}
