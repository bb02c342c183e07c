//! A snapshot as columns: the form in which facts cross into a sandbox.
//!
//! Row i of every column is the i-th candidate that has facts; strings are interned
//! to symbols in one fixed order, so that the same snapshot gives the same columns.
//! Nothing is judged here, and nothing is guessed: what is not known is the largest
//! value of its type, or symbol 0.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::domain_columns::DomainColumns;
use super::pair_columns::{PairColumns, StorageColumns};
use crate::model::node::{HostFacts, NodeFacts};
use crate::model::snapshot::{SiteData, Snapshot};

pub type Column<T> = Arc<[T]>;
type LabelColumns = Mutex<HashMap<String, Column<u32>>>;

const UNKNOWN_U32: u32 = u32::MAX;
const UNKNOWN_U64: u64 = u64::MAX;
const UNKNOWN_U8: u8 = u8::MAX;

/// Interned strings. Symbol 0 is "not known".
#[derive(Debug)]
pub struct Symbols {
    texts: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
}

impl Symbols {
    fn new() -> Self {
        Self { texts: vec![Arc::from("")], index: HashMap::new() }
    }

    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(symbol) = self.index.get(text) {
            return *symbol;
        }
        let symbol = u32::try_from(self.texts.len()).unwrap_or(0);
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.index.insert(text, symbol);
        symbol
    }

    pub fn intern_option(&mut self, text: Option<&str>) -> u32 {
        text.map_or(0, |text| self.intern(text))
    }

    pub fn lookup(&self, text: &str) -> u32 {
        self.index.get(text).copied().unwrap_or(0)
    }

    pub fn text(&self, symbol: u32) -> Arc<str> {
        self.texts.get(symbol as usize).unwrap_or(&self.texts[0]).clone()
    }
}

#[derive(Debug)]
pub struct Columns {
    /// For each row, the index of its candidate in the snapshot.
    pub rows: Vec<usize>,
    pub taken_at: u64,
    pub symbols: Symbols,
    pub nodes: NodeColumns,
    pub cells: CellColumns,
    pub residents: ResidentColumns,
    pub networks: NetworkColumns,
    pub pairs: PairColumns,
    pub storage: StorageColumns,
    pub domain: DomainColumns,
    pub source: SourceColumns,
    pub site_data: BTreeMap<String, SiteData>,
}

#[derive(Debug)]
pub struct NodeColumns {
    pub name: Column<u32>,
    pub uuid: Column<u32>,
    pub hostname: Column<u32>,
    pub driver: Column<u32>,
    pub arch: Column<u32>,
    pub cpu_model: Column<u32>,
    pub cpu_vendor: Column<u32>,
    pub cpus: Column<u32>,
    pub memory_total: Column<u64>,
    pub memory_free: Column<u64>,
    pub libvirt_version: Column<u64>,
    pub hypervisor_version: Column<u64>,
    pub maintenance: Column<u8>,
    pub machine_known: Column<u8>,
    labels: Vec<BTreeMap<String, String>>,
    label_columns: LabelColumns,
}

#[derive(Debug)]
pub struct CellColumns {
    pub offsets: Column<u32>,
    pub id: Column<u32>,
    pub cpus: Column<u32>,
    pub memory_total: Column<u64>,
    pub memory_free: Column<u64>,
    pub cpu_offsets: Column<u32>,
    pub cpu_id: Column<u32>,
    pages: Vec<Vec<(u64, u64)>>,
}

#[derive(Debug)]
pub struct ResidentColumns {
    pub offsets: Column<u32>,
    pub name: Column<u32>,
    pub uuid: Column<u32>,
    pub active: Column<u8>,
    pub vcpus: Column<u32>,
    pub memory: Column<u64>,
    labels: Vec<BTreeMap<String, String>>,
    label_columns: LabelColumns,
}

#[derive(Debug)]
pub struct NetworkColumns {
    pub offsets: Column<u32>,
    pub kind: Column<u32>,
    pub name: Column<u32>,
    pub active: Column<u8>,
}

#[derive(Debug)]
pub struct SourceColumns {
    pub name: String,
    pub uuid: String,
    pub labels: BTreeMap<String, String>,
    pub hypervisor_version: u64,
}

