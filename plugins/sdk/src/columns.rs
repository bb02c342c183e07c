//! The columns of one decision, each fetched when a rule first asks for it.
//!
//! A rule does not see this: it asks a [`Node`](crate::Node). What no rule of a plugin
//! asks for is not even an import of its component.

use std::cell::OnceCell;
use std::ops::Range;

use crate::known::{Known, Unknown};
use crate::port::Data;

pub(crate) struct Column<T>(OnceCell<Data<T>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T: Copy> Column<T> {
    #[inline]
    pub fn at(&self, row: usize, fetch: impl FnOnce() -> Data<T>) -> T {
        self.0.get_or_init(fetch)[row]
    }
}

impl Column<u32> {
    /// The rows of one node, where this column is the offsets.
    #[inline]
    pub fn rows(&self, node: usize, fetch: impl FnOnce() -> Data<u32>) -> Range<usize> {
        let offsets = self.0.get_or_init(fetch);
        offsets[node] as usize..offsets[node + 1] as usize
    }
}

/// Every column that a rule can ask for through a node.
#[derive(Default)]
pub struct Columns {
    pub(crate) name: Column<u32>,
    pub(crate) uuid: Column<u32>,
    pub(crate) hostname: Column<u32>,
    pub(crate) driver: Column<u32>,
    pub(crate) arch: Column<u32>,
    pub(crate) cpu_model: Column<u32>,
    pub(crate) cpu_vendor: Column<u32>,
    pub(crate) cpus: Column<u32>,
    pub(crate) memory_total: Column<u64>,
    pub(crate) memory_free: Column<u64>,
    pub(crate) libvirt_version: Column<u64>,
    pub(crate) hypervisor_version: Column<u64>,
    pub(crate) maintenance: Column<u8>,
    pub(crate) machine_known: Column<u8>,
    pub(crate) cpu_comparison: Column<u8>,
    pub(crate) reach: Column<u8>,

    pub(crate) cells: Column<u32>,
    pub(crate) cell_id: Column<u32>,
    pub(crate) cell_cpus: Column<u32>,
    pub(crate) cell_memory_total: Column<u64>,
    pub(crate) cell_memory_free: Column<u64>,
    pub(crate) cell_cpu_offsets: Column<u32>,
    pub(crate) cell_cpu_id: Column<u32>,

    pub(crate) residents: Column<u32>,
    pub(crate) resident_name: Column<u32>,
    pub(crate) resident_uuid: Column<u32>,
    pub(crate) resident_active: Column<u8>,
    pub(crate) resident_vcpus: Column<u32>,
    pub(crate) resident_memory: Column<u64>,

    pub(crate) networks: Column<u32>,
    pub(crate) network_kind: Column<u32>,
    pub(crate) network_name: Column<u32>,
    pub(crate) network_active: Column<u8>,

    pub(crate) probed: Column<u8>,
    pub(crate) disks: Column<u32>,
    pub(crate) disk_name: Column<u32>,
    pub(crate) disk_access: Column<u8>,
    pub(crate) disk_pool: Column<u32>,
}

/// A 0 or 1, or not known.
#[inline]
pub(crate) fn flag(value: u8, fact: &'static str) -> Known<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Unknown(fact)),
    }
}
