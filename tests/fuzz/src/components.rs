//! Any bytes as a component: loaded or refused in words, and changed by each of its mutants it
//! still is what it was. Interpreters and giants take too long for a fuzzer.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wayleave::plugin::Plugins;
use wayleave::plugin::engine::SandboxLimits;
use wayleave::plugin::mutants::{OwnCode, mutants};

static PLUGINS: LazyLock<Plugins> = LazyLock::new(|| {
    let limits = SandboxLimits {
        fuel: 10_000_000,
        time: Duration::from_secs(1),
        memory_bytes: 16 << 20,
        component_bytes: 256 << 10,
        ..SandboxLimits::default()
    };
    Plugins::empty(None, limits).expect("there is an engine")
});

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = PLUGINS.load_bytes(Path::new("fuzzed.wasm"), bytes) {
        let text = error.to_string();
        assert!(!error.code().is_empty() && !text.chars().any(char::is_control), "{text:?}");
    }
    let own = OwnCode { crate_name: "prefer_label".to_owned(), ..OwnCode::default() };
    for mutant in mutants(bytes, &own).into_iter().flatten().take(20) {
        assert_eq!(mutant.apply(bytes).len(), bytes.len());
    }
});
