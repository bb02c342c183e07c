//! The tables, and how a journal file comes to have them.
//!
//! A migration that has been released is never edited: what changes is a new one.
//! A file that another program made, or a newer binary, is refused and left as it is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};

use super::trouble::{ANOTHER_FOLDER, RIGHTS, Trouble, store};
use crate::model::port::JournalError;

/// "WYLV": marks the file as ours.
const APPLICATION_ID: i32 = 0x5759_4C56;
/// How long a call waits for other writers.
const WAIT: Duration = Duration::from_secs(10);

const FIRST: &str = "
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_open_job_per_domain ON jobs (domain) WHERE open = 1;

CREATE TABLE events (
    job INTEGER NOT NULL REFERENCES jobs (id),
    number INTEGER NOT NULL CHECK (number > 0),
    at TEXT NOT NULL,
    event TEXT NOT NULL CHECK (json_valid(event)),
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

-- Amounts use all 64 bits of the integer, without a sign.
CREATE TABLE claims (
    job INTEGER NOT NULL REFERENCES jobs (id),
    rule TEXT NOT NULL,
    resource TEXT NOT NULL,
    amount INTEGER NOT NULL
) STRICT;
CREATE INDEX claims_by_resource ON claims (resource);
CREATE INDEX claims_by_job ON claims (job);

CREATE TABLE rooms (
    job INTEGER PRIMARY KEY REFERENCES jobs (id),
    node TEXT NOT NULL,
    memory_bytes INTEGER NOT NULL,
    vcpus INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_by_node ON rooms (node);

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_appended_in_order BEFORE INSERT ON events
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM events WHERE job = NEW.job)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER concluded_jobs_get_no_events BEFORE INSERT ON events
WHEN (SELECT open FROM jobs WHERE id = NEW.job) = 0
BEGIN SELECT RAISE(ABORT, 'the job is concluded'); END;
CREATE TRIGGER jobs_only_close BEFORE UPDATE ON jobs
WHEN OLD.open = 0 OR NEW.open = 1 OR NEW.id <> OLD.id OR NEW.domain <> OLD.domain
BEGIN SELECT RAISE(ABORT, 'a job only closes'); END;
CREATE TRIGGER jobs_are_not_removed BEFORE DELETE ON jobs
BEGIN SELECT RAISE(ABORT, 'jobs are kept'); END;
";

/// Decisions as they were taken, and the components that took them, both compressed.
const DECISIONS: &str = "
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    domain TEXT NOT NULL,
    job INTEGER REFERENCES jobs (id),
    summary TEXT NOT NULL CHECK (json_valid(summary)),
    record BLOB NOT NULL
) STRICT;
CREATE INDEX decisions_by_time ON decisions (at_us);

CREATE TABLE components (
    digest TEXT PRIMARY KEY,
    wasm BLOB NOT NULL
) STRICT;

-- Also of components that are not kept.
CREATE TABLE decision_components (
    decision INTEGER NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (decision, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_components_by_digest ON decision_components (digest);

CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'a recorded decision is not changed'); END;
";

const STEPS: &[M<'static>] = &[M::up(FIRST), M::up(DECISIONS)];
pub const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// Opens the journal file in a state folder, making both where they are missing.
pub fn open(state_folder: &Path, file: &Path) -> Result<Connection, JournalError> {
    let doing = || format!("opening the journal {}", file.display());
    let not_writable = |error: io::Error| store("journal-not-writable", doing(), Some(RIGHTS), error);
    DirBuilder::new().recursive(true).mode(0o700).create(state_folder).map_err(not_writable)?;
    // Two processes that meet on a new file make its tables one after the other.
    let making = private_file(&state_folder.join("journal.lock")).map_err(not_writable)?;
    making.lock().map_err(not_writable)?;
    private_file(file).map_err(not_writable)?;

    let mut connection = connect(file).map_err(|error| Trouble::from(error).while_doing(doing))?;
    refuse_foreign(&connection, file)?;
    bring_up(&mut connection, file)?;
    // The names of new files are as durable as what is in them.
    File::open(state_folder).and_then(|folder| folder.sync_all()).map_err(not_writable)?;
    Ok(connection)
}

/// A file that only its owner can read and write; one that exists is left as it is.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(WAIT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// A database of another program is never taken for an empty journal.
fn refuse_foreign(connection: &Connection, file: &Path) -> Result<(), JournalError> {
    let doing = || format!("opening the journal {}", file.display());
    let foreign = || -> rusqlite::Result<bool> {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok(!ours(connection)? && tables > 0)
    };
    if foreign().map_err(|error| Trouble::from(error).while_doing(doing))? {
        let text = "the file is a database of another program";
        return Err(store("journal-foreign", doing(), Some(ANOTHER_FOLDER), text));
    }
    Ok(())
}

fn ours(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(id == APPLICATION_ID)
}

fn bring_up(connection: &mut Connection, file: &Path) -> Result<(), JournalError> {
    let doing = || format!("making the tables of the journal {}", file.display());
    let sql = |error: rusqlite::Error| Trouble::from(error).while_doing(doing);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    if !ours(connection).map_err(sql)? {
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
    }
    MIGRATIONS.to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            store(
                "journal-newer",
                format!("opening the journal {}", file.display()),
                Some("use the newer version of wayleave that wrote it, or set another `state_folder`"),
                "it was written by a newer version, which this one does not know",
            )
        }
        rusqlite_migration::Error::RusqliteError { err, .. } => sql(err),
        other => store("journal-error", doing(), None, other),
    })
}
