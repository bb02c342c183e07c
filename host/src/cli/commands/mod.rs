//! One function a command: arguments in, the controller called, the result printed.

mod decide;
mod decision;
mod facts;
mod job;
mod migrate;
mod node;
mod plugin;
mod policy;
mod replay;

use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

pub use self::replay::Report;
use super::args::{Command, CommandLine, CompileComponent, Output};
use super::{Exit, out};
use crate::controller::Error;
use crate::plugin::compile;
use crate::problem::InputError;
use crate::world::World;

pub async fn carry_out(world: &World, output: Output, command: Command) -> Result<Exit, Error> {
    match command {
        Command::Migrate(migrate) => migrate::migrate(world, output, *migrate).await,
        Command::Plan(plan) => decide::plan(world, output, plan).await,
        Command::Check(check) => decide::check(world, output, check).await,
        Command::Nodes => node::nodes(world, output).await,
        Command::Job(job) => job::job(world, output, job).await,
        Command::Decision(command) => decision::decision(world, output, command),
        Command::Replay(arguments) => replay::replay(world, output, &arguments),
        Command::Plugin(plugin) => plugin::plugin(world, output, plugin),
        Command::Policy(policy) => policy::policy(world, output, policy).await,
        Command::Facts(facts) => facts::facts(world, facts).await,
        Command::Doctor { nodes } => node::doctor(world, output, &nodes).await,
        // They need no world, and were carried out before there was one.
        Command::Completions { .. } | Command::CompileComponent(_) => Ok(Exit::Done),
    }
}

pub fn completions(shell: Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    generate(shell, &mut CommandLine::command(), "wayleave", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// What a child does that compiles a component: the answer is for the process that started it.
pub fn compile_component(command: CompileComponent) -> Result<Exit, Error> {
    let CompileComponent { cache, memory_bytes, processor_seconds } = command;
    let bounds = compile::Bounds { cache_folder: cache, memory_bytes, processor_seconds };
    let said = compile::child(&bounds, std::io::stdin().lock())
        .map_err(|error| InputError::new("plugin-compile-failed", format!("compiling failed: {error}")))?;
    print(&said)?;
    Ok(Exit::Done)
}

fn print(text: &str) -> Result<(), Error> {
    out::data(text).map_err(|error| {
        InputError::new("stdout-unwritable", format!("the result cannot be written: {error}")).into()
    })
}

/// The code of an error, and what it was that could not be written.
type Unwritable = (&'static str, &'static str);

fn write(file: &Path, text: &str, (code, what): Unwritable) -> Result<(), InputError> {
    std::fs::write(file, text)
        .map_err(|error| InputError::new(code, format!("{what} cannot be written: {error}")).in_file(file))
}

/// In the form that was asked for.
fn show(output: Output, table: impl FnOnce() -> String, json: impl FnOnce() -> String) -> Result<(), Error> {
    match output {
        Output::Table => print(&table()),
        Output::Json => print(&json()),
    }
}
