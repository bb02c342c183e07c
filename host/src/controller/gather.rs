//! From a wish to a snapshot: the facts that the policy's rules need, of the domain, of its
//! source and of every candidate, each node asked at the same time.
//!
//! Facts that one call gives are gathered for every node; probes that cost a round trip
//! a pair are run when the controller asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::error::Error;
use crate::migrate::destination::destination_uri;
use crate::model::domain::DomainFacts;
use crate::model::job::JobId;
use crate::model::node::{Gathered, NodeEntry, NodeFacts};
use crate::model::policy::Policy;
use crate::model::port::{Hypervisor, Journal};
use crate::model::snapshot::{CandidateFacts, CpuComparison, PairFacts, Reach, Snapshot, StorageProbe};
use crate::site_data;

/// How many nodes are asked at the same time.
const NODES_AT_ONCE: usize = 64;

/// What is to move, and where it may go.
#[derive(Clone, Debug)]
pub struct Wish {
    pub domain: String,
    pub source: NodeEntry,
    /// The only destination to be judged; none: all nodes.
    pub to: Option<NodeEntry>,
    pub destination_name: Option<String>,
    /// The destination's URI as the source sees it; none: worked out for each node.
    pub destination_uri: Option<String>,
}

pub struct Gatherer<'a> {
    pub hypervisor: &'a Arc<dyn Hypervisor>,
    pub journal: &'a dyn Journal,
    pub inventory: &'a [NodeEntry],
    pub policy: &'a Policy,
    /// The job that this is for: what it has reserved itself does not count against it.
    pub job: Option<JobId>,
}

impl Gatherer<'_> {
    pub async fn snapshot(&self, wish: &Wish, domain: DomainFacts) -> Result<Snapshot, Error> {
        let needs = self.policy.needs();
        let entries = self.entries(wish);
        let (source, nodes) = tokio::join!(
            self.hypervisor.node(&wish.source, &needs),
            nodes(self.hypervisor, &entries, &needs)
        );
        if let Gathered::Unreachable { code, error } = &source.gathered {
            return Err(unreachable_source(&wish.source, code, error).into());
        }
        let mut candidates = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            self.subtract_reserved(&mut node)?;
            candidates.push(CandidateFacts { node, pair: PairFacts::default() });
        }
        let mut snapshot = Snapshot {
            taken_at: Timestamp::now(),
            destination_name: wish.destination_name.clone().unwrap_or_else(|| domain.name.clone()),
            domain,
            source,
            candidates,
            only: wish.to.as_ref().map(|node| node.name.clone()),
            site_data: site_data::fetch(&self.policy.data),
        };
        if needs.contains("cpu.comparison") {
            self.compare_cpus(&mut snapshot).await;
        }
        Ok(snapshot)
    }

    /// Every node of the inventory, also where one is asked for: rules may count what runs
    /// elsewhere. A node that the inventory does not have is added.
    fn entries(&self, wish: &Wish) -> Vec<NodeEntry> {
        let mut entries = self.inventory.to_vec();
        if let Some(to) = wish.to.as_ref().filter(|to| !entries.iter().any(|entry| entry.name == to.name)) {
            entries.push(to.clone());
        }
        entries
    }

    fn subtract_reserved(&self, node: &mut NodeFacts) -> Result<(), Error> {
        let room = self.journal.reserved(node.name(), self.job)?;
        if let Gathered::Facts(host) = &mut node.gathered
            && let Some(free) = &mut host.memory_free_bytes
        {
            *free = free.saturating_sub(room.memory_bytes);
        }
        Ok(())
    }

    async fn compare_cpus(&self, snapshot: &mut Snapshot) {
        let source = snapshot.source.entry.clone();
        let name = reference(&snapshot.domain);
        let answers = at_once(snapshot.candidates.iter().map(|candidate| {
            let (hypervisor, source, name) = (Arc::clone(self.hypervisor), source.clone(), name.clone());
            let asked = candidate.node.host().is_some() && snapshot.is_judged(candidate.node.name());
            let destination = candidate.node.entry.clone();
            async move {
                if asked {
                    hypervisor.compare_cpu(&source, &name, &destination).await
                } else {
                    CpuComparison::NotAsked
                }
            }
        }))
        .await;
        for (candidate, answer) in snapshot.candidates.iter_mut().zip(answers) {
            candidate.pair.cpu = answer.unwrap_or_default();
        }
    }

    /// Runs the probes that the policy's rules read, for one candidate.
    pub async fn probe(&self, wish: &Wish, snapshot: &mut Snapshot, node: &str) {
        let needs = self.policy.needs();
        let Some(index) = snapshot.candidates.iter().position(|candidate| candidate.node.name() == node)
        else {
            return;
        };
        let node = snapshot.candidates[index].node.clone();
        let destination = &node.entry;
        let reads = |interface: &str| needs.iter().any(|need| need.starts_with(interface));
        if reads("reach.") {
            snapshot.candidates[index].pair.reach = self.reach(wish, snapshot, &node).await;
        }
        if reads("storage.") {
            let probe = self.hypervisor.probe_storage(&wish.source, &snapshot.domain, destination).await;
            snapshot.candidates[index].pair.storage = probe;
        }
    }

    async fn reach(&self, wish: &Wish, snapshot: &Snapshot, destination: &NodeFacts) -> Reach {
        let entry = &destination.entry;
        let uri = match destination_uri(entry, wish.destination_uri.as_deref()) {
            Ok(uri) => uri,
            Err(error) => {
                let hint = error.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                return Reach::Unreachable { uri: entry.uri.clone(), error: format!("{error}{hint}") };
            }
        };
        let reach = self.hypervisor.probe_reach(&wish.source, &reference(&snapshot.domain), &uri).await;
        match reach {
            Reach::Reachable { .. } if wish.destination_uri.is_some() => {
                self.refuse_another(destination, uri).await
            }
            reach => reach,
        }
    }

    /// A URI that a person wrote can lead to a node that no rule has judged. As far as that can be seen
    /// from here: who does not answer here may answer the source.
    async fn refuse_another(&self, destination: &NodeFacts, uri: String) -> Reach {
        let called = NodeEntry { uri: uri.clone(), ..destination.entry.clone() };
        let there = self.hypervisor.node(&called, &BTreeSet::new()).await;
        let uuid = |node: &NodeFacts| node.host().and_then(|host| host.uuid);
        match (uuid(&there), uuid(destination)) {
            (Some(found), Some(meant)) if found != meant => {
                let name = there.host().and_then(|host| host.hostname.as_deref()).unwrap_or("another node");
                let error = format!("{name} answers there, which is not {}", destination.name());
                Reach::Unreachable { uri, error }
            }
            _ => Reach::Reachable { uri },
        }
    }
}

