//! Files that are no plugins, or not ours: each is an error with its own code, and the
//! plugins beside it are loaded and answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(dead_code, reason = "a part of what the hostile rules need is used")]

mod support;

#[path = "hostile/cases/mod.rs"]
mod cases;

use cases::retyped::{self, ASYNC, Retyped, WRONG_TYPES};
use cases::{patched, patched_bytes};
use std::fs;
use std::path::{Path, PathBuf};

use wayleave::decide::decide;
use wayleave::model::decision::Stage;
use wayleave::model::policy::{Mode, OnFault};
use wayleave::model::port::Evaluate;
use wayleave::plugin::Plugins;

const CONTRACT: &str = "@1.0.0";

/// What wasmtime itself has compiled from a plugin: code that would run without a sandbox.
fn precompiled(wasm: &[u8]) -> Vec<u8> {
    wasmtime::Engine::default().precompile_component(wasm).unwrap()
}

/// A file's name, what it holds, and the code of its error.
type BadFile = (&'static str, Vec<u8>, &'static str);

/// What nobody would call a plugin, and what was one once.
fn no_components() -> Vec<BadFile> {
    let real = fs::read(support::plugin_folder().join("same-node.wasm")).unwrap();
    let from = |head: &[u8], tail: &[u8]| [head, tail].concat();
    vec![
        ("empty", Vec::new(), "plugin-not-wasm"),
        ("text", b"#!/bin/sh\nexit 1\n".to_vec(), "plugin-not-wasm"),
        ("elf", b"\x7fELF\x02\x01\x01".to_vec(), "plugin-not-wasm"),
        ("noise", noise(1), "plugin-not-wasm"),
        ("precompiled", precompiled(&real), "plugin-not-wasm"),
        ("precompiled-behind-a-header", from(b"\0asm\x0d\0\x01\0", &precompiled(&real)), "plugin-malformed"),
        ("precompiled-behind-a-plugin", from(&real, &precompiled(&real)), "plugin-malformed"),
        ("magic-alone", b"\0asm".to_vec(), "plugin-malformed"),
        ("core-module", b"\0asm\x01\0\0\0".to_vec(), "plugin-core-module"),
        ("empty-component", b"\0asm\x0d\0\x01\0".to_vec(), "plugin-missing-export"),
        ("later-component-model", b"\0asm\x0e\0\x01\0".to_vec(), "plugin-malformed"),
        ("component-of-noise", from(b"\0asm\x0d\0\x01\0", &noise(2)), "plugin-malformed"),
        ("truncated-by-half", real[..real.len() / 2].to_vec(), "plugin-malformed"),
        ("truncated-by-a-byte", real[..real.len() - 1].to_vec(), "plugin-malformed"),
        ("truncated-to-a-page", real[..4096].to_vec(), "plugin-malformed"),
        ("noise-at-the-end", from(&real, &noise(3)), "plugin-malformed"),
        ("too-large", from(&real, &vec![0; 1 << 20]), "plugin-too-large"),
        ("contract-0.9", patched(&real, CONTRACT, "@0.9.0"), "plugin-wrong-contract"),
        ("contract-7.1", patched(&real, CONTRACT, "@7.1.0"), "plugin-wrong-contract"),
    ]
}

/// Components that want what is not to be had, or lack what is needed.
const OTHER_NAMES: [(&str, &str, &str, &str); 6] = [
    ("wants-wasi", "wayleave:policy/clock@1.0.0", "wasi:filesystem/types@0.2.0", "plugin-wants-wasi"),
    ("unknown-function", "taken-at", "given-at", "plugin-unknown-import"),
    ("unknown-interface", "wayleave:policy/clock", "wayleave:policy/cloak", "plugin-unknown-import"),
    ("unknown-package", "wayleave:policy/clock", "runaways:policy/clock", "plugin-unknown-import"),
    ("no-metadata", "wayleave:policy/metadata", "wayleave:policy/metadaty", "plugin-missing-export"),
    ("no-settings", "wayleave:policy/settings", "wayleave:policy/bettings", "plugin-missing-export"),
];

