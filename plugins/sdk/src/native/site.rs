//! Facts as rows that a person can write: a domain, its node, and the candidates.
//!
//! What a test does not say is not known: no default here makes a rule pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Trial;
use super::facts::{
    CellColumns, Column, CpuColumns, DomainFacts, Facts, NetworkColumns, NodeColumns, ReachColumns,
    ResidentColumns, SourceFacts, StorageColumns, Symbols,
};
use crate::Plugin;
use crate::rows::Access;

#[derive(Clone, Debug, Default)]
pub struct Site {
    pub domain: DomainFacts,
    pub source: SourceFacts,
    pub nodes: Vec<SiteNode>,
    /// By table: the columns by name, or the code of why there are none.
    pub data: BTreeMap<String, Result<BTreeMap<String, Vec<String>>, String>>,
}

#[derive(Clone, Debug, Default)]
pub struct SiteNode {
    pub name: &'static str,
    pub uuid: &'static str,
    pub driver: &'static str,
    pub arch: &'static str,
    pub cpus: Option<u32>,
    pub memory_total: Option<u64>,
    pub memory_free: Option<u64>,
    pub hypervisor_version: Option<u64>,
    pub maintenance: bool,
    pub machine_known: Option<bool>,
    pub labels: Vec<(&'static str, &'static str)>,
    /// The number of the contract, and the detail.
    pub cpu: (u8, &'static str),
    /// The number of the contract, and the detail.
    pub reach: (u8, &'static str),
    pub cells: Vec<MachineCell>,
    pub residents: Vec<Neighbour>,
    /// Kind, name, active.
    pub networks: Vec<(&'static str, &'static str, bool)>,
    /// None: not probed.
    pub storage: Option<Vec<DiskProbe>>,
}

#[derive(Clone, Debug, Default)]
pub struct MachineCell {
    pub id: u32,
    pub cpus: Vec<u32>,
    pub memory_free: Option<u64>,
    /// Size in bytes, free pages.
    pub pages: Vec<(u64, u64)>,
}

/// A domain on a node.
#[derive(Clone, Debug, Default)]
pub struct Neighbour {
    pub name: &'static str,
    pub uuid: &'static str,
    pub active: bool,
    pub vcpus: Option<u32>,
    pub labels: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Debug)]
pub struct DiskProbe {
    pub disk: &'static str,
    pub access: Access,
    pub pool: &'static str,
    pub detail: &'static str,
}

/// A disk of the domain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk {
    pub target: &'static str,
    pub device: &'static str,
    pub source: &'static str,
    pub readonly: bool,
}

impl SiteNode {
    pub fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }
}

impl Site {
    pub fn of(nodes: impl Into<Vec<SiteNode>>) -> Self {
        Self { nodes: nodes.into(), ..Self::default() }
    }

    #[must_use]
    pub fn domain(mut self, domain: DomainFacts) -> Self {
        self.domain = domain;
        self
    }

    #[must_use]
    pub fn source(mut self, source: SourceFacts) -> Self {
        self.source = source;
        self
    }

    /// A table of site data, as rows under column names.
    #[must_use]
    pub fn table<const N: usize>(mut self, name: &str, columns: [&str; N], rows: &[[&str; N]]) -> Self {
        let column = |place: usize| rows.iter().map(|row| row[place].to_owned()).collect();
        let table = columns.iter().enumerate().map(|(place, name)| ((*name).to_owned(), column(place)));
        self.data.insert(name.to_owned(), Ok(table.collect()));
        self
    }

    /// One rule on these facts. Panics where the settings are wrong: for tests.
    pub fn trial(&self, plugin: &Plugin, rule: &str, settings: &str) -> Trial {
        match Trial::new(plugin, rule, settings, self.facts()) {
            Ok(trial) => trial,
            Err(problems) => panic!("{rule}: {problems:?}"),
        }
    }

    pub fn facts(&self) -> Arc<Facts> {
        let mut symbols = Symbols::default();
        // A rule looks names of the domain up; as in the core, only what nodes have is interned.
        let nodes = node_columns(&self.nodes, &mut symbols);
        let residents = resident_columns(&self.nodes, &mut symbols);
        let networks = network_columns(&self.nodes, &mut symbols);
        let storage = storage_columns(&self.nodes, &mut symbols);
        Arc::new(Facts {
            nodes,
            cpu: CpuColumns {
                comparison: column(&self.nodes, |node| node.cpu.0),
                detail: self.nodes.iter().map(|node| node.cpu.1.to_owned()).collect(),
            },
            cells: cell_columns(&self.nodes),
            residents,
            networks,
            reach: ReachColumns {
                state: column(&self.nodes, |node| node.reach.0),
                uri: self.nodes.iter().map(|node| format!("qemu+tcp://{}/system", node.name)).collect(),
                detail: self.nodes.iter().map(|node| node.reach.1.to_owned()).collect(),
            },
            storage,
            source: self.source.clone(),
            domain: self.domain.clone(),
            site_data: self.data.clone(),
            symbols,
            taken_at: 0,
        })
    }
}

impl DomainFacts {
    /// Sets the disk columns from rows.
    #[must_use]
    pub fn disks(mut self, disks: &[Disk]) -> Self {
        let text = |of: fn(&Disk) -> &'static str| disks.iter().map(|disk| of(disk).to_owned()).collect();
        self.disk_target = text(|disk| disk.target);
        self.disk_device = text(|disk| disk.device);
        self.disk_source = text(|disk| disk.source);
        self.disk_readonly = disks.iter().map(|disk| u8::from(disk.readonly)).collect();
        self
    }
}

