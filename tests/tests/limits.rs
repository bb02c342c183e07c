//! The limits of a move, and hypervisor parameters, act on the running move: read from libvirt while it
//! runs, not from what the product says. From the command line and from the configuration.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{Ending, Guest, Lab, Node, RunningGuest, Told, eventually};

const A_WHILE: Duration = Duration::from_secs(120);

/// It writes more than it is let to send, so that its move lasts until somebody ends it.
fn busy_guest() -> Guest {
    Guest::ticking("web").dirtying(96, 60)
}

fn order(more: &[&str]) -> Vec<String> {
    let start = ["web", "--from", "node-a", "--to", "node-b"];
    start.iter().chain(more).map(|&word| word.to_owned()).collect()
}

#[test]
fn bandwidth_and_downtime_hold_from_the_command_line_and_from_the_configuration() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&busy_guest(), &source)?;
        let given = ["--max-bandwidth", "8", "--downtime", "1234"];
        let slow = holds(lab, &guest, &source, &given, (8.0, 1234))?;
        // What is configured acts by itself; what is given goes before it.
        lab.with_settings("max_bandwidth = 6\ndowntime = 777")?;
        holds(lab, &guest, &source, &[], (6.0, 777))?;
        holds(lab, &guest, &source, &["--downtime", "888"], (6.0, 888))?;

        let told = lab.migrate(order(&["--max-bandwidth", "unlimited", "--downtime", "2000"]))?;
        lab.assert_told(&guest, &told, &Ending { kind: "succeeded", code: "ok", on: &lab.node("node-b") })?;
        let figure = |name: &str| told.outcome["figures"][name].as_f64().context("no figures");
        let rate = figure("transferred_bytes")? / 1048.576 / figure("transfer_ms")?;
        ensure!(rate > slow, "no faster without a limit: {rate:.1} MiB/s beside {slow:.1}");
        Ok(())
    })
}

/// Begins a move, sees both limits act, ends it by Ctrl-C; gives the MiB/s that were sent.
fn holds(lab: &Lab, guest: &RunningGuest, source: &Node, more: &[&str], limits: (f64, u64)) -> Result<f64> {
    let (spawned, _) = lab.begin_migrate(guest, source, order(more))?;
    let (bandwidth, downtime) = limits;
    let shown = source.virsh(["migrate-getmaxdowntime", guest.name()])?;
    ensure!(shown.trim() == downtime.to_string(), "the downtime limit is {shown:?}, not {downtime}");
    let (seconds, sent) = eventually("four seconds of transfer", A_WHILE, || {
        let elapsed = source.job_line(guest.name(), "Time elapsed")?.unwrap_or_default();
        let ms: f64 = elapsed.split_whitespace().next().unwrap_or("0").parse()?;
        let sent = source.sent_mib(guest.name())?;
        Ok(sent.filter(|_| ms > 4000.0).map(|sent| (ms / 1000.0, sent)))
    })?;
    // QEMU keeps the rate by tenths of a second and may send one of them ahead.
    ensure!(sent <= bandwidth * (seconds + 1.0) * 1.1, "{sent:.1} MiB in {seconds:.1} s");
    spawned.interrupt()?;
    let told = Told::of(spawned.finish_within(A_WHILE)?)?;
    lab.assert_told(guest, &told, &Ending { kind: "aborted", code: "aborted", on: source })?;
    Ok(sent / seconds)
}

#[test]
fn a_move_that_cannot_end_is_ended_by_its_time_limit() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&busy_guest().writing_blocks(), &source)?;
        let timed_out = Ending { kind: "failed", code: "destination-timeout", on: &source };
        let told = lab.migrate(order(&["--max-bandwidth", "8", "--destination-timeout", "3"]))?;
        lab.assert_told(&guest, &told, &timed_out)?;
        assert_eq!(told.status, 3);
        lab.with_settings("max_bandwidth = 8\ndestination_timeout = 3")?;
        let told = lab.migrate(order(&[]))?;
        lab.assert_told(&guest, &told, &timed_out)?;
        // Nothing of it stays: the next one ends well.
        let told = lab.migrate(order(&["--max-bandwidth", "unlimited", "--destination-timeout", "600"]))?;
        lab.assert_told(&guest, &told, &Ending { kind: "succeeded", code: "ok", on: &lab.node("node-b") })
    })
}

#[test]
fn limits_out_of_range_are_refused_and_nothing_moves() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let guest = lab.boot(&Guest::ticking("web"), &lab.node("node-a"))?;
        for (option, value, named) in [
            ("--downtime", "99", "100"),
            ("--downtime", "0", "100"),
            ("--downtime", "-5", "100"),
            ("--max-bandwidth", "0", "1 MiB/s"),
            ("--destination-timeout", "0", "1 to"),
        ] {
            let finished =
                lab.wayleave(["migrate"].map(str::to_owned).into_iter().chain(order(&[option, value])))?;
            ensure!(finished.status == 2, "{option} {value}: exit code {}", finished.status);
            ensure!(finished.stderr.contains(named), "{option} {value}: {}", finished.stderr);
        }
        for (setting, code) in [
            ("downtime = 99", "downtime-out-of-range"),
            ("max_bandwidth = 0", "bandwidth-out-of-range"),
            ("destination_timeout = 0", "timeout-out-of-range"),
        ] {
            lab.with_settings(setting)?;
            let finished = lab.spawn_migrate(order(&[]))?.finish_within(A_WHILE)?;
            let (told, _) = lab::error_told(&finished)?;
            ensure!(finished.status == 2 && told == code, "{setting}: {}", finished.stderr);
        }
        lab.with_settings("")?;
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &lab.node("node-a"))
    })
}

#[test]
fn hypervisor_parameters_act_on_the_move() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let source = lab.node("node-a");
        let guest = lab.boot(&Guest::ticking("web").dirtying(64, 200), &source)?;
        let slow = |more: &[&str]| order(&[&["--max-bandwidth", "40"], more].concat());
        let throttled = ["--param", "auto_converge=true", "--param", "auto_converge.initial=35"];
        let (spawned, _) = lab.begin_migrate(&guest, &source, slow(&throttled))?;
        let throttle = eventually("the guest to be slowed down", A_WHILE, || {
            source.job_line("web", "Auto converge throttle")
        })?;
        ensure!(throttle.starts_with("35") || throttle.as_str() > "35", "it begins at {throttle:?}");
        spawned.interrupt()?;
        let told = Told::of(spawned.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &Ending { kind: "aborted", code: "aborted", on: &source })?;

        let compressed = ["--param", "compression=xbzrle", "--param", "compression.xbzrle.cache=67108864"];
        let (spawned, _) = lab.begin_migrate(&guest, &source, slow(&compressed))?;
        let cache =
            eventually("memory to be compressed", A_WHILE, || source.job_line("web", "Compression cache"))?;
        ensure!(cache.starts_with("64.000") && cache.ends_with("MiB"), "the cache is {cache:?}");
        // Given room, the same move ends well.
        thread::sleep(Duration::from_millis(500));
        source.virsh(["migrate-setmaxdowntime", "web", "5000"])?;
        source.virsh(["migrate-setspeed", "web", "10000"])?;
        let told = Told::of(spawned.finish_within(A_WHILE)?)?;
        lab.assert_told(&guest, &told, &Ending { kind: "succeeded", code: "ok", on: &lab.node("node-b") })
    })
}
