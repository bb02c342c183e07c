//! What every store of decisions must do: one suite, run on each of them.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::samples::{concluded, decision, request};
use super::{MemoryJournal, SqliteJournal};
use crate::model::job::JobId;
use crate::model::port::{Journal, JournalError, Records};
use crate::model::record::{
    DecisionId, DecisionRecord, Keep, Purpose, RecordedPolicy, RecordedRule, Redacted, Selection, TakenBy,
    VERSION,
};
use crate::model::snapshot::Snapshot;

/// One store behind both of its ports.
type Ports = (Arc<dyn Records>, Arc<dyn Journal>);

/// One store, reached again and again as several processes would.
struct Bench {
    connect: Box<dyn Fn() -> Ports>,
    _folder: Option<TempDir>,
}

fn memory() -> Bench {
    let journal = Arc::new(MemoryJournal::new());
    let connect = move || (journal.clone() as Arc<dyn Records>, journal.clone() as Arc<dyn Journal>);
    Bench { connect: Box::new(connect), _folder: None }
}

fn sqlite() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let connect = move || {
        let journal = Arc::new(SqliteJournal::open(&path).unwrap());
        (journal.clone() as Arc<dyn Records>, journal as Arc<dyn Journal>)
    };
    Bench { connect: Box::new(connect), _folder: Some(folder) }
}

