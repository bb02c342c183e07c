//! The imports of the contract, answered from the table in memory: one module an
//! interface, one function an import, as `wit-bindgen` names them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::FACTS;
use super::facts::{Column, Facts};

fn ask<T>(question: impl FnOnce(&Facts) -> T) -> T {
    FACTS.with_borrow(|facts| match facts {
        Some(facts) => question(facts),
        None => panic!("no facts: run this inside with_facts"),
    })
}

/// A column by its key; nobody has a key that is not there.
fn keyed<K: Ord + ?Sized, O: Ord + std::borrow::Borrow<K>, T: Copy + Default>(
    columns: &BTreeMap<O, Column<T>>,
    key: &K,
    rows: usize,
) -> Column<T> {
    columns.get(key).cloned().unwrap_or_else(|| Arc::from(vec![T::default(); rows]))
}

fn text(texts: &[String], place: u32) -> String {
    texts.get(place as usize).cloned().unwrap_or_default()
}

macro_rules! columns {
    ($group:ident: $($name:ident -> $kind:ty),* $(,)?) => {$(
        pub fn $name() -> $kind {
            super::ask(|facts| facts.$group.$name.clone())
        }
    )*};
}

pub mod symbols {
    use super::ask;

    pub fn lookup(texts: &[String]) -> Vec<u32> {
        ask(|facts| texts.iter().map(|text| facts.symbols.number(text)).collect())
    }

    pub fn texts(symbols: &[u32]) -> Vec<String> {
        ask(|facts| symbols.iter().map(|symbol| facts.symbols.text(*symbol).to_owned()).collect())
    }
}

pub mod nodes {
    use super::{Column, ask, keyed};

    columns! { nodes: count -> u32, name -> Column<u32>, uuid -> Column<u32>,
        hostname -> Column<u32>, driver -> Column<u32>, arch -> Column<u32>, cpu_model -> Column<u32>,
        cpu_vendor -> Column<u32>, cpus -> Column<u32>, memory_total -> Column<u64>,
        memory_free -> Column<u64>, libvirt_version -> Column<u64>, hypervisor_version -> Column<u64>,
        maintenance -> Column<u8>, machine_known -> Column<u8>,
    }

    pub fn label(key: &str) -> Column<u32> {
        ask(|facts| keyed(&facts.nodes.labels, key, facts.nodes.count as usize))
    }
}

pub mod cpu {
    use super::{Column, ask, text};

    columns! { cpu: comparison -> Column<u8> }

    pub fn detail(node: u32) -> String {
        ask(|facts| text(&facts.cpu.detail, node))
    }
}

pub mod cells {
    use super::{Column, ask, keyed};

    columns! { cells: offsets -> Column<u32>, id -> Column<u32>, cpus -> Column<u32>,
        memory_total -> Column<u64>, memory_free -> Column<u64>, cpu_offsets -> Column<u32>,
        cpu_id -> Column<u32>,
    }

    pub fn free_pages(size_bytes: u64) -> Column<u64> {
        ask(|facts| keyed(&facts.cells.free_pages, &size_bytes, facts.cells.id.len()))
    }
}

pub mod residents {
    use super::{Column, ask, keyed};

    columns! { residents: offsets -> Column<u32>, name -> Column<u32>, uuid -> Column<u32>,
        active -> Column<u8>, vcpus -> Column<u32>, memory -> Column<u64>,
    }

    pub fn label(key: &str) -> Column<u32> {
        ask(|facts| keyed(&facts.residents.labels, key, facts.residents.name.len()))
    }
}

pub mod networks {
    use super::Column;

    columns! { networks: offsets -> Column<u32>, kind -> Column<u32>, name -> Column<u32>,
        active -> Column<u8>,
    }
}

pub mod reach {
    use super::{Column, ask, text};

    columns! { reach: state -> Column<u8> }

    pub fn uri(node: u32) -> String {
        ask(|facts| text(&facts.reach.uri, node))
    }

    pub fn detail(node: u32) -> String {
        ask(|facts| text(&facts.reach.detail, node))
    }
}

pub mod storage {
    use super::{Column, ask, text};

    columns! { storage: probed -> Column<u8>, offsets -> Column<u32>, disk -> Column<u32>,
        access -> Column<u8>, pool -> Column<u32>,
    }

    pub fn detail(row: u32) -> String {
        ask(|facts| text(&facts.storage.detail, row))
    }
}

pub mod source {
    use super::ask;

    columns! { source: name -> String, uuid -> String, hypervisor_version -> u64 }

    pub fn label(key: &str) -> Option<String> {
        ask(|facts| facts.source.labels.get(key).cloned())
    }
}

pub mod domain {
    use super::ask;

    columns! { domain: name -> String, destination_name -> String, uuid -> String, hypervisor -> String,
        state -> String, arch -> String, machine -> String, vcpus -> u32, memory -> u64,
        cpu_mode -> String, cpu_model -> String, tpm_backend -> Option<String>, nvram -> Option<String>,
        launch_security -> Option<String>, disk_target -> Vec<String>, disk_device -> Vec<String>,
        disk_source_type -> Vec<String>, disk_source -> Vec<String>, disk_cache -> Vec<String>,
        disk_readonly -> Vec<u8>, disk_shareable -> Vec<u8>, hostdev_kind -> Vec<String>,
        hostdev_mode -> Vec<String>, hostdev_address -> Vec<String>, interface_kind -> Vec<String>,
        interface_source -> Vec<String>, filesystem_kind -> Vec<String>, filesystem_source -> Vec<String>,
        shared_memory_name -> Vec<String>, cell_memory -> Vec<u64>, cell_vcpus -> Vec<u32>,
        numatune_mode -> String, numatune_cells -> Vec<u32>, cell_binding_offsets -> Vec<u32>,
        cell_binding -> Vec<u32>, pinned_cpus -> Vec<u32>, hugepage_size -> Vec<u64>,
        hugepage_memory -> Vec<u64>,
    }

    pub fn label(key: &str) -> Option<String> {
        ask(|facts| facts.domain.labels.get(key).cloned())
    }
}

pub mod site_data {
    use super::ask;

    pub fn column(table: &str, column: &str) -> Result<Vec<String>, String> {
        ask(|facts| match facts.site_data.get(table) {
            None => Err("undeclared".to_owned()),
            Some(Err(code)) => Err(code.clone()),
            Some(Ok(columns)) => columns.get(column).cloned().ok_or_else(|| "no-such-column".to_owned()),
        })
    }
}

pub mod clock {
    use super::ask;

    pub fn taken_at() -> u64 {
        ask(|facts| facts.taken_at)
    }
}

pub mod log {
    /// Outside a component nobody keeps a log.
    pub fn emit(_level: u8, _message: &str) {}
}
