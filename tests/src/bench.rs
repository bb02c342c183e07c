//! Measuring: the same guest moved to and fro, in turns by the product and by virsh with the same
//! flags. It measures; it does not judge.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::lab::Lab;
use crate::node::Node;
use crate::running::RunningGuest;

/// One move: the whole command as a person waits for it, and what libvirt says of the move itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    pub command_ms: f64,
    pub job_ms: f64,
    pub downtime_ms: f64,
}

/// One round: there by the product and back by virsh, or the other way round.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub wayleave: Measure,
    pub virsh: Measure,
}

/// Moves the guest `rounds` times each way. Who goes first changes from round to round, so that each
/// moves as often from `one` to `other` as back.
pub fn compare_with_virsh(
    lab: &Lab,
    guest: &RunningGuest,
    (one, other): (&Node, &Node),
    rounds: usize,
    mut done: impl FnMut(usize, &Row),
) -> Result<Vec<Row>> {
    // The first move to a node is slower, as its libvirt first asks QEMU what it can do.
    by_virsh(guest, one, other)?;
    by_virsh(guest, other, one)?;
    let mut rows = Vec::new();
    for round in 0..rounds {
        let row = if round % 2 == 0 {
            let wayleave = by_wayleave(lab, guest, one, other)?;
            Row { wayleave, virsh: by_virsh(guest, other, one)? }
        } else {
            let virsh = by_virsh(guest, one, other)?;
            Row { virsh, wayleave: by_wayleave(lab, guest, other, one)? }
        };
        done(round, &row);
        rows.push(row);
    }
    guest.assert_clock_never_went_back();
    Ok(rows)
}

fn by_wayleave(lab: &Lab, guest: &RunningGuest, from: &Node, to: &Node) -> Result<Measure> {
    measure(guest, to, || {
        let mut words = vec!["migrate", guest.name(), "--from", from.name(), "--to", to.name()];
        // The limit that QEMU has by itself, and so virsh: with a longer one it hands over earlier.
        words.extend(["--downtime", "300"]);
        let finished = lab.wayleave(words)?;
        finished.expect_ok().map(drop).context("wayleave migrate")
    })
}

fn by_virsh(guest: &RunningGuest, from: &Node, to: &Node) -> Result<Measure> {
    measure(guest, to, || from.virsh_migrate(guest.name(), to).map(drop))
}

fn measure(guest: &RunningGuest, to: &Node, act: impl FnOnce() -> Result<()>) -> Result<Measure> {
    let before = guest.last_tick()?;
    let start = Instant::now();
    act()?;
    let command_ms = start.elapsed().as_secs_f64() * 1000.0;
    ensure!(to.runs(guest.name())?, "{} does not run on {}", guest.name(), to.name());
    // Only the destination has the numbers of a completed move.
    let stats = to.virsh(["domjobinfo", guest.name(), "--completed"])?;
    guest.wait_for_ticks_after(before)?;
    Ok(Measure {
        command_ms,
        job_ms: milliseconds(&stats, "Time elapsed:")?,
        downtime_ms: milliseconds(&stats, "Total downtime:")?,
    })
}

fn milliseconds(stats: &str, key: &str) -> Result<f64> {
    let line = stats.lines().find_map(|line| line.trim().strip_prefix(key));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|word| word.parse().ok()).with_context(|| format!("no {key:?} in {stats}"))
}

impl Node {
    /// Moves a domain with virsh alone, with the flags that the product uses: live, peer-to-peer,
    /// tunnelled, defined at the destination and no more at the source.
    pub fn virsh_migrate(&self, domain: &str, to: &Node) -> Result<String> {
        let flags = ["--live", "--p2p", "--tunnelled", "--persistent", "--undefinesource"];
        let uri = to.uri();
        let mut args = vec!["migrate"];
        args.extend(flags);
        args.extend(["--domain", domain, "--desturi", &uri]);
        self.virsh(args)
    }
}
