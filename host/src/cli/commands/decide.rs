//! `plan` and `check`: a decision that nobody acts on, live or from a recorded snapshot.

use std::path::Path;

use super::super::args::{Check, Output, Plan, PolicyFile, Subject};
use super::super::progress::waiting;
use super::super::{Exit, render};
use super::show;
use crate::controller::{Error, Wish};
use crate::decide::decide;
use crate::model::decision::{Decision, Stage};
use crate::model::snapshot::{Probe, Snapshot};
use crate::problem::InputError;
use crate::world::World;

const ASKING: &str = "asking the nodes ...";

pub async fn plan(world: &World, output: Output, plan: Plan) -> Result<Exit, Error> {
    let decision = match &plan.subject.facts {
        Some(file) => from_file(world, file, None, &plan.policy)?,
        None => {
            let controller = world.controller(plan.policy.file.as_deref())?;
            let wish = wish(world, &plan.subject, None)?;
            let probe = plan.probe.unwrap_or(world.config.probe);
            waiting(ASKING, controller.plan(&wish, probe)).await?.1
        }
    };
    shown(output, &decision)
}

pub async fn check(world: &World, output: Output, check: Check) -> Result<Exit, Error> {
    let decision = match &check.subject.facts {
        Some(file) => from_file(world, file, Some(&check.to), &check.policy)?,
        None => {
            let controller = world.controller(check.policy.file.as_deref())?;
            let wish = wish(world, &check.subject, Some(&check.to))?;
            waiting(ASKING, controller.plan(&wish, Probe::All)).await?.1
        }
    };
    shown(output, &decision)
}

fn wish(world: &World, subject: &Subject, to: Option<&str>) -> Result<Wish, Error> {
    // The parser lets no subject through that has neither a file nor these two.
    let (domain, from) =
        (subject.domain.as_deref().unwrap_or_default(), subject.from.as_deref().unwrap_or_default());
    Ok(Wish {
        domain: domain.to_owned(),
        source: world.config.resolve(from)?,
        to: to.map(|to| world.config.resolve(to)).transpose()?,
        destination_name: subject.dname.clone(),
        destination_uri: None,
    })
}

/// The same decision from facts that were written down; nothing is connected.
fn from_file(world: &World, file: &Path, to: Option<&str>, policy: &PolicyFile) -> Result<Decision, Error> {
    let mut snapshot = read_snapshot(file)?;
    if let Some(to) = to {
        let names: Vec<String> = snapshot.candidates.iter().map(|one| one.node.name().to_owned()).collect();
        snapshot.only = Some(to.to_owned());
        if !names.iter().any(|name| name == to) {
            return Err(InputError::new("no-such-node", format!("the snapshot has no node `{to}`"))
                .in_file(file)
                .hint(format!("nodes: {}", names.join(", ")))
                .into());
        }
    }
    let plugins = world.plugins()?;
    let policy = world.policy(policy.file.as_deref(), &plugins)?;
    Ok(decide(&policy, &snapshot, &plugins))
}

pub fn read_snapshot(file: &Path) -> Result<Snapshot, InputError> {
    let text = super::facts::read(file)?;
    let bad = |error: &serde_json::Error| {
        InputError::new("bad-snapshot", format!("this is no snapshot: {error}"))
            .at(file, error.line(), error.column())
            .expected("what `wayleave facts snapshot` prints")
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| bad(&error))?;
    // As printed, or the snapshot alone.
    let snapshot = value.get("snapshot").cloned().unwrap_or(value);
    serde_json::from_value(snapshot).map_err(|error| {
        InputError::new("bad-snapshot", format!("this is no snapshot: {error}"))
            .in_file(file)
            .expected("what `wayleave facts snapshot` prints")
    })
}

fn shown(output: Output, decision: &Decision) -> Result<Exit, Error> {
    show(output, || render::decision(decision), || render::json("decision", decision))?;
    let waits = decision.candidates.iter().any(|one| one.stage == Stage::Inconclusive);
    Ok(match &decision.chosen {
        Some(_) => Exit::Done,
        None if waits => Exit::Failed,
        None => Exit::Refused,
    })
}
