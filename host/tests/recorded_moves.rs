//! What a move records, and that it does not happen where that cannot be recorded: with a
//! hypervisor of two nodes that lets everything be moved.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use wayleave::controller::{Controller, Finished, Jobs, Recorder, Wanted, Wish};
use wayleave::journal::MemoryJournal;
use wayleave::migrate::verify::Patience;
use wayleave::model::decision::Claim;
use wayleave::model::domain::{DomainFacts, DomainState};
use wayleave::model::job::{Event, Figures, OutcomeKind};
use wayleave::model::node::{Gathered, NodeEntry, NodeFacts};
use wayleave::model::order::{Limits, MigrationOrder};
use wayleave::model::policy::{Policy, RuleInfo, RuleUse};
use wayleave::model::port::{
    Answer, ComponentOf, Evaluate, Fault, Hypervisor, HypervisorError, Journal, JournalError, Presence,
    Problem, Progress, Records, Sitting, Unwatched,
};
use wayleave::model::record::{DecisionId, DecisionRecord, Keep, Purpose, Selection, Summary, TakenBy};
use wayleave::model::snapshot::{CpuComparison, Reach, Snapshot, StorageProbe};
use wayleave::record::redact::Redaction;

const DOMAIN: Uuid = Uuid::from_u128(7);

fn entry(name: &str) -> NodeEntry {
    NodeEntry {
        name: name.into(),
        uri: format!("qemu+tcp://{name}/system"),
        address: None,
        labels: [("password".to_owned(), "hunter2".to_owned())].into(),
        maintenance: false,
    }
}

#[derive(Default)]
struct TwoNodes {
    moved: AtomicBool,
}

#[async_trait]
impl Hypervisor for TwoNodes {
    async fn domain(&self, _: &NodeEntry, _: &str) -> Result<DomainFacts, HypervisorError> {
        Ok(DomainFacts {
            name: "web".into(),
            uuid: Some(DOMAIN),
            state: Some(DomainState::Running),
            persistent: Some(true),
            ..DomainFacts::default()
        })
    }

    async fn node(&self, node: &NodeEntry, _: &BTreeSet<String>) -> NodeFacts {
        NodeFacts { entry: node.clone(), gathered: Gathered::Facts(Box::default()) }
    }

    async fn compare_cpu(&self, _: &NodeEntry, _: &str, _: &NodeEntry) -> CpuComparison {
        CpuComparison::Identical
    }

    async fn probe_reach(&self, _: &NodeEntry, _: &str, uri: &str) -> Reach {
        Reach::Reachable { uri: uri.into() }
    }

    async fn probe_storage(&self, _: &NodeEntry, _: &DomainFacts, _: &NodeEntry) -> StorageProbe {
        StorageProbe::Probed(Vec::new())
    }

    async fn migrate(&self, _: &NodeEntry, _: &MigrationOrder) -> Result<(), HypervisorError> {
        self.moved.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn progress(&self, _: &NodeEntry, _: Uuid) -> Result<Option<Progress>, HypervisorError> {
        Ok(None)
    }

    async fn completed(&self, _: &NodeEntry, _: Uuid) -> Option<Figures> {
        None
    }

    async fn set_downtime_ms(&self, _: &NodeEntry, _: Uuid, _: u64) -> Result<(), HypervisorError> {
        Ok(())
    }

    async fn abort(&self, _: &NodeEntry, _: Uuid) -> Result<(), HypervisorError> {
        Ok(())
    }

    async fn presence(&self, node: &NodeEntry, _: Uuid) -> Presence {
        let there = (node.name == "beta") == self.moved.load(Ordering::SeqCst);
        if there {
            Presence::Running { name: "web".into(), migrating: false, resumed: false }
        } else {
            Presence::Absent
        }
    }
}

/// No rules: every node is eligible.
struct NoRules;

impl Evaluate for NoRules {
    fn rules(&self) -> &[RuleInfo] {
        &[]
    }

    fn configure(&self, _: &RuleInfo, _: &serde_json::Value) -> Result<(), Vec<Problem>> {
        Ok(())
    }

    fn sit<'a>(&'a self, snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        Box::new(EveryRow((0..snapshot.candidates.len()).collect()))
    }
}

struct EveryRow(Vec<usize>);

impl Sitting for EveryRow {
    fn rows(&self) -> &[usize] {
        &self.0
    }

    fn answer(&self, _: &RuleUse, _: &dyn Fn(usize, u8) -> bool) -> Answer {
        unreachable!("there is no rule")
    }

    fn claims(&self, _: &RuleUse, _: usize) -> Result<Vec<Claim>, Fault> {
        Ok(Vec::new())
    }
}

