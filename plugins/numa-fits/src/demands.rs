//! What the domain demands of a machine's cells: the same for every node.

use wayleave_sdk::FreePages;
use wayleave_sdk::prelude::*;

pub struct Demands {
    /// Cells of the machine that must exist.
    pub cells: Vec<u32>,
    /// Processors of the machine that must exist.
    pub cpus: Vec<u32>,
    /// Cells that memory is strictly bound to; empty: any.
    pub bound: Vec<u32>,
    /// Huge pages, and how many.
    pub pages: Vec<(FreePages, u64)>,
    pub groups: Vec<Group>,
}

/// Ordinary memory that must come from these cells.
pub struct Group {
    pub cells: Vec<u32>,
    pub memory: u64,
}

impl Demands {
    /// None: it demands nothing.
    pub fn of_domain(default_page: u64) -> Known<Option<Self>> {
        let tuned = domain::numatune_cells();
        let strict = matches!(domain::numatune_mode().as_str(), "strict" | "restrictive");
        let everywhere = if strict { tuned.clone() } else { Vec::new() };
        let groups = groups(&everywhere)?;
        let bound = union(groups.iter().flat_map(|group| group.cells.iter().copied()));
        let cells = union(tuned.into_iter().chain(bound.iter().copied()));
        let cpus = union(domain::pinned_cpus());
        let huge = huge(default_page);
        if cells.is_empty() && cpus.is_empty() && huge.is_empty() {
            return Ok(None);
        }
        if !huge.is_empty() {
            // Pages that no guest cell names back what the others leave of it.
            domain::memory()?;
        }
        let backed = huge.iter().fold(0, |sum: u64, (_, memory)| sum.saturating_add(*memory));
        let groups = ordinary(groups, &bound, backed);
        let pages = huge.into_iter().map(|(size, memory)| (FreePages::of_size(size), memory.div_ceil(size)));
        Ok(Some(Self { cells, cpus, bound, pages: pages.collect(), groups }))
    }
}

/// Memory by the cells that it is strictly bound to; what is bound to none is left out.
fn groups(everywhere: &[u32]) -> Known<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |cells: &[u32], memory: u64| {
        let cells = union(cells.iter().copied());
        match groups.iter_mut().find(|group| group.cells == cells) {
            _ if cells.is_empty() => {}
            Some(group) => group.memory = group.memory.saturating_add(memory),
            None => groups.push(Group { cells, memory }),
        }
    };
    let guest_cells = domain::cell_memory();
    if guest_cells.is_empty() && !everywhere.is_empty() {
        add(everywhere, domain::memory()?);
    }
    let (offsets, binding) = (domain::cell_binding_offsets(), domain::cell_binding());
    for (place, memory) in guest_cells.into_iter().enumerate() {
        let own = offsets.get(place).zip(offsets.get(place + 1));
        let own = own.and_then(|(start, end)| binding.get(*start as usize..*end as usize));
        let own = own.filter(|cells| !cells.is_empty());
        add(own.unwrap_or(everywhere), memory);
    }
    Ok(groups)
}

/// What huge pages do not back. Which group they back is not a fact: where they back some
/// of it, only the whole is judged.
fn ordinary(mut groups: Vec<Group>, bound: &[u32], backed: u64) -> Vec<Group> {
    let whole = groups.iter().fold(0, |sum: u64, group| sum.saturating_add(group.memory));
    if backed > 0 {
        groups.clear();
    }
    let left = whole.saturating_sub(backed);
    // Groups may share cells, so each may fit where all together do not.
    if left > 0 && groups.len() != 1 {
        groups.push(Group { cells: bound.to_vec(), memory: left });
    }
    groups
}

/// Sizes of huge pages in bytes, and how much memory each backs.
fn huge(default_page: u64) -> Vec<(u64, u64)> {
    let mut huge: Vec<(u64, u64)> = Vec::new();
    for (size, memory) in domain::hugepage_size().into_iter().zip(domain::hugepage_memory()) {
        let size = if matches!(size, 0 | domain::DEFAULT_PAGE_SIZE) { default_page } else { size };
        match huge.iter_mut().find(|(known, _)| *known == size) {
            Some((_, sum)) => *sum = sum.saturating_add(memory),
            None => huge.push((size, memory)),
        }
    }
    huge
}

fn union(numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = numbers.into_iter().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
