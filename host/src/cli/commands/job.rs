//! `job`: what was recorded, told truthfully; following a job, and aborting one.

use std::time::Duration;

use super::super::args::{Job as JobCommand, Output};
use super::super::progress::Display;
use super::super::{Exit, render};
use super::show;
use crate::controller::{Error, Jobs, Shown};
use crate::model::job::{Event, Job, JobId, OutcomeKind, Phase};
use crate::model::port::{Presence, Watcher};
use crate::world::World;

const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub async fn job(world: &World, output: Output, command: JobCommand) -> Result<Exit, Error> {
    let jobs = world.jobs()?;
    match command {
        JobCommand::List { limit, open } => list(&jobs, output, limit, open),
        JobCommand::Show { id } => shown(output, &jobs.show(id).await?),
        JobCommand::Watch { id } => watch(&jobs, output, id).await,
        JobCommand::Abort { id, reason } => {
            let shown = jobs.abort(id, "wayleave job abort", &reason).await?;
            self::shown(output, &shown)?;
            Ok(match shown.job.outcome.map(|outcome| outcome.kind) {
                Some(OutcomeKind::Aborted) => Exit::Done,
                Some(OutcomeKind::Uncertain) | None => Exit::Uncertain,
                Some(_) => Exit::Failed,
            })
        }
    }
}

fn list(jobs: &Jobs, output: Output, limit: usize, open: bool) -> Result<Exit, Error> {
    let mut found = if open { jobs.journal.open_jobs()? } else { jobs.journal.jobs(limit)? };
    found.truncate(limit);
    let alive = |id: JobId| match jobs.is_attended(id) {
        Ok(true) => render::Controller::Alive,
        Ok(false) => render::Controller::Gone,
        Err(_) => render::Controller::Unknown,
    };
    show(output, || render::job_list(&found, alive), || render::json("jobs", &found))?;
    Ok(Exit::Done)
}

/// Shows a job; what its outcome was is data, and no failure of this command.
fn shown(output: Output, shown: &Shown) -> Result<Exit, Error> {
    show(output, || table(shown), || render::json("job", shown))?;
    Ok(Exit::Done)
}

fn table(shown: &Shown) -> String {
    let controller = if shown.attended { render::Controller::Alive } else { render::Controller::Gone };
    render::job_show(&shown.job, &shown.events, controller, &observed(shown))
}

fn observed(shown: &Shown) -> Vec<(String, Presence)> {
    let Some(now) = &shown.now else { return Vec::new() };
    let destination = shown.job.destination.as_ref().map_or_else(String::new, |node| node.name.clone());
    vec![(shown.job.request.source.name.clone(), now.source.clone()), (destination, now.destination.clone())]
}

async fn watch(jobs: &Jobs, output: Output, id: JobId) -> Result<Exit, Error> {
    let display = Display::on_stderr();
    let mut told = 0;
    loop {
        let job = jobs.job(id)?;
        let events = jobs.journal.events(id)?;
        for recorded in &events[told.min(events.len())..] {
            tell(&display, id, &jobs.whole(recorded.clone()).event);
        }
        told = events.len();
        if !job.is_open() || !jobs.is_attended(id)? {
            break;
        }
        progress(jobs, &display, &job).await;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    display.finish();
    let shown = jobs.show(id).await?;
    self::shown(output, &shown)?;
    Ok(shown.job.outcome.map_or(Exit::Failed, |outcome| Exit::of(outcome.kind)))
}

fn tell(display: &Display, id: JobId, event: &Event) {
    match event {
        Event::Opened { .. } => display.phase(Some(id), Phase::Check),
        Event::Decided { decision, .. } => {
            display.phase(Some(id), Phase::Decide);
            decision.iter().for_each(|decision| display.decided(decision));
        }
        Event::Reserved { .. } => display.phase(Some(id), Phase::Reserve),
        Event::Prepared { .. } => display.phase(Some(id), Phase::Prepare),
        Event::TransferStarted { .. } => display.phase(Some(id), Phase::Transfer),
        Event::AbortRequested { by, reason } => display.note(&format!("{by} asks for an end: {reason}")),
        Event::TransferReturned { .. } => display.phase(Some(id), Phase::Verify),
        Event::Concluded { .. } => display.phase(Some(id), Phase::Close),
    }
}

async fn progress(jobs: &Jobs, display: &Display, job: &Job) {
    if !job.transfer_started {
        return;
    }
    let source = &job.request.source;
    if let Ok(Some(progress)) = jobs.hypervisor.progress(source, job.request.domain_uuid).await {
        display.progress(&progress);
    }
}
