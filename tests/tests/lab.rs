//! Tests of the lab itself: its nodes are real, its faults bite, its guests' clocks can be believed,
//! and nothing stays behind. They need root and no product. Run them one at a time.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{Guest, Lab, eventually};

#[test]
fn nodes_answer_under_their_own_names_and_vanish_with_the_lab() -> Result<()> {
    let lab = Lab::start(["node-a", "node-b", "node-c"])?;
    let id = lab.id().to_owned();
    for node in lab.nodes() {
        assert_eq!(node.virsh(["hostname"])?.trim(), node.name());
        assert_eq!(node.virsh(["pool-list", "--name"])?.trim(), "images");
        node.run_inside(["getent", "hosts", "node-c"])?;
    }
    let guest = lab.boot(&Guest::ticking("web"), &lab.node("node-a"))?;
    assert_eq!(lab.where_runs(guest.name()), ["node-a"]);
    assert_eq!(lab.node("node-a").qemu_pids()?.len(), 1);
    let mut pids = lab.node("node-a").qemu_pids()?;
    pids.extend(lab.node("node-c").daemon_pid()?);
    drop(lab);

    // The kernel takes a moment to bury what was killed.
    let gone = || pids.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists());
    eventually("the processes are gone", Duration::from_secs(10), || Ok(gone().then_some(())))?;
    assert!(!Path::new(&format!("/tmp/wayleave-lab-{id}")).exists(), "the folder is left");
    assert!(!Path::new(&format!("/sys/class/net/wl-{id}")).exists(), "the interface is left");
    assert_eq!(left_of(&id), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_guest_moves_with_its_clock_its_memory_and_its_blocks() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = Guest::ticking("web").dirtying(64, 20).writing_blocks().labelled("owner", "shop");
        let guest = lab.boot(&guest, &source)?;
        guest.wait_for_ticks_after(10)?;
        let blocks_before = guest.blocks_verified()?;
        let before = guest.last_tick()?;
        source.virsh_migrate(guest.name(), &destination)?;

        lab.wait_until_runs_only_on(guest.name(), &destination)?;
        guest.wait_for_ticks_after(before + 10)?;
        guest.assert_clock_never_went_back();
        ensure!(guest.blocks_verified()? > blocks_before, "the guest wrote no block after the move");
        assert_eq!(destination.virsh(["domuuid", "web"])?.trim(), guest.uuid());
        let xml = destination.virsh(["dumpxml", "web"])?;
        ensure!(xml.contains("<wayleave:label key=\"owner\" value=\"shop\"/>"), "no label in {xml}");
        Ok(())
    })
}

#[test]
fn a_lost_block_and_a_repeated_tick_are_noticed() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let node = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &node)?;
        guest.wait_for_ticks_after(10)?;
        node.virsh(["destroy", "web"])?;
        let blocks = guest.blocks_verified()?;
        ensure!(blocks > 10, "only {blocks} blocks");
        let disk = guest.disk().context("the guest has no disk")?;
        std::fs::File::options().write(true).open(disk)?.set_len(0)?;
        std::fs::File::options().write(true).open(disk)?.set_len(64 << 20)?;
        ensure!(guest.blocks_verified().is_err(), "an empty disk passed as verified");

        // A second copy of the guest appends to the same console, as two running copies would.
        node.virsh(["start", "web"])?;
        let rewound = eventually("the clock to start again", Duration::from_secs(20), || {
            Ok(std::panic::catch_unwind(|| guest.assert_clock_never_went_back()).is_err().then_some(()))
        });
        rewound.context("a clock that started again was not noticed")
    })
}

#[test]
fn a_cut_link_silences_one_node_and_heals() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (one, other) = (lab.node("node-a"), lab.node("node-b"));
        one.cut_link()?;
        ensure!(!answers(&one), "a node without a link still answers");
        ensure!(answers(&other), "the other node was cut too");
        one.heal_link()?;
        eventually("the link to heal", Duration::from_secs(10), || Ok(answers(&one).then_some(())))
    })
}

#[test]
fn two_nodes_can_be_parted_while_the_controller_sees_both() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination, third) = (lab.node("node-a"), lab.node("node-b"), lab.node("node-c"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        source.cannot_reach(&destination)?;
        ensure!(answers(&source) && answers(&destination), "the controller was cut off");
        ensure!(source.virsh_migrate("web", &destination).is_err(), "a move went through a parted link");
        assert_eq!(lab.where_runs("web"), ["node-a"]);
        source.virsh_migrate("web", &third)?;
        source.can_reach(&destination)?;
        third.virsh_migrate("web", &source)?;
        source.virsh_migrate("web", &destination)?;
        guest.assert_clock_never_went_back();
        Ok(())
    })
}

