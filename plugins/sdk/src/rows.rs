//! What a node has several of: NUMA cells, resident domains, networks, and the storage
//! under the domain's disks as it shows itself there.

use std::cell::OnceCell;

use crate::columns::{Columns, flag};
use crate::known::{Cell as _, Known, Unknown};
use crate::node::Node;
use crate::port::{self, Data};
use crate::symbol::Symbol;

macro_rules! row {
    ($(#[$doc:meta])* $Row:ident { $($(#[$fact_doc:meta])* $fact:ident -> $kind:ty = $column:ident, $fetch:path, $name:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $Row<'a> {
            columns: &'a Columns,
            row: usize,
        }

        impl $Row<'_> {
            $(
                $(#[$fact_doc])*
                #[inline]
                pub fn $fact(self) -> Known<$kind> {
                    self.columns.$column.at(self.row, $fetch).known($name)
                }
            )*
        }
    };
}

row! {
    /// A NUMA cell of a machine.
    Cell {
        id -> u32 = cell_id, port::cells::id, "cells.id";
        cpus -> u32 = cell_cpus, port::cells::cpus, "cells.cpus";
        /// In bytes.
        memory_total -> u64 = cell_memory_total, port::cells::memory_total, "cells.memory_total";
        /// In bytes.
        memory_free -> u64 = cell_memory_free, port::cells::memory_free, "cells.memory_free";
    }
}

impl<'a> Cell<'a> {
    /// The processors of the cell, by number.
    pub fn cpu_ids(self) -> impl Iterator<Item = u32> + 'a {
        let Self { columns, row } = self;
        let rows = columns.cell_cpu_offsets.rows(row, port::cells::cpu_offsets);
        rows.map(move |row| columns.cell_cpu_id.at(row, port::cells::cpu_id))
    }
}

/// Free pages of one size in each cell. Make it in `new`, ask it in `judge`.
pub struct FreePages {
    size: u64,
    pages: OnceCell<Data<u64>>,
}

impl FreePages {
    pub fn of_size(size: u64) -> Self {
        Self { size, pages: OnceCell::new() }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many are free; 0 also where the size is not offered.
    #[inline]
    pub fn in_cell(&self, cell: Cell<'_>) -> Known<u64> {
        self.pages.get_or_init(|| port::cells::free_pages(self.size))[cell.row].known("cells.free_pages")
    }
}

row! {
    /// A domain that is defined or runs on a node.
    Resident {
        vcpus -> u32 = resident_vcpus, port::residents::vcpus, "residents.vcpus";
        /// In bytes.
        memory -> u64 = resident_memory, port::residents::memory, "residents.memory";
    }
}

impl Resident<'_> {
    #[inline]
    pub fn name(self) -> Symbol {
        Symbol::new(self.columns.resident_name.at(self.row, port::residents::name))
    }

    #[inline]
    pub fn uuid(self) -> Symbol {
        Symbol::new(self.columns.resident_uuid.at(self.row, port::residents::uuid))
    }

    #[inline]
    pub fn active(self) -> Known<bool> {
        flag(self.columns.resident_active.at(self.row, port::residents::active), "residents.active")
    }
}

/// The resident domains' values for one label. Make it in `new`, ask it in `judge`.
pub struct ResidentLabel {
    key: String,
    values: OnceCell<Data<u32>>,
}

impl ResidentLabel {
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), values: OnceCell::new() }
    }

    /// None: the domain does not have the label.
    #[inline]
    pub fn of(&self, resident: Resident<'_>) -> Option<Symbol> {
        let values = self.values.get_or_init(|| port::residents::label(&self.key));
        Some(Symbol::new(values[resident.row])).filter(|value| value.is_known())
    }
}

row! {
    /// A network or bridge of a node.
    Network {}
}

impl Network<'_> {
    /// The symbol of "network" or "bridge".
    #[inline]
    pub fn kind(self) -> Symbol {
        Symbol::new(self.columns.network_kind.at(self.row, port::networks::kind))
    }

    #[inline]
    pub fn name(self) -> Symbol {
        Symbol::new(self.columns.network_name.at(self.row, port::networks::name))
    }

    #[inline]
    pub fn active(self) -> Known<bool> {
        flag(self.columns.network_active.at(self.row, port::networks::active), "networks.active")
    }
}

/// What a volume, written at one side and looked for at the other, showed of a disk's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    SharedWritable,
    NoPoolAtSource,
    NoPoolAtDestination,
    PoolInactive,
    NotWritable,
    DifferentStorage,
    VolumeMissing,
    ProbeFailed,
}

row! {
    /// The storage under one disk of the domain, as the destination has it.
    DiskStorage {}
}

impl DiskStorage<'_> {
    /// The disk's target, as in `vda`.
    #[inline]
    pub fn disk(self) -> Symbol {
        Symbol::new(self.columns.disk_name.at(self.row, port::storage::disk))
    }

    #[inline]
    pub fn access(self) -> Access {
        match self.columns.disk_access.at(self.row, port::storage::access) {
            1 => Access::SharedWritable,
            2 => Access::NoPoolAtSource,
            3 => Access::NoPoolAtDestination,
            4 => Access::PoolInactive,
            5 => Access::NotWritable,
            6 => Access::DifferentStorage,
            7 => Access::VolumeMissing,
            // A number from a later contract is not known here, so it is not a pass.
            _ => Access::ProbeFailed,
        }
    }

    /// None: no pool of the source holds it.
    pub fn pool(self) -> Option<Symbol> {
        let pool = Symbol::new(self.columns.disk_pool.at(self.row, port::storage::pool));
        Some(pool).filter(|pool| pool.is_known())
    }

    /// The place or the error, whichever the case has.
    pub fn detail(self) -> String {
        port::storage::detail(u32::try_from(self.row).unwrap_or(u32::MAX))
    }
}

impl<'a> Node<'a> {
    pub fn cells(self) -> impl Iterator<Item = Cell<'a>> + Clone {
        let rows = self.columns.cells.rows(self.row, port::cells::offsets);
        rows.map(move |row| Cell { columns: self.columns, row })
    }

    /// Without the domain that is to move, where it runs now.
    pub fn residents(self) -> impl Iterator<Item = Resident<'a>> + Clone {
        let rows = self.columns.residents.rows(self.row, port::residents::offsets);
        rows.map(move |row| Resident { columns: self.columns, row })
    }

    pub fn networks(self) -> impl Iterator<Item = Network<'a>> + Clone {
        let rows = self.columns.networks.rows(self.row, port::networks::offsets);
        rows.map(move |row| Network { columns: self.columns, row })
    }

    /// One for each disk that has a source. Not known where the probe was not made.
    pub fn disks(self) -> Known<impl Iterator<Item = DiskStorage<'a>> + Clone> {
        if self.columns.probed.at(self.row, port::storage::probed) != 1 {
            return Err(Unknown("storage"));
        }
        let rows = self.columns.disks.rows(self.row, port::storage::offsets);
        Ok(rows.map(move |row| DiskStorage { columns: self.columns, row }))
    }
}
