//! Rules that are in use, and taking over others: one set, whole or not at all.
//!
//! ```text
//! files change ──▶ load ──▶ prove ──▶ take over
//!                   └─ fails ─┴──▶ the old set stays in use, and why is told
//! ```
//!
//! A set is a policy with the plugins that it uses. Who decides asks for the set in use and keeps it
//! until the decision is taken: a set that was replaced ends with its last decision.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::fixture::{Fixture, Fleet, generate};
use crate::model::policy::Policy;
use crate::model::port::Evaluate;
use crate::problem::InputError;
use crate::suite::properties::steady;
use crate::suite::run::{Bound, run_all};

/// Editors and builds write several times; one change is told when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(200);
/// Sizes of the fleets that rules must answer before they are used.
const FLEETS: [usize; 3] = [0, 1, 12];

/// A policy with who answers for its rules.
pub struct RuleSet {
    pub policy: Policy,
    pub evaluate: Arc<dyn Evaluate>,
}

impl RuleSet {
    /// What tells two sets apart: the policy's text, and every component that it uses.
    fn identity(&self) -> (&str, Vec<&str>) {
        let digests = self.policy.rules.iter().map(|rule| rule.info.plugin_digest.as_str());
        (&self.policy.digest, digests.collect())
    }

    /// Its own self-test: every rule answers made-up fleets without a fault and whatever their order,
    /// and the suites beside it pass.
    pub fn prove(&self, suites: &[Bound]) -> Result<(), InputError> {
        for nodes in FLEETS {
            let facts = Fixture::new(generate(Fleet { nodes, seed: 1, residents_max: 3 }));
            if let Some(failure) = steady(&self.policy, &facts, self.evaluate.as_ref()).first() {
                let rule = failure.rule.as_deref().unwrap_or("the policy");
                let text =
                    format!("rule `{rule}` failed on a made-up fleet of {nodes} nodes: {}", failure.found);
                return Err(InputError::new("self-test-failed", text).expected(failure.expected.clone()));
            }
        }
        let cases: Vec<_> =
            suites.iter().flat_map(|bound| bound.suite.cases.iter().map(move |case| (bound, case))).collect();
        let reports = run_all(&cases, 1, |bound, case| bound.run(case));
        match reports.iter().find(|report| !report.passed()) {
            Some(report) => Err(InputError::new("self-test-failed", format!("case `{}` fails", report.case))
                .at(&report.file, report.line, 1)
                .hint("`wayleave policy test` says how")),
            None => Ok(()),
        }
    }
}

/// The set in use, for whoever decides.
pub struct Live {
    now: RwLock<Arc<RuleSet>>,
}

impl Live {
    pub fn new(set: RuleSet) -> Self {
        Self { now: RwLock::new(Arc::new(set)) }
    }

    pub fn now(&self) -> Arc<RuleSet> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over a set that has proved itself, and hands back the one that it replaced; none: it is
    /// the one in use already.
    pub fn take_over(&self, next: RuleSet) -> Option<Arc<RuleSet>> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = now.identity() != next.identity();
        is_new.then(|| std::mem::replace(&mut *now, Arc::new(next)))
    }
}

/// Could a set of rules, its data or a suite be made of this file?
fn matters(path: &Path) -> bool {
    const KINDS: [&str; 5] = ["wasm", "toml", "json", "csv", "xml"];
    path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
}

/// Watches files and folders from when it is made.
pub struct Watch {
    events: mpsc::UnboundedReceiver<()>,
    // Ends with it.
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Of a path that is not there yet its folder is watched.
    pub fn new(watched: &[PathBuf]) -> Result<Self, InputError> {
        let failed = |error: notify::Error| {
            InputError::new("cannot-watch", format!("watching for changes failed: {error}"))
        };
        let (sender, events) = mpsc::unbounded_channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // To be read is no change; that nobody listens any more is no error.
            if event
                .is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| matters(path)))
            {
                let _ = sender.send(());
            }
        })
        .map_err(failed)?;
        for path in watched {
            let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
            watcher.watch(there, RecursiveMode::NonRecursive).map_err(failed)?;
        }
        Ok(Self { events, _watcher: watcher })
    }

    /// Returns when something has changed and been left alone since.
    pub async fn changed(&mut self) {
        self.events.recv().await;
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.events.recv()).await {}
    }
}
