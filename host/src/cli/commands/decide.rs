//! `plan` and `check`: a decision that nobody acts on, live or from a recorded snapshot.

use std::borrow::Borrow;
use std::path::Path;

use serde::Serialize;

use super::super::args::{Check, Output, Plan, PolicyFile, Subject};
use super::super::progress::waiting;
use super::super::{Exit, out, render};
use super::show;
use crate::controller::{Error, Recorder, Wish};
use crate::decide::decide;
use crate::model::decision::{Decision, Stage};
use crate::model::record::{DecisionId, Purpose};
use crate::model::snapshot::{Probe, Snapshot};
use crate::problem::{InputError, chain};
use crate::record::Taken;
use crate::world::World;

const ASKING: &str = "asking the nodes ...";

/// A decision for a person, and the number of its record if it could be recorded.
#[derive(Serialize)]
struct Judged {
    id: Option<DecisionId>,
    #[serde(flatten)]
    decision: Decision,
}

pub async fn plan(world: &World, output: Output, plan: Plan) -> Result<Exit, Error> {
    let judged = match &plan.subject.facts {
        Some(file) => from_file(world, output, file, None, &plan.policy)?,
        None => {
            let wish = wish(world, &plan.subject, None)?;
            let probe = plan.probe.unwrap_or(world.config.probe);
            live(world, output, &wish, probe, &plan.policy).await?
        }
    };
    shown(output, &judged)
}

pub async fn check(world: &World, output: Output, check: Check) -> Result<Exit, Error> {
    let judged = match &check.subject.facts {
        Some(file) => from_file(world, output, file, Some(&check.to), &check.policy)?,
        None => {
            let wish = wish(world, &check.subject, Some(&check.to))?;
            live(world, output, &wish, Probe::All, &check.policy).await?
        }
    };
    shown(output, &judged)
}

async fn live(
    world: &World,
    output: Output,
    wish: &Wish,
    probe: Probe,
    policy: &PolicyFile,
) -> Result<Judged, Error> {
    let (controller, unrecorded) = world.planner(policy.file.as_deref())?;
    let (snapshot, decision) = waiting(ASKING, controller.plan(wish, probe)).await?;
    let recorder = unrecorded.map_or(Ok(&controller.recorder), Err);
    let taken = Taken {
        purpose: purpose(wish.to.is_some()),
        policy: &controller.policy,
        snapshot: &snapshot,
        decision: &decision,
        evaluate: controller.evaluate.as_ref(),
    };
    Ok(Judged { id: keep(output, recorder, taken), decision })
}

fn purpose(one_node: bool) -> Purpose {
    if one_node { Purpose::Check } else { Purpose::Plan }
}

/// Nobody acts on it, so it is told also where it cannot be recorded.
fn keep(
    output: Output,
    recorder: Result<impl Borrow<Recorder>, Error>,
    taken: Taken<'_>,
) -> Option<DecisionId> {
    match recorder.and_then(|recorder| recorder.borrow().record(taken)) {
        Ok(id) => Some(id),
        Err(error) => {
            let text = format!("this decision is not recorded: {}", chain(&error));
            out::warning(output, error.code(), &text, error.hint().as_deref());
            None
        }
    }
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
fn from_file(
    world: &World,
    output: Output,
    file: &Path,
    to: Option<&str>,
    policy: &PolicyFile,
) -> Result<Judged, Error> {
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
    let decision = decide(&policy, &snapshot, &plugins);
    let recorder = world.recorder();
    let taken = Taken {
        purpose: purpose(to.is_some()),
        policy: &policy,
        snapshot: &snapshot,
        decision: &decision,
        evaluate: &plugins,
    };
    Ok(Judged { id: keep(output, recorder, taken), decision })
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

fn shown(output: Output, judged: &Judged) -> Result<Exit, Error> {
    let Judged { id, decision } = judged;
    let kept = id.map(|id| format!("Recorded as decision {id}.\n")).unwrap_or_default();
    show(output, || render::decision(decision) + &kept, || render::json("decision", judged))?;
    let waits = decision.candidates.iter().any(|one| one.stage == Stage::Inconclusive);
    Ok(match &decision.chosen {
        Some(_) => Exit::Done,
        None if waits => Exit::Failed,
        None => Exit::Refused,
    })
}
