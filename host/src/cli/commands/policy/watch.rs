//! `policy watch`: a long-running host of rules, which takes over what changes whole or not at all.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::super::args::Output;
use super::super::super::{Exit, out, render};
use super::super::decide::read_snapshot;
use super::super::show;
use crate::controller::Error;
use crate::decide::decide;
use crate::model::snapshot::Snapshot;
use crate::policy::diff::diff;
use crate::reload::{Live, RuleSet, Watch};
use crate::world::World;

pub async fn watch(
    world: &World,
    output: Output,
    file: Option<&Path>,
    facts: Option<&Path>,
) -> Result<Exit, Error> {
    let snapshot = facts.map(read_snapshot).transpose()?;
    let mut watch = Watch::new(&watched(world, file))?;
    let live = Live::new(world.rule_set(file)?);
    tell(output, None, &live.now(), snapshot.as_ref())?;
    let mut told = String::new();
    loop {
        tokio::select! {
            () = watch.changed() => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
        }
        match world.rule_set(file) {
            Ok(next) => {
                told.clear();
                if let Some(was) = live.take_over(next) {
                    tell(output, Some(&was), &live.now(), snapshot.as_ref())?;
                }
            }
            Err(error) => {
                let text = format!("the old set of rules stays in use: {}", crate::problem::chain(&error));
                if text != told {
                    out::error(output, error.code(), &text, error.hint().as_deref());
                    told = text;
                }
            }
        }
    }
}

/// Everything that the set is made of, and the suites beside it.
fn watched(world: &World, file: Option<&Path>) -> Vec<PathBuf> {
    let policy = crate::suite::parent(file.unwrap_or(&world.config.policy)).to_owned();
    std::iter::once(policy).chain(world.config.plugin_folders.iter().cloned()).collect()
}

/// The set in use, how it differs from the one before, and what it decides.
fn tell(
    output: Output,
    was: Option<&RuleSet>,
    set: &RuleSet,
    snapshot: Option<&Snapshot>,
) -> Result<(), Error> {
    let changes = was.map(|was| diff(&was.policy, &set.policy));
    show(
        output,
        || {
            let in_use = format!("in use: policy {} with {} rules", set.policy.name, set.policy.rules.len());
            let changes =
                changes.as_ref().map(|changes| render::policy_diff(changes, &[])).unwrap_or_default();
            format!("{}\n{changes}", render::text::clean(&in_use))
        },
        || {
            let tree = json!({ "policy": render::policy_tree(&set.policy), "changes": changes });
            render::json("rule-set", &tree)
        },
    )?;
    if let Some(snapshot) = snapshot {
        let decision = decide(&set.policy, snapshot, set.evaluate.as_ref());
        show(output, || render::decision(&decision), || render::json("decision", &decision))?;
    }
    Ok(())
}
