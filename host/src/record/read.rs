//! From a record's text to a record, or why it is none.

use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::digest;
use crate::model::record::{DecisionRecord, RecordedPolicy, Redacted, VERSION};
use crate::model::snapshot::Snapshot;
use crate::problem::InputError;

/// Reads a record. `place` is the file, or what else it came from.
pub fn read(text: &str, place: &Path) -> Result<DecisionRecord, InputError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: Option<u32>,
        decision_digest: Option<String>,
    }
    let bad = |error: &serde_json::Error| {
        InputError::new("bad-record", format!("this is no recorded decision: {error}"))
            .at(place, error.line(), error.column())
            .expected("what `wayleave decision export` writes")
    };
    let versioned: Versioned = serde_json::from_str(text).map_err(|error| bad(&error))?;
    match (versioned.version, versioned.decision_digest) {
        (Some(version), Some(_)) if version > VERSION => {
            return Err(InputError::new("record-newer", "a newer version of wayleave wrote this record")
                .in_file(place)
                .found(format!("version {version}"))
                .expected(format!("version {VERSION}")));
        }
        (Some(_), Some(_)) => {}
        _ => {
            return Err(InputError::new("bad-record", "this is no recorded decision")
                .in_file(place)
                .expected("what `wayleave decision export` writes"));
        }
    }
    let record: DecisionRecord = serde_json::from_str(text).map_err(|error| bad(&error))?;
    if !is_whole(text, &record) {
        return Err(InputError::new("record-altered", "the decision in it is not the one that was recorded")
            .in_file(place)
            .found(format!("a decision of another digest than {}", record.decision_digest))
            .hint("export it again; a fixture that may be edited is a suite: `decision export --as suite`"));
    }
    Ok(record)
}

/// What it takes to decide again, without what was decided.
#[derive(Deserialize)]
pub struct Inputs {
    pub policy: RecordedPolicy,
    pub snapshot: Snapshot,
    #[serde(default)]
    pub redacted: Redacted,
}

/// The inputs of a record and the very bytes of its decision; none where the text is not canonical.
pub fn read_inputs(text: &str) -> Option<(Inputs, &str)> {
    Some((serde_json::from_str(text).ok()?, decision_bytes(text)?))
}

/// The digest is that of the very bytes, where the text still is canonical.
fn is_whole(text: &str, record: &DecisionRecord) -> bool {
    let bytes = decision_bytes(text).map(|bytes| format!("{:x}", Sha256::digest(bytes)));
    bytes.as_ref() == Some(&record.decision_digest) || digest(&record.decision) == record.decision_digest
}

/// The decision within a canonical record: its key is followed by that of its digest.
fn decision_bytes(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(",\"decision\":")?;
    let (decision, _) = rest.split_once(",\"decision_digest\":\"")?;
    Some(decision)
}