impl Columns {
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut symbols = Symbols::new();
        let mut rows = Vec::new();
        let mut nodes = Vec::new();
        let mut pairs = Vec::new();
        for (index, candidate) in snapshot.candidates.iter().enumerate() {
            if let Some(host) = candidate.node.host() {
                rows.push(index);
                nodes.push((&candidate.node, host));
                pairs.push(&candidate.pair);
            }
        }
        let source_host = snapshot.source.host();
        Self {
            rows,
            taken_at: u64::try_from(snapshot.taken_at.as_second()).unwrap_or(0),
            nodes: node_columns(&nodes, snapshot, &mut symbols),
            cells: cell_columns(&nodes),
            residents: resident_columns(&nodes, snapshot, &mut symbols),
            networks: network_columns(&nodes, &mut symbols),
            pairs: PairColumns::new(&pairs),
            storage: StorageColumns::new(pairs.iter().map(|pair| &pair.storage), &mut symbols),
            domain: DomainColumns::new(&snapshot.domain, &snapshot.destination_name),
            source: SourceColumns {
                name: snapshot.source.name().to_owned(),
                uuid: uuid_text(source_host),
                labels: snapshot.source.entry.labels.clone(),
                hypervisor_version: source_host
                    .and_then(|host| host.hypervisor_version)
                    .unwrap_or(UNKNOWN_U64),
            },
            site_data: snapshot.site_data.clone(),
            symbols,
        }
    }

    /// The value of one label on each node.
    pub fn node_labels(&self, key: &str) -> Column<u32> {
        label_column(&self.nodes.label_columns, &self.nodes.labels, &self.symbols, key)
    }

    /// The value of one label on each resident.
    pub fn resident_labels(&self, key: &str) -> Column<u32> {
        label_column(&self.residents.label_columns, &self.residents.labels, &self.symbols, key)
    }

    /// Free pages of one size in each cell.
    pub fn free_pages(&self, size_bytes: u64) -> Vec<u64> {
        let free_of = |pages: &Vec<(u64, u64)>| {
            pages.iter().find(|(size, _)| *size == size_bytes).map_or(0, |(_, free)| *free)
        };
        self.cells.pages.iter().map(free_of).collect()
    }
}

fn label_column(
    made: &LabelColumns,
    labels: &[BTreeMap<String, String>],
    symbols: &Symbols,
    key: &str,
) -> Column<u32> {
    let mut made = made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let column = made.entry(key.to_owned()).or_insert_with(|| {
        labels.iter().map(|labels| labels.get(key).map_or(0, |value| symbols.lookup(value))).collect()
    });
    Arc::clone(column)
}

fn uuid_text(host: Option<&HostFacts>) -> String {
    host.and_then(|host| host.uuid).map(|uuid| uuid.to_string()).unwrap_or_default()
}

fn node_columns(
    nodes: &[(&NodeFacts, &HostFacts)],
    snapshot: &Snapshot,
    symbols: &mut Symbols,
) -> NodeColumns {
    let mut text = |of: &dyn Fn(&NodeFacts, &HostFacts) -> Option<String>| -> Column<u32> {
        nodes.iter().map(|(node, host)| symbols.intern_option(of(node, host).as_deref())).collect()
    };
    let name = text(&|node, _| Some(node.name().to_owned()));
    let uuid = text(&|_, host| host.uuid.map(|uuid| uuid.to_string()));
    let hostname = text(&|_, host| host.hostname.clone());
    let driver = text(&|_, host| host.driver.clone());
    let arch = text(&|_, host| host.arch.clone());
    let cpu_model = text(&|_, host| host.cpu.model.clone());
    let cpu_vendor = text(&|_, host| host.cpu.vendor.clone());
    for (node, _) in nodes {
        for value in node.entry.labels.values() {
            symbols.intern(value);
        }
    }
    let hosts = || nodes.iter().map(|(_, host)| host);
    NodeColumns {
        name,
        uuid,
        hostname,
        driver,
        arch,
        cpu_model,
        cpu_vendor,
        cpus: hosts().map(|host| host.cpus.unwrap_or(UNKNOWN_U32)).collect(),
        memory_total: hosts().map(|host| host.memory_total_bytes.unwrap_or(UNKNOWN_U64)).collect(),
        memory_free: hosts().map(|host| host.memory_free_bytes.unwrap_or(UNKNOWN_U64)).collect(),
        libvirt_version: hosts().map(|host| host.libvirt_version.unwrap_or(UNKNOWN_U64)).collect(),
        hypervisor_version: hosts().map(|host| host.hypervisor_version.unwrap_or(UNKNOWN_U64)).collect(),
        maintenance: nodes.iter().map(|(node, _)| u8::from(node.entry.maintenance)).collect(),
        machine_known: hosts().map(|host| machine_known(host, snapshot)).collect(),
        labels: nodes.iter().map(|(node, _)| node.entry.labels.clone()).collect(),
        label_columns: LabelColumns::default(),
    }
}

