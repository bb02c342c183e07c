//! What the plugin says of itself: true, until a test patches a text of it.

use std::hint::black_box;

use crate::resources;

const CHECKS: [&str; 32] = [
    "behaves",
    "loops",
    "recurses",
    "recurses-with-luggage",
    "eats-at-once",
    "eats-in-steps",
    "eats-and-tells",
    "eats-through-the-core",
    "traps",
    "panics",
    "panics-in-configure",
    "answers-too-few",
    "answers-too-many",
    "answers-nothing",
    "answers-no-end",
    "answers-unknown-code",
    "answers-code-255",
    "answers-error",
    "answers-long-error",
    "floods-log",
    "shouts",
    "asks-for-nobody",
    "refuses-settings-late",
    "explains-with-escapes",
    "explains-at-length",
    "explains-without-end",
    "explains-with-a-panic",
    "explains-with-a-loop",
    "explains-with-an-error",
    "claims-at-length",
    "claims-without-end",
    "claims-no-end-of-things",
];
const MORE_CHECKS: [&str; 2] = ["claims-with-a-trap", "claims-with-an-error"];
const SCORES: [&str; 6] = [
    "scores-nan",
    "scores-infinite",
    "scores-above-one",
    "scores-below-zero",
    "scores-too-few",
    "scores-one-nan",
];

/// Patched by tests: what `describe` does.
static MANNER: &str = "manner:plain";
/// Patched by tests.
static NAME: &str = r#""name":"hostile","version":"0.1.0","#;
/// Patched by tests.
static CHECK: &str = r#""kind":"check","title":"it behaves","#;
static REASONS: &str = r#""reasons":[{"code":"no-reason","kind":"reject","text":"none"}]"#;

pub fn describe() -> String {
    match black_box(MANNER) {
        "manner:loops" => resources::loop_for_ever(),
        "manner:traps" => core::arch::wasm32::unreachable(),
        "manner:hoard" => format!("{}", resources::eat_at_once()),
        "manner:empty" => String::new(),
        "manner:long." => " ".repeat(8 << 20),
        _ => truthful(),
    }
}

fn truthful() -> String {
    let checks = CHECKS
        .iter()
        .chain(&MORE_CHECKS)
        .map(|name| format!(r#"{{"name":"{name}",{}{}}}"#, black_box(CHECK), black_box(REASONS)));
    let scores = SCORES
        .iter()
        .map(|name| format!(r#"{{"name":"{name}","kind":"score","title":"it scores","reasons":[]}}"#));
    let rules: Vec<String> = checks.chain(scores).collect();
    format!(r#"{{{}"rules":[{}]}}"#, black_box(NAME), rules.join(","))
}
