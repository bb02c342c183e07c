//! Refusals for want of room or of a licence, provoked for real: what runs on the nodes is counted,
//! and a seat that a move holds is not given to another.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lab::{Decision, Guest, Lab, Told, eventually};

fn rule(name: &str, settings: &str) -> String {
    format!("[[rule]]\nuse = \"{name}\"\n[rule.settings]\n{settings}\n")
}

#[test]
fn the_memory_is_spoken_for() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        lab.with_policy(&rule("memory-room", "reserve_mib = 1_000_000_000"))?;
        let finding = lab.assert_refused(&guest, (&source, &destination), ("memory-room", "memory-short"))?;
        ensure!(finding.needed.contains("1000000000 MiB in reserve"), "{finding:?}");
        ensure!(finding.needed.contains("256 MiB"), "the guest's own memory? {finding:?}");
        ensure!(finding.remedy.starts_with("free "), "how much? {finding:?}");
        Ok(())
    })
}

#[test]
fn the_processors_carry_enough_already() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        let processors = std::thread::available_parallelism()?.get();
        // As many as fit to the last: one resident there, and the guest is one too many.
        lab.with_policy(&rule("cpu-room", &format!("vcpus_per_cpu = {}", 1.0 / processors as f64)))?;
        lab.wayleave(["check", "web", "--from", "node-a", "--to", "node-b"])?.expect_ok()?;
        let resident = lab.boot(&Guest::ticking("resident"), &destination)?;
        let finding =
            lab.assert_refused(&guest, (&source, &destination), ("cpu-room", "vcpus-overcommitted"))?;
        ensure!(finding.measured.starts_with("2 virtual processors"), "{finding:?}");
        ensure!(finding.needed.starts_with("at most 1"), "{finding:?}");
        lab.assert_runs_only_on(&resident, "resident", &destination)
    })
}

#[test]
fn the_guest_has_more_processors_than_the_node() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let processors = u32::try_from(std::thread::available_parallelism()?.get())?;
        let guest = lab.boot(&Guest::ticking("web").with_vcpus(processors + 1), &source)?;
        let reason = ("cpu-room", "more-vcpus-than-cpus");
        let finding = lab.assert_refused(&guest, (&source, &destination), reason)?;
        assert_eq!(finding.measured, format!("{processors} processors"));
        assert_eq!(finding.needed, (processors + 1).to_string());
        Ok(())
    })
}

/// Licences for the product `db`, read from a file beside the policy.
fn with_licences(lab: &mut Lab, rows: &str) -> Result<()> {
    fs::write(lab.config().with_file_name("licences.csv"), format!("product,nodes,seats\n{rows}"))?;
    let rules = "[[rule]]\nuse = \"licence\"\n[[rule]]\nuse = \"cpu-room\"\n";
    lab.with_policy(&format!("{rules}[data.licences]\nfile = \"licences.csv\"\n"))
}

#[test]
fn all_seats_of_a_licence_are_taken_by_residents() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        with_licences(lab, "db,node-b node-c,1\n")?;
        let guest = lab.boot(&Guest::ticking("web").labelled("licence", "db"), &source)?;
        lab.wayleave(["check", "web", "--from", "node-a", "--to", "node-b"])?.expect_ok()?;
        // The seat counts on all nodes of the licence together.
        let resident =
            lab.boot(&Guest::ticking("resident").labelled("licence", "db"), &lab.node("node-c"))?;
        let spent = ("licence", "licence-seats-spent");
        let finding = lab.assert_refused(&guest, (&source, &destination), spent)?;
        ensure!(finding.measured.contains("node-b node-c, 1 seat"), "{finding:?}");
        lab.assert_runs_only_on(&resident, "resident", &lab.node("node-c"))?;
        lab.node("node-c").virsh(["destroy", "resident"])?;
        lab.wayleave(["check", "web", "--from", "node-a", "--to", "node-b"])?.expect_ok().map(drop)
    })
}

#[test]
fn a_licence_is_bound_to_other_nodes() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        with_licences(lab, "db,node-a,\n")?;
        let guest = lab.boot(&Guest::ticking("web").labelled("licence", "db"), &source)?;
        let bound = ("licence", "licence-not-for-node");
        let finding = lab.assert_refused(&guest, (&source, &destination), bound)?;
        ensure!(finding.measured.contains("node-a"), "to which? {finding:?}");
        Ok(())
    })
}

#[test]
fn the_site_knows_no_licence_of_this_product() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        with_licences(lab, "other,,\n")?;
        let guest = lab.boot(&Guest::ticking("web").labelled("licence", "db"), &source)?;
        let unknown = ("licence", "licence-unknown");
        lab.assert_refused(&guest, (&source, &destination), unknown).map(drop)
    })
}

