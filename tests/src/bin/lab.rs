//! The lab by hand: a lab that stays up between commands, for demonstrations and for looking around.
//! It only calls the library; tests make labs of their own.
#![allow(clippy::print_stdout)]

use anyhow::{Result, bail, ensure};
use clap::{Parser, Subcommand};
use lab::{Guest, Lab, Row};

/// Real libvirt nodes on one machine. For example: lab up, lab guest start web --node node-a
#[derive(Parser)]
#[command(name = "lab")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the demo lab, which stays until `lab down`
    Up {
        #[arg(long, default_value_t = 3)]
        nodes: u8,
        /// Use a demo lab that is up already instead of failing
        #[arg(long)]
        keep: bool,
    },
    /// End the demo lab and remove everything of it
    Down,
    /// Show the nodes of the demo lab and what runs on them
    Status,
    /// Remove what labs have left whose owner is dead
    Sweep {
        /// Only look; fail when there is something
        #[arg(long)]
        check: bool,
    },
    /// Boot and look at guests
    Guest {
        #[command(subcommand)]
        command: GuestCommand,
    },
    /// Print the demo lab's addresses as shell exports
    Env,
    /// Move one guest to and fro, in turns by wayleave and by virsh, and compare
    Bench {
        #[arg(long, default_value_t = 10)]
        rounds: usize,
        #[arg(long, default_value_t = 256)]
        memory_mib: u64,
        #[arg(long, default_value_t = 20)]
        dirty: u64,
    },
}

#[derive(Subcommand)]
enum GuestCommand {
    /// Boot a guest in the demo lab
    Start {
        name: String,
        #[arg(long, default_value = "node-a")]
        node: String,
        #[arg(long, default_value_t = 256)]
        memory_mib: u64,
        #[arg(long, default_value_t = 100)]
        tick_ms: u64,
        /// Dirty a quarter of the memory at this many MiB a second
        #[arg(long)]
        dirty: Option<u64>,
        /// Write numbered blocks to a disk on the shared storage
        #[arg(long)]
        blocks: bool,
        /// A label of the domain, as key=value
        #[arg(long)]
        label: Vec<String>,
    },
    /// Show the last ticks of a guest's own clock
    Ticks {
        name: String,
        #[arg(long, default_value_t = 3)]
        last: usize,
    },
    /// Print the node that a guest runs on
    Where { name: String },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Up { nodes, keep } => up(nodes, keep),
        Command::Down => down(),
        Command::Status => status(&Lab::demo()?),
        Command::Sweep { check } => sweep(check),
        Command::Guest { command } => guest(command),
        Command::Env => env(&Lab::demo()?),
        Command::Bench { rounds, memory_mib, dirty } => bench(rounds, memory_mib, dirty),
    }
}

