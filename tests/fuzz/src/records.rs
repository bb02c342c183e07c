//! Any text as a recorded decision: a record or none, and as the facts in it. Facts that were read
//! become columns, and a tree from which the same nodes come back; a record is a case of a suite.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wayleave::fixture::Fixture;
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::columns::Columns;
use wayleave::record::read::read;
use wayleave::suite::recorded::suite;

fn facts(snapshot: &Snapshot) {
    let rows = Columns::new(snapshot).rows.len();
    assert!(rows <= snapshot.candidates.len());
    if let Ok(again) = Fixture::of(snapshot).snapshot() {
        assert!(again.candidates.len() <= snapshot.candidates.len());
    }
}

fuzz_target!(|text: &str| {
    let path = Path::new("record.json");
    if let Ok(record) = read(text, path) {
        facts(&record.snapshot);
        assert_eq!(suite(path, &record).cases.len(), 1);
    } else if let Ok(snapshot) = serde_json::from_str(text) {
        facts(&snapshot);
    }
});