/// Does an emulator there, for this architecture and kind of hypervisor, know the machine type?
fn machine_known(host: &HostFacts, snapshot: &Snapshot) -> u8 {
    let domain = &snapshot.domain;
    let (Some(arch), Some(machine)) = (&domain.arch, &domain.machine) else { return UNKNOWN_U8 };
    if host.guests.is_empty() {
        return UNKNOWN_U8;
    }
    let known = host.guests.iter().any(|guest| {
        guest.arch == *arch
            && guest.hypervisors.contains(&domain.hypervisor)
            && guest.machines.contains(machine)
    });
    u8::from(known)
}

/// Offsets and the flattened rows of something that each node has several of.
pub fn ragged<'a, T>(lists: impl Iterator<Item = &'a [T]>) -> (Column<u32>, Vec<&'a T>) {
    let mut offsets = vec![0];
    let mut rows = Vec::new();
    for list in lists {
        rows.extend(list);
        offsets.push(u32::try_from(rows.len()).unwrap_or(UNKNOWN_U32));
    }
    (offsets.into(), rows)
}

fn cell_columns(nodes: &[(&NodeFacts, &HostFacts)]) -> CellColumns {
    let (offsets, cells) = ragged(nodes.iter().map(|(_, host)| host.cells.as_slice()));
    let (cpu_offsets, cpus) = ragged(cells.iter().map(|cell| cell.cpus.as_slice()));
    CellColumns {
        offsets,
        id: cells.iter().map(|cell| cell.id).collect(),
        cpus: cells.iter().map(|cell| u32::try_from(cell.cpus.len()).unwrap_or(UNKNOWN_U32)).collect(),
        memory_total: cells.iter().map(|cell| cell.memory_total_bytes.unwrap_or(UNKNOWN_U64)).collect(),
        memory_free: cells.iter().map(|cell| cell.memory_free_bytes.unwrap_or(UNKNOWN_U64)).collect(),
        cpu_offsets,
        cpu_id: cpus.into_iter().copied().collect(),
        pages: cells
            .iter()
            .map(|cell| {
                let free =
                    |page: &crate::model::node::PagePool| (page.size_bytes, page.free.unwrap_or(UNKNOWN_U64));
                cell.pages.iter().map(free).collect()
            })
            .collect(),
    }
}

fn resident_columns(
    nodes: &[(&NodeFacts, &HostFacts)],
    snapshot: &Snapshot,
    symbols: &mut Symbols,
) -> ResidentColumns {
    // The domain that is to move is a resident of its source: it must not count against itself.
    let at_source = |node: &NodeFacts| node.name() == snapshot.source.name();
    let mut offsets = vec![0];
    let mut residents = Vec::new();
    for (node, host) in nodes {
        let others =
            host.residents.iter().filter(|one| !(at_source(node) && Some(one.uuid) == snapshot.domain.uuid));
        residents.extend(others);
        offsets.push(u32::try_from(residents.len()).unwrap_or(UNKNOWN_U32));
    }
    for resident in &residents {
        for value in resident.labels.values() {
            symbols.intern(value);
        }
    }
    ResidentColumns {
        offsets: offsets.into(),
        name: residents.iter().map(|one| symbols.intern(&one.name)).collect(),
        uuid: residents.iter().map(|one| symbols.intern(&one.uuid.to_string())).collect(),
        active: residents.iter().map(|one| u8::from(one.state.is_active())).collect(),
        vcpus: residents.iter().map(|one| one.vcpus).collect(),
        memory: residents.iter().map(|one| one.memory_bytes).collect(),
        labels: residents.iter().map(|one| one.labels.clone()).collect(),
        label_columns: LabelColumns::default(),
    }
}

fn network_columns(nodes: &[(&NodeFacts, &HostFacts)], symbols: &mut Symbols) -> NetworkColumns {
    let (offsets, networks) = ragged(nodes.iter().map(|(_, host)| host.networks.as_slice()));
    NetworkColumns {
        offsets,
        kind: networks.iter().map(|network| symbols.intern(&network.kind)).collect(),
        name: networks.iter().map(|network| symbols.intern(&network.name)).collect(),
        active: networks.iter().map(|network| u8::from(network.active)).collect(),
    }
}