macro_rules! conformance {
    ($($case:ident),* $(,)?) => {
        mod on_memory { $(#[test] fn $case() { super::$case(&super::memory()); })* }
        mod on_sqlite { $(#[test] fn $case() { super::$case(&super::sqlite()); })* }
    };
}

conformance!(
    a_record_comes_back_as_the_same_bytes,
    an_unknown_decision_is_an_answer,
    records_come_newest_first_and_are_selected,
    old_records_go_and_numbers_are_not_given_again,
    no_more_are_kept_than_may_be,
    records_of_open_jobs_stay,
    a_component_is_kept_once_and_goes_with_its_last_record,
    components_are_kept_only_where_they_may_be,
);

fn record(domain: &str, digests: &[&str]) -> DecisionRecord {
    let rule = |digest: &&str| RecordedRule {
        name: format!("rule-{digest}"),
        rule: "rule".into(),
        plugin: "plugin".into(),
        plugin_digest: (*digest).into(),
        mode: Default::default(),
        on_fault: Default::default(),
        weight: 0.1,
        settings: serde_json::json!({"z": 1, "a": "ä"}),
        mandatory: false,
    };
    let mut decision = decision();
    decision.domain = domain.into();
    DecisionRecord {
        version: VERSION,
        id: None,
        at: Timestamp::now(),
        by: TakenBy { wayleave: "0.1.0".into(), contract: "1.0.0".into() },
        purpose: Purpose::Plan,
        policy: RecordedPolicy {
            name: "default".into(),
            digest: "abc".into(),
            rules: digests.iter().map(rule).collect(),
        },
        snapshot: Snapshot::empty(),
        decision_digest: "0".repeat(64),
        decision,
        redacted: Redacted::default(),
    }
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

fn component(digest: &str) -> Option<Vec<u8>> {
    (digest != "gone").then(|| format!("component {digest}").into_bytes())
}

fn ids(records: &dyn Records, wanted: &Selection) -> Vec<u64> {
    records.list(wanted).unwrap().iter().filter_map(|one| one.id).map(|id| id.0).collect()
}

const KEEP: Keep = Keep { days: 90, records: 10_000, plugins: true };

fn a_record_comes_back_as_the_same_bytes(bench: &Bench) {
    let (records, _) = (bench.connect)();
    let written = record("web", &["d1"]);
    let id = records.add(&written, &component, &KEEP).unwrap();
    let expected = DecisionRecord { id: Some(id), ..written };
    let (again, _) = (bench.connect)();
    assert_eq!(again.text(id).unwrap(), expected.canonical());
    assert_eq!(again.get(id).unwrap(), expected);
    assert_eq!(again.get(id).unwrap().canonical(), expected.canonical());
    assert_eq!(again.list(&Selection::default()).unwrap(), [expected.summary()]);
}

fn an_unknown_decision_is_an_answer(bench: &Bench) {
    let (records, _) = (bench.connect)();
    let error = records.text(DecisionId(7)).unwrap_err();
    assert!(matches!(error, JournalError::NoSuchDecision(DecisionId(7))));
    assert_eq!(error.code(), "no-such-decision");
    assert_eq!(records.component("d1").unwrap(), None);
}

fn records_come_newest_first_and_are_selected(bench: &Bench) {
    let (records, _) = (bench.connect)();
    for (domain, days) in [("web", 3), ("db", 2), ("web", 1)] {
        let record = DecisionRecord { at: days_ago(days), ..record(domain, &[]) };
        records.add(&record, &component, &KEEP).unwrap();
    }
    let all = Selection::default();
    assert_eq!(ids(&*records, &all), [3, 2, 1]);
    assert_eq!(ids(&*records, &Selection { limit: Some(2), ..all.clone() }), [3, 2]);
    assert_eq!(ids(&*records, &Selection { domain: Some("web".into()), ..all.clone() }), [3, 1]);
    assert_eq!(
        ids(&*records, &Selection { since: Some(days_ago(2) - SignedDuration::from_secs(60)), ..all }),
        [3, 2]
    );
}

fn old_records_go_and_numbers_are_not_given_again(bench: &Bench) {
    let (records, _) = (bench.connect)();
    let old = DecisionRecord { at: days_ago(91), ..record("web", &[]) };
    records.add(&old, &component, &KEEP).unwrap();
    assert_eq!(ids(&*records, &Selection::default()), [1], "the newest stays, whatever its date");
    records.add(&old, &component, &KEEP).unwrap();
    records.add(&record("web", &[]), &component, &KEEP).unwrap();
    assert_eq!(ids(&*records, &Selection::default()), [3]);
    let (again, _) = (bench.connect)();
    assert_eq!(again.add(&old, &component, &Keep { days: 1, ..KEEP }).unwrap(), DecisionId(4));
}

fn no_more_are_kept_than_may_be(bench: &Bench) {
    let (records, _) = (bench.connect)();
    for _ in 0..5 {
        records.add(&record("web", &[]), &component, &Keep { records: 2, ..KEEP }).unwrap();
    }
    assert_eq!(ids(&*records, &Selection::default()), [5, 4]);
}

fn records_of_open_jobs_stay(bench: &Bench) {
    let (records, journal) = (bench.connect)();
    let job = journal.open(&request(1)).unwrap();
    assert_eq!(job, JobId(1));
    let of_job =
        DecisionRecord { at: days_ago(900), purpose: Purpose::Migrate { job }, ..record("vm1", &["d1"]) };
    records.add(&of_job, &component, &KEEP).unwrap();
    let few = Keep { records: 1, ..KEEP };
    records.add(&record("web", &[]), &component, &few).unwrap();
    records.add(&record("web", &[]), &component, &few).unwrap();
    assert_eq!(ids(&*records, &Selection::default()), [3, 1]);
    journal.append(job, &concluded()).unwrap();
    records.add(&record("web", &[]), &component, &few).unwrap();
    assert_eq!(ids(&*records, &Selection::default()), [4]);
}

fn a_component_is_kept_once_and_goes_with_its_last_record(bench: &Bench) {
    let (records, _) = (bench.connect)();
    let few = Keep { records: 2, ..KEEP };
    records.add(&record("web", &["d1", "d2", "gone"]), &component, &few).unwrap();
    let never = |digest: &str| -> Option<Vec<u8>> { panic!("{digest} is kept already") };
    records.add(&record("web", &["d1", "d2"]), &never, &few).unwrap();
    assert_eq!(records.component("d1").unwrap().unwrap(), b"component d1");
    assert_eq!(records.component("gone").unwrap(), None);
    records.add(&record("web", &["d2"]), &component, &few).unwrap();
    assert!(records.component("d1").unwrap().is_some(), "the second record names it");
    records.add(&record("web", &["d2"]), &component, &few).unwrap();
    assert_eq!(records.component("d1").unwrap(), None);
    assert!(records.component("d2").unwrap().is_some());
}

fn components_are_kept_only_where_they_may_be(bench: &Bench) {
    let (records, _) = (bench.connect)();
    records.add(&record("web", &["d1"]), &component, &Keep { plugins: false, ..KEEP }).unwrap();
    assert_eq!(records.component("d1").unwrap(), None);
    records.add(&record("web", &["d1"]), &component, &KEEP).unwrap();
    assert!(records.component("d1").unwrap().is_some());
    records.add(&record("web", &["d1"]), &component, &Keep { plugins: false, ..KEEP }).unwrap();
    assert_eq!(records.component("d1").unwrap(), None, "switched off, they go");
}