/// The code of the licence rule for node-b, where the decision must be held open.
fn held_open_by(lab: &Lab) -> Result<String> {
    let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
    ensure!((told.status, told.text("kind")) == (3, "inconclusive"), "{:#}", told.outcome);
    ensure!(told.text("runs_on") == "node-a", "{:#}", told.outcome);
    let finding = Decision::told(&told).finding("node-b", "licence")?;
    ensure!((&*finding.verdict, &*finding.effect) == ("unknown", "holds"), "{finding:?}");
    Ok(finding.code)
}

#[test]
fn seats_that_cannot_be_counted_are_not_taken_to_be_free() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        with_licences(lab, "db,node-b node-c,5\n")?;
        let guest = lab.boot(&Guest::ticking("web").labelled("licence", "db"), &lab.node("node-a"))?;
        lab.node("node-c").kill_daemon()?;
        assert_eq!(held_open_by(lab)?, "licence-seats-not-known");
        lab.node("node-c").start_daemon()?;
        fs::remove_file(lab.config().with_file_name("licences.csv"))?;
        assert_eq!(held_open_by(lab)?, "licence-data-unavailable");
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &lab.node("node-a"))
    })
}

#[test]
fn two_moves_at_once_cannot_take_one_seat() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        with_licences(lab, "db,node-b,1\n")?;
        lab.with_settings("connect_timeout_s = 10")?;
        let boot = |name: &str| lab.boot(&Guest::ticking(name).labelled("licence", "db"), &source);
        let (one, other) = (boot("one")?, boot("other")?);
        // While a node is silent the first move takes its time between its claim and its transfer.
        // There it is stopped, and the second decides in a lab where all nodes answer.
        lab.node("node-c").cut_link()?;
        let mut first = lab.spawn_migrate(["one", "--from", "node-a", "--to", "node-b"])?;
        let job = eventually("the first move to hold its claim", Duration::from_secs(90), || {
            ensure!(first.is_running()?, "it ended: {}", first.stderr_so_far());
            Ok(lab.open_jobs()?.into_iter().find(|job| job["phase"] == "reserve"))
        })?;
        first.stop()?;
        lab.node("node-c").heal_link()?;

        let told = lab.migrate(["other", "--from", "node-a", "--to", "node-b"])?;
        let shown = format!("{:#}\n{}", told.outcome, told.stderr);
        assert_eq!(
            (told.status, told.text("kind"), told.text("code")),
            (1, "refused", "claim-taken"),
            "{shown}"
        );
        ensure!(told.text("text").contains("licence/db/1 on node-b"), "what is held? {shown}");
        ensure!(told.text("text").contains(&format!("held by job {}", job["id"])), "by whom? {shown}");
        ensure!(!told.look_at().is_empty(), "what to do? {shown}");
        lab.assert_runs_only_on(&other, "other", &source)?;

        first.go_on()?;
        let told = Told::of(first.finish_within(Duration::from_secs(120))?)?;
        let moved = lab::Ending { kind: "succeeded", code: "ok", on: &destination };
        lab.assert_told(&one, &told, &moved)?;
        // Now the seat is taken by what runs there, and the rule itself says so.
        let spent = ("licence", "licence-seats-spent");
        lab.assert_refused(&other, (&source, &destination), spent).map(drop)
    })
}

#[test]
fn a_guest_on_its_way_takes_one_seat_and_not_two() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        with_licences(lab, "db,node-b,2\n")?;
        let busy = Guest::ticking("one").dirtying(64, 20).labelled("licence", "db");
        let one = lab.boot(&busy, &source)?;
        let other = lab.boot(&Guest::ticking("other").labelled("licence", "db"), &source)?;
        let slow = ["one", "--from", "node-a", "--to", "node-b", "--max-bandwidth", "1"];
        let (first, job) = lab.begin_migrate(&one, &source, slow)?;
        let told = lab.migrate(["other", "--from", "node-a", "--to", "node-b"])?;
        if told.status != 0 {
            bail!("there is a seat for each of the two: {:#}", told.outcome);
        }
        // Of a guest that arrives libvirt tells no definition, but its processors count.
        let finding = Decision::told(&told).finding("node-b", "cpu-room")?;
        ensure!(finding.measured.starts_with("2 virtual processors"), "{finding:?}");
        lab.assert_runs_only_on(&other, "other", &destination)?;
        lab.wayleave(["job", "abort", &job.to_string()])?;
        let told = Told::of(first.finish_within(Duration::from_secs(120))?)?;
        assert_eq!(told.text("kind"), "aborted", "{:#}", told.outcome);
        lab.assert_runs_only_on(&one, "one", &source).context("after the abort")
    })
}
