//! Rule `numa-fits`: cells, pinned processors and huge pages of the domain fit the destination.
//!
//! A domain that demands nothing of the machine's cells passes at no cost. What is strictly
//! bound must fit the cells it is bound to, all of it together; libvirt moves the numbers
//! of cells and processors as they are, so they must exist at the destination too.

mod demands;

use wayleave_sdk::prelude::*;
use wayleave_sdk::{Cell, FreePages};

use crate::demands::{Demands, Group};

settings! {
    struct Settings {
        /// What a node's default huge page size is taken to be, in KiB.
        default_page_kib: u64 = 2048,
    }
}

reasons! {
    NO_CELL: reject "cell-missing", "the node lacks a NUMA cell that the domain is bound to";
    NO_CPU: reject "pinned-cpu-missing", "the node lacks a processor that the domain is pinned to";
    PAGES_SHORT: reject "huge-pages-short", "the node has not enough free huge pages of the domain's size";
    CELL_SHORT: reject "cell-memory-short", "the cells that the domain is bound to have not enough free memory";
}

struct NumaFits {
    demands: Known<Option<Demands>>,
}

impl Check for NumaFits {
    const NAME: &'static str = "numa-fits";
    const TITLE: &'static str = "NUMA cells, pinned processors and huge pages fit the node";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn problems(settings: &Settings) -> Vec<Problem> {
        let fine = (1..=u64::MAX >> 10).contains(&settings.default_page_kib);
        if fine { Vec::new() } else { vec![Problem::at("/default_page_kib", "is the size of a page")] }
    }

    fn new(settings: Settings) -> Self {
        Self { demands: Demands::of_domain(settings.default_page_kib << 10) }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let Some(demands) = self.demands.as_ref().map_err(|unknown| *unknown)? else {
            return pass().measured("the domain demands nothing of cells");
        };
        let cells: Vec<Cell<'_>> = node.cells().collect();
        if cells.is_empty() {
            return Err(Unknown("cells"));
        }
        if !demands.cells.is_empty() {
            let mut missing = demands.cells.clone();
            for cell in &cells {
                let id = cell.id()?;
                missing.retain(|wanted| *wanted != id);
            }
            if !missing.is_empty() {
                return because(NO_CELL)
                    .measured(format_args!("no cell {}", list(&missing)))
                    .needed(format_args!("cells {}", list(&demands.cells)))
                    .remedy("bind the domain to cells that both nodes have (virsh numatune), or choose another node");
            }
        }
        if !demands.cpus.is_empty() {
            let mut missing = demands.cpus.clone();
            for cell in &cells {
                missing.retain(|wanted| !cell.cpu_ids().any(|id| id == *wanted));
            }
            if !missing.is_empty() {
                return because(NO_CPU)
                    .measured(format_args!("no processor {}", list(&missing)))
                    .needed(format_args!("processors {}", list(&demands.cpus)))
                    .remedy("pin the domain to processors that both nodes have: virsh vcpupin");
            }
        }
        for (pages, needed) in &demands.pages {
            let free = free_pages(&cells, pages, &demands.bound)?;
            if free < *needed {
                let size = pages.size() >> 10;
                return because(PAGES_SHORT)
                    .measured(format_args!("{free} pages of {size} KiB free"))
                    .needed(format_args!("{needed} pages"))
                    .remedy(format_args!("set more aside at the node: virsh allocpages --pagesize {size}"));
            }
        }
        for group in &demands.groups {
            let free = free_memory(&cells, &group.cells)?;
            if free < group.memory {
                return short(group, free);
            }
        }
        pass().measured("everything fits")
    }
}

fn short(group: &Group, free: u64) -> Verdict {
    because(CELL_SHORT)
        .measured(format_args!("{} free in cells {}", mib(free), list(&group.cells)))
        .needed(mib(group.memory))
        .remedy("move something away from these cells, or bind the domain to others: virsh numatune")
}

/// Over the cells that are named; over all where none is.
fn free_pages(cells: &[Cell<'_>], pages: &FreePages, bound: &[u32]) -> Known<u64> {
    let mut free: u64 = 0;
    for cell in cells {
        if bound.is_empty() || bound.contains(&cell.id()?) {
            free = free.saturating_add(pages.in_cell(*cell)?);
        }
    }
    Ok(free)
}

fn free_memory(cells: &[Cell<'_>], bound: &[u32]) -> Known<u64> {
    let mut free: u64 = 0;
    for cell in cells {
        if bound.contains(&cell.id()?) {
            free = free.saturating_add(cell.memory_free()?);
        }
    }
    Ok(free)
}

wayleave_sdk::checks!(NumaFits);

#[cfg(test)]
mod tests;
