//! Plugins that misbehave in every way that we could think of: each gets its own code, none
//! permits a move, and the rules beside it go on. The rules are in `hostile/`.
//!
//! The whole corpus is here, in `plugin_files.rs` (what is no plugin, or describes itself wrongly) and
//! in `compile.rs` (what is no joy to compile):
//!
//! | what it does | code |
//! |---|---|
//! | loops: in a rule, an explanation, its description | `out-of-fuel`, `plugin-describe-fault` |
//! | loops with fuel without end | `out-of-time` |
//! | recurses; with much on its own stack | `stack-overflow`; `trap` |
//! | takes memory at once, in small steps, through the core, before it begins | `out-of-memory`, `plugin-describe-fault` |
//! | traps; panics, with escape sequences in its words | `trap`; `panic` |
//! | panics, or refuses its settings, only while it decides | `panic`; `bad-answer` |
//! | answers too few, too many, none, three million nodes | `bad-answer` |
//! | answers codes that it does not declare | `bad-answer` |
//! | answers an error; one of 300 kB | `rule-error`; `bad-answer` |
//! | scores NaN, infinity, above 1, below 0, too few | `bad-answer` |
//! | claims, explains, logs 4 MiB in one text | `bad-answer` |
//! | texts that are not UTF-8 | `bad-answer`, `plugin-describe-fault` |
//! | floods the log; escape sequences in log, words, claims, names | cut and cleaned; names: `plugin-bad-metadata` |
//! | is empty, text, ELF, noise, precompiled code | `plugin-not-wasm` |
//! | is cut, has noise or precompiled code behind it, is of a later component model | `plugin-malformed` |
//! | is a core module; is too large | `plugin-core-module`; `plugin-too-large` |
//! | takes minutes, or gigabytes, to compile | `plugin-compile-timeout`; `plugin-compile-memory` |
//! | wants WASI; an unknown package, interface, function | `plugin-wants-wasi`; `plugin-unknown-import` |
//! | speaks another contract; does not export what it must | `plugin-wrong-contract`; `plugin-missing-export` |
//! | exports, or imports, a function of the contract with other parameters or another result | `plugin-wrong-type` |
//! | has functions or calls that wait, streams, futures | `plugin-wants-async` |
//! | describes itself at length, in bad JSON, twice, with bad names, kinds, exports it has not | `plugin-describe-fault`, `plugin-bad-metadata` |
//! | has a settings schema that is huge, deep, doubling, circular, remote, or backtracks | `plugin-bad-schema` |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

#[path = "hostile/cases/mod.rs"]
#[allow(dead_code, reason = "a part of it is for plugin_files")]
mod cases;

use cases::{Bench, limits};
use wayleave::decide::decide;
use wayleave::model::decision::{Candidate, Decision, Effect, Finding, Stage, Verdict};
use wayleave::model::policy::{Mode, OnFault};

/// A rule, the code of its fault, and what its text says.
const FAULTS: [(&str, &str, &str); 31] = [
    ("loops", "out-of-fuel", "does it loop"),
    ("recurses", "stack-overflow", "too deeply"),
    ("recurses-with-luggage", "trap", "out of bounds"),
    ("eats-at-once", "out-of-memory", "more than 8 MiB"),
    ("eats-in-steps", "out-of-memory", "more than 8 MiB"),
    ("eats-through-the-core", "out-of-memory", "more than 8 MiB"),
    ("traps", "trap", "unreachable"),
    ("panics", "panic", "the sky [31m falls  down"),
    ("panics-in-configure", "panic", "configured once too often"),
    ("answers-too-few", "bad-answer", "4 rows; 5 were expected"),
    ("answers-too-many", "bad-answer", "6 rows; 5 were expected"),
    ("answers-nothing", "bad-answer", "0 rows; 5 were expected"),
    ("answers-no-end", "bad-answer", ""),
    ("answers-unknown-code", "bad-answer", "code 9"),
    ("answers-code-255", "bad-answer", "code 255"),
    ("answers-error", "rule-error", "I ]0;owned  would rather not"),
    ("answers-long-error", "bad-answer", ""),
    ("shouts", "bad-answer", ""),
    ("refuses-settings-late", "bad-answer", "now refuses its settings:  [31mnot any more"),
    ("explains-without-end", "bad-answer", ""),
    ("explains-with-a-panic", "panic", "no words"),
    ("explains-with-a-loop", "out-of-fuel", ""),
    ("explains-with-an-error", "rule-error", "no words"),
    ("claims-without-end", "bad-answer", ""),
    ("claims-no-end-of-things", "bad-answer", ""),
    ("claims-with-a-trap", "trap", ""),
    ("claims-with-an-error", "rule-error", "no seat"),
    ("scores-nan", "bad-answer", "a score of NaN"),
    ("scores-infinite", "bad-answer", "a score of inf"),
    ("scores-above-one", "bad-answer", "a score of 1.5"),
    ("scores-below-zero", "bad-answer", "a score of -0.001"),
];
const MORE_FAULTS: [(&str, &str, &str); 2] =
    [("scores-too-few", "bad-answer", "4 rows"), ("scores-one-nan", "bad-answer", "NaN")];

