//! Refusals that are provoked for real, one test a reason: who the destination is, what is there
//! already, what it offers and whether the source reaches it. Storage, room and licences have files
//! of their own. Each is told by every command, and the guest stays and ticks.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{Decision, Guest, Lab, Node};

/// Defines or starts a small domain that is not ours.
fn place_stranger(lab: &Lab, node: &Node, how: &[&str], name: &str, uuid: &str) -> Result<()> {
    let folder = lab.config().with_file_name(format!("{name}-stranger.xml"));
    let xml = format!(
        "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>16</memory>\
         <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"
    );
    fs::write(&folder, xml)?;
    let file = folder.to_string_lossy();
    node.virsh([how, &[&*file]].concat()).map(drop)
}

const OTHER_UUID: &str = "1d0c9c1e-7a55-4d0c-9c5e-2f1f4c1f0009";

#[test]
fn a_node_is_no_destination_for_its_own_guest_by_name_or_by_uri() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let node = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web"), &node)?;
        let with_port = format!("qemu+tcp://{}:16509/system", node.address());
        for (to, code) in
            [("node-a", "same-name"), (&*node.uri(), "same-name"), (&*with_port, "same-host-uuid")]
        {
            lab.refusal(&guest, (&node, to), ("same-node", code)).context(to.to_owned())?;
        }
        lab.assert_runs_only_on(&guest, "web", &node)
    })
}

#[test]
fn a_node_in_maintenance_is_spared() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        lab.maintenance("node-b")?;
        let reason = ("not-in-maintenance", "in-maintenance");
        lab.assert_refused(&guest, (&source, &destination), reason).map(drop)
    })
}

#[test]
fn another_domain_has_the_name_at_the_destination() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        place_stranger(lab, &destination, &["define"], "web", OTHER_UUID)?;
        let reason = ("identity-free", "name-taken");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        ensure!(finding.measured.contains(OTHER_UUID), "{finding:?}");
        assert_eq!(destination.virsh(["domuuid", "web"])?.trim(), OTHER_UUID);

        let renamed = lab.wayleave(["plan", "web", "--from", "node-a", "--dname", "web-2"])?;
        renamed.expect_ok().context("under another name it may move").map(drop)
    })
}

#[test]
fn another_domain_has_the_uuid_at_the_destination() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        place_stranger(lab, &destination, &["define"], "stranger", guest.uuid())?;
        let reason = ("identity-free", "uuid-taken");
        let (finding, blocking) = lab.refusal(&guest, (&source, "node-b"), reason)?;
        assert_eq!(blocking, ["uuid-taken"]);
        ensure!(finding.remedy.contains("virsh undefine stranger"), "{finding:?}");
        destination.virsh(["undefine", "stranger"])?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

#[test]
fn a_live_domain_has_the_uuid_at_the_destination() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        place_stranger(lab, &destination, &["create", "--paused"], "stranger", guest.uuid())?;
        let reason = ("identity-free", "already-runs-there");
        let (_, blocking) = lab.refusal(&guest, (&source, "node-b"), reason)?;
        assert_eq!(blocking, ["already-runs-there"]);
        assert_eq!(destination.domain_state("stranger")?.as_deref(), Some("paused"));
        destination.virsh(["destroy", "stranger"])?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

#[test]
fn a_host_device_in_the_running_domain_binds_it_to_its_node() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").with_usb_hostdev(), &source)?;
        let reason = ("no-passthrough", "usb-passthrough");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        ensure!(finding.measured.contains("usb"), "the device is not named: {finding:?}");
        ensure!(finding.measured.contains("1d6b"), "the device's vendor is not named: {finding:?}");
        Ok(())
    })
}

#[test]
fn a_machine_type_that_the_destination_does_not_know() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        let xml = source.virsh(["dumpxml", "web"])?;
        let machine = xml.split("machine='").nth(1).and_then(|rest| rest.split('\'').next());
        let machine = machine.context("the guest has no machine type")?;
        destination.without_machine(machine)?;
        let reason = ("machine-known", "machine-not-offered");
        let (finding, _) = lab.refusal(&guest, (&source, "node-b"), reason)?;
        assert_eq!(finding.needed, machine);
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

