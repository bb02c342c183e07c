//! Any text as recorded facts: a snapshot or none. One that was read becomes columns, and a tree
//! of facts from which the same nodes come back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wayleave::fixture::Fixture;
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::columns::Columns;

fuzz_target!(|text: &str| {
    let Ok(snapshot) = serde_json::from_str::<Snapshot>(text) else { return };
    let rows = Columns::new(&snapshot).rows.len();
    assert!(rows <= snapshot.candidates.len());
    if let Ok(again) = Fixture::of(&snapshot).snapshot() {
        assert!(again.candidates.len() <= snapshot.candidates.len());
    }
});