/// Plugins that fail to describe themselves, or do it wrongly.
const OTHER_WORDS: [(&str, &str, &str, &str); 15] = [
    ("describe-loops", "manner:plain", "manner:loops", "plugin-describe-fault"),
    ("describe-traps", "manner:plain", "manner:traps", "plugin-describe-fault"),
    ("describe-hoards", "manner:plain", "manner:hoard", "plugin-describe-fault"),
    ("describe-at-length", "manner:plain", "manner:long.", "plugin-describe-fault"),
    ("describe-nothing", "manner:plain", "manner:empty", "plugin-bad-metadata"),
    ("bad-json", r#""name":"hostile","#, r#""name":"hostile";"#, "plugin-bad-metadata"),
    ("no-name", r#""name":"hostile","#, r#""nome":"hostile","#, "plugin-bad-metadata"),
    ("capital-name", r#""name":"hostile""#, r#""name":"Hostile""#, "plugin-bad-metadata"),
    ("path-name", r#""name":"hostile""#, r#""name":"../host""#, "plugin-bad-metadata"),
    ("unknown-kind", r#""kind":"check""#, r#""kind":"chuck""#, "plugin-bad-metadata"),
    ("duplicate-rule", "answers-too-few", "answers-nothing", "plugin-bad-metadata"),
    ("capital-rule", "answers-too-few", "Answers-too-few", "plugin-bad-metadata"),
    ("control-rule", "answers-too-few", "answers\u{1b}too-few", "plugin-bad-metadata"),
    ("capital-code", r#""code":"no-reason""#, r#""code":"No-reason""#, "plugin-bad-metadata"),
    ("unknown-reason-kind", r#""kind":"reject""#, r#""kind":"permit""#, "plugin-bad-metadata"),
];

/// Settings schemas that are bombs.
const OTHER_SCHEMAS: [(&str, &str, &str, &str); 12] = [
    ("schema-large", "schema:plain", "schema:large", "plugin-describe-fault"),
    ("schema-deep", "schema:plain", "schema:deeps", "plugin-bad-schema"),
    ("schema-abyss", "schema:plain", "schema:abyss", "plugin-bad-metadata"),
    ("schema-pattern-huge", "schema:plain", "schema:regex", "plugin-bad-schema"),
    ("schema-pattern-backtracks", "schema:plain", "schema:back.", "plugin-bad-schema"),
    ("schema-from-the-net", "schema:plain", "schema:fetch", "plugin-bad-schema"),
    ("schema-draft-from-the-net", "schema:plain", "schema:draft", "plugin-bad-schema"),
    ("schema-from-a-file", "schema:plain", "schema:files", "plugin-bad-schema"),
    ("schema-doubles", "schema:plain", "schema:twice", "plugin-bad-schema"),
    ("schema-refers-to-itself", "schema:plain", "schema:cycle", "plugin-bad-schema"),
    ("schema-of-another-kind", "schema:plain", "schema:array", "plugin-bad-schema"),
    ("schema-of-unknown-types", "schema:plain", "schema:types", "plugin-bad-schema"),
];

fn bad_files() -> Vec<BadFile> {
    let hostile = fs::read(cases::component()).unwrap();
    let changed = |(name, from, to, code): (_, &str, &str, _)| (name, patched(&hostile, from, to), code);
    let mut files = no_components();
    files.extend(OTHER_NAMES.into_iter().chain(OTHER_WORDS).chain(OTHER_SCHEMAS).map(changed));
    let title = patched_bytes(&hostile, "it behaves", b"it \xff\xfe\xc0\x80ves");
    files.extend(retyped_files());
    files.push(("description-not-utf-8", title, "plugin-describe-fault"));
    // It says that it scores, and exports checks only.
    let real = fs::read(support::plugin_folder().join("same-node.wasm")).unwrap();
    files.push(("no-such-export", patched(&real, "0.1.0checkthe", "0.1.0scorethe"), "plugin-bad-metadata"));
    files
}

fn retyped_files() -> impl Iterator<Item = BadFile> {
    let coded =
        |cases: &'static [Retyped], code| cases.iter().map(move |one| (one.name, one.component(), code));
    coded(&WRONG_TYPES, "plugin-wrong-type").chain(coded(&ASYNC, "plugin-wants-async"))
}

fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..4096).map(byte).collect()
}

#[test]
fn a_file_that_is_no_plugin_has_its_code_and_disturbs_nobody() {
    let folder = fresh_folder("bad-files");
    let files = bad_files();
    for (name, bytes, _) in &files {
        fs::write(folder.join(format!("{name}.wasm")), bytes).unwrap();
    }
    fs::write(folder.join("notes.txt"), "not looked at").unwrap();
    fs::create_dir(folder.join("a-folder.wasm")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("dangling.wasm")).unwrap();
    let folders = [folder.clone(), PathBuf::from("no-such-folder"), good_folder()];
    let plugins = Plugins::load(&folders, Some(&support::scratch("compiled")), cases::limits()).unwrap();

    let code_of = |name: &str| {
        let path = folder.join(format!("{name}.wasm"));
        let broken = plugins.broken.iter().find(|(broken, _)| *broken == path);
        broken.map_or_else(|| panic!("{name} was loaded"), |(_, error)| error)
    };
    for (name, _, code) in &files {
        let error = code_of(name);
        let text = wayleave::problem::chain(error);
        assert_eq!(error.code(), *code, "{name}: {text}");
        assert!(text.len() < 700 && !text.contains(char::is_control), "{name}: {text:?}");
    }
    assert_eq!(code_of("a-folder").code(), "plugin-unreadable");
    assert_eq!(code_of("dangling").code(), "plugin-unreadable");
    assert_eq!(plugins.broken.len(), files.len() + 2);
    assert_eq!(plugins.all().len(), 1, "the plugin beside them");
    still_answers(plugins);
}

/// What was found and what is expected, both as the contract writes it; and it is the type alone.
#[test]
fn a_function_of_another_type_is_told_with_both_types() {
    let plugins = Plugins::empty(None, cases::limits()).unwrap();
    assert!(plugins.load_bytes(Path::new("fit.wasm"), &retyped::fit()).is_ok());
    let told = |name: &str| {
        let one = WRONG_TYPES.iter().find(|one| one.name == name).unwrap();
        let Err(error) = plugins.load_bytes(Path::new("it.wasm"), &one.component()) else { panic!("{name}") };
        assert!(error.hint().is_some());
        error.to_string()
    };
    assert_eq!(
        told("evaluate-without-an-error"),
        "it exports check.evaluate as `func() -> list<u8>`; contract 1.0.0 has `func() -> result<list<u8>, string>`"
    );
    assert_eq!(
        told("import-a-small-clock"),
        "it imports clock.taken-at as `func() -> u32`; contract 1.0.0 has `func() -> u64`"
    );
    assert!(told("explain-another-field").contains("needed: string, remedies: string }, string>`; contract"));
    let endless = told("describe-doubles");
    assert!(
        endless.contains("func(tuple<tuple<") && endless.ends_with("contract 1.0.0 has `func() -> string`")
    );
}

#[test]
fn a_patch_release_of_the_contract_is_the_same_contract() {
    let hostile = fs::read(cases::component()).unwrap();
    let folder = fresh_folder("patch-release");
    fs::write(folder.join("hostile.wasm"), patched(&hostile, CONTRACT, "@1.0.7")).unwrap();
    let plugins = Plugins::load(&[folder], None, cases::limits()).unwrap();
    assert!(plugins.broken.is_empty(), "{:?}", plugins.broken);
    still_answers(plugins);
}

/// The hostile plugin's own healthy rule lets a fit node through.
fn still_answers(plugins: Plugins) {
    let bench = cases::Bench { plugins };
    let policy = bench.policy(&[("behaves", Mode::Enforce, OnFault::Reject)]);
    let decision = decide(&policy, &support::fleet::fleet(3), &bench.plugins);
    assert_eq!(decision.chosen.as_deref(), Some("node00001"));
    assert!(decision.candidates.iter().all(|one| one.stage != Stage::Rejected));
    assert!(bench.plugins.rules().iter().all(|rule| rule.plugin == "hostile"));
}

fn good_folder() -> PathBuf {
    cases::component().parent().unwrap().to_owned()
}

fn fresh_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
