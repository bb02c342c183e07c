//! `policy`: what a policy does, and whether it does what its suites say.

mod bench;
mod look;
mod mutate;
mod test;
mod watch;

use std::path::Path;

use super::super::args::Output;
use super::super::args::policy::{Policy, Suites};
use super::super::{Exit, render};
use super::show;
use crate::controller::Error;
use crate::parallel::processors;
use crate::problem::InputError;
use crate::suite::run::{Bound, Selection};
use crate::world::World;

pub async fn policy(world: &World, output: Output, command: Policy) -> Result<Exit, Error> {
    match command {
        Policy::Check { file } => check(world, output, file.as_deref()),
        Policy::Lint { file, deny_warnings } => look::lint(world, output, file.as_deref(), deny_warnings),
        Policy::Fmt { files, check } => look::format(&files, check),
        Policy::Explain { file, rule } => look::explain(world, output, file.as_deref(), rule.as_deref()),
        Policy::Diff { was, now, facts } => look::diff(world, output, [&was, &now], &facts),
        Policy::Watch { file, facts } => watch::watch(world, output, file.as_deref(), facts.as_deref()).await,
        Policy::Test(arguments) => test::test(world, output, &arguments).await,
        Policy::Mutate(arguments) => mutate::mutate(world, output, &arguments),
        Policy::Bench(arguments) => bench::bench(world, output, &arguments),
    }
}

fn check(world: &World, output: Output, file: Option<&Path>) -> Result<Exit, Error> {
    let plugins = world.plugins()?;
    let policy = world.policy(file, &plugins)?;
    let rules: Vec<_> = policy.rules.iter().map(|rule| &rule.info).collect();
    show(output, || render::policy(&policy), || render::json("rules", &rules))?;
    Ok(Exit::Done)
}

/// The suites that are named, each with its rules, every name in them checked.
fn bound(world: &World, suites: &Suites) -> Result<Vec<Bound>, Error> {
    let here = [Path::new(".").to_owned()];
    let paths = if suites.paths.is_empty() { &here[..] } else { &suites.paths };
    let files = crate::suite::find(paths)?;
    if files.is_empty() {
        return Err(InputError::new("no-suites", "no suite was found")
            .expected(format!("files that end in {}", crate::suite::SUFFIX))
            .hint("name a suite, or a folder with suites")
            .into());
    }
    files.iter().map(|file| world.bind(file, &suites.plugins)).collect()
}

fn selection(suites: &Suites, shard: Option<(usize, usize)>) -> Result<Selection, InputError> {
    let run = suites.run.as_deref().map(|pattern| {
        regex::Regex::new(pattern).map_err(|error| {
            let text = error.to_string().lines().last().unwrap_or_default().to_owned();
            InputError::new("bad-pattern", format!("--run is no regular expression: {text}"))
                .found(format!("{pattern:?}"))
        })
    });
    Ok(Selection { run: run.transpose()?, shard })
}

/// How many threads run cases.
fn jobs(suites: &Suites) -> usize {
    suites.jobs.map_or_else(processors, usize::from)
}

/// That nothing was run is a failure of its own: a test that cannot fail.
fn nothing_run(suites: &Suites) -> InputError {
    let problem = InputError::new("no-cases-run", "no case was run");
    match &suites.run {
        Some(pattern) => problem.found(format!("--run {pattern:?}")).hint("no `SUITE / CASE` fits it"),
        None => problem.hint("fewer cases than shards?"),
    }
}
