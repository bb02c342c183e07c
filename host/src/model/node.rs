//! What is known of a node: its entry in the inventory and the facts its daemon gave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domain::{CpuFeature, DomainState, Topology};

/// A node as the operator wrote it into the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeEntry {
    pub name: String,
    /// The connection URI as seen from here.
    pub uri: String,
    /// The address by which other nodes reach it; default: what `uri` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub maintenance: bool,
}

/// A node with what its daemon told, or why it told nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    #[serde(flatten)]
    pub entry: NodeEntry,
    pub gathered: Gathered,
}

impl NodeFacts {
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    pub fn host(&self) -> Option<&HostFacts> {
        match &self.gathered {
            Gathered::Facts(host) => Some(host),
            Gathered::Unreachable { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gathered {
    Facts(Box<HostFacts>),
    /// Its daemon did not answer from here: nothing is known, and nothing is assumed.
    Unreachable {
        code: String,
        error: String,
    },
}

/// Facts of one machine, from its daemon or from a capabilities file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostFacts {
    pub uuid: Option<Uuid>,
    pub hostname: Option<String>,
    /// The driver's own name: `QEMU`, `Xen`, `LXC`, ...
    pub driver: Option<String>,
    /// As libvirt encodes it: major * 1,000,000 + minor * 1,000 + release.
    pub libvirt_version: Option<u64>,
    pub hypervisor_version: Option<u64>,
    pub arch: Option<String>,
    pub cpus: Option<u32>,
    pub cpu: HostCpu,
    pub memory_total_bytes: Option<u64>,
    /// Free plus reclaimable cache, less what open jobs have reserved.
    pub memory_free_bytes: Option<u64>,
    pub cells: Vec<HostCell>,
    /// `tcp`, `rdma`, ... as the capabilities list them.
    pub migration_transports: Vec<String>,
    /// Architectures and machine types that its emulators offer.
    pub guests: Vec<GuestSupport>,
    pub pools: Vec<Pool>,
    /// Virtual networks and bridges that a guest interface can be attached to.
    pub networks: Vec<Network>,
    /// Domains defined or running there.
    pub residents: Vec<Resident>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostCpu {
    pub model: Option<String>,
    pub vendor: Option<String>,
    pub microcode: Option<String>,
    pub topology: Option<Topology>,
    pub features: Vec<CpuFeature>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostCell {
    pub id: u32,
    pub cpus: Vec<u32>,
    pub memory_total_bytes: Option<u64>,
    pub memory_free_bytes: Option<u64>,
    pub pages: Vec<PagePool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagePool {
    pub size_bytes: u64,
    pub total: u64,
    pub free: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestSupport {
    pub os_type: String,
    pub arch: String,
    pub emulator: Option<String>,
    /// `qemu`, `kvm`, `xen`, ...
    pub hypervisors: Vec<String>,
    /// Canonical names and aliases.
    pub machines: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pool {
    pub name: String,
    /// `dir`, `netfs`, `logical`, `rbd`, `iscsi`, ...
    pub kind: String,
    pub active: bool,
    pub target_path: Option<String>,
    pub source: Option<String>,
    pub capacity_bytes: Option<u64>,
    pub available_bytes: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// `network` or `bridge`.
    pub kind: String,
    pub name: String,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resident {
    pub name: String,
    pub uuid: Uuid,
    pub state: DomainState,
    pub vcpus: u32,
    pub memory_bytes: u64,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}
