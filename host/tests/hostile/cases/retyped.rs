//! Plugins of a contract with one function changed: the names are right, the types are not. The
//! core of each is written by hand, and joined to its contract by what joins the real ones.

use wayleave::plugin::CONTRACT as VERSION;
use wayleave::plugin::load::PACKAGE;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const CONTRACT: &str = include_str!("../../../../plugins/wit/policy.wit");
const DESCRIPTION: &str =
    r#"{"name":"retyped","rules":[{"name":"retyped","kind":"check","title":"it was retyped"}]}"#;

/// What the core exports for `checks-with-claims`, and its parameters and results there.
const EXPORTS: [(&str, &str); 5] = [
    ("metadata.describe", "(result i32)"),
    ("settings.configure", "(param i32 i32 i32 i32) (result i32)"),
    ("check.evaluate", "(result i32)"),
    ("check.explain", "(param i32) (result i32)"),
    ("claims.claims", "(param i32) (result i32)"),
];

const DESCRIBE: &str = "describe: func() -> string";
const CONFIGURE: &str = "configure: func(rule: string, settings: string)";
const EVALUATE: &str = "evaluate: func() -> result<list<u8>, string>";
const TAKEN_AT: &str = "taken-at: func() -> u64";

/// A function whose type is another: where, what stands in the contract and what is put in its place,
/// and what that is for the core.
pub struct Retyped {
    pub name: &'static str,
    pub function: &'static str,
    from: &'static str,
    to: &'static str,
    core: &'static str,
}

const fn retyped(
    name: &'static str,
    function: &'static str,
    [from, to]: [&'static str; 2],
    core: &'static str,
) -> Retyped {
    Retyped { name, function, from, to, core }
}

pub const WRONG_TYPES: [Retyped; 9] = [
    retyped(
        "describe-with-a-parameter",
        "metadata.describe",
        [DESCRIBE, "describe: func(of: u32) -> string"],
        "(param i32) (result i32)",
    ),
    retyped(
        "describe-bytes",
        "metadata.describe",
        [DESCRIBE, "describe: func() -> list<u8>"],
        "(result i32)",
    ),
    retyped(
        "describe-doubles",
        "metadata.describe",
        [
            DESCRIBE,
            "type b = tuple<u8, u8, u8, u8>; type c = tuple<b, b, b, b>; type d = tuple<c, c, c, c>;
             type e = tuple<d, d, d, d>; type f = tuple<e, e, e, e>; type g = tuple<f, f, f, f>;
             type h = tuple<g, g, g, g>; describe: func(of: h) -> string",
        ],
        "(param i32) (result i32)",
    ),
    retyped(
        "configure-without-a-name",
        "settings.configure",
        [CONFIGURE, "configure: func(settings: string)"],
        "(param i32 i32) (result i32)",
    ),
    retyped(
        "evaluate-without-an-error",
        "check.evaluate",
        [EVALUATE, "evaluate: func() -> list<u8>"],
        "(result i32)",
    ),
    retyped(
        "evaluate-wide-codes",
        "check.evaluate",
        [EVALUATE, "evaluate: func() -> result<list<u32>, string>"],
        "(result i32)",
    ),
    retyped(
        "explain-another-field",
        "check.explain",
        ["remedy: string", "remedies: string"],
        "(param i32) (result i32)",
    ),
    retyped("claim-little", "claims.claims", ["limit: u64", "limit: u32"], "(param i32) (result i32)"),
    retyped("import-a-small-clock", "clock.taken-at", [TAKEN_AT, "taken-at: func() -> u32"], "(result i32)"),
];

/// The core's own name of a function says how it is called.
pub const ASYNC: [Retyped; 6] = [
    retyped(
        "async-export",
        "check.evaluate",
        [EVALUATE, "evaluate: async func() -> result<list<u8>, string>"],
        "(result i32)",
    ),
    retyped(
        "async-export-without-callback",
        "[async-lift-stackful]check.evaluate",
        [EVALUATE, "evaluate: async func() -> result<list<u8>, string>"],
        "",
    ),
    retyped("async-import", "clock.taken-at", [TAKEN_AT, "taken-at: async func() -> u64"], "(result i64)"),
    retyped("async-call", "clock.[async-lower]taken-at", [TAKEN_AT, TAKEN_AT], "(param i32) (result i32)"),
    retyped("stream", "clock.taken-at", [TAKEN_AT, "taken-at: func() -> stream<u64>"], "(result i32)"),
    retyped("future", "clock.taken-at", [TAKEN_AT, "taken-at: func() -> future<u64>"], "(result i32)"),
];

impl Retyped {
    pub fn component(&self) -> Vec<u8> {
        assert_eq!(CONTRACT.matches(self.from).count(), 1, "{} is not once in the contract", self.from);
        component(&CONTRACT.replace(self.from, self.to), &core(Some(self)))
    }
}

/// A plugin of the contract as it is, whose description is all that can be had.
pub fn fit() -> Vec<u8> {
    component(CONTRACT, &core(None))
}

/// `[how]interface.function` as the core names it.
fn mangled(function: &str, between: &str) -> String {
    let (how, function) = match function.split_once(']') {
        Some((how, function)) if how.starts_with('[') => (format!("{how}]"), function),
        _ => (String::new(), function),
    };
    let (interface, function) = function.split_once('.').unwrap();
    format!("{how}{PACKAGE}/{interface}@{VERSION}{between}{function}")
}

fn core(changed: Option<&Retyped>) -> String {
    let mut functions = String::new();
    if let Some(one) = changed.filter(|one| one.function.starts_with("clock.")) {
        functions += &format!(r#"(import "{}" (func {}))"#, mangled(one.function, "\" \""), one.core);
    }
    for (function, core) in EXPORTS {
        let changed = changed.filter(|one| one.function.ends_with(function));
        let (name, core) = changed.map_or((function, core), |one| (one.function, one.core));
        let body = if function == "metadata.describe" { "i32.const 8" } else { "unreachable" };
        functions += &format!(r#"(func (export "{}") {core} {body})"#, mangled(name, "#"));
    }
    let text = DESCRIPTION.replace('"', "\\\"");
    format!(
        r#"(module {functions}
            (memory (export "memory") 1)
            (data (i32.const 8) "\00\04\00\00\{:02x}\00\00\00")
            (data (i32.const 1024) "{text}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096))"#,
        DESCRIPTION.len()
    )
}

fn component(contract: &str, core: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("policy.wit", contract).unwrap();
    let world = resolve.select_world(&[package], Some("checks-with-claims")).unwrap();
    let mut module = wat::parse_str(core).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(false).module(&module).unwrap().encode().unwrap()
}
