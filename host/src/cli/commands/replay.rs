//! `replay`: old decisions, taken again, and what changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::super::args::{Output, Replay as Arguments};
use super::super::{Exit, out, render};
use super::show;
use crate::controller::Error;
use crate::model::policy::RuleInfo;
use crate::model::port::{Evaluate, Records};
use crate::model::record::{DecisionId, Selection};
use crate::parallel::{each, processors};
use crate::plugin::Plugins;
use crate::problem::{InputError, chain};
use crate::record::allow::Allowed;
use crate::record::changes::Change;
use crate::record::replay::{Instead, Replay, Replayed};
use crate::world::{World, unusable};

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub decisions: usize,
    pub same: usize,
    pub changed: usize,
    pub changes: Vec<Change>,
    pub impossible: Vec<Impossible>,
    /// Entries of the list of approved changes that approve nothing.
    pub idle: Vec<String>,
    /// A place that holds no record at all.
    #[serde(skip)]
    pub bad_input: bool,
}

#[derive(Debug, Serialize)]
pub struct Impossible {
    pub place: String,
    pub code: String,
    pub text: String,
}

/// Where a record is.
#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Store(DecisionId),
}

impl Place {
    fn told(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Store(id) => format!("decision {id}"),
        }
    }
}

pub fn replay(world: &World, output: Output, arguments: &Arguments) -> Result<Exit, Error> {
    let allowed = arguments.allow.as_deref().map(allowed).transpose()?;
    let recorder = world.recorder();
    let records = match &recorder {
        Ok(recorder) => Some(recorder.records.as_ref()),
        Err(_) => None,
    };
    let mut places = files(&arguments.paths)?;
    if let Some(since) = arguments.since {
        let wanted = Selection { since: Some(since.0), ..Selection::default() };
        let listed = recorder.as_ref().map_err(unreadable_store)?.records.list(&wanted)?;
        // In the order in which they were taken.
        places.extend(listed.iter().rev().filter_map(|one| one.id).map(Place::Store));
    }
    if places.is_empty() {
        return Err(InputError::new("nothing-to-replay", "there is no recorded decision to take again")
            .hint("`wayleave decision list` shows what is recorded; `decision export` writes files")
            .into());
    }
    let mut bench = Bench::new(world, records, arguments)?;
    let begun = Instant::now();
    let replayed = bench.replay(&places);
    let taken = begun.elapsed();
    let mut report = report(&places, replayed);
    report.idle = allowed.map(|allowed| allowed.mark(&mut report.changes)).unwrap_or_default();
    show(output, || render::replay(&report), || render::json("replay", &report))?;
    out::note(&render::rate(report.decisions, taken));
    for entry in &report.idle {
        let hint = "remove it from the list, or see what it was meant for";
        out::warning(output, "allow-idle", &format!("nothing is approved by {entry}"), Some(hint));
    }
    let open = report.changes.iter().any(|change| change.allowed.is_none());
    Ok(match (report.bad_input, report.impossible.is_empty(), open) {
        (true, ..) => Exit::Usage,
        (false, false, _) => Exit::Failed,
        (false, true, true) => Exit::Refused,
        (false, true, false) => Exit::Done,
    })
}

fn unreadable_store(error: &Error) -> InputError {
    InputError::new("no-records", format!("recorded decisions cannot be read: {}", chain(error)))
}

fn allowed(file: &Path) -> Result<Allowed, InputError> {
    Allowed::parse(file, &super::facts::read(file)?)
}

/// The files, and those of folders by their names.
fn files(paths: &[PathBuf]) -> Result<Vec<Place>, InputError> {
    let mut places = Vec::new();
    for path in paths {
        if !path.is_dir() {
            places.push(Place::File(path.clone()));
            continue;
        }
        let unreadable = |error: std::io::Error| {
            InputError::new("file-unreadable", format!("the folder cannot be read: {error}")).in_file(path)
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                found.push(file);
            }
        }
        found.sort();
        places.extend(found.into_iter().map(Place::File));
    }
    Ok(places)
}

/// A record's text, wherever it is.
fn text(place: &Place, records: Option<&dyn Records>) -> Result<String, Error> {
    match (place, records) {
        (Place::File(path), _) => Ok(super::facts::read(path)?),
        (Place::Store(id), Some(records)) => Ok(records.text(*id)?),
        (Place::Store(_), None) => Err(InputError::new("no-records", "there is no store").into()),
    }
}

/// The plugins that it takes, loaded once for all decisions.
pub struct Bench<'a> {
    records: Option<&'a dyn Records>,
    plugins: Plugins,
    new_rules: Vec<RuleInfo>,
    policy: Option<crate::model::policy::Policy>,
}

