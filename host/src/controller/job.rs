//! Jobs that were recorded: showing them truthfully, settling what a dead controller left
//! behind, and aborting a running one from anywhere.
//!
//! Whoever looks at a job that nobody works on looks at both nodes. If they settle it, it
//! is concluded from what they show; nothing is restarted or aborted on the way.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Jobs;
use super::ending::stayed;
use super::error::Error;
use crate::lease::Lease;
use crate::migrate::conclude::Judgement;
use crate::migrate::verify::{Ends, Patience, Why};
use crate::model::job::{Event, Job, JobId, Outcome, OutcomeKind, Recorded};
use crate::model::port::{JournalError, Presence, Progress};

/// Two nodes are not seen at the same instant: what looks odd is looked at again.
const GLANCE: Patience =
    Patience { untold: Duration::from_secs(3), leftover: Duration::ZERO, moving: Duration::ZERO };
/// How long an abort waits for the job to end.
const ABORT_PATIENCE: Duration = Duration::from_secs(60);

/// A job, its record, and how things stand now where that is not settled.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub job: Job,
    pub events: Vec<Recorded>,
    pub now: Option<Now>,
    /// A process works on it.
    pub attended: bool,
}

/// What both nodes show at this moment.
#[derive(Debug, Serialize)]
pub struct Now {
    pub source: Presence,
    pub destination: Presence,
    pub text: String,
    pub runs_on: Option<String>,
    pub progress: Option<Progress>,
}

impl Jobs {
    /// A job as it really stands. An open job that nobody works on any more is settled.
    pub async fn show(&self, id: JobId) -> Result<Shown, Error> {
        let job = self.job(id)?;
        let attended = job.is_open() && self.is_attended(id)?;
        if job.is_open() && !attended && !job.transfer_started {
            self.conclude_orphan(&job, nothing_moved(&job))?;
            return self.shown(id, None, false);
        }
        let unsettled =
            job.is_open() || job.outcome.as_ref().is_some_and(|one| one.kind == OutcomeKind::Uncertain);
        if !unsettled || !job.transfer_started {
            return self.shown(id, None, attended);
        }
        let now = self.look_at_both(&job, attended).await?;
        self.shown(id, now, attended)
    }

    fn shown(&self, id: JobId, now: Option<Now>, attended: bool) -> Result<Shown, Error> {
        let events = self.journal.events(id)?.into_iter().map(|event| self.whole(event)).collect();
        Ok(Shown { job: self.job(id)?, events, now, attended })
    }

    /// An event with the decision that it names, as long as that is kept.
    pub fn whole(&self, mut recorded: Recorded) -> Recorded {
        if let Event::Decided { decision: decision @ None, record: Some(id), .. } = &mut recorded.event {
            match self.records.get(*id) {
                Ok(record) => *decision = Some(Box::new(record.decision)),
                Err(error) => tracing::debug!(%error, decision = %id, "a job's decision is not to be had"),
            }
        }
        recorded
    }

    async fn look_at_both(&self, job: &Job, attended: bool) -> Result<Option<Now>, Error> {
        let Some(destination) = &job.destination else { return Ok(None) };
        let ends = Ends {
            hypervisor: self.hypervisor.as_ref(),
            source: &job.request.source,
            destination,
            domain: job.request.domain_uuid,
            paused: job.request.paused,
        };
        let seen = ends.settle(GLANCE).await;
        let told = !matches!(seen.judgement, Judgement::Moving | Judgement::Untold { .. } | Judgement::Both);
        if told && job.is_open() && !attended {
            let mut outcome = ends.outcome(&seen, &job.request.domain, left_behind(job));
            if outcome.kind == OutcomeKind::Succeeded {
                outcome.figures = self.hypervisor.completed(destination, job.request.domain_uuid).await;
            }
            self.conclude_orphan(job, outcome)?;
            return Ok(None);
        }
        let progress = match seen.judgement {
            Judgement::Moving => {
                self.hypervisor.progress(&job.request.source, job.request.domain_uuid).await.ok().flatten()
            }
            _ => None,
        };
        let (text, runs_on) = match &seen.judgement {
            Judgement::Moved { .. } => {
                (format!("it runs on {}", destination.name), Some(destination.name.clone()))
            }
            Judgement::Stayed { .. } => {
                (format!("it runs on {}", job.request.source.name), Some(job.request.source.name.clone()))
            }
            Judgement::Moving => (
                "libvirt still moves it; it runs on its source until then".to_owned(),
                Some(job.request.source.name.clone()),
            ),
            Judgement::Untold { .. } => ("it cannot be told where it runs".to_owned(), None),
            Judgement::Both => ("IT RUNS ON BOTH NODES".to_owned(), None),
        };
        Ok(Some(Now { source: seen.source, destination: seen.destination, text, runs_on, progress }))
    }

