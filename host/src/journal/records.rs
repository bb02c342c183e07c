//! Decisions in the journal's file: canonical JSON, compressed, each component once.
//!
//! A record is written once and never changed. It goes when it is too old or one too many,
//! but not while its job is open; a component goes with the last record that names it.

use std::io::Read;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::SqliteJournal;
use super::sqlite::key;
use super::trouble::Trouble;
use crate::model::port::{ComponentOf, JournalError, Records};
use crate::model::record::{DecisionId, DecisionRecord, Keep, Selection, Summary, canonical};

/// Quick, and a record shrinks to about a twentieth with it.
const LEVEL: i32 = 3;

impl Records for SqliteJournal {
    fn add(
        &self,
        record: &DecisionRecord,
        component: &ComponentOf<'_>,
        keep: &Keep,
    ) -> Result<DecisionId, JournalError> {
        self.write(&format!("recording a decision for domain {}", record.decision.domain), |transaction| {
            let id = next_id(transaction)?;
            let numbered = DecisionRecord { id: Some(id), ..record.clone() };
            transaction.execute(
                "INSERT INTO decisions (id, at_us, domain, job, summary, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    row(id),
                    record.at.as_microsecond(),
                    record.decision.domain,
                    record.purpose.job().map(key),
                    canonical(&numbered.summary()),
                    pack(numbered.canonical().as_bytes())?,
                ],
            )?;
            for digest in record.policy.components() {
                transaction.execute(
                    "INSERT INTO decision_components (decision, digest) VALUES (?1, ?2)",
                    params![row(id), digest],
                )?;
                if keep.plugins {
                    keep_component(transaction, digest, component)?;
                }
            }
            prune(transaction, id, keep)?;
            Ok(id)
        })
    }

    fn text(&self, id: DecisionId) -> Result<String, JournalError> {
        let doing = format!("reading decision {id}");
        let packed: Vec<u8> = self.read(&doing, |transaction| {
            let packed = transaction
                .query_row("SELECT record FROM decisions WHERE id = ?1", [row(id)], |row| row.get(0))
                .optional()?;
            Ok(packed.ok_or(JournalError::NoSuchDecision(id))?)
        })?;
        // Unpacked while others may read: many records are read at once.
        unpack(&packed)
            .and_then(|text| String::from_utf8(text).map_err(|error| Trouble::Value(error.into())))
            .map_err(|trouble| trouble.while_doing(|| doing))
    }

    fn list(&self, wanted: &Selection) -> Result<Vec<Summary>, JournalError> {
        self.read("listing decisions", |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT summary FROM decisions
                 WHERE at_us >= ?1 AND (?2 IS NULL OR domain = ?2) ORDER BY id DESC LIMIT ?3",
            )?;
            let since = wanted.since.map_or(i64::MIN, Timestamp::as_microsecond);
            let limit = wanted.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            let mut rows = statement.query(params![since, wanted.domain, limit])?;
            let mut summaries = Vec::new();
            while let Some(row) = rows.next()? {
                let summary = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                summaries.push(serde_json::from_str(summary)?);
            }
            Ok(summaries)
        })
    }

    fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, JournalError> {
        self.read(&format!("reading component {digest}"), |transaction| {
            let packed: Option<Vec<u8>> = transaction
                .query_row("SELECT wasm FROM components WHERE digest = ?1", [digest], |row| row.get(0))
                .optional()?;
            packed.map(|packed| unpack(&packed)).transpose()
        })
    }
}

/// Numbers go up and are never given twice, also after the newest record has gone.
fn next_id(transaction: &Transaction<'_>) -> Result<DecisionId, Trouble> {
    let last: Option<i64> = transaction
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'", [], |row| row.get(0))
        .optional()?;
    Ok(DecisionId(last.unwrap_or(0).cast_unsigned() + 1))
}

fn row(id: DecisionId) -> i64 {
    i64::try_from(id.0).unwrap_or(-1)
}

fn keep_component(
    transaction: &Transaction<'_>,
    digest: &str,
    component: &ComponentOf<'_>,
) -> Result<(), Trouble> {
    let kept = transaction
        .query_row("SELECT 1 FROM components WHERE digest = ?1", [digest], |_| Ok(()))
        .optional()?
        .is_some();
    // One that is gone meanwhile cannot be kept; a replay says so.
    if let Some(wasm) = (!kept).then(|| component(digest)).flatten() {
        transaction.execute(
            "INSERT INTO components (digest, wasm) VALUES (?1, ?2)",
            params![digest, pack(&wasm)?],
        )?;
    }
    Ok(())
}

fn prune(transaction: &Transaction<'_>, newest: DecisionId, keep: &Keep) -> Result<(), Trouble> {
    let oldest = super::hold::cutoff(keep.days).map_or(i64::MIN, Timestamp::as_microsecond);
    transaction.execute(
        "DELETE FROM decisions
         WHERE id <> ?1
           AND (at_us < ?2 OR id <= (SELECT id FROM decisions ORDER BY id DESC LIMIT 1 OFFSET ?3))
           AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = decisions.job AND jobs.open = 1)",
        params![row(newest), oldest, keep.records],
    )?;
    if keep.plugins {
        transaction.execute(
            "DELETE FROM components WHERE NOT EXISTS
             (SELECT 1 FROM decision_components WHERE decision_components.digest = components.digest)",
            [],
        )?;
    } else {
        transaction.execute("DELETE FROM components", [])?;
    }
    Ok(())
}

fn pack(bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
    zstd::encode_all(bytes, LEVEL).map_err(|error| Trouble::Value(error.into()))
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let read = zstd::Decoder::new(packed).and_then(|mut decoder| decoder.read_to_end(&mut bytes));
    read.map_err(|error| Trouble::Value(error.into()))?;
    Ok(bytes)
}
