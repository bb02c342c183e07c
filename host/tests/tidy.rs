//! The rules of the house, read off the sources: who may use whom, where foreign crates live,
//! how long things may get, and words that are not to be found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

#[path = "tidy/sources.rs"]
mod sources;

use std::collections::BTreeSet;
use std::process::Command;

use sources::{Source, sources, tracked_files};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// The dependency rule of `host/src/lib.rs`: a module, and what it may use of the crate.
///
/// Adapters (`plugin`, `libvirt`, `journal`, `config`) never meet; `cli` and `world` alone name
/// them, and `cli` only those that are its own business: what plugins there are, and settings.
const MAY_USE: [(&str, &[&str]); 24] = [
    ("model", &[]),
    ("problem", &[]),
    ("lease", &["model"]),
    ("uri", &["problem"]),
    ("xml", &["model"]),
    ("settings_schema", &[]),
    ("parallel", &[]),
    ("site_data", &["model"]),
    ("policy", &["model", "problem", "settings_schema"]),
    ("decide", &["model"]),
    ("fixture", &["model"]),
    ("suite", &["model", "decide", "fixture", "parallel", "policy", "problem", "xml"]),
    ("mutate", &["model", "fixture", "parallel", "policy", "suite"]),
    ("lint", &["model", "fixture", "policy"]),
    ("reload", &["model", "fixture", "problem", "suite"]),
    ("migrate", &["model", "problem", "uri"]),
    ("plugin", &["model", "settings_schema"]),
    ("libvirt", &["model", "xml"]),
    ("journal", &["model"]),
    ("record", &["model", "decide", "fixture", "parallel", "problem"]),
    ("config", &["model", "problem", "record", "uri"]),
    ("controller", &["model", "decide", "lease", "migrate", "policy", "problem", "record", "site_data"]),
    (
        "cli",
        &[
            "model",
            "config",
            "controller",
            "decide",
            "lint",
            "migrate",
            "mutate",
            "parallel",
            "plugin",
            "policy",
            "problem",
            "record",
            "reload",
            "suite",
            "world",
            "xml",
        ],
    ),
    (
        "world",
        &[
            "model",
            "config",
            "controller",
            "decide",
            "journal",
            "libvirt",
            "migrate",
            "plugin",
            "policy",
            "problem",
            "record",
            "reload",
            "suite",
            "uri",
        ],
    ),
];

/// A foreign crate, and the only modules that may name it.
const LIVES_IN: [(&str, &[&str]); 24] = [
    ("virt", &["libvirt"]),
    ("virt_sys", &["libvirt"]),
    ("wasmtime", &["plugin"]),
    ("wasmparser", &["plugin"]),
    ("addr2line", &["plugin"]),
    ("gimli", &["plugin"]),
    ("rustc_demangle", &["plugin"]),
    ("wit_component", &["plugin"]),
    ("wit_parser", &["plugin"]),
    ("wit_bindgen_c", &["plugin"]),
    ("include_dir", &["plugin"]),
    ("jsonschema", &["policy", "settings_schema"]),
    ("rusqlite", &["journal"]),
    ("rusqlite_migration", &["journal"]),
    ("zstd", &["journal"]),
    ("roxmltree", &["xml"]),
    ("clap", &["cli", "main"]),
    ("clap_complete", &["cli"]),
    ("comfy_table", &["cli"]),
    ("indicatif", &["cli"]),
    ("quick_junit", &["cli"]),
    ("toml_edit", &["policy", "suite"]),
    ("notify", &["reload"]),
    ("rand_chacha", &["cli", "fixture"]),
];

/// Where `unsafe` may stand, each file saying why.
const UNSAFE: [&str; 2] = ["host/src/libvirt/raw.rs", "plugins/sdk/src/bindings.rs"];

fn none(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Sources of the library and the program, each with its module.
fn host() -> impl Iterator<Item = (&'static Source, &'static str)> {
    sources().iter().filter_map(|source| Some((source, source.host_module()?)))
}

#[test]
fn modules_use_only_what_they_may() {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for (source, module) in host().filter(|(_, module)| !["lib", "main"].contains(module)) {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{}: module {module} is not in the table", source.path));
            continue;
        };
        seen.insert(module);
        for (line, used) in source.uses_of_crate() {
            if used != module && !allowed.contains(&used.as_str()) {
                broken.push(format!("{}:{line}: {module} may not use {used}", source.path));
            }
        }
    }
    let table = MAY_USE.iter().map(|(name, _)| *name);
    broken.extend(table.filter(|name| !seen.contains(name)).map(|name| format!("there is no module {name}")));
    none(broken);
}

