//! Any text as a recorded decision: read, or refused with a code.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wayleave::record::read::read;

fuzz_target!(|text: &str| {
    if let Err(error) = read(text, Path::new("fuzzed.json")) {
        assert!(!error.code().is_empty() && !error.text.is_empty());
    }
});
