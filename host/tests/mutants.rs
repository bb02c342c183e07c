//! Mutants of the plugins that come with wayleave: each is a valid component of the same
//! length, each is of the plugin's own code, and its place is the line of the source.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasmparser::{Validator, WasmFeatures};
use wayleave::decide::decide;
use wayleave::model::decision::Verdict;
use wayleave::model::policy::{Mode, OnFault, Policy, RuleUse};
use wayleave::model::port::Evaluate;
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::Plugins;
use wayleave::plugin::engine::SandboxLimits;
use wayleave::plugin::mutants::{Mutant, MutantsError, OwnCode, mutants};

fn own(plugin: &str) -> OwnCode {
    OwnCode {
        folder: support::repository().join("plugins").join(plugin),
        except: Vec::new(),
        crate_name: plugin.to_owned(),
    }
}

fn assert_valid(component: &[u8], mutant: &Mutant) {
    let changed = mutant.apply(component);
    assert_eq!(changed.len(), component.len());
    assert_ne!(changed, component, "{mutant:?} changes nothing");
    if let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(&changed) {
        panic!("{mutant:?}: {error}");
    }
}

/// Plugins as a test of mutants wants them: not optimised, with lines.
fn debug_folder(plugins: &[&str]) -> PathBuf {
    let target = support::scratch("debug-target");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", "wasm32-unknown-unknown", "--target-dir"]).arg(&target);
    cargo.arg("--manifest-path").arg(support::repository().join("Cargo.toml"));
    cargo.args(plugins.iter().flat_map(|plugin| ["--package", plugin]));
    for (key, value) in [("DEBUG", "line-tables-only"), ("OPT_LEVEL", "0"), ("INCREMENTAL", "false")] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    assert!(cargo.status().unwrap().success());
    target.join("wasm32-unknown-unknown/release")
}

fn component(core: &Path) -> Vec<u8> {
    let core = std::fs::read(core).unwrap();
    wit_component::ComponentEncoder::default().module(&core).unwrap().encode().unwrap()
}

#[test]
fn every_mutant_of_every_shipped_plugin_is_valid() {
    let mut plugins_with_mutants = 0;
    for entry in std::fs::read_dir(support::plugin_folder()).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let component = std::fs::read(&path).unwrap();
        match mutants(&component, &own(name)) {
            Ok(found) => {
                plugins_with_mutants += 1;
                found.iter().for_each(|mutant| assert_valid(&component, mutant));
                assert!(found.iter().all(|mutant| mutant.place.is_none()));
            }
            // The optimiser has put all of it into the SDK's functions.
            Err(MutantsError::NoOwnCode { debug_information: false, .. }) => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    assert!(plugins_with_mutants > 0);
}

#[test]
fn a_build_with_lines_gives_mutants_of_the_rules_own_lines() {
    let folder = debug_folder(&["room", "licence"]);
    for plugin in ["room", "licence"] {
        let component = component(&folder.join(format!("{plugin}.wasm")));
        let found = mutants(&component, &own(plugin)).unwrap();
        let source = support::repository().join("plugins").join(plugin).join("src");
        for mutant in &found {
            assert_valid(&component, mutant);
            assert!(mutant.place.as_ref().unwrap().file.starts_with(&source), "{mutant:?}");
        }
        let places: BTreeSet<_> = found.iter().map(|mutant| (mutant.offset, &mutant.change)).collect();
        assert_eq!(places.len(), found.len(), "one is there twice");
    }
}

/// Drop flags are asked at the end of a function, and a `match` begins with a range check.
#[test]
fn what_only_the_compiler_has_written_is_no_mutant() {
    let folder = debug_folder(&["room", "licence"]);
    let of_lines = |plugin: &str, file: &str, wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let source = support::repository().join("plugins").join(plugin).join("src").join(file);
        let text = std::fs::read_to_string(&source).unwrap();
        let lines: Vec<u32> =
            (1..).zip(text.lines()).filter(|(_, line)| wanted(line)).map(|(at, _)| at).collect();
        assert!(!lines.is_empty(), "{file} has changed");
        let component = component(&folder.join(format!("{plugin}.wasm")));
        let found = mutants(&component, &own(plugin)).unwrap().into_iter();
        let is_there = |mutant: &Mutant| {
            mutant.place.as_ref().is_some_and(|place| place.file == source && lines.contains(&place.line))
        };
        found.filter(is_there).map(|mutant| mutant.change).collect()
    };
    assert_eq!(of_lines("room", "cpu.rs", &|line| line == "    }"), [""; 0]);
    let arms = of_lines("licence", "lib.rs", &|line| line.contains("match seats.seat(node)"));
    assert!(arms.iter().any(|change| change.starts_with("arms ")), "{arms:?}");
    assert!(!arms.iter().any(|change| change.contains("gt_u")), "{arms:?}");
}

/// `free < needed` as `free <= needed`: the very node that has just enough is refused.
#[test]
fn a_mutant_judges_otherwise_where_its_change_says_so() {
    let component = component(&debug_folder(&["room", "licence"]).join("room.wasm"));
    let source = std::fs::read_to_string(support::repository().join("plugins/room/src/memory.rs")).unwrap();
    let line = source.lines().position(|line| line.contains("if free < needed")).unwrap() + 1;
    let found = mutants(&component, &own("room")).unwrap();
    let boundary = found.iter().find(|mutant| {
        let place = mutant.place.as_ref().unwrap();
        place.file.ends_with("memory.rs")
            && place.line as usize == line
            && mutant.change == "i64.lt_u -> i64.le_u"
    });
    let just_enough = just_enough();
    assert_eq!(memory_room(&component, &just_enough), Verdict::Pass);
    assert_eq!(memory_room(&boundary.unwrap().apply(&component), &just_enough), Verdict::Reject);
}

/// A node that has what the domain takes, its emulator and the reserve, and not a byte more.
fn just_enough() -> Snapshot {
    let mut snapshot = support::fleet::fleet(1);
    let needed = snapshot.domain.memory_bytes;
    let wayleave::model::node::Gathered::Facts(facts) = &mut snapshot.candidates[0].node.gathered else {
        panic!("the fleet's nodes have facts")
    };
    facts.memory_free_bytes = Some(needed);
    snapshot
}

fn memory_room(component: &[u8], snapshot: &Snapshot) -> Verdict {
    let path = support::scratch("mutant").join("room.wasm");
    std::fs::write(&path, component).unwrap();
    let mut plugins = Plugins::empty(None, SandboxLimits::default()).unwrap();
    let plugin = plugins.load_file(&path).unwrap();
    plugins.add(plugin);
    let rule = RuleUse {
        name: "memory-room".to_owned(),
        info: plugins.rules().iter().find(|rule| rule.name == "memory-room").unwrap().clone(),
        mode: Mode::Enforce,
        on_fault: OnFault::Reject,
        weight: 1.0,
        settings: serde_json::json!({"overhead_mib": 0, "reserve_mib": 0}),
        mandatory: false,
    };
    let (name, digest, data) = ("mutant".to_owned(), String::new(), Default::default());
    let policy = Policy { name, digest, rules: vec![rule], data };
    decide(&policy, snapshot, &plugins).candidates[0].findings[0].verdict
}
