//! Facts of one node: what every decision needs, and what its rules ask for besides.
//!
//! A node without connection, host name or capabilities is unreachable; any other call that
//! fails leaves its fact unknown. Pools, networks and residents are read by a call of their
//! own, so that storage that hangs does not take the rest of the node with it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;
use virt::storage_pool::StoragePool;
use virt::sys;

use super::error::{Doing, Result, of_ours};
use super::{Libvirt, names, raw};
use crate::model::node::{Gathered, HostCell, HostFacts, Network, NodeEntry, NodeFacts, Pool, Resident};
use crate::xml;

const KIB: u64 = 1024;
/// More domains than this on one node are not read.
const RESIDENTS_MAX: usize = 4096;

pub async fn gather(libvirt: &Libvirt, node: &NodeEntry, needs: &BTreeSet<String>) -> NodeFacts {
    let wants = Wants::of(needs);
    let name = node.name.clone();
    let doing = format!("reading the facts of {name}");
    let read = move |connection: &Connect| basics(connection, &name, wants);
    let mut host = match libvirt.pool(node).call(&doing, read).await {
        Ok(host) => host,
        Err(error) => {
            let gathered = Gathered::Unreachable { code: error.code.clone(), error: error.to_string() };
            return NodeFacts { entry: node.clone(), gathered };
        }
    };
    let name = node.name.clone();
    let doing = format!("reading pools, networks and domains of {name}");
    let read = move |connection: &Connect| Ok(Surroundings::read(connection, &name, wants));
    match libvirt.pool(node).call(&doing, read).await {
        Ok(around) => {
            (host.pools, host.networks, host.residents) = (around.pools, around.networks, around.residents);
        }
        Err(error) => tracing::warn!(%error, node = node.name, "pools, networks and domains are not known"),
    }
    NodeFacts { entry: node.clone(), gathered: Gathered::Facts(Box::new(host)) }
}

/// What the rules ask for beyond what every node tells.
#[derive(Clone, Copy)]
struct Wants {
    memory_free: bool,
    guests: bool,
    cells: bool,
    residents: bool,
    networks: bool,
}

impl Wants {
    fn of(needs: &BTreeSet<String>) -> Self {
        let any_of = |interface: &str| needs.iter().any(|need| need.starts_with(interface));
        Self {
            memory_free: needs.contains("nodes.memory-free"),
            guests: needs.contains("nodes.machine-known"),
            cells: any_of("cells."),
            residents: any_of("residents."),
            networks: any_of("networks."),
        }
    }
}

pub fn host_uuid(connection: &Connect, doing: &str) -> Result<Option<Uuid>> {
    Ok(capabilities(connection, doing)?.uuid)
}

fn capabilities(connection: &Connect, doing: &str) -> Result<HostFacts> {
    let text = connection.get_capabilities().doing(doing)?;
    xml::host_facts(&text).map_err(|error| of_ours("bad-answer", doing, error.to_string()))
}

fn basics(connection: &Connect, node: &str, wants: Wants) -> Result<HostFacts> {
    let doing = format!("reading the facts of {node}");
    let hostname = connection.get_hostname().doing(&doing)?;
    let mut host = capabilities(connection, &doing)?;
    host.hostname = Some(hostname);
    host.driver = known(node, "the driver", connection.get_type());
    host.libvirt_version = known(node, "libvirt's version", connection.get_lib_version()).map(u64::from);
    host.hypervisor_version =
        known(node, "the hypervisor's version", connection.get_hyp_version()).map(u64::from);
    if (host.cpus.is_none() || host.memory_total_bytes.is_none())
        && let Some(info) = known(node, "processors and memory", connection.get_node_info())
    {
        host.cpus = host.cpus.or(Some(info.cpus));
        host.memory_total_bytes = host.memory_total_bytes.or(info.memory.checked_mul(KIB));
    }
    if wants.memory_free {
        // In a container the two come from different books: never more free than there is.
        let total = host.memory_total_bytes.unwrap_or(u64::MAX);
        host.memory_free_bytes = memory_free_bytes(connection, node).map(|free| free.min(total));
    }
    if wants.cells {
        for cell in &mut host.cells {
            fill_cell(connection, node, cell);
        }
    } else {
        host.cells.clear();
    }
    if !wants.guests {
        host.guests.clear();
    }
    Ok(host)
}