fn column<R, T>(rows: &[R], of: impl FnMut(&R) -> T) -> Column<T> {
    rows.iter().map(of).collect()
}

/// Offsets of a ragged list, from how many each node has.
fn offsets<R>(rows: &[R], length: impl Fn(&R) -> usize) -> Column<u32> {
    let mut end = 0;
    let ends = rows.iter().map(|row| {
        end += u32::try_from(length(row)).expect("a test has few rows");
        end
    });
    std::iter::once(0).chain(ends).collect()
}

fn flag(value: Option<bool>) -> u8 {
    value.map_or(u8::MAX, u8::from)
}

fn labels<R>(
    rows: &[R],
    of: impl Fn(&R) -> &[(&'static str, &'static str)],
    symbols: &mut Symbols,
) -> BTreeMap<String, Column<u32>> {
    let keys: Vec<&str> = rows.iter().flat_map(|row| of(row).iter().map(|(key, _)| *key)).collect();
    let value =
        |row: &R, key: &str| of(row).iter().find(|(name, _)| *name == key).map_or("", |label| label.1);
    keys.into_iter()
        .map(|key| (key.to_owned(), column(rows, |row| symbols.intern(value(row, key)))))
        .collect()
}

fn node_columns(nodes: &[SiteNode], symbols: &mut Symbols) -> NodeColumns {
    NodeColumns {
        count: u32::try_from(nodes.len()).expect("a test has few nodes"),
        name: column(nodes, |node| symbols.intern(node.name)),
        uuid: column(nodes, |node| symbols.intern(node.uuid)),
        hostname: column(nodes, |node| symbols.intern(node.name)),
        driver: column(nodes, |node| symbols.intern(node.driver)),
        arch: column(nodes, |node| symbols.intern(node.arch)),
        cpu_model: column(nodes, |_| 0),
        cpu_vendor: column(nodes, |_| 0),
        cpus: column(nodes, |node| node.cpus.unwrap_or(u32::MAX)),
        memory_total: column(nodes, |node| node.memory_total.unwrap_or(u64::MAX)),
        memory_free: column(nodes, |node| node.memory_free.unwrap_or(u64::MAX)),
        libvirt_version: column(nodes, |_| u64::MAX),
        hypervisor_version: column(nodes, |node| node.hypervisor_version.unwrap_or(u64::MAX)),
        maintenance: column(nodes, |node| u8::from(node.maintenance)),
        machine_known: column(nodes, |node| flag(node.machine_known)),
        labels: labels(nodes, |node| &node.labels, symbols),
    }
}

fn cell_columns(nodes: &[SiteNode]) -> CellColumns {
    let cells: Vec<&MachineCell> = nodes.iter().flat_map(|node| &node.cells).collect();
    let sizes = cells.iter().flat_map(|cell| cell.pages.iter().map(|(size, _)| *size));
    let free = |cell: &MachineCell, size: u64| {
        cell.pages.iter().find(|(offered, _)| *offered == size).map_or(0, |pool| pool.1)
    };
    CellColumns {
        offsets: offsets(nodes, |node| node.cells.len()),
        id: column(&cells, |cell| cell.id),
        cpus: column(&cells, |cell| u32::try_from(cell.cpus.len()).expect("a test has few processors")),
        memory_total: column(&cells, |_| u64::MAX),
        memory_free: column(&cells, |cell| cell.memory_free.unwrap_or(u64::MAX)),
        cpu_offsets: offsets(&cells, |cell| cell.cpus.len()),
        cpu_id: cells.iter().flat_map(|cell| cell.cpus.iter().copied()).collect(),
        free_pages: sizes.map(|size| (size, column(&cells, |cell| free(cell, size)))).collect(),
    }
}

fn resident_columns(nodes: &[SiteNode], symbols: &mut Symbols) -> ResidentColumns {
    let residents: Vec<&Neighbour> = nodes.iter().flat_map(|node| &node.residents).collect();
    ResidentColumns {
        offsets: offsets(nodes, |node| node.residents.len()),
        name: column(&residents, |resident| symbols.intern(resident.name)),
        uuid: column(&residents, |resident| symbols.intern(resident.uuid)),
        active: column(&residents, |resident| u8::from(resident.active)),
        vcpus: column(&residents, |resident| resident.vcpus.unwrap_or(u32::MAX)),
        memory: column(&residents, |_| u64::MAX),
        labels: labels(&residents, |resident| &resident.labels, symbols),
    }
}

fn network_columns(nodes: &[SiteNode], symbols: &mut Symbols) -> NetworkColumns {
    let networks: Vec<_> = nodes.iter().flat_map(|node| &node.networks).collect();
    NetworkColumns {
        offsets: offsets(nodes, |node| node.networks.len()),
        kind: column(&networks, |network| symbols.intern(network.0)),
        name: column(&networks, |network| symbols.intern(network.1)),
        active: column(&networks, |network| u8::from(network.2)),
    }
}

fn storage_columns(nodes: &[SiteNode], symbols: &mut Symbols) -> StorageColumns {
    let probes: Vec<&DiskProbe> = nodes.iter().flat_map(|node| node.storage.iter().flatten()).collect();
    StorageColumns {
        probed: column(nodes, |node| u8::from(node.storage.is_some())),
        offsets: offsets(nodes, |node| node.storage.as_ref().map_or(0, Vec::len)),
        disk: column(&probes, |probe| symbols.intern(probe.disk)),
        access: column(&probes, |probe| probe.access as u8 + 1),
        pool: column(&probes, |probe| symbols.intern(probe.pool)),
        detail: probes.iter().map(|probe| probe.detail.to_owned()).collect(),
    }
}
