//! Both rules at their edges.

use super::PLUGIN;
use wayleave_sdk::native::{DomainFacts, Neighbour, Site, SiteNode, Trial};

const MIB: u64 = 1 << 20;

fn memory(domain: DomainFacts, free: &[Option<u64>], settings: &str) -> Trial {
    let nodes: Vec<_> = free
        .iter()
        .map(|free| SiteNode { memory_free: free.map(|mib| mib * MIB), ..SiteNode::named("beta") })
        .collect();
    Site::of(nodes).domain(domain).trial(&PLUGIN, "memory-room", settings)
}

#[test]
fn memory_fits_to_the_byte_with_overhead_and_reserve() {
    let domain = DomainFacts { memory: 1024 * MIB, ..DomainFacts::default() };
    let settings = r#"{"reserve_mib": 100, "overhead_mib": 10}"#;
    let trial = memory(domain, &[Some(1134), Some(1133), None], settings);
    assert_eq!(trial.codes(), ["ok", "memory-short", "not-known"]);
    let words = trial.explain(1).expect("node 1 is there");
    assert_eq!(words.measured, "1133 MiB free");
    assert_eq!(words.needed, "1134 MiB: the guest's 1024 MiB, 10 MiB for its emulator, 100 MiB in reserve");
    assert_eq!(words.remedy, "free 1 MiB at the node, or choose another");
}

#[test]
fn huge_pages_are_not_taken_from_free_memory() {
    let domain = DomainFacts {
        memory: 1024 * MIB,
        hugepage_size: vec![2 * MIB],
        hugepage_memory: vec![1024 * MIB],
        ..DomainFacts::default()
    };
    let settings = r#"{"reserve_mib": 0, "overhead_mib": 1}"#;
    assert_eq!(memory(domain, &[Some(1), Some(0)], settings).codes(), ["ok", "memory-short"]);
}

#[test]
fn a_domain_of_unknown_memory_fits_nowhere_for_sure() {
    assert_eq!(memory(DomainFacts::default(), &[Some(1)], "{}").codes(), ["not-known"]);
    let huge = DomainFacts { memory: u64::MAX - 1, ..DomainFacts::default() };
    assert_eq!(memory(huge, &[Some(1)], "{}").codes(), ["memory-short"]);
}

fn cpu(vcpus: u32, nodes: Vec<SiteNode>, settings: &str) -> Trial {
    let domain = DomainFacts { vcpus, ..DomainFacts::default() };
    Site::of(nodes).domain(domain).trial(&PLUGIN, "cpu-room", settings)
}

fn carrying(cpus: Option<u32>, residents: &[(bool, Option<u32>)]) -> SiteNode {
    let resident =
        |(active, vcpus): &(bool, _)| Neighbour { active: *active, vcpus: *vcpus, ..Neighbour::default() };
    SiteNode { cpus, residents: residents.iter().map(resident).collect(), ..SiteNode::named("beta") }
}

#[test]
fn processors_carry_so_many_virtual_ones_and_no_wider_guest() {
    let nodes = vec![
        carrying(Some(4), &[(true, Some(4)), (false, Some(64))]),
        carrying(Some(4), &[(true, Some(5))]),
        carrying(Some(3), &[]),
        carrying(Some(4), &[(true, None)]),
        carrying(None, &[]),
    ];
    let trial = cpu(4, nodes, r#"{"vcpus_per_cpu": 2.0}"#);
    let expected = ["ok", "vcpus-overcommitted", "more-vcpus-than-cpus", "not-known", "not-known"];
    assert_eq!(trial.codes(), expected);
    let words = trial.explain(1).expect("node 1 is there");
    assert_eq!(words.measured, "9 virtual processors with this domain, on 4 processors");
    assert_eq!(words.needed, "at most 8, 2 for each processor");
}

#[test]
fn a_ratio_of_nothing_is_refused() {
    for ratio in ["0", "-1"] {
        let settings = format!("{{\"vcpus_per_cpu\": {ratio}}}");
        let problems = PLUGIN.configure("cpu-room", &settings).err().expect("it is wrong");
        assert_eq!(problems[0].path, "/vcpus_per_cpu");
    }
}