/// Facts of many nodes at once, in the order of the entries.
pub async fn nodes(
    hypervisor: &Arc<dyn Hypervisor>,
    entries: &[NodeEntry],
    needs: &BTreeSet<String>,
) -> Vec<NodeFacts> {
    let answers = at_once(entries.iter().cloned().map(|entry| {
        let (hypervisor, needs) = (Arc::clone(hypervisor), needs.clone());
        async move { hypervisor.node(&entry, &needs).await }
    }))
    .await;
    answers.into_iter().zip(entries).map(|(answer, entry)| answer.unwrap_or_else(|| lost(entry))).collect()
}

/// Runs tasks with a bound on how many at once; the answers are in the tasks' order.
async fn at_once<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<Option<T>> {
    let mut running = JoinSet::new();
    let mut answers: Vec<Option<T>> = Vec::new();
    for (index, task) in tasks.enumerate() {
        answers.push(None);
        if running.len() >= NODES_AT_ONCE {
            keep(running.join_next().await, &mut answers);
        }
        running.spawn(async move { (index, task.await) });
    }
    while let Some(joined) = running.join_next().await {
        keep(Some(joined), &mut answers);
    }
    answers
}

/// Has the probe that some rule waits for been made?
pub fn is_probed(candidate: &CandidateFacts) -> bool {
    candidate.pair.reach != Reach::NotProbed || candidate.pair.storage != StorageProbe::NotProbed
}

/// A name that stays right when the domain is renamed under us.
fn reference(domain: &DomainFacts) -> String {
    domain.uuid.map_or_else(|| domain.name.clone(), |uuid| uuid.to_string())
}

fn keep<T>(joined: Option<Result<(usize, T), tokio::task::JoinError>>, answers: &mut [Option<T>]) {
    match joined {
        Some(Ok((index, answer))) => answers[index] = Some(answer),
        Some(Err(error)) => tracing::error!(%error, "asking a node failed"),
        None => {}
    }
}

fn lost(entry: &NodeEntry) -> NodeFacts {
    let (code, error) = ("node-lost".to_owned(), "asking it failed; see the log".to_owned());
    NodeFacts { entry: entry.clone(), gathered: Gathered::Unreachable { code, error } }
}

fn unreachable_source(source: &NodeEntry, code: &str, error: &str) -> crate::model::port::HypervisorError {
    crate::model::port::HypervisorError {
        code: code.to_owned(),
        doing: format!("asking the source {} at {}", source.name, source.uri),
        text: error.to_owned(),
        hint: Some(format!("does `virsh -c {} list` answer?", source.uri)),
        number: None,
    }
}
