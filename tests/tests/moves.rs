//! Moves that succeed, as a person orders them: there and back, where the policy chooses, under another
//! name, by a given URI, with hypervisor parameters; and orders that are refused before anything moves.

use anyhow::{Context, Result, ensure};
use lab::{Ending, Guest, Lab, Node, error_told, eventually};
use serde_json::Value;
use std::time::Duration;

fn succeeded(on: &Node) -> Ending<'_> {
    Ending { kind: "succeeded", code: "ok", on }
}

#[test]
fn there_and_back_and_no_block_is_lost() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (one, other) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").dirtying(64, 20).writing_blocks(), &one)?;
        for (from, to) in [(&one, &other), (&other, &one)] {
            let before = guest.last_tick()?;
            let told = lab.migrate(["web", "--from", from.name(), "--to", to.name()])?;
            lab.assert_told(&guest, &told, &succeeded(to))?;
            ensure!(guest.last_tick()? > before + 5, "the guest stood still");
            assert_eq!(told.text("domain"), "web");
            for figure in ["downtime_ms", "transfer_ms", "transferred_bytes"] {
                ensure!(told.outcome["figures"][figure].as_u64().is_some(), "no {figure}: {}", told.outcome);
            }
            ensure!(to.virsh(["dominfo", "web"])?.contains("Persistent:     yes"), "it was not defined");
            assert_eq!(to.qemu_pids()?.len(), 1);
            assert_eq!(from.qemu_pids()?.len(), 0);
        }
        let jobs = lab.ask("jobs", ["job", "list"])?;
        assert_eq!(jobs.as_array().map(Vec::len), Some(2));
        Ok(())
    })
}

#[test]
fn a_paused_guest_stays_paused_and_a_transient_one_transient() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").transient(), &source)?;
        source.virsh(["suspend", "web"])?;
        let stopped_at = guest.last_tick()?;
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
        assert_eq!((told.status, told.text("kind"), told.text("code")), (0, "succeeded", "ok"));
        assert_eq!(told.text("runs_on"), "node-b");
        assert_eq!(destination.domain_state("web")?.as_deref(), Some("paused"));
        assert_eq!(source.domain_state("web")?, None);
        ensure!(guest.last_tick()? <= stopped_at + 1, "a paused guest ran");

        destination.virsh(["resume", "web"])?;
        lab.assert_told(&guest, &told, &succeeded(&destination))?;
        ensure!(destination.virsh(["dominfo", "web"])?.contains("Persistent:     no"), "it was defined");
        Ok(())
    })
}
