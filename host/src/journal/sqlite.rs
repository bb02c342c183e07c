//! The embedded journal: one SQLite file, shared by every process on this machine.
//!
//! Each call is one transaction, durable when it returns (WAL, synchronous=FULL).
//! Writers take the write lock before they read, so what they checked still holds
//! when they write. The tables and their guards are in `schema`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::trouble::Trouble;
use super::{hold, schema};
use crate::model::decision::Claim;
use crate::model::job::{Event, Job, JobId, Recorded, Request, Room};
use crate::model::port::{Abort, ClaimTaken, Journal, JournalError};

#[derive(Debug)]
pub struct SqliteJournal {
    pub(super) connection: Mutex<Connection>,
    file: PathBuf,
}

impl SqliteJournal {
    /// Opens `journal.db` in the state folder; makes folder (0700) and file (0600) where missing.
    pub fn open(state_folder: &Path) -> Result<Self, JournalError> {
        let file = state_folder.join("journal.db");
        let connection = schema::open(state_folder, &file)?;
        Ok(Self { connection: Mutex::new(connection), file })
    }

    pub(super) fn write<T>(
        &self,
        doing: &str,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Trouble>,
    ) -> Result<T, JournalError> {
        self.transact(TransactionBehavior::Immediate, doing, act)
    }

    pub(super) fn read<T>(
        &self,
        doing: &str,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Trouble>,
    ) -> Result<T, JournalError> {
        self.transact(TransactionBehavior::Deferred, doing, act)
    }

    /// Everything that `act` does, or nothing of it when it fails.
    fn transact<T>(
        &self,
        behavior: TransactionBehavior,
        doing: &str,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Trouble>,
    ) -> Result<T, JournalError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || -> Result<T, Trouble> {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let done = act(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|trouble| trouble.while_doing(|| format!("{doing} (journal {})", self.file.display())))
    }
}

impl Journal for SqliteJournal {
    fn open(&self, request: &Request) -> Result<JobId, JournalError> {
        self.write(&format!("opening a job for domain {}", request.domain), |transaction| {
            let domain = request.domain_uuid.to_string();
            let busy = transaction
                .query_row("SELECT id FROM jobs WHERE domain = ?1 AND open = 1", [&domain], job_id)
                .optional()?;
            if let Some(job) = busy {
                return Err(JournalError::Busy { domain: request.domain.clone(), job }.into());
            }
            let job = transaction.query_row(
                "INSERT INTO jobs (domain) VALUES (?1) RETURNING id",
                [&domain],
                job_id,
            )?;
            record(transaction, job, &Event::Opened { request: Box::new(request.clone()) })?;
            Ok(job)
        })
    }

    fn append(&self, job: JobId, event: &Event) -> Result<(), JournalError> {
        self.write(&format!("appending to job {job}"), |transaction| {
            hold::may_append(event)?;
            require_open(transaction, job)?;
            record(transaction, job, event)?;
            if matches!(event, Event::Concluded { .. }) {
                release(transaction, job)?;
                transaction.execute("UPDATE jobs SET open = 0 WHERE id = ?1", [key(job)])?;
            }
            Ok(())
        })
    }

    fn reserve(
        &self,
        job: JobId,
        destination: &str,
        claims: &[Claim],
        room: Room,
    ) -> Result<Result<(), ClaimTaken>, JournalError> {
        self.write(&format!("reserving for job {job}"), |transaction| {
            require_open(transaction, job)?;
            let granted = hold::granted(claims, |resource| held_by_others(transaction, job, resource))?;
            if let Err(taken) = granted {
                return Ok(Err(taken));
            }
            release(transaction, job)?;
            for claim in claims {
                transaction.execute(
                    "INSERT INTO claims (job, rule, resource, amount) VALUES (?1, ?2, ?3, ?4)",
                    params![key(job), claim.rule, claim.resource, claim.amount.cast_signed()],
                )?;
            }
            transaction.execute(
                "INSERT INTO rooms (job, node, memory_bytes, vcpus) VALUES (?1, ?2, ?3, ?4)",
                params![key(job), destination, room.memory_bytes.cast_signed(), room.vcpus],
            )?;
            let destination = destination.to_owned();
            record(transaction, job, &Event::Reserved { destination, claims: claims.to_vec(), room })?;
            Ok(Ok(()))
        })
    }

    fn events(&self, job: JobId) -> Result<Vec<Recorded>, JournalError> {
        self.read(&format!("reading job {job}"), |transaction| {
            let events = events(transaction, job)?;
            if events.is_empty() { Err(JournalError::NoSuchJob(job).into()) } else { Ok(events) }
        })
    }