impl<'a> Bench<'a> {
    fn new(world: &World, records: Option<&'a dyn Records>, arguments: &Arguments) -> Result<Self, Error> {
        let mut plugins = world.plugins()?;
        let mut new_rules = Vec::new();
        for file in &arguments.plugins {
            let plugin = plugins.load_file(file).map_err(|error| unusable(file, &error))?;
            new_rules.extend(plugin.rules.iter().cloned());
            if plugins.all().iter().all(|other| other.digest != plugin.digest) {
                plugins.add(plugin);
            }
        }
        let offered = Instead::new(&plugins, &new_rules);
        let policy = arguments.policy.as_deref().map(|file| world.policy_of(file, &offered)).transpose()?;
        Ok(Self { records, plugins, new_rules, policy })
    }

    /// With nothing new, for one record.
    pub fn plain(world: &World, records: Option<&'a dyn Records>) -> Result<Self, Error> {
        Ok(Self { records, plugins: world.plugins()?, new_rules: Vec::new(), policy: None })
    }

    pub fn evaluate(&self) -> &dyn Evaluate {
        &self.plugins
    }

    fn replay(&mut self, places: &[Place]) -> Vec<Outcome> {
        let mut outcomes = self.once(places);
        // Plugins that are not installed any more may be in the store.
        let wanted: BTreeSet<String> = outcomes.iter().filter_map(Outcome::wants).collect();
        if self.fetch(&wanted) {
            let again: Vec<usize> =
                (0..places.len()).filter(|one| outcomes[*one].wants().is_some()).collect();
            let missing: Vec<Place> = again.iter().map(|one| places[*one].clone()).collect();
            for (index, outcome) in again.into_iter().zip(self.once(&missing)) {
                outcomes[index] = outcome;
            }
        }
        outcomes
    }

    fn once(&self, places: &[Place]) -> Vec<Outcome> {
        let replay = Replay::new(&self.plugins, self.policy.as_ref(), &self.new_rules);
        each(places.len(), processors(), |index| {
            let place = &places[index];
            Ok(replay.replay_text(&text(place, self.records)?, Path::new(&place.told()))?)
        })
        .into_iter()
        .map(|outcome| match outcome {
            Ok(replayed) => Outcome::Replayed(replayed),
            Err(error) => Outcome::Unread(error),
        })
        .collect()
    }

    /// Those of them that are not loaded.
    pub fn fetch_missing(&mut self, digests: &BTreeSet<String>) {
        let missing = digests.iter().filter(|one| self.plugins.all().iter().all(|have| have.digest != **one));
        let missing = missing.cloned().collect();
        self.fetch(&missing);
    }

    /// Loads components out of the store; false where none could be had.
    fn fetch(&mut self, digests: &BTreeSet<String>) -> bool {
        let mut fetched = false;
        for digest in digests {
            match self.fetch_one(digest) {
                Ok(true) => fetched = true,
                Ok(false) => {}
                Err(error) => tracing::debug!(%digest, error, "a recorded component is of no use"),
            }
        }
        fetched
    }

    fn fetch_one(&mut self, digest: &str) -> Result<bool, String> {
        let Some(records) = self.records else { return Ok(false) };
        let Some(wasm) = records.component(digest).map_err(|error| chain(&error))? else { return Ok(false) };
        let named = PathBuf::from(format!("{digest}.wasm"));
        let plugin = self.plugins.load_bytes(&named, &wasm).map_err(|error| chain(&error))?;
        let right = plugin.digest == digest;
        if right {
            self.plugins.add(plugin);
        }
        Ok(right)
    }
}

enum Outcome {
    Replayed(Replayed),
    Unread(Error),
}

impl Outcome {
    fn wants(&self) -> Option<String> {
        match self {
            Self::Replayed(Replayed::Impossible(why)) => why.wants.clone(),
            _ => None,
        }
    }
}

fn report(places: &[Place], outcomes: Vec<Outcome>) -> Report {
    let mut report = Report { decisions: places.len(), ..Report::default() };
    for (place, outcome) in places.iter().zip(outcomes) {
        let (code, text) = match outcome {
            Outcome::Replayed(Replayed::Same) => {
                report.same += 1;
                continue;
            }
            Outcome::Replayed(Replayed::Changed(changes)) => {
                report.changed += 1;
                report.changes.extend(changes);
                continue;
            }
            Outcome::Replayed(Replayed::Impossible(why)) => (why.code.to_owned(), why.text),
            Outcome::Unread(error) => {
                report.bad_input |= error.is_bad_input();
                (error.code().to_owned(), chain(&error))
            }
        };
        report.impossible.push(Impossible { place: place.told(), code, text });
    }
    report
}