/// The value; when the daemon does not tell it, none, and a line in the log.
fn known<T, E: std::fmt::Debug>(node: &str, what: &str, value: std::result::Result<T, E>) -> Option<T> {
    value.inspect_err(|error| tracing::debug!(node, what, ?error, "not known")).ok()
}

/// Free memory and what the page cache would give back.
fn memory_free_bytes(connection: &Connect, node: &str) -> Option<u64> {
    let reclaimable = known(node, "memory figures", raw::memory_stats(connection)).and_then(|kib| {
        let part = |name: &str| kib.get(name).copied();
        let cache = part("buffers").unwrap_or(0).saturating_add(part("cached").unwrap_or(0));
        part("free")?.saturating_add(cache).checked_mul(KIB)
    });
    reclaimable.or_else(|| known(node, "free memory", connection.get_free_memory()))
}

fn fill_cell(connection: &Connect, node: &str, cell: &mut HostCell) {
    if let Ok(id) = i32::try_from(cell.id) {
        let free = known(node, "a cell's free memory", connection.get_cells_free_memory(id, 1));
        cell.memory_free_bytes = free.and_then(|free| free.first().copied());
    }
    let kib = |bytes: u64| u32::try_from(bytes / KIB).ok();
    let sizes: Option<Vec<u32>> = cell.pages.iter().map(|pages| kib(pages.size_bytes)).collect();
    let Some(sizes) = sizes.filter(|sizes| !sizes.is_empty()) else { return };
    let free = known(node, "a cell's free pages", connection.get_free_pages(&sizes, cell.id, 1, 0));
    for (pages, free) in cell.pages.iter_mut().zip(free.unwrap_or_default()) {
        pages.free = Some(free);
    }
}

/// What is on a node and around it.
struct Surroundings {
    pools: Vec<Pool>,
    networks: Vec<Network>,
    residents: Vec<Resident>,
}

impl Surroundings {
    fn read(connection: &Connect, node: &str, wants: Wants) -> Self {
        Self {
            pools: pools(connection, node),
            networks: if wants.networks { networks(connection, node) } else { Vec::new() },
            residents: if wants.residents { residents(connection, node) } else { Vec::new() },
        }
    }
}

fn pools(connection: &Connect, node: &str) -> Vec<Pool> {
    let list = known(node, "storage pools", connection.list_all_storage_pools(0)).unwrap_or_default();
    let mut pools: Vec<Pool> =
        list.iter().filter_map(|pool| known(node, "a storage pool", pool_facts(pool))).collect();
    pools.sort_by(|a, b| a.name.cmp(&b.name));
    pools
}

pub fn pool_facts(pool: &StoragePool) -> Result<Pool> {
    let doing = "reading a storage pool";
    let text = pool.get_xml_desc(0).doing(doing)?;
    let facts = xml::pool_facts(&text).map_err(|error| of_ours("bad-answer", doing, error.to_string()))?;
    Ok(Pool { active: pool.is_active().doing(doing)?, ..facts })
}