    fn abort_requested(&self, job: JobId) -> Result<Option<Abort>, JournalError> {
        self.read(&format!("reading job {job}"), |transaction| {
            // Decisions are large: only the event that is looked for is parsed.
            let mut statement = transaction.prepare_cached(
                "SELECT event FROM events
                 WHERE job = ?1 AND json_extract(event, '$.event') = 'abort-requested'
                 ORDER BY number LIMIT 1",
            )?;
            let mut rows = statement.query([key(job)])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let event = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            Ok(Abort::of(serde_json::from_str(event)?))
        })
    }

    fn jobs(&self, limit: usize) -> Result<Vec<Job>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("listing jobs", |transaction| {
            folded(transaction, "SELECT id FROM jobs ORDER BY id DESC LIMIT ?1", limit)
        })
    }

    fn open_jobs(&self) -> Result<Vec<Job>, JournalError> {
        self.read("listing open jobs", |transaction| {
            folded(transaction, "SELECT id FROM jobs WHERE open = 1 ORDER BY id DESC LIMIT ?1", i64::MAX)
        })
    }

    fn reserved(&self, node: &str, except: Option<JobId>) -> Result<Room, JournalError> {
        self.read(&format!("adding up the room reserved at {node}"), |transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT memory_bytes, vcpus FROM rooms WHERE node = ?1 AND job IS NOT ?2")?;
            let rooms = statement.query_map(params![node, except.map(key)], |row| {
                Ok(Room { memory_bytes: row.get::<_, i64>(0)?.cast_unsigned(), vcpus: row.get(1)? })
            })?;
            Ok(hold::sum(rooms.collect::<Result<Vec<_>, _>>()?))
        })
    }
}

/// The key of a job; ids are small, and one that is not is no job.
pub(super) fn key(job: JobId) -> i64 {
    i64::try_from(job.0).unwrap_or(-1)
}

fn job_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<JobId> {
    Ok(JobId(row.get::<_, i64>(0)?.cast_unsigned()))
}

fn require_open(transaction: &Transaction<'_>, job: JobId) -> Result<(), Trouble> {
    let open: Option<bool> = transaction
        .query_row("SELECT open FROM jobs WHERE id = ?1", [key(job)], |row| row.get(0))
        .optional()?;
    match open {
        Some(true) => Ok(()),
        Some(false) => Err(JournalError::Concluded(job).into()),
        None => Err(JournalError::NoSuchJob(job).into()),
    }
}

fn record(transaction: &Transaction<'_>, job: JobId, event: &Event) -> Result<(), Trouble> {
    let event = serde_json::to_string(event)?;
    transaction.execute(
        "INSERT INTO events (job, number, at, event)
         SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3 FROM events WHERE job = ?1",
        params![key(job), Timestamp::now().to_string(), event],
    )?;
    Ok(())
}

fn release(transaction: &Transaction<'_>, job: JobId) -> Result<(), Trouble> {
    transaction.execute("DELETE FROM claims WHERE job = ?1", [key(job)])?;
    transaction.execute("DELETE FROM rooms WHERE job = ?1", [key(job)])?;
    Ok(())
}

fn held_by_others(
    transaction: &Transaction<'_>,
    job: JobId,
    resource: &str,
) -> Result<Vec<(JobId, u64)>, Trouble> {
    let mut statement = transaction
        .prepare_cached("SELECT job, amount FROM claims WHERE resource = ?1 AND job <> ?2 ORDER BY job")?;
    let rows = statement.query_map(params![resource, key(job)], |row| {
        Ok((job_id(row)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    let mut held: Vec<(JobId, u64)> = Vec::new();
    for row in rows {
        let (job, amount) = row?;
        match held.last_mut() {
            Some((last, sum)) if *last == job => *sum = sum.saturating_add(amount),
            _ => held.push((job, amount)),
        }
    }
    held.retain(|(_, amount)| *amount > 0);
    Ok(held)
}

fn events(transaction: &Transaction<'_>, job: JobId) -> Result<Vec<Recorded>, Trouble> {
    let mut statement =
        transaction.prepare_cached("SELECT at, event FROM events WHERE job = ?1 ORDER BY number")?;
    let mut rows = statement.query([key(job)])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let at = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let at = at.parse().map_err(|error: jiff::Error| Trouble::Value(error.into()))?;
        let event = serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        events.push(Recorded { at, event });
    }
    Ok(events)
}

fn folded(transaction: &Transaction<'_>, ids: &str, limit: i64) -> Result<Vec<Job>, Trouble> {
    let mut statement = transaction.prepare_cached(ids)?;
    let ids = statement.query_map([limit], job_id)?.collect::<Result<Vec<_>, _>>()?;
    let mut jobs = Vec::with_capacity(ids.len());
    for id in ids {
        let job = Job::fold(id, &events(transaction, id)?);
        jobs.push(
            job.ok_or_else(|| Trouble::Value(format!("job {id} does not begin with its opening").into()))?,
        );
    }
    Ok(jobs)
}