/// A store that fails from the n-th record on.
struct Failing {
    inner: Arc<dyn Records>,
    left: std::sync::Mutex<usize>,
}

impl Records for Failing {
    fn add(
        &self,
        record: &DecisionRecord,
        component: &ComponentOf<'_>,
        keep: &Keep,
    ) -> Result<DecisionId, JournalError> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return Err(JournalError::Store {
                code: "journal-disk-full",
                doing: "recording a decision".into(),
                hint: None,
                source: "the disk is full".into(),
            });
        }
        *left -= 1;
        self.inner.add(record, component, keep)
    }

    fn text(&self, id: DecisionId) -> Result<String, JournalError> {
        self.inner.text(id)
    }

    fn list(&self, wanted: &Selection) -> Result<Vec<Summary>, JournalError> {
        self.inner.list(wanted)
    }

    fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, JournalError> {
        self.inner.component(digest)
    }
}

fn controller(state_folder: &Path, records_left: usize) -> (Controller, Arc<TwoNodes>) {
    let hypervisor = Arc::new(TwoNodes::default());
    let journal = Arc::new(MemoryJournal::new());
    let records: Arc<dyn Records> =
        Arc::new(Failing { inner: journal.clone(), left: std::sync::Mutex::new(records_left) });
    let patience = Patience { untold: Duration::ZERO, leftover: Duration::ZERO, moving: Duration::ZERO };
    let controller = Controller {
        jobs: Jobs {
            hypervisor: hypervisor.clone(),
            journal: journal.clone() as Arc<dyn Journal>,
            records: records.clone(),
            state_folder: state_folder.to_owned(),
            patience,
        },
        recorder: Recorder {
            records,
            redaction: Redaction::new(&["**.*password*".to_owned()], &[]).unwrap(),
            keep: Keep::default(),
            by: TakenBy { wayleave: "test".into(), contract: "1.0.0".into() },
        },
        evaluate: Arc::new(NoRules),
        inventory: vec![entry("beta")],
        policy: Policy {
            name: "none".into(),
            digest: "d".into(),
            rules: Vec::new(),
            data: Default::default(),
        },
    };
    (controller, hypervisor)
}

async fn migrate(controller: &Controller) -> Finished {
    let wanted = Wanted {
        wish: Wish {
            domain: "web".into(),
            source: entry("alpha"),
            to: None,
            destination_name: None,
            destination_uri: None,
        },
        limits: Limits { destination_timeout_s: 60, bandwidth_mib_s_max: None, downtime_ms_max: 500 },
        parameters: Vec::new(),
    };
    let (_sender, stop) = watch::channel(None);
    controller.migrate(&wanted, &Unwatched, stop).await.unwrap()
}

#[tokio::test]
async fn both_judgements_of_a_move_are_recorded_and_the_job_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let (controller, hypervisor) = controller(folder.path(), usize::MAX);
    let finished = migrate(&controller).await;
    assert_eq!((finished.outcome.kind, finished.record), (OutcomeKind::Succeeded, Some(DecisionId(1))));
    assert!(hypervisor.moved.load(Ordering::SeqCst));
    let job = finished.job;
    let purposes: Vec<Purpose> = controller
        .recorder
        .records
        .list(&Selection::default())
        .unwrap()
        .iter()
        .map(|one| one.purpose)
        .collect();
    assert_eq!(purposes, [Purpose::Prepare { job }, Purpose::Migrate { job }]);
    let stored = controller.jobs.journal.events(job).unwrap();
    let text = serde_json::to_string(&stored).unwrap();
    assert!(text.contains(r#"{"at""#) && !text.contains("candidates"), "the decision is kept once: {text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(
        stored.iter().any(|one| matches!(one.event, Event::Prepared { record: Some(DecisionId(2)), .. }))
    );
    let shown = controller.jobs.show(job).await.unwrap();
    let whole = shown.events.iter().find_map(|one| match &one.event {
        Event::Decided { decision, .. } => decision.clone(),
        _ => None,
    });
    assert_eq!(whole.map(|decision| *decision), finished.decision);
}

/// The first judgement, then the second: nothing moves, and the job says why.
#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    for records_left in [0, 1] {
        let folder = tempfile::tempdir().unwrap();
        let (controller, hypervisor) = controller(folder.path(), records_left);
        let finished = migrate(&controller).await;
        assert_eq!(finished.outcome.kind, OutcomeKind::Failed, "{records_left}");
        assert_eq!(finished.outcome.code, "journal-disk-full");
        assert_eq!(finished.outcome.runs_on.as_deref(), Some("alpha"));
        assert!(!hypervisor.moved.load(Ordering::SeqCst));
        assert!(controller.jobs.journal.open_jobs().unwrap().is_empty());
    }
}