/// Claims are asked for at the end, of one node after the other.
fn is_late(rule: &str) -> bool {
    rule.starts_with("claims-")
}

#[test]
fn every_fault_has_its_code_and_refuses_every_node() {
    let bench = Bench::new(limits());
    let snapshot = support::fleet::fleet(5);
    for (rule, code, text) in FAULTS.into_iter().chain(MORE_FAULTS) {
        let policy = bench.policy(&[(rule, Mode::Enforce, OnFault::Reject), cases::HEALTHY]);
        let decision = decide(&policy, &snapshot, &bench.plugins);
        assert_eq!(decision.chosen, None, "{rule}");
        assert!(decision.claims.is_empty(), "{rule}");
        assert_eq!(decision.candidates.len(), 5, "{rule}");
        for candidate in &decision.candidates {
            assert_eq!(candidate.stage, Stage::Rejected, "{rule}");
            let [faulty, healthy] = findings(candidate);
            assert_eq!((faulty.verdict, faulty.effect), (Verdict::Fault, Effect::Blocks), "{rule}");
            assert_eq!(faulty.code, code, "{rule}: {}", faulty.text);
            assert!(faulty.text.contains(text), "{rule}: {}", faulty.text);
            assert_eq!((healthy.verdict, healthy.code.as_str()), (Verdict::Pass, "ok"), "beside {rule}");
        }
        fit_for_a_terminal(&decision, rule);
    }
}

#[test]
fn on_fault_warn_shows_the_fault_and_lets_the_node_through() {
    let bench = Bench::new(limits());
    let snapshot = support::fleet::fleet(5);
    // One that does not take its settings cannot state its claims either.
    let unusable = ["panics-in-configure", "refuses-settings-late"];
    let early = FAULTS.into_iter().filter(|(rule, ..)| !is_late(rule) && !unusable.contains(rule)).step_by(3);
    for (rule, code, _) in early {
        let policy = bench.policy(&[(rule, Mode::Enforce, OnFault::Warn), cases::HEALTHY]);
        let decision = decide(&policy, &snapshot, &bench.plugins);
        assert_eq!(decision.chosen.as_deref(), Some("node00001"), "{rule}");
        for candidate in &decision.candidates {
            let [faulty, _] = findings(candidate);
            assert_eq!((faulty.verdict, faulty.effect), (Verdict::Fault, Effect::Warns), "{rule}");
            assert_eq!(faulty.code, code, "{rule}");
        }
    }
}

#[test]
fn claims_that_cannot_be_had_refuse_whatever_on_fault_says() {
    let bench = Bench::new(limits());
    let policy = bench.policy(&[("claims-with-a-trap", Mode::Enforce, OnFault::Warn), cases::HEALTHY]);
    let decision = decide(&policy, &support::fleet::fleet(5), &bench.plugins);
    assert_eq!(decision.chosen, None);
    // Tried without one: nothing is claimed for a rule that has no effect.
    let policy = bench.policy(&[("claims-with-a-trap", Mode::Audit, OnFault::Reject), cases::HEALTHY]);
    let decision = decide(&policy, &support::fleet::fleet(5), &bench.plugins);
    assert_eq!(decision.chosen.as_deref(), Some("node00001"));
}

#[test]
fn what_is_only_rude_is_cleaned_and_let_pass() {
    let bench = Bench::new(limits());
    let snapshot = support::fleet::fleet(5);
    for rule in ["floods-log", "asks-for-nobody", "explains-with-escapes", "explains-at-length"] {
        let policy = bench.policy(&[(rule, Mode::Enforce, OnFault::Reject), cases::HEALTHY]);
        let decision = decide(&policy, &snapshot, &bench.plugins);
        assert_eq!(decision.chosen.as_deref(), Some("node00001"), "{rule}");
        fit_for_a_terminal(&decision, rule);
    }
    let policy = bench.policy(&[("claims-at-length", Mode::Enforce, OnFault::Reject)]);
    let decision = decide(&policy, &snapshot, &bench.plugins);
    let [claim] = decision.claims.as_slice() else { panic!("one claim, not {:?}", decision.claims) };
    assert!(claim.resource.len() <= 200 && !claim.resource.contains('\u{1b}'));
}

