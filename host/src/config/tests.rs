//! Files as people write them, and the one clear message that each mistake gets.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use super::*;

fn places(folder: &Path) -> Places {
    Places {
        root: true,
        system: folder.join("etc"),
        config: Some(folder.join("user")),
        state: Some(folder.join("state")),
        data: Some(folder.join("data")),
    }
}

/// Loads a system file and a user file.
fn load(system: &str, user: &str) -> Result<Config, InputError> {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path());
    for (folder, text) in [(&places.system, system), (places.config.as_ref().unwrap(), user)] {
        std::fs::create_dir(folder).unwrap();
        if !text.is_empty() {
            std::fs::write(folder.join("wayleave.toml"), text).unwrap();
        }
    }
    Config::load(None, &places)
}

/// What a person reads, with the folder cut off.
fn message(text: &str) -> String {
    let error = load(text, "").unwrap_err();
    let file = error.file.clone().unwrap().display().to_string();
    let hint = error.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{} [{}]{hint}", error.to_string().replace(&file, "wayleave.toml"), error.code)
}

#[test]
fn no_file_at_all_gives_the_defaults() {
    let config = load("", "").unwrap();
    assert_eq!(config.state_folder, Path::new("/var/lib/wayleave"));
    assert_eq!(config.plugin_folders[0], Path::new("/usr/lib/wayleave/plugins"));
    assert!(config.policy.ends_with("etc/policy.toml"));
    let limits = Limits { destination_timeout_s: 21600, bandwidth_mib_s_max: None, downtime_ms_max: 500 };
    assert_eq!(config.limits, limits);
    assert_eq!((config.connect_timeout_s, config.probe), (5, Probe::Finalists));
    assert!(config.nodes.is_empty() && config.files.is_empty());
}

#[test]
fn another_user_has_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places { root: false, ..places(folder.path()) };
    let config = Config::load(None, &places).unwrap();
    assert!(config.state_folder.ends_with("state") && config.plugin_folders[0].ends_with("data/plugins"));
    assert!(config.policy.ends_with("etc/policy.toml"));
    std::fs::create_dir(folder.path().join("user")).unwrap();
    std::fs::write(folder.path().join("user/policy.toml"), "").unwrap();
    assert!(places.policy().ends_with("user/policy.toml"));
}

const SYSTEM: &str = r#"
destination_timeout = 600
max_bandwidth = 64
policy = "site/policy.toml"

[[node]]
name = "node1"
uri = "qemu+tcp://node1/system"
labels = { rack = "r1", ssd = "yes" }

[[node]]
name = "node2"
uri = "qemu+tls://node2/system"
address = "10.0.0.2"
"#;

#[test]
fn the_user_file_overrides_key_by_key_and_node_by_node() {
    let user = r#"
max_bandwidth = "unlimited"
downtime = 100
plugin_folders = ["plugins", "/opt/plugins"]
probe = "all"

[[node]]
name = "node2"
maintenance = true

[[node]]
name = "node3"
uri = "qemu+unix:///system"

[[node]]
name = "node1"
labels = { ssd = "no" }
"#;
    let config = load(SYSTEM, user).unwrap();
    let limits = Limits { destination_timeout_s: 600, bandwidth_mib_s_max: None, downtime_ms_max: 100 };
    assert_eq!(config.limits, limits);
    assert_eq!(config.probe, Probe::All);
    assert!(config.policy.ends_with("etc/site/policy.toml"));
    assert!(config.plugin_folders[0].ends_with("user/plugins") && config.plugin_folders[1].is_absolute());
    let names: Vec<&str> = config.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["node1", "node2", "node3"]);
    let node2 = config.node("node2").unwrap();
    assert!(node2.maintenance && node2.uri == "qemu+tls://node2/system");
    assert_eq!(node2.address.as_deref(), Some("10.0.0.2"));
    let labels = &config.node("node1").unwrap().labels;
    assert_eq!((labels["rack"].as_str(), labels["ssd"].as_str()), ("r1", "no"));
    assert_eq!(config.files.len(), 2);
}

