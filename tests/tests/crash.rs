//! `wayleave migrate` is killed: what it left behind tells the truth afterwards, by what both nodes show,
//! and is in nobody's way. Also what stands in the way of a second move while the first one lives.

use std::time::Duration;

use anyhow::{Result, ensure};
use lab::{Ending, Guest, Lab, Node, RunningGuest, error_told, eventually};

const A_WHILE: Duration = Duration::from_secs(120);

/// Begins a move that lasts, and kills the command with SIGKILL in the middle of the transfer.
fn crash_in_transfer(lab: &Lab, guest: &RunningGuest, source: &Node, to: &str) -> Result<u64> {
    let order = [guest.name(), "--from", source.name(), "--to", to, "--max-bandwidth", "6"];
    let (mut moving, id) = lab.begin_migrate(guest, source, order)?;
    moving.kill()?;
    Ok(id)
}

#[test]
fn killed_in_mid_transfer_the_move_goes_on_and_its_record_tells_how_it_ended() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").dirtying(96, 60).writing_blocks(), &source)?;
        let id = crash_in_transfer(lab, &guest, &source, "node-b")?;
        still_moves(lab, id)?;
        // Looked at twice, it was neither restarted nor aborted by the looking.
        let sent = source.sent_mib("web")?;
        still_moves(lab, id)?;
        eventually("more to be sent", A_WHILE, || Ok((source.sent_mib("web")? > sent).then_some(())))?;
        in_the_way(lab, id)?;

        source.virsh(["migrate-setmaxdowntime", "web", "5000"])?;
        source.virsh(["migrate-setspeed", "web", "10000"])?;
        lab.wait_until_runs_only_on("web", &destination)?;
        lab.assert_settled(&guest, id, &Ending { kind: "succeeded", code: "ok", on: &destination })?;
        lab.assert_settled(&guest, id, &Ending { kind: "succeeded", code: "ok", on: &destination })
    })
}

/// Open, nobody attends it, and it says that libvirt goes on.
fn still_moves(lab: &Lab, id: u64) -> Result<()> {
    let shown = lab.job(id)?;
    ensure!(shown["job"]["outcome"].is_null(), "it is concluded: {:#}", shown["job"]["outcome"]);
    ensure!(shown["attended"] == false, "a dead process attends it");
    ensure!(shown["now"]["runs_on"] == "node-a", "{:#}", shown["now"]);
    ensure!(shown["now"]["source"].to_string().contains("\"migrating\":true"), "{:#}", shown["now"]);
    ensure!(shown["now"]["progress"]["total_bytes"].as_u64() > Some(0), "{:#}", shown["now"]);
    let table = lab.wayleave(["job", "show", &id.to_string()])?;
    ensure!(table.ok() && table.stdout.contains("a migration goes on"), "{}", table.stdout);
    Ok(())
}

/// A second move of the same domain is refused, names the job, and disturbs nothing.
fn in_the_way(lab: &Lab, id: u64) -> Result<()> {
    let order = ["web", "--from", "node-a", "--to", "node-b"];
    let finished = lab.spawn_migrate(order)?.finish_within(A_WHILE)?;
    let (code, text) = error_told(&finished)?;
    ensure!(finished.status == 3 && code == "domain-busy", "{}: {}", finished.status, finished.stderr);
    ensure!(text.contains(&format!("wayleave job show {id}")), "job {id} is not named: {text}");
    let jobs = lab.open_jobs()?;
    ensure!(jobs.len() == 1 && jobs[0]["id"] == id, "open jobs: {jobs:?}");
    Ok(())
}

#[test]
fn a_second_move_of_one_domain_is_refused_and_names_the_first() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").dirtying(96, 60), &source)?;
        let order = ["web", "--from", "node-a", "--to", "node-b", "--max-bandwidth", "6"];
        let (moving, id) = lab.begin_migrate(&guest, &source, order)?;
        in_the_way(lab, id)?;
        ensure!(lab.job(id)?["attended"] == true, "the first one is not attended any more");

        // Killed, and ended on its source by hand; nobody asks for the job: the next move settles it.
        drop(moving);
        source.virsh(["domjobabort", "web"])?;
        eventually("libvirt's job to end", A_WHILE, || Ok(source.sent_mib("web")?.is_none().then_some(())))?;
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
        lab.assert_told(&guest, &told, &Ending { kind: "succeeded", code: "ok", on: &lab.node("node-b") })?;
        let first = &lab.job(id)?["job"]["outcome"];
        assert_eq!((&first["kind"], &first["runs_on"]), (&"failed".into(), &"node-a".into()));
        Ok(())
    })
}

#[test]
fn killed_and_ended_on_its_source_the_record_says_so() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").dirtying(96, 60), &source)?;
        let died = Ending { kind: "failed", code: "controller-died", on: &source };
        let id = crash_in_transfer(lab, &guest, &source, "node-b")?;
        source.virsh(["domjobabort", "web"])?;
        eventually("libvirt's job to end", A_WHILE, || Ok(source.sent_mib("web")?.is_none().then_some(())))?;
        lab.assert_settled(&guest, id, &died)?;

        // The same, aborted through the record that the dead process left.
        let id = crash_in_transfer(lab, &guest, &source, "node-b")?;
        let aborting = lab.wayleave(["job", "abort", &id.to_string()])?;
        assert_eq!(aborting.status, 0, "{}", aborting.stderr);
        lab.assert_settled(&guest, id, &Ending { kind: "aborted", code: "aborted", on: &source })?;

        before_the_transfer(lab, &guest, &source)
    })
}

/// Killed while it asks a node that does not answer: the job is open, and nothing was begun.
fn before_the_transfer(lab: &Lab, guest: &RunningGuest, source: &Node) -> Result<()> {
    let destination = lab.node("node-b");
    destination.freeze_daemon()?;
    let mut deciding = lab.spawn_migrate(["web", "--from", "node-a", "--to", "node-b"])?;
    let id = eventually("the job to be opened", A_WHILE, || Ok(lab.open_jobs()?[..].first().cloned()))?["id"]
        .as_u64()
        .unwrap_or_default();
    deciding.kill()?;
    let shown = lab.job(id)?;
    ensure!(shown["job"]["transfer_started"] == false, "it was too late: the transfer had begun");
    destination.thaw_daemon()?;
    lab.assert_settled(guest, id, &Ending { kind: "failed", code: "controller-died", on: source })?;
    let text = lab.job(id)?["job"]["outcome"]["text"].to_string();
    ensure!(text.contains("nothing had been moved"), "{text}");
    let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
    lab.assert_told(guest, &told, &Ending { kind: "succeeded", code: "ok", on: &destination })
}
