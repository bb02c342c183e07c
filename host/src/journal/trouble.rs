//! What goes wrong inside a store, and how it is told outside: a code, what we were
//! doing, and a hint. Refusals of the port (`Busy`, ...) pass through unchanged.

use rusqlite::ErrorCode;

use crate::model::port::JournalError;

#[derive(Debug)]
pub enum Trouble {
    Journal(JournalError),
    Sql(rusqlite::Error),
    /// A stored event that this binary cannot read, or one that cannot be written.
    Event(serde_json::Error),
    /// A stored value that is not what this binary writes.
    Value(Box<dyn std::error::Error + Send + Sync>),
    Misuse(&'static str),
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Event(error)
    }
}

impl Trouble {
    pub fn while_doing(self, doing: impl FnOnce() -> String) -> JournalError {
        match self {
            Self::Journal(error) => error,
            Self::Sql(error) => {
                let (code, hint) = explain(&error);
                store(code, doing(), hint, error)
            }
            Self::Event(error) => store("journal-corrupt", doing(), Some(RESTORE), error),
            Self::Value(error) => store("journal-corrupt", doing(), Some(RESTORE), error),
            Self::Misuse(text) => store("journal-misuse", doing(), None, text),
        }
    }
}

pub fn store(
    code: &'static str,
    doing: String,
    hint: Option<&str>,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> JournalError {
    JournalError::Store { code, doing, hint: hint.map(str::to_owned), source: source.into() }
}

pub const ANOTHER_FOLDER: &str = "set `state_folder` to another folder, or move this file away";
pub const RIGHTS: &str =
    "run as the user who owns the state folder, or set `state_folder` to a folder you can write";
const RESTORE: &str = "the journal is damaged: keep the file, and restore a copy of it or start with \
                       another `state_folder`";

fn explain(error: &rusqlite::Error) -> (&'static str, Option<&'static str>) {
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            ("journal-not-writable", Some(RIGHTS))
        }
        Some(ErrorCode::NotADatabase) => ("journal-not-a-database", Some(ANOTHER_FOLDER)),
        Some(ErrorCode::DatabaseCorrupt) => ("journal-corrupt", Some(RESTORE)),
        Some(ErrorCode::DiskFull) => {
            ("journal-disk-full", Some("free some space on the disk that holds the state folder"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("journal-locked", Some("another process holds the journal: see who has it open, then try again"))
        }
        Some(ErrorCode::SystemIoFailure) => {
            ("journal-io", Some("the disk under the state folder fails or is full: see the kernel log"))
        }
        _ => ("journal-error", None),
    }
}