#[test]
fn a_cpu_feature_that_the_destination_lacks() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").with_cpu_feature("cx16"), &source)?;
        destination.without_cpu_feature("cx16")?;
        let reason = ("cpu-compatible", "cpu-incompatible");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        ensure!(finding.measured.contains("cx16"), "what is missing is not named: {finding:?}");
        Ok(())
    })
}

#[test]
fn a_bridge_that_only_the_source_has() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        source.run_inside(["ip", "link", "add", "guests0", "type", "bridge"])?;
        source.run_inside(["ip", "link", "set", "guests0", "up"])?;
        let guest = lab.boot(&Guest::ticking("web").on_bridge("guests0"), &source)?;
        let reason = ("networks-present", "network-missing");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        assert_eq!(finding.measured, "bridge guests0 missing");
        Ok(())
    })
}

#[test]
fn the_source_cannot_reach_a_destination_that_is_reachable_from_here() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &source)?;
        source.cannot_reach(&destination)?;
        destination.virsh(["hostname"]).context("it must be reachable from here")?;
        let reason = ("reachable", "unreachable");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        ensure!(finding.measured.contains(&destination.uri()), "to where? {finding:?}");
        let plan = lab.wayleave(["plan", "web", "--from", "node-a", "--output", "json"])?;
        assert_eq!((plan.status, Decision::of(&plan)?.chosen()), (0, Some("node-c")));
        source.can_reach(&destination)?;
        lab.wayleave(["check", "web", "--from", "node-a", "--to", "node-b"])?.expect_ok().map(drop)
    })
}

#[test]
fn a_daemon_that_is_down_rules_its_node_out_and_no_other() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        destination.kill_daemon()?;
        let reason = ("node-answers", "node-unreachable");
        let (_, blocking) = lab.refusal(&guest, (&source, "node-b"), reason)?;
        assert_eq!(blocking, ["node-unreachable"]);
        let plan = lab.wayleave(["plan", "web", "--from", "node-a", "--output", "json"])?;
        let decision = Decision::of(&plan)?;
        assert_eq!((plan.status, decision.chosen()), (0, Some("node-c")));
        assert_eq!(decision.blocking("node-b")?, ["node-unreachable"]);
        destination.start_daemon()?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

#[test]
fn a_silent_node_costs_its_own_time_out_and_no_more() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        lab.with_settings("connect_timeout_s = 2")?;
        destination.cut_link()?;
        let plan = lab.spawn_wayleave(["plan", "web", "--from", "node-a", "--output", "json"])?;
        let plan = plan.finish_within(Duration::from_secs(30))?;
        let decision = Decision::of(&plan)?;
        assert_eq!((plan.status, decision.chosen()), (0, Some("node-c")));
        assert_eq!(decision.blocking("node-b")?, ["node-timeout"]);
        ensure!(decision.finding("node-b", "node-answers")?.measured.contains("2s"), "within what?");
        destination.heal_link()?;
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

#[test]
fn where_no_node_fits_every_reason_is_told_for_every_node() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, second, third) = (lab.node("node-a"), lab.node("node-b"), lab.node("node-c"));
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &source)?;
        second.storage_read_only()?;
        lab.maintenance("node-b")?;
        source.cannot_reach(&third)?;
        third.no_storage()?;
        place_stranger(lab, &third, &["define"], "web", OTHER_UUID)?;
        let told = lab.migrate(["web", "--from", "node-a"])?;
        assert_eq!((told.status, told.text("code")), (1, "refused"), "{:#}", told.outcome);
        let decision = Decision::told(&told);
        let expected = [
            ("node-b", vec!["pool-not-writable", "in-maintenance"]),
            ("node-c", vec!["no-pool-at-destination", "unreachable", "name-taken"]),
        ];
        let shown = lab.wayleave(["migrate", "web", "--from", "node-a"])?;
        assert_eq!(shown.status, 1);
        for (node, codes) in expected {
            assert_eq!(decision.blocking(node)?, codes, "{node}");
            let said = shown.stdout.matches(&format!("{node}: rejected, {} reasons", codes.len())).count();
            ensure!(said == 1, "{node} is not told in {}", shown.stdout);
            for code in codes {
                ensure!(
                    shown.stdout.contains(&format!("REJECT {code} (rule ")),
                    "no {code}: {}",
                    shown.stdout
                );
            }
        }
        ensure!(decision.blocking("node-a")?.contains(&"same-name".to_owned()), "it may stay where it is");
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}
