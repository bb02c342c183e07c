//! Any text as a suite: cases with facts that are a snapshot or an error, or an error with a code.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wayleave::suite::file::parse;

fuzz_target!(|text: &str| {
    match parse(Path::new("fuzzed.test.toml"), text) {
        Ok(suite) => {
            for case in suite.cases.iter().take(50) {
                let _ = case.facts.snapshot();
            }
        }
        Err(error) => assert!(!error.code().is_empty() && !error.text.is_empty()),
    }
});