/// libvirt's networks, and the node's bridges where its driver for interfaces tells them.
fn networks(connection: &Connect, node: &str) -> Vec<Network> {
    let list = known(node, "networks", connection.list_all_networks(0)).unwrap_or_default();
    let mut networks: Vec<Network> = list
        .iter()
        .filter_map(|network| {
            let name = known(node, "a network's name", network.get_name())?;
            let active = known(node, "a network's state", network.is_active())?;
            Some(Network { kind: "network".into(), name, active })
        })
        .collect();
    let list = known(node, "bridges", connection.list_all_interfaces(0)).unwrap_or_default();
    networks.extend(list.iter().filter_map(|interface| {
        let text = known(node, "an interface", interface.get_xml_desc(0))?;
        let active = known(node, "an interface's state", interface.is_active())?;
        let name = known(node, "an interface's name", interface.get_name())?;
        is_bridge(&text).then(|| Network { kind: "bridge".into(), name, active })
    }));
    networks.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    networks
}

/// Whether the outermost tag of an interface's XML says so.
fn is_bridge(interface_xml: &str) -> bool {
    let tag = interface_xml.trim_start().split('>').next().unwrap_or("");
    tag.starts_with("<interface ") && (tag.contains("type='bridge'") || tag.contains("type=\"bridge\""))
}

fn residents(connection: &Connect, node: &str) -> Vec<Resident> {
    let list = known(node, "domains", connection.list_all_domains(0)).unwrap_or_default();
    if list.len() > RESIDENTS_MAX {
        tracing::warn!(node, there = list.len(), read = RESIDENTS_MAX, "not all domains are read");
    }
    let read = list.iter().take(RESIDENTS_MAX);
    // One that ends in between is no resident any more.
    let mut residents: Vec<Resident> =
        read.filter_map(|domain| known(node, "a domain", resident(domain))).collect();
    residents.sort_by(|a, b| (&a.name, a.uuid).cmp(&(&b.name, b.uuid)));
    residents
}

fn resident(domain: &Domain) -> Result<Resident> {
    let doing = "reading a domain";
    let uuid = domain.get_uuid().doing(doing)?;
    let (state, reason) = domain.get_state().doing(doing)?;
    let reason = u32::try_from(reason).ok();
    if state == sys::VIR_DOMAIN_PAUSED && reason == Some(sys::VIR_DOMAIN_PAUSED_MIGRATION) {
        return on_its_way(domain, uuid, doing);
    }
    let text = domain.get_xml_desc(sys::VIR_DOMAIN_NONE).doing(doing)?;
    let facts = xml::domain_facts(&text).map_err(|error| of_ours("bad-answer", doing, error.to_string()))?;
    Ok(Resident {
        name: facts.name,
        uuid,
        state: names::state(state),
        vcpus: facts.vcpus,
        memory_bytes: facts.memory_bytes,
        labels: facts.labels,
    })
}

/// A domain that arrives. libvirt keeps whoever asks for its XML waiting until it is there, for
/// half a minute at most, and this does not. Its labels are left out: the job that moves it holds
/// its claims, and counted here too it would take two seats.
fn on_its_way(domain: &Domain, uuid: Uuid, doing: &str) -> Result<Resident> {
    let info = domain.get_info().doing(doing)?;
    Ok(Resident {
        name: domain.get_name().doing(doing)?,
        uuid,
        state: names::state(sys::VIR_DOMAIN_PAUSED),
        vcpus: info.nr_virt_cpu,
        memory_bytes: info.max_mem.saturating_mul(KIB),
        labels: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_rule_needs_is_wanted() {
        let none = Wants::of(&BTreeSet::new());
        assert!(!none.memory_free && !none.guests && !none.cells && !none.residents && !none.networks);
        let needs = ["nodes.memory-free", "cells.free-pages", "nodes.uuid"].map(str::to_owned);
        let some = Wants::of(&BTreeSet::from(needs));
        assert!(some.memory_free && some.cells && !some.residents);
    }

    #[test]
    fn a_bridge_says_so_in_its_outermost_tag() {
        assert!(is_bridge("<interface type='bridge' name='br0'>\n<bridge/></interface>"));
        assert!(!is_bridge("<interface type='ethernet' name='eth0'><x type='bridge'/></interface>"));
    }
}
