//! Any text as XML of libvirt: facts or an error; and facts that were read cross into the sandbox.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::columns::Columns;
use wayleave::xml;

fuzz_target!(|text: &str| {
    if let Ok(domain) = xml::domain_facts(text) {
        let mut snapshot = Snapshot::empty();
        snapshot.domain = domain;
        let _ = Columns::new(&snapshot);
        let _ = xml::cpu_element(text);
        let _ = xml::with_other_memory(text);
    }
    let _ = xml::host_facts(text);
    let _ = xml::pool_facts(text);
});
