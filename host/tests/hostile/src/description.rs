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
/// Patched by tests: the settings schema of the first rule.
static SCHEMA: &str = "schema:plain";

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
    let mut schema = Some(format!(r#","settings_schema":{}"#, schema()));
    let checks = CHECKS.iter().chain(&MORE_CHECKS).map(|name| {
        let schema = schema.take().unwrap_or_default();
        format!(r#"{{"name":"{name}",{}{}{schema}}}"#, black_box(CHECK), black_box(REASONS))
    });
    let scores = SCORES
        .iter()
        .map(|name| format!(r#"{{"name":"{name}","kind":"score","title":"it scores","reasons":[]}}"#));
    let rules: Vec<String> = checks.chain(scores).collect();
    format!(r#"{{{}"rules":[{}]}}"#, black_box(NAME), rules.join(","))
}

/// Bombs of every kind that a schema can be.
fn schema() -> String {
    let definitions = |last: usize| -> String {
        let twice = |number: usize| {
            let next = number + 1;
            format!(
                r##""d{number}":{{"allOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}},"##
            )
        };
        (0..last).map(twice).collect::<String>() + &format!(r#""d{last}":{{}}"#)
    };
    match black_box(SCHEMA) {
        "schema:large" => format!(r#"{{"description":"{}"}}"#, "a".repeat(60_000) + &"b".repeat(6_000)),
        "schema:deeps" => format!("{}{{}}{}", r#"{"not":"#.repeat(60), "}".repeat(60)),
        "schema:abyss" => format!("{}{{}}{}", r#"{"not":"#.repeat(5_000), "}".repeat(5_000)),
        "schema:regex" => r#"{"properties":{"a":{"pattern":"(a{1000}){1000}"}}}"#.to_owned(),
        "schema:back." => r#"{"properties":{"a":{"pattern":"^(a+)+\\1$"}}}"#.to_owned(),
        "schema:fetch" => r#"{"$ref":"http://127.0.0.1:9/schema"}"#.to_owned(),
        "schema:draft" => r#"{"$schema":"http://127.0.0.1:9/draft"}"#.to_owned(),
        "schema:files" => r#"{"$ref":"file:///etc/hostname"}"#.to_owned(),
        "schema:twice" => format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}}}}}"##, definitions(25)),
        "schema:cycle" => r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}"##.to_owned(),
        "schema:array" => "[1,2]".to_owned(),
        "schema:types" => r#"{"type":"wombat"}"#.to_owned(),
        _ => r#"{"type":"object","additionalProperties":false}"#.to_owned(),
    }
}
