//! Suites: what a site's rules are to answer, written down and run in the sandbox that production
//! has. No daemon is asked, and nothing but files is read.
//!
//! ```text
//! NAME.test.toml ──file──▶ Suite of Cases ──run──▶ CaseReports ──▶ Report, Coverage
//!                  facts ──▶ Fixture ──▶ Snapshot ──decide──▶ Decision ──expect──▶ Failures
//! ```
//!
//! A case runs twice in fresh instances, the second time with its nodes in another order; then its
//! facts are varied and the built-in properties are held against the answers (`properties`).
//! Not here: how a report looks (`cli::render`), and changing the subject itself (`mutate`).

pub mod baseline;
pub mod coverage;
pub mod expect;
pub mod facts;
pub mod file;
pub mod properties;
pub mod recorded;
pub mod run;
pub mod update;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::expect::Expected;
use self::properties::Property;
use crate::fixture::Fixture;
use crate::problem::InputError;

/// The end of a suite's file name.
pub const SUFFIX: &str = ".test.toml";

/// What a suite is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Rules of one plugin, each case about one of them.
    Plugin(String),
    /// A policy with all its rules.
    Policy(PathBuf),
}

#[derive(Clone, Debug)]
pub struct Suite {
    pub path: PathBuf,
    pub subject: Subject,
    pub cases: Vec<Case>,
    /// Outcomes by rule that no facts of today's core can bring about: coverage leaves them out.
    pub unreachable: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    /// Where it stands in the suite, from 1.
    pub line: usize,
    /// In a suite of a plugin: the rule that it is about.
    pub rule: Option<String>,
    /// Of the rule; in a suite of a policy: by the name of the rule.
    pub settings: Value,
    pub facts: Fixture,
    pub expected: Expected,
    /// Properties that are not held against it.
    pub skipped: Vec<Property>,
    /// It is one row of a parameterised case.
    pub from_each: bool,
}

impl Suite {
    /// `room` of `plugins/room/room.test.toml`.
    pub fn name(&self) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_suffix(SUFFIX).unwrap_or(&name).to_owned()
    }

    /// Where its plugin, its policy and its files of facts are looked for.
    pub fn folder(&self) -> &Path {
        parent(&self.path)
    }
}

/// The folder of a file; of a bare name the current one.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Every suite that the paths name, in order: a file itself, a folder's by walking it.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut found = Vec::new();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|error| {
            InputError::new("suite-unreadable", format!("the suite cannot be read: {error}")).in_file(path)
        })?;
        if kind.is_dir() {
            // The current folder needs no name.
            walk(path.strip_prefix(".").unwrap_or(path), &mut found);
        } else {
            found.push(path.clone());
        }
    }
    found.dedup();
    Ok(found)
}

/// Folders of builds and of packages hold no suites of ours, and are large.
const NOT_WALKED: [&str; 3] = ["target", "node_modules", "wayleave"];

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut entries: Vec<PathBuf> = std::fs::read_dir(listed)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| folder.join(entry.file_name()))
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !NOT_WALKED.contains(&name.as_str()) {
                walk(&path, found);
            }
        } else if name.ends_with(SUFFIX) {
            found.push(path);
        }
    }
}
