//! Fleets of any size, the same each time: nodes as a site has them, most of them fit.

use std::collections::BTreeMap;

use uuid::Uuid;
use wayleave::model::domain::{CpuFacts, Disk, DomainFacts, DomainState};
use wayleave::model::node::{
    Gathered, GuestSupport, HostCell, HostCpu, HostFacts, Network, NodeEntry, NodeFacts, Resident,
};
use wayleave::model::snapshot::{
    Access, CandidateFacts, CpuComparison, DiskAccess, PairFacts, Reach, Snapshot, StorageProbe,
};

const GIB: u64 = 1 << 30;
/// Domains on each node.
const RESIDENTS: usize = 4;

/// One domain, its source, and so many candidates.
pub fn fleet(nodes: usize) -> Snapshot {
    Snapshot {
        taken_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        domain: domain(),
        destination_name: "shop".to_owned(),
        source: node("source", 0),
        candidates: (1..=nodes).map(candidate).collect(),
        only: None,
        site_data: BTreeMap::new(),
    }
}

pub fn domain() -> DomainFacts {
    DomainFacts {
        name: "shop".to_owned(),
        uuid: Some(Uuid::from_u128(7)),
        hypervisor: "kvm".to_owned(),
        state: Some(DomainState::Running),
        persistent: Some(true),
        os_type: Some("hvm".to_owned()),
        arch: Some("x86_64".to_owned()),
        machine: Some("pc-q35-9.2".to_owned()),
        vcpus: 4,
        vcpus_max: 4,
        memory_bytes: 8 * GIB,
        memory_current_bytes: 8 * GIB,
        cpu: CpuFacts { mode: Some("host-model".to_owned()), ..CpuFacts::default() },
        disks: vec![Disk {
            target: "vda".to_owned(),
            device: "disk".to_owned(),
            source_type: "file".to_owned(),
            source: Some("/pool/shop.qcow2".to_owned()),
            ..Disk::default()
        }],
        ..DomainFacts::default()
    }
}

fn candidate(number: usize) -> CandidateFacts {
    let name = format!("node{number:05}");
    let uri = format!("qemu+tcp://{name}/system");
    CandidateFacts { node: node(&name, number), pair: pair(number, uri) }
}

pub fn node(name: &str, number: usize) -> NodeFacts {
    let mut labels = BTreeMap::from([("rack".to_owned(), format!("r{}", number % 40))]);
    if number.is_multiple_of(5) {
        labels.insert("prefer".to_owned(), "yes".to_owned());
    }
    let entry = NodeEntry {
        name: name.to_owned(),
        uri: format!("qemu+tcp://{name}/system"),
        address: None,
        labels,
        maintenance: number % 31 == 30,
    };
    NodeFacts { entry, gathered: Gathered::Facts(Box::new(host(name, number))) }
}

fn host(name: &str, number: usize) -> HostFacts {
    let arch = if number % 17 == 16 { "aarch64" } else { "x86_64" };
    let machine = if number % 13 == 12 { "pc-q35-7.2" } else { "pc-q35-9.2" };
    let spread = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58;
    HostFacts {
        uuid: Some(Uuid::from_u128(1000 + number as u128)),
        hostname: Some(format!("{name}.example")),
        driver: Some("QEMU".to_owned()),
        libvirt_version: Some(11_003_000),
        hypervisor_version: Some(10_000_000),
        arch: Some(arch.to_owned()),
        cpus: Some(64),
        cpu: HostCpu { model: Some("EPYC-Milan".to_owned()), ..HostCpu::default() },
        memory_total_bytes: Some(256 * GIB),
        memory_free_bytes: Some((4 + spread * 3) * GIB),
        cells: (0..2).map(|id| cell(id, spread)).collect(),
        guests: vec![GuestSupport {
            os_type: "hvm".to_owned(),
            arch: arch.to_owned(),
            emulator: None,
            hypervisors: vec!["qemu".to_owned(), "kvm".to_owned()],
            machines: vec!["pc-i440fx-9.2".to_owned(), machine.to_owned()],
        }],
        networks: vec![Network { kind: "bridge".to_owned(), name: "br0".to_owned(), active: true }],
        residents: (0..RESIDENTS).map(|place| resident(number, place)).collect(),
        ..HostFacts::default()
    }
}

fn cell(id: u32, spread: u64) -> HostCell {
    HostCell {
        id,
        cpus: (id * 32..id * 32 + 32).collect(),
        memory_total_bytes: Some(128 * GIB),
        memory_free_bytes: Some((2 + spread) * GIB),
        pages: Vec::new(),
    }
}

fn resident(number: usize, place: usize) -> Resident {
    let own = number * RESIDENTS + place;
    Resident {
        name: format!("guest{own:06}"),
        uuid: Uuid::from_u128(1_000_000 + own as u128),
        state: if own.is_multiple_of(3) { DomainState::ShutOff } else { DomainState::Running },
        vcpus: 8,
        memory_bytes: 16 * GIB,
        labels: BTreeMap::new(),
    }
}

fn pair(number: usize, uri: String) -> PairFacts {
    let cpu = match number % 11 {
        10 => CpuComparison::Incompatible { detail: "it lacks avx512f".to_owned() },
        0..5 => CpuComparison::Identical,
        _ => CpuComparison::Superset,
    };
    let disk = DiskAccess {
        disk: "vda".to_owned(),
        source: "/pool/shop.qcow2".to_owned(),
        pool: Some("shared".to_owned()),
        access: Access::SharedWritable,
    };
    PairFacts { cpu, reach: Reach::Reachable { uri }, storage: StorageProbe::Probed(vec![disk]) }
}
