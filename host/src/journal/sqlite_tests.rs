//! What only the SQLite journal has: a file, its rights, its guards, and its survival.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::SqliteJournal;
use super::samples::{claim, concluded, request, started};
use super::schema::MIGRATIONS;
use crate::model::job::{Event, JobId, Room};
use crate::model::port::{Journal, JournalError};

fn code_and_text(result: Result<SqliteJournal, JournalError>) -> (&'static str, String) {
    let error = result.unwrap_err();
    assert!(error.hint().is_some(), "{error} has no hint");
    let source = std::error::Error::source(&error).map(ToString::to_string);
    (error.code(), format!("{error}: {}", source.unwrap_or_default()))
}

#[test]
fn migrations_are_valid() {
    MIGRATIONS.validate().unwrap();
}

#[test]
fn what_was_recorded_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let job = {
        let journal = SqliteJournal::open(folder.path()).unwrap();
        let job = journal.open(&request(1)).unwrap();
        journal.reserve(job, "node2", &[claim(1, 1)], Room { memory_bytes: 5, vcpus: 1 }).unwrap().unwrap();
        journal.append(job, &started()).unwrap();
        job
    };
    let journal = SqliteJournal::open(folder.path()).unwrap();
    assert!(journal.open_jobs().unwrap()[0].transfer_started);
    assert_eq!(journal.reserved("node2", None).unwrap(), Room { memory_bytes: 5, vcpus: 1 });
    journal.append(job, &concluded()).unwrap();
    assert!(journal.open_jobs().unwrap().is_empty());
}

#[test]
fn folder_and_file_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/b");
    let journal = SqliteJournal::open(&state).unwrap();
    journal.open(&request(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn the_record_cannot_be_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let job = journal.open(&request(1)).unwrap();
    journal.append(job, &concluded()).unwrap();
    let open = journal.open(&request(2)).unwrap();
    assert_eq!((job.0, open.0), (1, 2));
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    for (statement, refusal) in [
        ("UPDATE events SET at = 'now'", "events are append-only"),
        ("DELETE FROM events", "events are append-only"),
        ("INSERT OR REPLACE INTO events VALUES (2, 1, 'now', '{}')", "events are append-only"),
        ("INSERT INTO events VALUES (1, 3, 'now', '{}')", "the job is concluded"),
        ("UPDATE jobs SET open = 1 WHERE id = 1", "a job only closes"),
        ("DELETE FROM jobs", "jobs are kept"),
    ] {
        let error = other.execute(statement, []).unwrap_err();
        assert_eq!(error.to_string(), refusal, "{statement}");
    }
    assert_eq!(journal.events(job).unwrap().len(), 2);
}

#[test]
fn every_commit_is_forced_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let connection = journal.connection.lock().unwrap();
    let text = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap();
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((text("journal_mode").as_str(), number("synchronous"), number("foreign_keys")), ("wal", 2, 1));
}

#[test]
fn a_folder_that_cannot_be_made_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, text) = code_and_text(SqliteJournal::open(&folder.path().join("file/state")));
    assert_eq!(code, "journal-not-writable");
    assert!(text.contains("Not a directory"), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    fs::write(&file, "not a database, but long enough to be taken for one\n".repeat(100)).unwrap();
    let before = fs::read(&file).unwrap();
    let (code, text) = code_and_text(SqliteJournal::open(folder.path()));
    assert_eq!(code, "journal-not-a-database");
    assert!(text.contains("journal.db: file is not a database"), "{text}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_damaged_journal_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let job = journal.open(&request(1)).unwrap();
    drop(journal);
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other
        .execute("INSERT INTO events VALUES (1, 2, '2026-01-01T00:00:00Z', '{\"event\":\"sung\"}')", [])
        .unwrap();
    let error = SqliteJournal::open(folder.path()).unwrap().events(job).unwrap_err();
    assert_eq!(error.code(), "journal-corrupt");
}

#[test]
fn a_newer_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other.pragma_update(None, "user_version", 999).unwrap();
    let (code, text) = code_and_text(SqliteJournal::open(folder.path()));
    assert_eq!(code, "journal-newer");
    assert!(text.contains("written by a newer version"), "{text}");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other.execute_batch("CREATE TABLE mail (text)").unwrap();
    let (code, _) = code_and_text(SqliteJournal::open(folder.path()));
    assert_eq!(code, "journal-foreign");
}

