//! What is known of a domain: the facts that rules judge.
//!
//! Filled from libvirt's domain XML (see the `xml` module). `None` and an empty
//! list say "the XML does not have it"; nothing is guessed here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Facts of one domain, from its XML and, when live, from its node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DomainFacts {
    pub name: String,
    pub uuid: Option<Uuid>,
    pub title: Option<String>,
    /// The `type` attribute: `kvm`, `qemu`, `xen`, `lxc`, ...
    pub hypervisor: String,
    /// `running`, `paused`, `shutoff`, ...; none when read from a file.
    pub state: Option<DomainState>,
    /// Whether the source keeps a definition of it; none when read from a file.
    pub persistent: Option<bool>,
    /// `hvm`, `xen`, `linux`, `exe`, ...
    pub os_type: Option<String>,
    pub arch: Option<String>,
    pub machine: Option<String>,
    pub emulator: Option<String>,
    pub vcpus: u32,
    pub vcpus_max: u32,
    /// What the guest may use in all, memory modules included. 0: a container without a
    /// limit, or not said.
    pub memory_bytes: u64,
    /// What the balloon leaves it now.
    pub memory_current_bytes: u64,
    /// Up to where memory can be plugged.
    pub memory_max_bytes: Option<u64>,
    pub memory_slots: Option<u32>,
    pub cpu: CpuFacts,
    pub numa: GuestNuma,
    pub pinning: Pinning,
    pub memory_backing: MemoryBacking,
    pub disks: Vec<Disk>,
    pub hostdevs: Vec<HostDevice>,
    pub interfaces: Vec<Interface>,
    pub filesystems: Vec<FileSystem>,
    pub shared_memory: Vec<SharedMemory>,
    pub tpm: Option<Tpm>,
    pub firmware: Firmware,
    /// `sev`, `sev-snp`, `tdx`, `s390-pv`, ...
    pub launch_security: Option<String>,
    /// Labels from `<metadata>`: ours by key, foreign elements as `prefix:path`. Raw
    /// arguments to the hypervisor show as `qemu:commandline` (or `xen:`, `bhyve:`) with
    /// their number.
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DomainState {
    Running,
    Blocked,
    Paused,
    ShuttingDown,
    ShutOff,
    Crashed,
    Suspended,
    Unknown,
}

impl DomainState {
    /// The domain holds a live guest, whether its processors run or not.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Blocked | Self::Paused | Self::ShuttingDown | Self::Suspended)
    }

    pub fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Blocked)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CpuFacts {
    /// `custom`, `host-model`, `host-passthrough`, `maximum`; none: the default CPU.
    pub mode: Option<String>,
    pub model: Option<String>,
    pub fallback: Option<String>,
    pub vendor: Option<String>,
    pub check: Option<String>,
    pub migratable: Option<bool>,
    pub topology: Option<Topology>,
    pub features: Vec<CpuFeature>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    pub sockets: u32,
    pub dies: u32,
    pub clusters: u32,
    pub cores: u32,
    pub threads: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuFeature {
    pub name: String,
    /// `force`, `require`, `optional`, `disable`, `forbid`.
    pub policy: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuestNuma {
    /// The cells that the guest sees.
    pub cells: Vec<GuestCell>,
    /// `<numatune><memory>`: which nodes of the machine its memory comes from.
    pub memory: Option<NumaTune>,
    /// `<numatune><memnode>`: the same for one guest cell.
    pub cell_memory: Vec<CellTune>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestCell {
    pub id: u32,
    pub cpus: Vec<u32>,
    pub memory_bytes: u64,
    pub memory_access: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumaTune {
    /// `strict`, `preferred`, `interleave`, `restrictive`.
    pub mode: String,
    pub placement: Option<String>,
    #[serde(default)]
    pub cells: Vec<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTune {
    pub guest_cell: u32,
    pub mode: String,
    pub cells: Vec<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pinning {
    /// The `cpuset` of `<vcpu>`: where virtual processors run unless pinned one by one.
    pub all_vcpus: Vec<u32>,
    pub vcpus: Vec<VcpuPin>,
    pub emulator: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VcpuPin {
    pub vcpu: u32,
    pub cpus: Vec<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryBacking {
    /// Empty: ordinary pages.
    pub hugepages: Vec<HugePages>,
    pub locked: bool,
    pub no_share_pages: bool,
    /// `anonymous`, `file`, `memfd`.
    pub source: Option<String>,
    /// `shared`, `private`.
    pub access: Option<String>,
    /// `immediate`, `ondemand`.
    pub allocation: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HugePages {
    /// None: the node's default huge page size.
    pub size_bytes: Option<u64>,
    /// The guest cells that use them; empty: all.
    pub guest_cells: Vec<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// `vda`, `sdb`, ...
    pub target: String,
    pub bus: Option<String>,
    /// `disk`, `cdrom`, `floppy`, `lun`.
    pub device: String,
    /// `file`, `block`, `dir`, `network`, `volume`, `nvme`, `vhostuser`, `vhostvdpa`.
    pub source_type: String,
    /// A path, `pool/volume`, `protocol:name` (its first host where it has no name), or an
    /// NVMe controller's PCI address; none: an empty drive.
    pub source: Option<String>,
    /// The pool that a `volume` disk names.
    pub pool: Option<String>,
    pub format: Option<String>,
    /// `none`, `writeback`, `writethrough`, `directsync`, `unsafe`, `default`.
    pub cache: Option<String>,
    pub shareable: bool,
    pub readonly: bool,
    pub transient: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostDevice {
    /// `pci`, `usb`, `scsi`, `scsi_host`, `mdev`, `storage`, `misc`, `net`.
    pub kind: String,
    /// `subsystem` or `capabilities`, or `interface` where a NIC is passed through.
    pub mode: String,
    /// `0000:3b:00.1`, `bus 1 device 4`, `046d:c52b` (or both, joined by ` at `),
    /// `scsi_host0:0:0:0`, `iscsi:name`, a WWPN, a UUID, a path, an interface's name.
    pub address: Option<String>,
    pub managed: bool,
    pub alias: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Interface {
    /// `network`, `bridge`, `direct`, `user`, `hostdev`, `vhostuser`, `vdpa`, ...
    pub kind: String,
    /// The bridge, network, device or path it is attached to.
    pub source: Option<String>,
    pub mac: Option<String>,
    pub model: Option<String>,
    pub target: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSystem {
    pub kind: String,
    /// `path`, `handle`, `virtiofs`, `loop`, ...
    pub driver: Option<String>,
    pub source: Option<String>,
    pub target: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SharedMemory {
    pub name: String,
    pub model: Option<String>,
    pub role: Option<String>,
    pub size_bytes: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tpm {
    pub model: Option<String>,
    /// `passthrough`, `emulator`, `external`.
    pub backend: Option<String>,
    pub version: Option<String>,
    pub source: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Firmware {
    /// `efi`, `bios`; none: not said.
    pub kind: Option<String>,
    pub loader: Option<String>,
    pub loader_type: Option<String>,
    pub secure: bool,
    pub nvram: Option<String>,
}
