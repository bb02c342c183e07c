//! Whole commands that need no daemon: exit status, stdout and stderr, as a person and as a
//! program get them. The text is the product: look at what a changed snapshot says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(dead_code, reason = "a part of what is shared is used")]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use support::{plugin_folder, repository, scratch, told};

/// The configuration of every command here: the shipped plugins and policy, two nodes.
fn config() -> PathBuf {
    static CONFIG: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = scratch("cli");
        let text = format!(
            "state_folder = \"state\"\nplugin_folders = [{:?}]\npolicy = {:?}\n\n\
             [[node]]\nname = \"source\"\nuri = \"qemu+tcp://source.invalid/system\"\n\n\
             [[node]]\nname = \"node00001\"\nuri = \"qemu+tcp://node00001.invalid/system\"\n",
            plugin_folder(),
            repository().join("policies/default.toml"),
        );
        let path = folder.join("wayleave.toml");
        fs::write(&path, text).unwrap();
        path
    });
    CONFIG.clone()
}

/// A command line, split at spaces; files are found from `host/tests/data`.
fn run(line: &str) -> String {
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("wayleave"));
    let output = Command::new(env!("CARGO_BIN_EXE_wayleave"))
        .args(words)
        .current_dir(repository().join("host/tests/data"))
        .env_clear()
        .env("HOME", scratch("cli"))
        .env("WAYLEAVE_CONFIG", config())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    told(line, &output)
}

/// What differs between builds and machines is left out.
fn snapshot(name: &str, line: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(line.replace(env!("CARGO_TARGET_TMPDIR"), "[scratch]"));
    // The scratch folder may lie in the repository.
    settings.add_filter(&format!("{}/?", env!("CARGO_TARGET_TMPDIR")), "[scratch]/");
    settings.add_filter(&format!("{}/?", repository().display()), "[repository]/");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[sha256]");
    settings.add_filter(r#""fuel": \d+"#, r#""fuel": "[fuel]""#);
    // Which number a decision gets depends on what ran before.
    settings.add_filter(r"Recorded as decision \d+", "Recorded as decision [id]");
    settings.add_filter(r#"(?m)^    "id": \d+"#, r#"    "id": "[id]""#);
    // As short as it is shown, so that columns stay where they are.
    settings.add_filter(r"([ (])[0-9a-f]{12}([ )])", "$1[sha256....]$2");
    settings.bind(|| insta::assert_snapshot!(name, run(line)));
}

macro_rules! commands {
    ($($name:ident: $line:literal;)+) => {$(
        #[test]
        fn $name() {
            snapshot(stringify!($name), $line);
        }
    )+};
}

commands! {
    plan_chooses: "wayleave plan --facts facts/fleet.json";
    plan_chooses_json: "wayleave plan --facts facts/fleet.json --output json";
    plan_refuses: "wayleave plan --facts facts/refused.json";
    plan_waits_for_probes: "wayleave plan --facts facts/not-probed.json";
    check_refuses: "wayleave check --facts facts/fleet.json --to node00016";
    check_passes: "wayleave check --facts facts/fleet.json --to node00001";
    check_unknown_node: "wayleave check --facts facts/fleet.json --to node9";
    plan_with_a_short_policy: "wayleave plan --facts facts/fleet.json --policy policies/short.toml";

    facts_domain: "wayleave facts domain --xml xml/kvm-full.xml";
    facts_domain_xen: "wayleave facts domain --xml xml/xen-pv.xml";
    facts_node: "wayleave facts node --capabilities xml/capabilities-x86.xml";

    plugin_list: "wayleave plugin list";
    policy_check: "wayleave policy check";

    no_such_file: "wayleave plan --facts no-such-file.json";
    no_such_file_json: "wayleave plan --facts no-such-file.json --output json";
    facts_that_are_no_snapshot: "wayleave plan --facts xml/kvm-full.xml";
    facts_of_another_kind: "wayleave plan --facts facts/other.json";
    xml_that_is_none: "wayleave facts domain --xml facts/fleet.json";
    xml_of_another_kind: "wayleave facts domain --xml xml/capabilities-x86.xml";
    policy_with_a_typo: "wayleave policy check policies/typo.toml";
    policy_with_a_typo_json: "wayleave policy check policies/typo.toml --output json";
    policy_with_a_missing_rule: "wayleave policy check policies/missing-rule.toml";
    policy_with_a_bad_setting: "wayleave policy check policies/bad-setting.toml";
    policy_that_softens: "wayleave policy check policies/softened.toml";
    policy_that_is_not_there: "wayleave policy check policies/none.toml";
    plugin_that_is_none: "wayleave plugin inspect facts/fleet.json";
    config_that_is_not_there: "wayleave plugin list --config none.toml";

    unknown_option: "wayleave plan vm1 --form node1";
    unknown_command: "wayleave mirgate vm1";
    downtime_too_short: "wayleave migrate vm1 --from node1 --downtime 50";
    plan_of_nothing: "wayleave plan";
}

#[test]
fn plugin_inspect() {
    let path = plugin_folder().join("room.wasm");
    snapshot("plugin_inspect", &format!("wayleave plugin inspect {}", path.display()));
}

/// The same facts, policy and plugins: the same bytes, also in another process.
#[test]
fn a_plan_is_the_same_each_time() {
    let line = "wayleave plan --facts facts/fleet.json --output json";
    let but_its_number = |told: String| -> Vec<String> {
        told.lines().filter(|line| !line.starts_with("    \"id\": ")).map(str::to_owned).collect()
    };
    assert_eq!(but_its_number(run(line)), but_its_number(run(line)));
}

#[test]
fn json_is_one_document_with_version_and_kind() {
    for (line, kind) in [
        ("wayleave plan --facts facts/fleet.json --output json", "decision"),
        ("wayleave plugin list --output json", "rules"),
        ("wayleave policy check --output json", "rules"),
        ("wayleave facts domain --xml xml/kvm-full.xml", "domain"),
        ("wayleave facts node --capabilities xml/capabilities-x86.xml", "node"),
    ] {
        let told = run(line);
        let text = told.strip_prefix("exit 0\n--- stdout\n").unwrap_or_else(|| panic!("{line}: {told}"));
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (&value["version"], &value["kind"]),
            (&serde_json::json!(1), &serde_json::json!(kind)),
            "{line}"
        );
        assert!(!value[kind].is_null(), "{line}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = run(&format!("wayleave completions {shell}"));
        assert!(told.starts_with("exit 0\n--- stdout\n"), "{shell}: {told}");
        for word in ["migrate", "doctor", "destination-timeout", "capabilities"] {
            assert!(told.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        "migrate",
        "plan",
        "check",
        "nodes",
        "doctor",
        "completions",
        "job list",
        "job show",
        "job watch",
        "job abort",
        "decision list",
        "decision show",
        "decision explain",
        "decision export",
        "replay",
        "plugin list",
        "plugin inspect",
        "plugin build",
        "policy check",
        "facts domain",
        "facts node",
        "facts snapshot",
    ] {
        let told = run(&format!("wayleave {command} --help"));
        assert!(told.starts_with("exit 0\n--- stdout\n"), "{command}: {told}");
        assert!(told.contains("Example"), "{command} has no example");
        assert!(
            told.contains(&format!("  wayleave {command}")),
            "{command} has an example of something else"
        );
    }
}
