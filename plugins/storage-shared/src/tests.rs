//! Every case of the probe, and what several disks amount to together.

use super::PLUGIN;
use wayleave_sdk::Access;
use wayleave_sdk::native::{Disk, DiskProbe, DomainFacts, Site, SiteNode, Trial};

const ROOT: Disk = Disk { target: "vda", device: "disk", source: "/images/web.qcow2", readonly: false };
const DATA: Disk = Disk { target: "vdb", source: "/images/data.qcow2", ..ROOT };
const MEDIUM: Disk = Disk { target: "sda", device: "cdrom", source: "/iso/debian.iso", readonly: true };
const EMPTY: Disk = Disk { target: "sdb", source: "", ..MEDIUM };

fn probe(disk: &'static str, access: Access) -> DiskProbe {
    DiskProbe { disk, access, pool: "images", detail: "Permission denied" }
}

fn trial(disks: &[Disk], nodes: Vec<Option<Vec<DiskProbe>>>) -> Trial {
    let nodes: Vec<_> =
        nodes.into_iter().map(|storage| SiteNode { storage, ..SiteNode::named("beta") }).collect();
    Site::of(nodes).domain(DomainFacts::default().disks(disks)).trial(&PLUGIN, "storage-shared", "{}")
}

const CASES: [Access; 8] = [
    Access::SharedWritable,
    Access::NoPoolAtSource,
    Access::NoPoolAtDestination,
    Access::PoolInactive,
    Access::NotWritable,
    Access::DifferentStorage,
    Access::VolumeMissing,
    Access::ProbeFailed,
];

#[test]
fn every_case_has_its_own_answer() {
    let nodes = CASES.map(|access| Some(vec![probe("vda", access)]));
    let expected = [
        "ok",
        "no-pool-at-source",
        "no-pool-at-destination",
        "pool-inactive",
        "pool-not-writable",
        "different-storage",
        "volume-missing",
        "storage-probe-failed",
    ];
    assert_eq!(trial(&[ROOT], nodes.into()).codes(), expected);
}

#[test]
fn a_read_only_medium_need_not_be_written() {
    let nodes = CASES.map(|access| Some(vec![probe("sda", access)]));
    let mut expected = ["medium-not-shown"; 8];
    expected[0] = "ok";
    expected[4] = "ok";
    expected[6] = "volume-missing";
    assert_eq!(trial(&[MEDIUM], nodes.into()).codes(), expected);
}

#[test]
fn what_was_not_probed_is_not_a_pass() {
    let one = Some(vec![probe("vda", Access::SharedWritable)]);
    assert_eq!(trial(&[ROOT], vec![None]).codes(), ["storage-not-probed"]);
    assert_eq!(trial(&[ROOT, DATA], vec![one]).codes(), ["storage-not-probed"]);
    let other = ["vda", "vdc"].map(|disk| probe(disk, Access::SharedWritable));
    assert_eq!(trial(&[ROOT, DATA], vec![Some(other.into())]).codes(), ["storage-not-probed"]);
}

#[test]
fn without_storage_there_is_nothing_to_probe() {
    assert_eq!(trial(&[], vec![None]).codes(), ["ok"]);
    assert_eq!(trial(&[EMPTY], vec![None]).codes(), ["ok"]);
}

#[test]
fn all_bad_disks_are_named_and_the_worst_decides() {
    let bad = vec![
        probe("sda", Access::DifferentStorage),
        probe("vda", Access::ProbeFailed),
        DiskProbe { pool: "", detail: "", ..probe("vdb", Access::NotWritable) },
    ];
    let trial = trial(&[MEDIUM, ROOT, DATA], vec![Some(bad)]);
    assert_eq!(trial.codes(), ["pool-not-writable"]);
    let words = trial.explain(0).expect("node 0 is there");
    assert_eq!(
        words.measured,
        "sda: medium-not-shown (pool images: Permission denied), \
         vda: storage-probe-failed (pool images: Permission denied), vdb: pool-not-writable"
    );
    assert!(words.remedy.starts_with("mount it writable"), "{}", words.remedy);
}