#[test]
fn adapters_never_meet() {
    let adapters = ["plugin", "libvirt", "journal", "config"];
    for (module, allowed) in MAY_USE {
        let met = allowed.iter().filter(|name| adapters.contains(name)).count();
        assert!(met == 0 || ["cli", "world"].contains(&module), "{module} names an adapter");
    }
}

#[test]
fn foreign_crates_stay_at_home() {
    let mut broken = Vec::new();
    for (source, module) in host() {
        for (name, homes) in LIVES_IN {
            let used = source.names_crate(name).filter(|_| !homes.contains(&module));
            broken.extend(used.map(|line| format!("{}:{line}: {name} lives in {homes:?}", source.path)));
        }
    }
    none(broken);
}

#[test]
fn files_and_functions_stay_short() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            broken.push(format!("{}: {lines} lines, {FILE_LINES_MAX} at most", source.path));
        }
        for (line, name, lines) in source.functions() {
            if lines > FUNCTION_LINES_MAX {
                broken.push(format!("{}:{line}: {name} has {lines} lines", source.path));
            }
        }
    }
    none(broken);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = sources().iter().filter(|source| !source.text.starts_with("//! "));
    none(silent.map(|source| format!("{}: it does not begin with `//! `", source.path)).collect());
}

#[test]
fn unsafe_stands_where_it_is_explained() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !UNSAFE.contains(&source.path.as_str())) {
        broken.extend(source.words("unsafe").map(|line| format!("{}:{line}: unsafe", source.path)));
    }
    none(broken);
    for path in UNSAFE {
        let source = sources().iter().find(|source| source.path == path);
        let source = source.unwrap_or_else(|| panic!("there is no {path}"));
        let explained = source.text.contains("SAFETY") || source.text.contains("reason = ");
        assert!(explained, "{path} does not say why its `unsafe` is right");
    }
}

#[test]
fn words_that_are_not_to_be_found() {
    // Put together here, so that this file does not hold them.
    let tunnelled_with_one_l = ["tunne", "led"].concat();
    let absolute = |folder: &str| format!("/{folder}/");
    let machine_paths = [absolute("work"), format!("{}.", absolute("root")), absolute("tmp/wl")];
    let mut broken = Vec::new();
    for path in tracked_files() {
        if path.ends_with("Cargo.lock") || path.ends_with(".snap.new") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(support::repository().join(&path)) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let low = line.to_lowercase();
            let spelled = low.replace(&["tunne", "lled"].concat(), "").contains(&tunnelled_with_one_l);
            let machine = machine_paths.iter().any(|path| line.contains(path.as_str()));
            let mirror = low.contains(&["regis", "try"].concat()) && low.contains("://");
            if spelled || machine || mirror {
                broken.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    none(broken);
}

/// What a failed test leaves for a person to look at is not committed.
#[test]
fn nothing_of_a_test_run_is_kept() {
    let git = Command::new("git").args(["ls-files"]).current_dir(support::repository()).output();
    // An unpacked archive has no list; then there is nothing to look at.
    let listed = git.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let ends = [".snap.new", ".pending-snap", ".orig", ".rej", ".wasm", ".proptest-regressions"];
    // Golden plugins are kept on purpose, as they were built.
    let golden = |path: &&str| path.starts_with("host/tests/data/golden/");
    let kept = listed.lines().filter(|path| !golden(path) && ends.iter().any(|end| path.ends_with(end)));
    none(kept.map(str::to_owned).collect());
}

/// The table "Every reason" of plugins/README.md, against what the plugins say of themselves.
#[test]
fn the_reason_table_is_what_the_plugins_describe() {
    use wayleave::model::port::Evaluate;
    let readme = std::fs::read_to_string(support::repository().join("plugins/README.md")).unwrap();
    let told: Vec<String> = sources::table(&readme, "### Every reason").collect();
    let plugins = support::plugins();
    let mut described = BTreeSet::new();
    for rule in plugins.rules() {
        for reason in rule.reasons.iter().filter(|reason| reason.code != "not-known") {
            let kind = format!("{:?}", reason.kind).to_lowercase();
            described.insert(format!("{} | {} | {kind} | {}", rule.name, reason.code, reason.text));
        }
    }
    let told_set: BTreeSet<String> = told.iter().cloned().collect();
    assert_eq!(told.len(), told_set.len(), "a reason stands twice in the table");
    let missing = described.difference(&told_set).map(|row| format!("not in the table: {row}"));
    let wrong = told_set.difference(&described).map(|row| format!("no plugin says: {row}"));
    none(missing.chain(wrong).collect());
    let rules: BTreeSet<_> = plugins.rules().iter().map(|rule| rule.name.as_str()).collect();
    let listed: BTreeSet<String> = sources::table(&readme, "## The rules that come with wayleave")
        .map(|row| row.split(" | ").next().unwrap().to_owned())
        .collect();
    assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), rules);
}
