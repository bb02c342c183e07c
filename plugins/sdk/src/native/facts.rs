//! A table of facts in memory: the columns of the contract under the names of the contract.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One column.
pub type Column<T> = Arc<[T]>;

/// What the imports of a component would answer.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub symbols: Symbols,
    pub nodes: NodeColumns,
    pub cpu: CpuColumns,
    pub cells: CellColumns,
    pub residents: ResidentColumns,
    pub networks: NetworkColumns,
    pub reach: ReachColumns,
    pub storage: StorageColumns,
    pub source: SourceFacts,
    pub domain: DomainFacts,
    /// By table, then by column; or why the table is not there.
    pub site_data: BTreeMap<String, Result<BTreeMap<String, Vec<String>>, String>>,
    pub taken_at: u64,
}

/// Interned texts; number 0 is no text.
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Default for Symbols {
    fn default() -> Self {
        Self { texts: vec![String::new()], numbers: HashMap::from([(String::new(), 0)]) }
    }
}

impl Symbols {
    /// The number of a text, new or old; 0 for the empty text.
    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).expect("fewer than four thousand million texts");
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    pub fn number(&self, text: &str) -> u32 {
        self.numbers.get(text).copied().unwrap_or(0)
    }

    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }
}

#[derive(Clone, Debug, Default)]
pub struct NodeColumns {
    pub count: u32,
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
    pub labels: BTreeMap<String, Column<u32>>,
}

#[derive(Clone, Debug, Default)]
pub struct CpuColumns {
    pub comparison: Column<u8>,
    pub detail: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct CellColumns {
    pub offsets: Column<u32>,
    pub id: Column<u32>,
    pub cpus: Column<u32>,
    pub memory_total: Column<u64>,
    pub memory_free: Column<u64>,
    pub cpu_offsets: Column<u32>,
    pub cpu_id: Column<u32>,
    /// By page size in bytes; a size that is not here is offered by no cell.
    pub free_pages: BTreeMap<u64, Column<u64>>,
}

#[derive(Clone, Debug, Default)]
pub struct ResidentColumns {
    pub offsets: Column<u32>,
    pub name: Column<u32>,
    pub uuid: Column<u32>,
    pub active: Column<u8>,
    pub vcpus: Column<u32>,
    pub memory: Column<u64>,
    pub labels: BTreeMap<String, Column<u32>>,
}

#[derive(Clone, Debug, Default)]
pub struct NetworkColumns {
    pub offsets: Column<u32>,
    pub kind: Column<u32>,
    pub name: Column<u32>,
    pub active: Column<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct ReachColumns {
    pub state: Column<u8>,
    pub uri: Vec<String>,
    pub detail: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct StorageColumns {
    pub probed: Column<u8>,
    pub offsets: Column<u32>,
    pub disk: Column<u32>,
    pub access: Column<u8>,
    pub pool: Column<u32>,
    pub detail: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct SourceFacts {
    pub name: String,
    pub uuid: String,
    pub labels: BTreeMap<String, String>,
    pub hypervisor_version: u64,
}

#[derive(Clone, Debug, Default)]
pub struct DomainFacts {
    pub name: String,
    pub destination_name: String,
    pub uuid: String,
    pub hypervisor: String,
    pub state: String,
    pub arch: String,
    pub machine: String,
    pub vcpus: u32,
    pub memory: u64,
    pub cpu_mode: String,
    pub cpu_model: String,
    pub labels: BTreeMap<String, String>,
    pub tpm_backend: Option<String>,
    pub nvram: Option<String>,
    pub launch_security: Option<String>,
    pub disk_target: Vec<String>,
    pub disk_device: Vec<String>,
    pub disk_source_type: Vec<String>,
    pub disk_source: Vec<String>,
    pub disk_cache: Vec<String>,
    pub disk_readonly: Vec<u8>,
    pub disk_shareable: Vec<u8>,
    pub hostdev_kind: Vec<String>,
    pub hostdev_mode: Vec<String>,
    pub hostdev_address: Vec<String>,
    pub interface_kind: Vec<String>,
    pub interface_source: Vec<String>,
    pub filesystem_kind: Vec<String>,
    pub filesystem_source: Vec<String>,
    pub shared_memory_name: Vec<String>,
    pub cell_memory: Vec<u64>,
    pub cell_vcpus: Vec<u32>,
    pub numatune_mode: String,
    pub numatune_cells: Vec<u32>,
    pub cell_binding_offsets: Vec<u32>,
    pub cell_binding: Vec<u32>,
    pub pinned_cpus: Vec<u32>,
    pub hugepage_size: Vec<u64>,
    pub hugepage_memory: Vec<u64>,
}
