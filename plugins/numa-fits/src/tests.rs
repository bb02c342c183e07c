//! One machine of two cells, and what domains may demand of it.

use super::PLUGIN;
use wayleave_sdk::domain::DEFAULT_PAGE_SIZE;
use wayleave_sdk::native::{DomainFacts, MachineCell, Site, SiteNode, Trial};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Cell 0 has 4 GiB free, cell 1 has 2 GiB and a thousand pages of 2 MiB.
fn machine() -> Vec<MachineCell> {
    vec![
        MachineCell { id: 0, cpus: vec![0, 1], memory_free: Some(4 * GIB), pages: vec![] },
        MachineCell { id: 1, cpus: vec![2, 3], memory_free: Some(2 * GIB), pages: vec![(2 * MIB, 1000)] },
    ]
}

fn on(cells: Vec<MachineCell>, domain: DomainFacts) -> Trial {
    let node = SiteNode { cells, ..SiteNode::named("beta") };
    Site::of([node]).domain(domain).trial(&PLUGIN, "numa-fits", "{}")
}

fn code(domain: DomainFacts) -> &'static str {
    on(machine(), domain).codes()[0]
}

fn tuned(mode: &str, cells: &[u32], memory: u64) -> DomainFacts {
    DomainFacts { memory, numatune_mode: mode.into(), numatune_cells: cells.into(), ..DomainFacts::default() }
}

/// Guest cells of this much memory, each bound to one of the machine's.
fn bound(cells: &[(u64, u32)]) -> DomainFacts {
    DomainFacts {
        cell_memory: cells.iter().map(|(memory, _)| *memory).collect(),
        cell_binding_offsets: (0..=u32::try_from(cells.len()).expect("few cells")).collect(),
        cell_binding: cells.iter().map(|(_, cell)| *cell).collect(),
        ..DomainFacts::default()
    }
}

fn huge(size: u64, memory: u64) -> DomainFacts {
    DomainFacts { memory, hugepage_size: vec![size], hugepage_memory: vec![memory], ..DomainFacts::default() }
}

#[test]
fn without_demands_the_machine_is_not_even_looked_at() {
    assert_eq!(on(vec![], DomainFacts { memory: GIB, ..DomainFacts::default() }).codes(), ["ok"]);
}

#[test]
fn with_demands_a_machine_without_cells_is_not_known() {
    assert_eq!(on(vec![], tuned("strict", &[0], GIB)).codes(), ["not-known"]);
    let cells = vec![MachineCell { memory_free: None, ..machine().remove(0) }];
    assert_eq!(on(cells, tuned("strict", &[0], GIB)).codes(), ["not-known"]);
}

#[test]
fn cells_that_are_named_exist_whatever_the_mode() {
    assert_eq!(code(tuned("preferred", &[1], 64 * GIB)), "ok");
    assert_eq!(code(tuned("preferred", &[1, 2], GIB)), "cell-missing");
    assert_eq!(
        on(machine(), tuned("strict", &[1, 2], GIB)).explain(0).expect("node 0").measured,
        "no cell 2"
    );
}

#[test]
fn strictly_bound_memory_fits_its_cells() {
    assert_eq!(code(tuned("strict", &[0], 4 * GIB)), "ok");
    assert_eq!(code(tuned("strict", &[0], 4 * GIB + 1)), "cell-memory-short");
    assert_eq!(code(tuned("restrictive", &[0, 1], 6 * GIB)), "ok");
    assert_eq!(code(bound(&[(4 * GIB, 0), (2 * GIB, 1)])), "ok");
    assert_eq!(code(bound(&[(2 * GIB, 0), (4 * GIB, 1)])), "cell-memory-short");
    assert_eq!(code(bound(&[(2 * GIB, 0), (GIB, 1), (2 * GIB, 1)])), "cell-memory-short");
    let words = on(machine(), bound(&[(3 * GIB, 1)])).explain(0).expect("node 0");
    assert_eq!((&*words.measured, &*words.needed), ("2048 MiB free in cells 1", "3072 MiB"));
}

#[test]
fn groups_that_fit_alone_may_not_fit_together() {
    let mut domain = bound(&[(4 * GIB, 0), (2 * GIB, 1), (GIB, 0)]);
    domain.cell_binding_offsets = vec![0, 1, 2, 4];
    domain.cell_binding = vec![0, 1, 0, 1];
    assert_eq!(code(domain), "cell-memory-short");
}

#[test]
fn guest_cells_without_binding_follow_the_domain() {
    let mut domain = bound(&[(3 * GIB, 0)]);
    domain.cell_binding_offsets = vec![0, 0];
    domain.cell_binding = vec![];
    assert_eq!(code(domain.clone()), "ok");
    domain.numatune_mode = "strict".into();
    domain.numatune_cells = vec![1];
    assert_eq!(code(domain), "cell-memory-short");
}

#[test]
fn pinned_processors_exist() {
    let pinned = |cpus: &[u32]| DomainFacts { pinned_cpus: cpus.into(), ..DomainFacts::default() };
    assert_eq!(code(pinned(&[0, 3])), "ok");
    assert_eq!(code(pinned(&[3, 4, 5])), "pinned-cpu-missing");
    let words = on(machine(), pinned(&[3, 4, 5])).explain(0).expect("node 0");
    assert_eq!(words.measured, "no processor 4, 5");
}

#[test]
fn huge_pages_of_the_size_are_free() {
    assert_eq!(code(huge(2 * MIB, 2000 * MIB)), "ok");
    assert_eq!(code(huge(DEFAULT_PAGE_SIZE, 2000 * MIB)), "ok");
    assert_eq!(code(huge(2 * MIB, 2001 * MIB)), "huge-pages-short");
    assert_eq!(code(huge(GIB, GIB)), "huge-pages-short");
    let strict = |cell| DomainFacts {
        numatune_cells: vec![cell],
        numatune_mode: "strict".into(),
        ..huge(2 * MIB, MIB)
    };
    assert_eq!(code(strict(1)), "ok");
    assert_eq!(code(strict(0)), "huge-pages-short");
}

#[test]
fn memory_that_huge_pages_back_is_not_asked_of_ordinary_memory() {
    let mut domain = bound(&[(3 * GIB, 1)]);
    domain.memory = 3 * GIB;
    domain.hugepage_size = vec![2 * MIB];
    domain.hugepage_memory = vec![2000 * MIB];
    assert_eq!(code(domain.clone()), "ok");
    domain.hugepage_memory = vec![MIB];
    assert_eq!(code(domain), "cell-memory-short");
}

#[test]
fn a_domain_of_unknown_memory_is_neither_bound_nor_backed_for_sure() {
    assert_eq!(code(tuned("strict", &[0], 0)), "not-known");
    assert_eq!(code(tuned("preferred", &[0], 0)), "ok");
    assert_eq!(code(DomainFacts { memory: 0, ..huge(2 * MIB, 0) }), "not-known");
}

#[test]
fn the_default_page_size_is_a_size() {
    for size in ["0", "18446744073709551615"] {
        let problems = PLUGIN.configure("numa-fits", &format!("{{\"default_page_kib\": {size}}}")).err();
        assert_eq!(problems.expect("it is wrong")[0].path, "/default_page_kib");
    }
}
