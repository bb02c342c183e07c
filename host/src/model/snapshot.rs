//! What was known at one moment: the whole input of a decision.
//!
//! A snapshot is immutable and complete: deciding reads nothing else, so the same
//! snapshot with the same policy and plugins gives the same decision for ever.
//! Probes say for themselves whether they ran: "not probed" is never a pass.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::domain::DomainFacts;
use super::node::{Gathered, NodeEntry, NodeFacts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub taken_at: Timestamp,
    pub domain: DomainFacts,
    /// The name that the domain is to have at the destination.
    pub destination_name: String,
    pub source: NodeFacts,
    pub candidates: Vec<CandidateFacts>,
    /// The only candidate that is judged; the others are there for the rules to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Site data by the name that the policy gives it.
    #[serde(default)]
    pub site_data: BTreeMap<String, SiteData>,
}

/// One possible destination, and what is known of the pair source and destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateFacts {
    pub node: NodeFacts,
    #[serde(default)]
    pub pair: PairFacts,
}

/// Which pairs the costly probes are run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The best candidates, one after the other, until one passes.
    #[default]
    Finalists,
    All,
    None,
}

/// Facts that belong to source, destination and domain together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairFacts {
    #[serde(default)]
    pub cpu: CpuComparison,
    #[serde(default)]
    pub reach: Reach,
    #[serde(default)]
    pub storage: StorageProbe,
}

/// What the destination says of the guest's CPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CpuComparison {
    #[default]
    NotAsked,
    Identical,
    Superset,
    Incompatible {
        detail: String,
    },
    Failed {
        error: String,
    },
}

/// Whether the source's daemon can connect to the destination's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    #[default]
    NotProbed,
    Reachable {
        uri: String,
    },
    Unreachable {
        uri: String,
        error: String,
    },
    /// The destination, as the source sees it, is the source itself.
    SameHost {
        uri: String,
    },
    /// The probe could not be made, so nothing is known.
    Failed {
        error: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageProbe {
    #[default]
    NotProbed,
    /// One entry for each disk that has a source.
    Probed(Vec<DiskAccess>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskAccess {
    /// The disk's target, `vda`.
    pub disk: String,
    pub source: String,
    /// The pool at the source that holds it.
    pub pool: Option<String>,
    pub access: Access,
}

/// What the probe volume showed of the storage under one disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Written at the destination, found at the source: the same storage, writable.
    SharedWritable,
    /// No active pool of the source holds this disk.
    NoPoolAtSource,
    /// The destination has no pool for the same place.
    NoPoolAtDestination { place: String },
    /// It has one, and it is not active.
    PoolInactive { pool: String },
    /// A volume could not be created there: read-only, full, no permission.
    NotWritable { pool: String, error: String },
    /// A volume created on one side did not appear on the other.
    DifferentStorage { pool: String },
    /// The pool is shared, but the destination does not find this very volume.
    VolumeMissing { pool: String },
    /// The probe itself failed, so nothing is known.
    Failed { error: String },
}

/// Data of the site that a rule reads: fetched once for a decision, then frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteData {
    Table(Table),
    /// Why there is none: `missing`, `invalid`, `denied`.
    Unavailable {
        code: String,
        error: String,
    },
}

/// Rows as columns of text; an absent cell is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub rows: usize,
    pub columns: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// Of rows; a cell that a row lacks is the empty text.
    pub fn of(rows: &[BTreeMap<String, String>]) -> Self {
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in rows.iter().flat_map(BTreeMap::keys) {
            if !columns.contains_key(name) {
                let cells = rows.iter().map(|row| row.get(name).cloned().unwrap_or_default()).collect();
                columns.insert(name.clone(), cells);
            }
        }
        Self { rows: rows.len(), columns }
    }

    /// A row as text. A list is its items with a space between; nothing is the empty text.
    pub fn row(cells: serde_json::Map<String, Value>) -> BTreeMap<String, String> {
        cells.into_iter().map(|(name, value)| (name, cell(&value))).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

impl Snapshot {
    /// Is this node to be judged, or only to be seen?
    pub fn is_judged(&self, node: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == node)
    }

    /// A snapshot of nothing: what a plugin sees while it describes itself.
    pub fn empty() -> Self {
        let entry = NodeEntry {
            name: String::new(),
            uri: String::new(),
            address: None,
            labels: BTreeMap::new(),
            maintenance: false,
        };
        Self {
            taken_at: Timestamp::UNIX_EPOCH,
            domain: DomainFacts::default(),
            destination_name: String::new(),
            source: NodeFacts { entry, gathered: Gathered::Facts(Box::default()) },
            candidates: Vec::new(),
            only: None,
            site_data: BTreeMap::new(),
        }
    }
}