fn up(nodes: u8, keep: bool) -> Result<()> {
    if keep && let Ok(lab) = Lab::demo() {
        return status(&lab);
    }
    ensure!((1..=26).contains(&nodes), "a demo lab has 1 to 26 nodes");
    let names: Vec<String> =
        (b'a'..b'a' + nodes).map(|letter| format!("node-{}", char::from(letter))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    status(&Lab::start_demo(&names)?)
}

fn down() -> Result<()> {
    match Lab::demo() {
        Ok(lab) => lab.end(),
        Err(_) => drop(lab::sweep()?),
    }
    Ok(())
}

fn status(lab: &Lab) -> Result<()> {
    for node in lab.nodes() {
        let domains = match node.virsh(["list", "--name"]) {
            Ok(names) => names.split_whitespace().collect::<Vec<_>>().join(" "),
            Err(_) => "(libvirt does not answer)".to_owned(),
        };
        println!("{}  {}  {domains}", node.name(), node.uri());
    }
    Ok(())
}

fn sweep(check: bool) -> Result<()> {
    let found = if check { lab::leftovers() } else { lab::sweep()? };
    for line in &found {
        println!("{}: {line}", if check { "left" } else { "removed" });
    }
    if check && !found.is_empty() {
        bail!("dead labs have left {} things; remove them with: lab sweep", found.len());
    }
    Ok(())
}

fn guest(command: GuestCommand) -> Result<()> {
    let lab = Lab::demo()?;
    match command {
        GuestCommand::Start { name, node, memory_mib, tick_ms, dirty, blocks, label } => {
            let node = lab.nodes().iter().find(|known| known.name() == node);
            let Some(node) = node else { bail!("the demo lab has no such node") };
            let mut guest = Guest::ticking(&name).with_memory_mib(memory_mib).tick_every_ms(tick_ms);
            if let Some(rate) = dirty {
                guest = guest.dirtying(memory_mib / 4, rate);
            }
            if blocks {
                guest = guest.writing_blocks();
            }
            for text in &label {
                let Some((key, value)) = text.split_once('=') else { bail!("not key=value: {text}") };
                guest = guest.labelled(key, value);
            }
            let running = lab.boot(&guest, node)?;
            println!("{name} ticks on {}, uuid {}", node.name(), running.uuid());
        }
        GuestCommand::Where { name } => println!("{}", lab.where_runs(&name).join(" ")),
        GuestCommand::Ticks { name, last } => {
            let ticks = lab.guest(&name)?.ticks()?;
            for tick in &ticks[ticks.len().saturating_sub(last)..] {
                println!("tick {} uptime {:.3} block {}", tick.number, tick.uptime, tick.block);
            }
        }
    }
    Ok(())
}

fn env(lab: &Lab) -> Result<()> {
    println!("export WAYLEAVE_CONFIG={}", lab.config().display());
    for node in lab.nodes() {
        let name = node.name().to_uppercase().replace('-', "_");
        println!("export {name}_URI={}", node.uri());
    }
    Ok(())
}

fn bench(rounds: usize, memory_mib: u64, dirty: u64) -> Result<()> {
    let lab = Lab::start(["node-a", "node-b"])?;
    let (one, other) = (lab.node("node-a"), lab.node("node-b"));
    let guest = Guest::ticking("bench").with_memory_mib(memory_mib).dirtying(memory_mib / 4, dirty);
    let guest = lab.boot(&guest, &one)?;
    println!("milliseconds; command = the whole command, job and downtime = as libvirt counts them");
    println!("run   wayleave: command    job  downtime   virsh: command    job  downtime");
    let rows = lab::compare_with_virsh(&lab, &guest, (&one, &other), rounds, |number, row| {
        print_row(&(number + 1).to_string(), row);
    })?;
    let median = Row {
        wayleave: median(rows.iter().map(|row| row.wayleave).collect()),
        virsh: median(rows.iter().map(|row| row.virsh).collect()),
    };
    print_row("median", &median);
    println!(
        "median wayleave / median virsh, command: {:.3}, downtime: {:.3}",
        median.wayleave.command_ms / median.virsh.command_ms,
        median.wayleave.downtime_ms / median.virsh.downtime_ms,
    );
    Ok(())
}

fn print_row(name: &str, Row { wayleave, virsh }: &Row) {
    println!(
        "{name:<6}{:>17.0}{:>7.0}{:>10.0}{:>17.0}{:>7.0}{:>10.0}",
        wayleave.command_ms,
        wayleave.job_ms,
        wayleave.downtime_ms,
        virsh.command_ms,
        virsh.job_ms,
        virsh.downtime_ms
    );
}

fn median(measures: Vec<lab::Measure>) -> lab::Measure {
    let middle = |pick: fn(&lab::Measure) -> f64| {
        let mut values: Vec<f64> = measures.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        match values.len() {
            0 => 0.0,
            even if even % 2 == 0 => f64::midpoint(values[half - 1], values[half]),
            _ => values[half],
        }
    };
    lab::Measure {
        command_ms: middle(|m| m.command_ms),
        job_ms: middle(|m| m.job_ms),
        downtime_ms: middle(|m| m.downtime_ms),
    }
}
