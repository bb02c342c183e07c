//! A journal that lives as long as the process: for tests and for deciding without a record.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::hold;
use super::memory_records::Kept;
use super::trouble::Trouble;
use crate::model::decision::Claim;
use crate::model::job::{Event, Job, JobId, Recorded, Request, Room};
use crate::model::port::{Abort, ClaimTaken, Journal, JournalError};

#[derive(Debug, Default)]
pub struct MemoryJournal {
    jobs: Mutex<BTreeMap<JobId, Entry>>,
    pub(super) kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Entry {
    events: Vec<Recorded>,
    /// None as soon as the job is concluded.
    held: Option<Held>,
}

#[derive(Debug, Default)]
struct Held {
    claims: Vec<Claim>,
    room: Option<(String, Room)>,
}

impl Entry {
    fn record(&mut self, event: Event) {
        self.events.push(Recorded { at: Timestamp::now(), event });
    }

    fn request(&self) -> Option<&Request> {
        self.events.first().and_then(|first| match &first.event {
            Event::Opened { request } => Some(&**request),
            _ => None,
        })
    }
}

impl MemoryJournal {
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn is_open(&self, job: JobId) -> bool {
        self.jobs_locked().get(&job).is_some_and(|entry| entry.held.is_some())
    }

    fn jobs_locked(&self) -> MutexGuard<'_, BTreeMap<JobId, Entry>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folded(&self, limit: usize, wanted: impl Fn(&Entry) -> bool) -> Vec<Job> {
        let jobs = self.jobs_locked();
        let newest_first = jobs.iter().rev().filter(|(_, entry)| wanted(entry)).take(limit);
        newest_first.filter_map(|(id, entry)| Job::fold(*id, &entry.events)).collect()
    }
}

/// The entry of a job that is not concluded.
fn open_entry(jobs: &mut BTreeMap<JobId, Entry>, job: JobId) -> Result<&mut Entry, JournalError> {
    let entry = jobs.get_mut(&job).ok_or(JournalError::NoSuchJob(job))?;
    if entry.held.is_none() { Err(JournalError::Concluded(job)) } else { Ok(entry) }
}

impl Journal for MemoryJournal {
    fn open(&self, request: &Request) -> Result<JobId, JournalError> {
        let mut jobs = self.jobs_locked();
        let of_same_domain = |entry: &Entry| {
            entry.held.is_some()
                && entry.request().is_some_and(|other| other.domain_uuid == request.domain_uuid)
        };
        if let Some((job, _)) = jobs.iter().find(|(_, entry)| of_same_domain(entry)) {
            return Err(JournalError::Busy { domain: request.domain.clone(), job: *job });
        }
        let job = JobId(jobs.keys().last().map_or(1, |last| last.0 + 1));
        let mut entry = Entry { held: Some(Held::default()), ..Entry::default() };
        entry.record(Event::Opened { request: Box::new(request.clone()) });
        jobs.insert(job, entry);
        Ok(job)
    }

    fn append(&self, job: JobId, event: &Event) -> Result<(), JournalError> {
        hold::may_append(event)
            .map_err(|trouble| trouble.while_doing(|| format!("appending to job {job}")))?;
        let mut jobs = self.jobs_locked();
        let entry = open_entry(&mut jobs, job)?;
        entry.record(event.clone());
        if matches!(event, Event::Concluded { .. }) {
            entry.held = None;
        }
        Ok(())
    }

    fn reserve(
        &self,
        job: JobId,
        destination: &str,
        claims: &[Claim],
        room: Room,
    ) -> Result<Result<(), ClaimTaken>, JournalError> {
        let mut jobs = self.jobs_locked();
        open_entry(&mut jobs, job)?;
        let others = |resource: &str| -> Result<Vec<(JobId, u64)>, Trouble> {
            let others = jobs.iter().filter(|(id, _)| **id != job);
            let amounts = others.filter_map(|(id, entry)| {
                let claims = &entry.held.as_ref()?.claims;
                let of_resource = claims.iter().filter(|claim| claim.resource == resource);
                let amount = of_resource.fold(0_u64, |sum, claim| sum.saturating_add(claim.amount));
                (amount > 0).then_some((*id, amount))
            });
            Ok(amounts.collect())
        };
        let granted = hold::granted(claims, others)
            .map_err(|trouble| trouble.while_doing(|| format!("reserving for job {job}")))?;
        if let Err(taken) = granted {
            return Ok(Err(taken));
        }
        let entry = open_entry(&mut jobs, job)?;
        entry.held = Some(Held { claims: claims.to_vec(), room: Some((destination.to_owned(), room)) });
        entry.record(Event::Reserved { destination: destination.to_owned(), claims: claims.to_vec(), room });
        Ok(Ok(()))
    }

    fn events(&self, job: JobId) -> Result<Vec<Recorded>, JournalError> {
        let jobs = self.jobs_locked();
        jobs.get(&job).map(|entry| entry.events.clone()).ok_or(JournalError::NoSuchJob(job))
    }

    fn abort_requested(&self, job: JobId) -> Result<Option<Abort>, JournalError> {
        Ok(self.events(job)?.into_iter().find_map(|recorded| Abort::of(recorded.event)))
    }

    fn jobs(&self, limit: usize) -> Result<Vec<Job>, JournalError> {
        Ok(self.folded(limit, |_| true))
    }

    fn open_jobs(&self) -> Result<Vec<Job>, JournalError> {
        Ok(self.folded(usize::MAX, |entry| entry.held.is_some()))
    }

    fn reserved(&self, node: &str, except: Option<JobId>) -> Result<Room, JournalError> {
        let jobs = self.jobs_locked();
        let others = jobs.iter().filter(|(id, _)| Some(**id) != except);
        let rooms = others.filter_map(|(_, entry)| entry.held.as_ref()?.room.as_ref());
        Ok(hold::sum(rooms.filter(|(destination, _)| destination == node).map(|(_, room)| *room)))
    }
}
