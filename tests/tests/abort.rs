//! A move that is ended on purpose: by another process, by Ctrl-C, by a termination signal. The domain
//! stays on its source, and no job, seat or room is held afterwards.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{Ending, Guest, Lab, Node, RunningGuest, Spawned, Told, eventually, value_of_kind};

const A_WHILE: Duration = Duration::from_secs(120);

fn aborted(source: &Node) -> Ending<'_> {
    Ending { kind: "aborted", code: "aborted", on: source }
}

/// A move that lasts until somebody ends it: the guest writes more than it is let to send.
fn begin_slowly(lab: &Lab, guest: &RunningGuest, source: &Node) -> Result<(Spawned, u64)> {
    lab.begin_migrate(
        guest,
        source,
        ["web", "--from", source.name(), "--to", "node-b", "--max-bandwidth", "6"],
    )
}

#[test]
fn another_process_aborts_a_running_move_and_a_third_watches() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        one_seat_at_node_b(lab)?;
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = Guest::ticking("web").dirtying(96, 60).writing_blocks().labelled("licence", "db");
        let guest = lab.boot(&guest, &source)?;
        let (moving, id) = begin_slowly(lab, &guest, &source)?;
        let job = id.to_string();
        ensure!(lab.job(id)?["events"].to_string().contains("licence/"), "no seat is claimed");
        let watching = lab.spawn_wayleave(["--output", "json", "job", "watch", &job])?;
        eventually("the watcher to follow the transfer", A_WHILE, || {
            Ok(watching.stderr_so_far().contains("transfer").then_some(()))
        })?;

        let reason = "the wrong node";
        let aborting = lab.wayleave(["--output", "json", "job", "abort", &job, "--reason", reason])?;
        assert_eq!(aborting.status, 0, "{}", aborting.stderr);
        let shown = value_of_kind("job", &aborting)?;
        let told = Told::of(moving.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &aborted(&source))?;
        ensure!(told.text("text").contains(reason), "no reason in {}", told.text("text"));
        assert_eq!((told.job, &shown["job"]["outcome"]), (id, &told.outcome));
        let watched = watching.finish_within(A_WHILE)?;
        assert_eq!(watched.status, 3, "{}", watched.stderr);
        assert_eq!(value_of_kind("job", &watched)?["job"]["outcome"], told.outcome);
        ensure!(watched.stderr.contains(reason), "the watcher was not told: {}", watched.stderr);

        // Asked again, it tells the same and does nothing.
        let again = lab.wayleave(["--output", "json", "job", "abort", &job])?;
        assert_eq!((again.status, &value_of_kind("job", &again)?["job"]["outcome"]), (0, &told.outcome));
        // The only seat is free again, or this would be refused.
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
        lab.assert_told(&guest, &told, &Ending { kind: "succeeded", code: "ok", on: &destination })
    })
}

/// The default policy, with a licence for node-b that one domain can have.
fn one_seat_at_node_b(lab: &mut Lab) -> Result<()> {
    let folder = lab.config().parent().context("the configuration has no folder")?.to_path_buf();
    fs::write(folder.join("seats.toml"), "[[row]]\nproduct = \"db\"\nnodes = [\"node-b\"]\nseats = 1\n")?;
    let rules = ["reachable", "identity-free", "memory-room", "licence", "spread"];
    let rules: String = rules.iter().map(|rule| format!("[[rule]]\nuse = \"{rule}\"\n")).collect();
    lab.with_policy(&format!("name = \"seats\"\n{rules}[data.licences]\nfile = \"seats.toml\"\n"))
}

#[test]
fn ctrl_c_and_a_termination_end_a_running_move_cleanly() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").dirtying(96, 60).writing_blocks(), &source)?;
        let (moving, _) = begin_slowly(lab, &guest, &source)?;
        moving.interrupt()?;
        // Pressed twice, as people do: it must still tell where the domain runs.
        moving.interrupt()?;
        let told = Told::of(moving.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &aborted(&source))?;
        ensure!(told.text("text").contains("Ctrl-C"), "{}", told.text("text"));

        let (moving, _) = begin_slowly(lab, &guest, &source)?;
        moving.terminate()?;
        let told = Told::of(moving.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &aborted(&source))?;

        // Somebody ends libvirt's own job: that is an abort too, and told as one.
        let (moving, _) = begin_slowly(lab, &guest, &source)?;
        source.virsh(["domjobabort", "web"])?;
        let told = Told::of(moving.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &aborted(&source))
    })
}

#[test]
fn two_domains_move_to_one_node_at_once_and_both_have_their_room_kept() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = |name: &str| Guest::ticking(name).with_memory_mib(1024).dirtying(96, 60);
        let guests = [lab.boot(&guest("web"), &source)?, lab.boot(&guest("shop"), &source)?];
        let third = lab.boot(&Guest::ticking("third"), &source)?;
        let mut moving = Vec::new();
        for one in &guests {
            let order = [one.name(), "--from", "node-a", "--to", "node-b", "--max-bandwidth", "6"];
            moving.push(lab.begin_migrate(one, &source, order)?.0);
        }
        assert_eq!(lab.open_jobs()?.len(), 2);
        room_is_kept(lab, third.name(), &destination, 2 * 1024)?;
        for one in &guests {
            source.virsh(["migrate-setmaxdowntime", one.name(), "5000"])?;
            source.virsh(["migrate-setspeed", one.name(), "10000"])?;
        }
        for (one, moving) in guests.iter().zip(moving) {
            let told = Told::of(moving.finish_within(A_WHILE)?)?;
            lab.assert_answer(one, &told, &Ending { kind: "succeeded", code: "ok", on: &destination })?;
            lab.assert_runs_only_on(one, one.name(), &destination)?;
        }
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&third, "third", &source)
    })
}

/// What a decision sees as free is less than what libvirt says, by what open jobs have reserved.
fn room_is_kept(lab: &Lab, domain: &str, node: &Node, mib: u64) -> Result<()> {
    let seen = lab.ask("snapshot", ["facts", "snapshot", domain, "--from", "node-a", "--probe", "none"])?;
    let candidates = seen["candidates"].as_array().context("no candidates")?;
    let ours = candidates.iter().find(|one| one["node"]["name"] == node.name()).context("no such node")?;
    let seen = ours["node"]["gathered"]["facts"]["memory_free_bytes"].as_u64().context("no free memory")?;
    let said = node.virsh(["nodememstats"])?;
    let kib: u64 = said
        .lines()
        .filter(|line| ["free", "buffers", "cached"].iter().any(|key| line.trim().starts_with(key)))
        .filter_map(|line| line.split_whitespace().rev().nth(1)?.parse::<u64>().ok())
        .sum();
    // Other programs on the machine take and give memory meanwhile.
    let (seen, said, slack) = (seen >> 20, kib >> 10, mib / 2);
    ensure!(seen + mib <= said + slack, "{seen} MiB are seen free of {said}, with {mib} reserved");
    Ok(())
}
