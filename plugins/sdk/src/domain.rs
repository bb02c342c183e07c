//! The domain that is to move. Each function asks once: ask in `new`, not in `judge`.

use crate::known::{Known, Unknown};
use crate::port;

pub use crate::port::domain::{
    cell_binding, cell_binding_offsets, cell_memory, cell_vcpus, cpu_mode, cpu_model, destination_name,
    disk_cache, disk_device, disk_source, disk_source_type, disk_target, filesystem_kind, filesystem_source,
    hostdev_address, hostdev_kind, hostdev_mode, hugepage_memory, hugepage_size, interface_kind,
    interface_source, label, launch_security, name, numatune_cells, numatune_mode, nvram, pinned_cpus,
    shared_memory_name, tpm_backend,
};

/// The size in a huge page demand that stands for the node's default.
pub const DEFAULT_PAGE_SIZE: u64 = u64::MAX;

macro_rules! texts {
    ($($(#[$doc:meta])* $fact:ident, $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $fact() -> Known<String> {
            Some(port::domain::$fact()).filter(|text| !text.is_empty()).ok_or(Unknown($name))
        }
    )*};
}

texts! {
    uuid, "domain.uuid";
    /// The type of the domain: `kvm`, `qemu`, `xen`, ...
    hypervisor, "domain.hypervisor";
    /// `running`, `paused`, ...
    state, "domain.state";
    arch, "domain.arch";
    machine, "domain.machine";
}

pub fn vcpus() -> Known<u32> {
    match port::domain::vcpus() {
        0 | u32::MAX => Err(Unknown("domain.vcpus")),
        vcpus => Ok(vcpus),
    }
}

/// In bytes: what the guest was given, the balloon aside.
pub fn memory() -> Known<u64> {
    match port::domain::memory() {
        0 | u64::MAX => Err(Unknown("domain.memory")),
        memory => Ok(memory),
    }
}

/// For each disk: is it read-only?
pub fn disk_readonly() -> Vec<bool> {
    port::domain::disk_readonly().into_iter().map(|flag| flag == 1).collect()
}

/// For each disk: may several domains open it?
pub fn disk_shareable() -> Vec<bool> {
    port::domain::disk_shareable().into_iter().map(|flag| flag == 1).collect()
}