#[test]
fn storage_can_be_read_only_different_or_absent_on_one_node() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (one, other) = (lab.node("node-a"), lab.node("node-b"));
        let make = ["vol-create-as", "images", "probe", "1M", "--format", "raw"];
        one.storage_read_only()?;
        ensure!(!one.try_virsh(make)?.ok(), "a read-only pool took a volume");
        other.virsh(make)?;
        one.storage_writable()?;
        one.virsh(["pool-refresh", "images"])?;
        one.virsh(["vol-delete", "probe", "--pool", "images"])?;

        one.virsh(["vol-create-as", "images", "shared", "1M", "--format", "raw"])?;
        one.different_filesystem()?;
        one.virsh(["vol-create-as", "images", "only-here", "1M", "--format", "raw"])?;
        other.virsh(["pool-refresh", "images"])?;
        ensure!(!other.virsh(["vol-list", "images"])?.contains("only-here"), "the folders are the same");
        ensure!(one.virsh(["vol-list", "images"])?.contains("shared"), "no copy of the shared file");
        one.same_filesystem()?;

        one.no_storage()?;
        ensure!(!one.try_virsh(["pool-info", "images"])?.ok(), "the pool is still there");
        one.storage_again()?;
        one.virsh(["pool-info", "images"]).map(drop)
    })
}

#[test]
fn a_guest_outlives_its_daemon() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let node = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").transient(), &node)?;
        let before = (node.daemon_pid()?, node.qemu_pids()?);
        node.kill_daemon()?;
        ensure!(!answers(&node), "a dead daemon answers");
        guest.wait_for_ticks_after(guest.last_tick()?)?;
        node.start_daemon()?;
        ensure!(node.runs("web")?, "the new daemon does not know the guest");
        ensure!(node.daemon_pid()? != before.0, "the daemon was not killed");
        assert_eq!(node.qemu_pids()?, before.1);
        node.kill_qemu()?;
        eventually("libvirt to notice the dead guest", Duration::from_secs(10), || {
            Ok(node.domain_state("web")?.is_none().then_some(()))
        })
    })
}

#[test]
fn a_guest_can_have_a_usb_host_device_in_its_running_definition() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let node = lab.node("node-a");
        lab.boot(&Guest::ticking("web").with_usb_hostdev(), &node)?;
        let xml = node.virsh(["dumpxml", "web"])?;
        ensure!(xml.contains("<hostdev mode='subsystem' type='usb'"), "no hostdev in {xml}");
        Ok(())
    })
}

#[test]
fn two_labs_live_side_by_side() -> Result<()> {
    let (one, other) = (Lab::start(["node-a"])?, Lab::start(["node-a"])?);
    assert_ne!(one.node("node-a").address(), other.node("node-a").address());
    lab::sweep()?;
    ensure!(answers(&one.node("node-a")) && answers(&other.node("node-a")), "sweeping hit a living lab");
    Ok(())
}

#[test]
fn a_killed_owner_leaves_no_process_and_sweeping_removes_the_rest() -> Result<()> {
    let mut owner = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["bench", "--rounds", "1000"])
        .env("WAYLEAVE_BIN", "/bin/true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let before = lab_ids();
    let id = eventually("the owner's lab with a guest", Duration::from_secs(30), || {
        let new = lab_ids().into_iter().find(|id| !before.contains(id));
        let ticks = |id: &String| {
            let console = format!("/tmp/wayleave-lab-{id}/consoles/bench.log");
            std::fs::read_to_string(console).is_ok_and(|text| text.contains("tick 1 "))
        };
        Ok(new.filter(ticks))
    })?;
    owner.kill()?;
    owner.wait()?;
    eventually("the processes to end by themselves", Duration::from_secs(10), || {
        Ok((!left_of(&id).iter().any(|line| line.ends_with("namespaces"))).then_some(()))
    })?;
    ensure!(left_of(&id).iter().any(|line| line.starts_with("folder")), "who removed the folder?");
    lab::sweep()?;
    assert_eq!(left_of(&id), Vec::<String>::new());
    Ok(())
}

fn answers(node: &lab::Node) -> bool {
    let uri = node.uri();
    let command = ["5", "virsh", "--quiet", "--connect", &uri, "hostname"];
    let run = Command::new("timeout").args(command).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

fn left_of(id: &str) -> Vec<String> {
    let names = [format!("wl-{id}"), format!("wayleave-lab-{id}"), format!("lab {id}")];
    let is_of = |line: &String| {
        let end = |at: usize, name: &str| !line[at + name.len()..].starts_with(|c: char| c.is_alphanumeric());
        names.iter().any(|name| line.find(name.as_str()).is_some_and(|at| end(at, name)))
    };
    lab::leftovers().into_iter().filter(is_of).collect()
}

fn lab_ids() -> Vec<String> {
    let folders = std::fs::read_dir("/tmp").into_iter().flatten().flatten();
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix("wayleave-lab-").map(str::to_owned)).collect()
}
