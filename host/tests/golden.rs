//! Golden plugins: components of contract 1.0.0, in `data/golden`, that load and answer for ever,
//! and how a later contract meets this one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(dead_code, reason = "a part of what the hostile rules need is used")]

mod support;

#[path = "hostile/cases/mod.rs"]
mod cases;

use std::path::{Path, PathBuf};
use std::process::Command;

use wayleave::model::port::Evaluate;
use wayleave::plugin::Plugins;
use wayleave::plugin::engine::SandboxLimits;

use cases::patched;

fn folder() -> PathBuf {
    support::repository().join("host/tests/data/golden")
}

fn component(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.wasm"))).unwrap()
}

#[test]
fn each_has_a_suite_and_speaks_contract_1_0() {
    let plugins = Plugins::load(&[folder()], None, SandboxLimits::default()).unwrap();
    assert!(plugins.broken.is_empty(), "{:?}", plugins.broken);
    assert!(plugins.all().len() >= 2 && plugins.rules().len() >= 2);
    for plugin in plugins.all() {
        assert_eq!(plugin.about.contract, "1.0.0", "{}", plugin.path.display());
        let suite = plugin.path.with_extension("test.toml");
        assert!(suite.is_file(), "{} is missing", suite.display());
    }
}

#[test]
fn they_answer_as_they_always_did() {
    let home = support::scratch("golden");
    let output = Command::new(env!("CARGO_BIN_EXE_wayleave"))
        .args(["policy", "test"])
        .arg(folder())
        .env("HOME", &home)
        .env("WAYLEAVE_CONFIG", config(&home))
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}

fn config(folder: &Path) -> PathBuf {
    let path = folder.join("wayleave.toml");
    std::fs::write(&path, "state_folder = \"state\"\n").unwrap();
    path
}

/// A plugin of contract 1.1 that asks for nothing new runs here; one that does is refused in words.
#[test]
fn a_plugin_of_a_later_contract_is_taken_or_refused_in_words() {
    let plugins = Plugins::empty(None, SandboxLimits::default()).unwrap();
    let path = Path::new("later.wasm");
    let later = patched(&component("prefer-label"), "@1.0.0", "@1.1.0");
    let taken = plugins.load_bytes(path, &later).unwrap();
    assert_eq!(taken.about.contract, "1.1.0");

    // An import's function is named in the component; the rule's own `label` is not in its way.
    let newer = patched(&later, "label", "rackk");
    let Err(refused) = plugins.load_bytes(path, &newer) else { panic!("there is no such function") };
    assert_eq!(refused.code(), "plugin-unknown-import");
    assert_eq!(refused.to_string(), "it imports nodes.rackk, which contract 1.0.0 does not have");
    assert_eq!(refused.hint(), Some("it may need a newer wayleave"));

    let another = patched(&component("prefer-label"), "@1.0.0", "@2.0.0");
    let Err(refused) = plugins.load_bytes(path, &another) else { panic!("it is another contract") };
    assert_eq!(refused.to_string(), "it speaks contract 2.0.0; this is 1.0.0");
}
