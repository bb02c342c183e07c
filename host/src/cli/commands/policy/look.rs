//! `policy lint`, `fmt`, `explain` and `diff`: reading and rewriting, no case is run.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::super::args::Output;
use super::super::super::{Exit, out, render};
use super::super::decide::read_snapshot;
use super::super::{print, show, write};
use crate::controller::Error;
use crate::decide::decide;
use crate::policy;
use crate::problem::{InputError, line_column};
use crate::record::compare::differences;
use crate::world::World;

pub fn lint(world: &World, output: Output, file: Option<&Path>, deny: bool) -> Result<Exit, Error> {
    let plugins = world.plugins()?;
    let policy = world.policy(file, &plugins)?;
    let found = policy::lint::lint(&policy, file.unwrap_or(&world.config.policy));
    show(output, || render::advice(&policy.name, &found), || render::json("advice", &found))?;
    Ok(if deny && !found.is_empty() { Exit::Refused } else { Exit::Done })
}

/// Validates all, then writes.
pub fn format(files: &[PathBuf], check: bool) -> Result<Exit, Error> {
    let mut changed = Vec::new();
    for file in files {
        let text = super::super::facts::read(file)?;
        let formatted = policy::fmt::format(&text).map_err(|(message, at)| {
            let (line, column) = line_column(&text, at);
            InputError::new("policy-invalid", message).at(file, line, column)
        })?;
        if formatted != text {
            changed.push((file, formatted));
        }
    }
    for (file, formatted) in &changed {
        if !check {
            write(file, formatted, ("policy-unwritable", "the policy"))?;
        }
        out::note(&format!("{}: {}", if check { "not as it should be" } else { "written" }, file.display()));
    }
    Ok(if check && !changed.is_empty() { Exit::Refused } else { Exit::Done })
}

pub fn explain(
    world: &World,
    output: Output,
    file: Option<&Path>,
    rule: Option<&str>,
) -> Result<Exit, Error> {
    let plugins = world.plugins()?;
    let mut policy = world.policy(file, &plugins)?;
    if let Some(name) = rule {
        let names: Vec<String> = policy.rules.iter().map(|rule| rule.name.clone()).collect();
        policy.rules.retain(|rule| rule.name == name);
        if policy.rules.is_empty() {
            let text = format!("the policy does not use a rule `{name}`");
            let problem = InputError::new("no-such-rule", text);
            return Err(problem.hint_nearest(name, names.iter().map(String::as_str)).into());
        }
    }
    show(
        output,
        || render::policy_in_words(&policy),
        || render::json("policy", &render::policy_tree(&policy)),
    )?;
    Ok(Exit::Done)
}

pub fn diff(world: &World, output: Output, files: [&Path; 2], facts: &[PathBuf]) -> Result<Exit, Error> {
    let plugins = world.plugins()?;
    let [was, now] = files.map(|file| world.policy(Some(file), &plugins));
    let (was, now) = (was?, now?);
    let policies = policy::diff::diff(&was, &now);
    let mut verdicts = Vec::new();
    for file in facts {
        let snapshot = read_snapshot(file)?;
        let decisions = [&was, &now].map(|policy| decide(policy, &snapshot, &plugins));
        let parted = differences(&decisions[0], &decisions[1]);
        verdicts.push((file.display().to_string(), render::changed_verdicts(&parted)));
    }
    let same = policies.is_empty() && verdicts.iter().all(|(_, changes)| changes.is_empty());
    match output {
        Output::Table => print(&render::policy_diff(&policies, &verdicts))?,
        Output::Json => {
            let changes: Vec<_> = verdicts
                .iter()
                .map(|(facts, changes)| json!({ "facts": facts, "changes": changes }))
                .collect();
            print(&render::json("difference", &json!({ "policy": policies, "verdicts": changes })))?;
        }
    }
    Ok(if same { Exit::Done } else { Exit::Refused })
}