#[test]
fn a_full_disk_is_told_and_leaves_the_record_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let job = journal.open(&request(1)).unwrap();
    let pages: i64 = {
        let connection = journal.connection.lock().unwrap();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        // The pragma answers with the limit that it set.
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0)).unwrap()
    };
    assert!(pages > 0);
    let long = Event::AbortRequested { by: "x".repeat(100_000), reason: String::new() };
    let error = journal.append(job, &long).unwrap_err();
    assert_eq!(error.code(), "journal-disk-full");
    assert!(error.hint().is_some());
    assert_eq!(journal.events(job).unwrap().len(), 1);
}

/// Run by the test below in a process of its own: writes for ever, and says what is durable.
#[test]
#[ignore = "the child of `what_a_killed_process_recorded_is_there`"]
fn child_that_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var("WAYLEAVE_TEST_JOURNAL") else { return };
    let journal = SqliteJournal::open(Path::new(&folder)).unwrap();
    let job = journal.open(&request(1)).unwrap();
    for number in 1_u64.. {
        journal
            .append(job, &Event::AbortRequested { by: number.to_string(), reason: String::new() })
            .unwrap();
        // Straight to the descriptor: the test harness would keep what is printed.
        fs::write("/proc/self/fd/2", format!("\nwritten {number}\n")).unwrap();
    }
}

#[test]
fn what_a_killed_process_recorded_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::child_that_writes_until_it_is_killed"), "--exact", "--ignored"])
        .env("WAYLEAVE_TEST_JOURNAL", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut durable = 0;
    for line in lines.map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("written ") {
            durable = number.parse().unwrap();
        }
        if durable == 20 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(durable >= 20, "the child wrote {durable} events only");
    let events = SqliteJournal::open(folder.path()).unwrap().events(JobId(1)).unwrap();
    assert!(events.len() > durable, "{} events, {durable} were told durable", events.len());
}

/// Also a file of the version before, which kept whole decisions in its events.
#[test]
fn a_journal_of_the_first_version_is_brought_up_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let job = {
        let journal = SqliteJournal::open(folder.path()).unwrap();
        journal.open(&request(1)).unwrap()
    };
    let file = folder.path().join("journal.db");
    let other = Connection::open(&file).unwrap();
    other
        .execute_batch("DROP TABLE decision_components; DROP TABLE decisions; DROP TABLE components")
        .unwrap();
    other.pragma_update(None, "user_version", 1).unwrap();
    let decision = serde_json::to_string(&super::samples::decision()).unwrap();
    let event = format!("{{\"event\":\"decided\",\"decision\":{decision}}}");
    other.execute("INSERT INTO events VALUES (1, 2, '2026-01-01T00:00:00Z', ?1)", [event]).unwrap();
    drop(other);
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let events = journal.events(job).unwrap();
    let Event::Decided { decision: Some(decision), record: None, .. } = &events[1].event else {
        panic!("{:?}", events[1])
    };
    assert_eq!(**decision, super::samples::decision());
    assert!(crate::model::port::Records::list(&journal, &Default::default()).unwrap().is_empty());
}

#[test]
fn a_recorded_decision_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other.execute("INSERT INTO decisions VALUES (1, 0, 'web', NULL, '{}', x'00')", []).unwrap();
    let error = other.execute("UPDATE decisions SET domain = 'db'", []).unwrap_err();
    assert_eq!(error.to_string(), "a recorded decision is not changed");
}