#[test]
fn memory_is_capped_by_the_limiter_to_a_tenth() {
    let bench = Bench::new(limits());
    let policy = bench.policy(&[("eats-and-tells", Mode::Enforce, OnFault::Reject)]);
    let decision = decide(&policy, &support::fleet::fleet(1), &bench.plugins);
    let [told] = decision.candidates[0].findings.as_slice() else { panic!("one finding") };
    let mib: u64 = told.text.rsplit(' ').next().unwrap().parse().unwrap();
    let cap = (limits().memory_bytes >> 20) as u64;
    assert!(mib * 10 <= cap * 11 && mib * 2 >= cap, "{mib} MiB of {cap} were had");
}

#[test]
fn a_rule_with_fuel_without_end_runs_out_of_time() {
    let bench = Bench::new(wayleave::plugin::engine::SandboxLimits {
        fuel: u64::MAX / 2,
        time: std::time::Duration::from_millis(200),
        ..limits()
    });
    let policy = bench.policy(&[("loops", Mode::Enforce, OnFault::Reject), cases::HEALTHY]);
    let start = std::time::Instant::now();
    let decision = decide(&policy, &support::fleet::fleet(2), &bench.plugins);
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(decision.chosen, None);
    let [faulty, healthy] = findings(&decision.candidates[0]);
    assert_eq!((faulty.code.as_str(), healthy.code.as_str()), ("out-of-time", "ok"));
}

#[test]
fn the_log_of_a_plugin_is_capped_and_clean() {
    let bench = Bench::new(limits());
    let policy = bench.policy(&[("floods-log", Mode::Enforce, OnFault::Reject)]);
    let log = cases::logged(|| {
        decide(&policy, &support::fleet::fleet(1), &bench.plugins);
    });
    assert!(log.contains("noise"), "nothing was logged: {log:?}");
    assert!(log.len() < 3 * limits().log_bytes, "{} bytes were logged", log.len());
    assert!(!log.contains('\u{1b}'));
}

/// The canonical encoding of a text is UTF-8, and nothing else is taken for one.
#[test]
fn texts_that_are_not_utf_8_are_faults() {
    let hostile = std::fs::read(cases::component()).unwrap();
    let not_utf_8 = |text: &str| cases::patched_bytes(&hostile, text, &vec![0xff; text.len()]);
    for (text, rule) in [("would rather not", "answers-error"), ("the sky", "panics")] {
        let bench = Bench::of(&not_utf_8(text), limits());
        let policy = bench.policy(&[(rule, Mode::Enforce, OnFault::Reject), cases::HEALTHY]);
        let decision = decide(&policy, &support::fleet::fleet(2), &bench.plugins);
        assert_eq!(decision.chosen, None, "{rule}");
        let [faulty, healthy] = findings(&decision.candidates[0]);
        assert_eq!((faulty.code.as_str(), healthy.code.as_str()), ("bad-answer", "ok"), "{}", faulty.text);
        assert!(faulty.text.contains("utf-8"), "{}", faulty.text);
    }
}

/// What it has in its data section is memory, too, before it has done anything.
#[test]
fn a_plugin_that_begins_with_more_memory_than_there_is_is_refused() {
    let little = wayleave::plugin::engine::SandboxLimits { memory_bytes: 1 << 20, ..limits() };
    let plugins = wayleave::plugin::Plugins::empty(None, little).unwrap();
    let Err(error) = plugins.load_file(cases::component()) else { panic!("it fits") };
    assert_eq!(error.code(), "plugin-describe-fault");
    assert!(error.to_string().contains("more than 1 MiB"), "{error}");
}

fn findings(candidate: &Candidate) -> [&Finding; 2] {
    let [one, other] = candidate.findings.as_slice() else { panic!("two findings, one a rule") };
    [one, other]
}

/// No text of a plugin can move the cursor, and none is without end.
fn fit_for_a_terminal(decision: &Decision, rule: &str) {
    for finding in decision.candidates.iter().flat_map(|candidate| &candidate.findings) {
        let words = [&finding.measured, &finding.needed, &finding.remedy];
        for text in words.into_iter().flatten().chain([&finding.text]) {
            assert!(text.len() <= 1_100, "{rule} says {} bytes", text.len());
            let wrong = |one: char| one.is_control() || ('\u{202a}'..='\u{202e}').contains(&one);
            assert!(!text.contains(wrong), "{rule} says {text:?}");
        }
    }
}