#[test]
fn a_file_that_is_asked_for_is_read_alone_and_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path());
    std::fs::create_dir(&places.system).unwrap();
    std::fs::write(places.system.join("wayleave.toml"), SYSTEM).unwrap();
    let file = folder.path().join("own.toml");
    assert_eq!(Config::load(Some(&file), &places).unwrap_err().code, "config-unreadable");
    std::fs::write(&file, "downtime = 200").unwrap();
    let config = Config::load(Some(&file), &places).unwrap();
    assert_eq!((config.nodes.len(), config.limits.downtime_ms_max), (0, 200));
}

const MISTAKES: &[&str] = &[
    "destination-timout = 5",
    "downtime = 99",
    "\n  downtime = \"500\"",
    "max_bandwidth = \"lots\"",
    "max_bandwidth = 0",
    "destination_timeout = -1",
    "connect_timeout_s = 99999999999999999999",
    "probe = \"finalist\"",
    "state_folder = \"~/state\"",
    "plugin_folders = \"plugins\"",
    "downtime = = 5",
    "downtime = 500\ndowntime = 600",
    "[node]\nname = \"a\"",
    "[[node]]\nuri = \"qemu:///system\"",
    "[[node]]\nname = \"a\"\n",
    "[[node]]\nname = \"a b\"\n",
    "[[node]]\nname = \"a\"\nuri = \"\"\n",
    "[[node]]\nname = \"a\"\nuri = \"qemu+tcl://a/system\"\n",
    "[[node]]\nname = \"a\"\nuri = \"node1\"\n",
    "[[node]]\nname = \"a\"\naddress = \"qemu://a\"\n",
    "[[node]]\nname = \"a\"\nlabel = {}\n",
    "[[node]]\nname = \"a\"\nlabels = { rack = 1 }\n",
    "[[node]]\nname = \"a\"\nuri = \"qemu:///system\"\n[[node]]\nname = \"a\"\nuri = \"qemu:///system\"\n",
    "record = true",
    "[record]\nkeep = 3",
    "[record]\nkeep_days = 0",
    "[record]\nredact = \"source.labels\"",
    "[record]\nredact = [\"source.labels.token\",\n  \"sorce.labels.token\"]",
    "[record]\nredact = [\"source..token\"]",
    "[record]\nredact_text = [\"tok_[0-9\"]",
    "[record]\nredact_text = [\".*\"]",
];

#[test]
fn each_mistake_gets_one_message() {
    let shown: Vec<String> =
        MISTAKES.iter().map(|text| format!("{}\n  => {}", text.trim_end(), message(text))).collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn a_word_names_a_node_or_is_a_uri() {
    let config = load(SYSTEM, "").unwrap();
    assert_eq!(config.resolve("node2").unwrap().address.as_deref(), Some("10.0.0.2"));
    assert_eq!(config.resolve("qemu+tcp://node1/system").unwrap().name, "node1");
    assert_eq!(config.resolve("qemu+tcp://node9/system").unwrap().name, "node9");
    assert_eq!(config.resolve("qemu:///system").unwrap().name, "localhost");
    let other_way = "qemu+ssh://node1/system";
    assert_eq!(config.resolve(other_way).unwrap().name, other_way);
    assert_eq!(config.resolve("qemu+tpc://node9/system").unwrap_err().code, "uri-unknown-transport");
    let error = config.resolve("nod1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no such node: found \"nod1\", expected one of node1, node2, or a connection URI"
    );
    assert_eq!(error.hint.as_deref(), Some("did you mean `node1`?"));
    assert!(load("", "").unwrap().resolve("x").unwrap_err().hint.as_deref().unwrap().contains("[[node]]"));
}

#[test]
fn what_one_file_redacts_another_adds_to() {
    let config = load(
        "[record]\nkeep_days = 7\nredact = [\"source.labels.*password*\"]\n",
        "[record]\nkeep_plugins = false\nredact = [\"**.token\"]\nredact_text = [\"tok_[0-9]+\"]\n",
    )
    .unwrap();
    assert_eq!((config.record.keep.days, config.record.keep.records), (7, 10_000));
    assert!(!config.record.keep.plugins);
    assert_eq!(config.record.redact, ["source.labels.*password*", "**.token"]);
    assert_eq!(config.record.redact_text, ["tok_[0-9]+"]);
    assert_eq!(load("", "").unwrap().record, Record::default());
}
