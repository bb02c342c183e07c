//! Refusals for the storage under a disk, provoked for real: each fault is done to one node, told with
//! its own reason, and undone; then the same guest may move there.

use anyhow::{Context, Result, ensure};
use lab::{Guest, Lab, Node, RunningGuest};

const RULE: &str = "storage-shared";

/// Runs a test with a guest that has a disk on node-a, and node-b to refuse it.
fn with_disk(test: impl FnOnce(&mut Lab, &RunningGuest, [&Node; 2]) -> Result<()>) -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &source)?;
        guest.wait_for_ticks_after(0)?;
        test(lab, &guest, [&source, &destination])
    })
}

/// With the fault undone the pair fits, and there is no other reason.
fn permitted(lab: &Lab) -> Result<()> {
    let checked = lab.wayleave(["check", "web", "--from", "node-a", "--to", "node-b"])?;
    checked.expect_ok().context("the fault is undone").map(drop)
}

/// Not even the node's own file system keeps a volume of the probe.
fn no_probe_is_left(lab: &Lab, node: &Node) -> Result<()> {
    let there = node.run_inside(["ls", "-A", &lab.images().to_string_lossy()])?;
    ensure!(!there.contains("probe"), "left on {}: {there}", node.name());
    Ok(())
}

#[test]
fn the_destination_has_no_pool_for_the_disk() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        destination.no_storage()?;
        let finding = lab.assert_refused(guest, (source, destination), (RULE, "no-pool-at-destination"))?;
        ensure!(finding.measured.contains(&*lab.images().to_string_lossy()), "which? {finding:?}");
        destination.storage_again()?;
        permitted(lab)
    })
}

#[test]
fn the_pool_of_the_destination_is_not_active() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        destination.virsh(["pool-destroy", "images"])?;
        let finding = lab.assert_refused(guest, (source, destination), (RULE, "pool-inactive"))?;
        ensure!(finding.remedy.contains("pool-start"), "{finding:?}");
        destination.virsh(["pool-start", "images"])?;
        permitted(lab)
    })
}

#[test]
fn the_disk_is_in_no_pool_of_the_source() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        source.no_storage()?;
        let finding = lab.assert_refused(guest, (source, destination), (RULE, "no-pool-at-source"))?;
        ensure!(finding.measured.contains("vda"), "which disk? {finding:?}");
        source.storage_again()?;
        permitted(lab)
    })
}

#[test]
fn the_destination_cannot_write_to_the_storage() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        destination.storage_read_only()?;
        let finding = lab.assert_refused(guest, (source, destination), (RULE, "pool-not-writable"))?;
        ensure!(finding.measured.contains("vda") && finding.measured.contains("images"), "{finding:?}");
        ensure!(finding.measured.contains("Read-only file system"), "libvirt's word? {finding:?}");
        destination.storage_writable()?;
        permitted(lab)
    })
}

#[test]
fn another_file_system_is_at_the_same_path() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        destination.different_filesystem()?;
        let listed = destination.virsh(["vol-list", "images"])?;
        ensure!(listed.contains("web.raw"), "the copy must look like the disk: {listed}");
        lab.assert_refused(guest, (source, destination), (RULE, "different-storage"))?;
        no_probe_is_left(lab, destination)?;
        destination.same_filesystem()?;
        permitted(lab)
    })
}

#[test]
fn the_storage_is_shared_but_the_disk_is_hidden_at_the_destination() -> Result<()> {
    with_disk(|lab, guest, [source, destination]| {
        let disk = guest.disk().context("the guest has no disk")?.to_string_lossy().into_owned();
        // Something else stands at the disk's place, as a stray mount or a broken link would.
        destination.run_inside(["mount", "--bind", "/dev/null", &disk])?;
        lab.assert_refused(guest, (source, destination), (RULE, "volume-missing"))?;
        no_probe_is_left(lab, destination)?;
        destination.run_inside(["umount", &disk])?;
        permitted(lab)
    })
}
