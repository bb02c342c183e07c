//! One candidate node, as a rule sees it.
//!
//! Each fact is an index into a column. A fact that is not known is an error that `?`
//! turns into the verdict "unknown".

use std::cell::OnceCell;

use crate::columns::{Columns, flag};
use crate::known::{Cell, Known};
use crate::port::{self, Data};
use crate::symbol::Symbol;

#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) row: usize,
}

/// What the destination says of the guest's CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuComparison {
    NotAsked,
    Identical,
    Superset,
    Incompatible,
    Failed,
}

/// Whether the source's daemon can connect to the destination's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    NotProbed,
    Reachable,
    Unreachable,
    SourceItself,
    Failed,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $fact:ident;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $fact(self) -> Known<Symbol> {
            Symbol::new(self.columns.$fact.at(self.row, port::nodes::$fact)).known(stringify!($fact))
        }
    )*};
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $fact:ident: $kind:ty;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $fact(self) -> Known<$kind> {
            self.columns.$fact.at(self.row, port::nodes::$fact).known(stringify!($fact))
        }
    )*};
}

impl Node<'_> {
    /// Its place among the candidates.
    #[inline]
    pub fn row(self) -> usize {
        self.row
    }

    /// Every candidate that answered, this one too, for rules that count over all of them.
    pub fn candidates(self) -> impl Iterator<Item = Self> {
        let columns = self.columns;
        (0..port::nodes::count() as usize).map(move |row| Self { columns, row })
    }

    /// Its name in the inventory: always known.
    #[inline]
    pub fn name(self) -> Symbol {
        Symbol::new(self.columns.name.at(self.row, port::nodes::name))
    }

    texts! {
        /// The daemon's host UUID.
        uuid;
        hostname;
        /// `QEMU`, `Xen`, `LXC`, ...
        driver;
        arch;
        cpu_model;
        cpu_vendor;
    }

    numbers! {
        cpus: u32;
        /// In bytes.
        memory_total: u64;
        /// In bytes: free and reclaimable, less what open jobs have reserved.
        memory_free: u64;
        /// Major * 1,000,000 + minor * 1,000 + release.
        libvirt_version: u64;
        /// Major * 1,000,000 + minor * 1,000 + release.
        hypervisor_version: u64;
    }

    /// Has the operator set maintenance?
    #[inline]
    pub fn maintenance(self) -> Known<bool> {
        flag(self.columns.maintenance.at(self.row, port::nodes::maintenance), "maintenance")
    }

    /// Does an emulator there know the domain's machine type?
    #[inline]
    pub fn machine_known(self) -> Known<bool> {
        flag(self.columns.machine_known.at(self.row, port::nodes::machine_known), "machine_known")
    }

    #[inline]
    pub fn cpu_comparison(self) -> CpuComparison {
        match self.columns.cpu_comparison.at(self.row, port::cpu::comparison) {
            1 => CpuComparison::Identical,
            2 => CpuComparison::Superset,
            3 => CpuComparison::Incompatible,
            4 => CpuComparison::Failed,
            _ => CpuComparison::NotAsked,
        }
    }

    /// What the destination's CPU lacks, or why the comparison failed.
    pub fn cpu_detail(self) -> String {
        port::cpu::detail(self.number())
    }

    #[inline]
    pub fn reach(self) -> Reach {
        match self.columns.reach.at(self.row, port::reach::state) {
            1 => Reach::Reachable,
            2 => Reach::Unreachable,
            3 => Reach::SourceItself,
            4 => Reach::Failed,
            _ => Reach::NotProbed,
        }
    }

    /// The URI that the source was asked to connect to.
    pub fn reach_uri(self) -> String {
        port::reach::uri(self.number())
    }

    /// Why the source could not connect.
    pub fn reach_detail(self) -> String {
        port::reach::detail(self.number())
    }

    fn number(self) -> u32 {
        u32::try_from(self.row).unwrap_or(u32::MAX)
    }
}

/// The nodes' values for one label. Make it in `new`, ask it in `judge`.
pub struct NodeLabel {
    key: String,
    values: OnceCell<Data<u32>>,
}

impl NodeLabel {
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), values: OnceCell::new() }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// None: the node does not have the label.
    #[inline]
    pub fn of(&self, node: Node<'_>) -> Option<Symbol> {
        let values = self.values.get_or_init(|| port::nodes::label(&self.key));
        Some(Symbol::new(values[node.row])).filter(|value| value.is_known())
    }
}