    /// Settles a job only if nobody else does: the lease is held while it is written.
    fn conclude_orphan(&self, job: &Job, outcome: Outcome) -> Result<(), Error> {
        let lease = Lease::take(&self.state_folder, job.id).map_err(|error| lease_error(job.id, error))?;
        let Some(_lease) = lease else { return Ok(()) };
        if self.job(job.id)?.is_open() {
            self.journal.append(job.id, &Event::Concluded { outcome: Box::new(outcome) })?;
        }
        Ok(())
    }

    /// Ends a job that runs, whoever runs it, and tells where the domain is then.
    pub async fn abort(&self, id: JobId, by: &str, reason: &str) -> Result<Shown, Error> {
        let job = self.job(id)?;
        if !job.is_open() {
            return self.show(id).await;
        }
        if !job.abort_requested {
            let event = Event::AbortRequested { by: by.to_owned(), reason: reason.to_owned() };
            self.journal.append(id, &event)?;
        }
        let begun = Instant::now();
        loop {
            let job = self.job(id)?;
            if job.is_open() && job.transfer_started {
                // It may not have begun, or may be ending: what counts is what the nodes show.
                if let Err(error) = self.hypervisor.abort(&job.request.source, job.request.domain_uuid).await
                {
                    tracing::debug!(%error, "aborting did not take; it is tried again");
                }
            }
            let shown = self.show(id).await?;
            if !shown.job.is_open() || begun.elapsed() > ABORT_PATIENCE {
                return Ok(shown);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    pub fn job(&self, id: JobId) -> Result<Job, Error> {
        let events = self.journal.events(id)?;
        Job::fold(id, &events).ok_or(Error::Journal(JournalError::NoSuchJob(id)))
    }

    pub fn is_attended(&self, id: JobId) -> Result<bool, Error> {
        Lease::is_held(&self.state_folder, id).map_err(|error| lease_error(id, error))
    }
}

pub(super) fn lease_error(job: JobId, source: std::io::Error) -> Error {
    Error::Journal(JournalError::Store {
        code: "lease-unusable",
        doing: format!("looking at the lease of job {job}"),
        hint: Some("is the state folder writable?".to_owned()),
        source: Box::new(source),
    })
}

fn nothing_moved(job: &Job) -> Outcome {
    let why = left_behind(job);
    stayed(&job.request, why.kind, &why.code, format!("{}; nothing had been moved", why.text))
}

/// Why a job that its controller left behind did not move its domain.
fn left_behind(job: &Job) -> Why {
    match (&job.transfer_error, job.abort_requested) {
        (_, true) => Why {
            kind: OutcomeKind::Aborted,
            code: "aborted".to_owned(),
            text: "the job was aborted".to_owned(),
        },
        (Some(error), false) => {
            Why { kind: OutcomeKind::Failed, code: error.code.clone(), text: error.text.clone() }
        }
        (None, false) => Why {
            kind: OutcomeKind::Failed,
            code: "controller-died".to_owned(),
            text: format!("the process that ran the job died in phase {}", job.phase),
        },
    }
}
