//! The domain that is to move, as the accessors of the contract want it: plain values
//! and parallel columns, made once for a decision.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::domain::{CellTune, DomainFacts, DomainState};

const NODE_DEFAULT_PAGE: u64 = u64::MAX;

#[derive(Debug, Default)]
pub struct DomainColumns {
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

impl DomainColumns {
    pub fn new(domain: &DomainFacts, destination_name: &str) -> Self {
        let (cell_binding_offsets, cell_binding) = cell_binding(domain);
        let (hugepage_size, hugepage_memory) = hugepages(domain);
        let texts = |option: &Option<String>| option.clone().unwrap_or_default();
        Self {
            name: domain.name.clone(),
            destination_name: destination_name.to_owned(),
            uuid: domain.uuid.map(|uuid| uuid.to_string()).unwrap_or_default(),
            hypervisor: domain.hypervisor.clone(),
            state: domain.state.map(state_text).unwrap_or_default().to_owned(),
            arch: texts(&domain.arch),
            machine: texts(&domain.machine),
            vcpus: domain.vcpus,
            memory: domain.memory_bytes,
            cpu_mode: texts(&domain.cpu.mode),
            cpu_model: texts(&domain.cpu.model),
            labels: domain.labels.clone(),
            tpm_backend: domain.tpm.as_ref().map(|tpm| texts(&tpm.backend)),
            nvram: domain.firmware.nvram.clone(),
            launch_security: domain.launch_security.clone(),
            disk_target: domain.disks.iter().map(|disk| disk.target.clone()).collect(),
            disk_device: domain.disks.iter().map(|disk| disk.device.clone()).collect(),
            disk_source_type: domain.disks.iter().map(|disk| disk.source_type.clone()).collect(),
            disk_source: domain.disks.iter().map(|disk| texts(&disk.source)).collect(),
            disk_cache: domain.disks.iter().map(|disk| texts(&disk.cache)).collect(),
            disk_readonly: domain.disks.iter().map(|disk| u8::from(disk.readonly)).collect(),
            disk_shareable: domain.disks.iter().map(|disk| u8::from(disk.shareable)).collect(),
            hostdev_kind: domain.hostdevs.iter().map(|device| device.kind.clone()).collect(),
            hostdev_mode: domain.hostdevs.iter().map(|device| device.mode.clone()).collect(),
            hostdev_address: domain.hostdevs.iter().map(|device| texts(&device.address)).collect(),
            interface_kind: domain.interfaces.iter().map(|interface| interface.kind.clone()).collect(),
            interface_source: domain.interfaces.iter().map(|interface| texts(&interface.source)).collect(),
            filesystem_kind: domain.filesystems.iter().map(|one| one.kind.clone()).collect(),
            filesystem_source: domain.filesystems.iter().map(|one| texts(&one.source)).collect(),
            shared_memory_name: domain.shared_memory.iter().map(|one| one.name.clone()).collect(),
            cell_memory: domain.numa.cells.iter().map(|cell| cell.memory_bytes).collect(),
            cell_vcpus: domain.numa.cells.iter().map(|cell| length(cell.cpus.len())).collect(),
            numatune_mode: domain.numa.memory.as_ref().map(|tune| tune.mode.clone()).unwrap_or_default(),
            numatune_cells: domain.numa.memory.as_ref().map(|tune| tune.cells.clone()).unwrap_or_default(),
            cell_binding_offsets,
            cell_binding,
            pinned_cpus: pinned_cpus(domain),
            hugepage_size,
            hugepage_memory,
        }
    }
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn state_text(state: DomainState) -> &'static str {
    match state {
        DomainState::Running => "running",
        DomainState::Blocked => "blocked",
        DomainState::Paused => "paused",
        DomainState::ShuttingDown => "shutting-down",
        DomainState::ShutOff => "shut-off",
        DomainState::Crashed => "crashed",
        DomainState::Suspended => "suspended",
        DomainState::Unknown => "unknown",
    }
}

/// For each guest cell, the machine's cells that `memnode` binds it to; a preference binds nothing.
fn cell_binding(domain: &DomainFacts) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0];
    let mut binding = Vec::new();
    for cell in &domain.numa.cells {
        let binds = |tune: &&CellTune| {
            tune.guest_cell == cell.id && matches!(tune.mode.as_str(), "strict" | "restrictive")
        };
        if let Some(tune) = domain.numa.cell_memory.iter().find(binds) {
            binding.extend(&tune.cells);
        }
        offsets.push(length(binding.len()));
    }
    (offsets, binding)
}

fn pinned_cpus(domain: &DomainFacts) -> Vec<u32> {
    let pinning = &domain.pinning;
    let mut cpus: BTreeSet<u32> = pinning.all_vcpus.iter().copied().collect();
    cpus.extend(pinning.vcpus.iter().flat_map(|pin| &pin.cpus));
    cpus.extend(&pinning.emulator);
    cpus.into_iter().collect()
}

/// Sizes of huge pages and how much memory each backs. A size without cells backs what
/// the other sizes leave.
fn hugepages(domain: &DomainFacts) -> (Vec<u64>, Vec<u64>) {
    let cell_memory =
        |id: &u32| domain.numa.cells.iter().find(|cell| cell.id == *id).map_or(0, |cell| cell.memory_bytes);
    let add = |sum: u64, id: &u32| sum.saturating_add(cell_memory(id));
    let named = domain.memory_backing.hugepages.iter().flat_map(|pages| &pages.guest_cells).fold(0, add);
    domain
        .memory_backing
        .hugepages
        .iter()
        .map(|pages| {
            let memory = if pages.guest_cells.is_empty() {
                domain.memory_bytes.saturating_sub(named)
            } else {
                pages.guest_cells.iter().fold(0, add)
            };
            (pages.size_bytes.unwrap_or(NODE_DEFAULT_PAGE), memory)
        })
        .unzip()
}
