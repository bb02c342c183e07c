//! Recorded decisions on the command line: recorded, listed, explained, exported, replayed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(dead_code, reason = "a part of what is shared is used")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::{plugin_folder, repository, told};
use tempfile::TempDir;

/// A place of its own: a configuration, a state folder, and what commands write.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "state_folder = \"state\"\nplugin_folders = [{:?}]\npolicy = {:?}\n{configuration}",
            plugin_folder(),
            repository().join("policies/default.toml"),
        );
        fs::write(folder.path().join("wayleave.toml"), text).unwrap();
        // Compiled once for all tests.
        let compiled = support::scratch("compiled");
        fs::create_dir(folder.path().join("state")).unwrap();
        std::os::unix::fs::symlink(compiled, folder.path().join("state/compiled")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn output(&self, line: &str) -> Output {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("wayleave"));
        let facts = repository().join("host/tests/data/facts");
        Command::new(env!("CARGO_BIN_EXE_wayleave"))
            .args(words.map(|word| word.replace("FACTS", facts.to_str().unwrap())))
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("WAYLEAVE_CONFIG", self.path("wayleave.toml"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Its status, stdout and stderr.
    fn parts(&self, line: &str) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.output(line);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    /// Runs a command that is to end with this status.
    fn run(&self, status: i32, line: &str) -> String {
        let (code, stdout, stderr) = self.parts(line);
        assert_eq!(code, Some(status), "{line}\n{stdout}{stderr}");
        stdout
    }

    fn json(&self, status: i32, line: &str) -> serde_json::Value {
        let told = self.run(status, &format!("{line} --output json"));
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{line}: {error}\n{told}"))
    }

    /// What a person reads, without what differs each time.
    fn snapshot(&self, name: &str, line: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(line);
        settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ for", "[time] for");
        settings.add_filter(r"(?m)^(\d+ +)\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "${1}[time]              ");
        settings.add_filter(r"in \d+\.\d\d s, \d+ a second", "in [time], [rate] a second");
        settings.add_filter(r"\b[0-9a-f]{64}\b", "[sha256]");
        settings.add_filter(r"([ (])[0-9a-f]{12}([ )])", "$1[sha256....]$2");
        settings.add_filter(self.folder.path().to_str().unwrap(), "[place]");
        let told = told(line, &self.output(line));
        settings.bind(|| insta::assert_snapshot!(name, told));
    }
}

/// Four decisions, of which one permits.
fn recorded(configuration: &str) -> Place {
    let place = Place::new(configuration);
    place.run(0, "wayleave plan --facts FACTS/fleet.json");
    place.run(1, "wayleave plan --facts FACTS/refused.json");
    place.run(3, "wayleave plan --facts FACTS/not-probed.json");
    place.run(1, "wayleave check --facts FACTS/fleet.json --to node00016");
    place
}

#[test]
fn decisions_are_listed_shown_and_explained() {
    let place = recorded("");
    place.snapshot("decision_list", "wayleave decision list");
    place.snapshot("decision_list_some", "wayleave decision list --limit 1 --since 1h --domain shop");
    place.snapshot("decision_list_none", "wayleave decision list --domain web");
    place.snapshot("decision_show", "wayleave decision show 4");
    place.snapshot("decision_explain", "wayleave decision explain 1");
    place.snapshot("decision_explain_one_node", "wayleave decision explain 2 --node node00030");
    place.snapshot("decision_unknown", "wayleave decision show 99");
    place.snapshot("decision_unknown_node", "wayleave decision explain 1 --node node0001");
    place.snapshot("decision_bad_name", "wayleave decision show first");
    let told = place.json(0, "wayleave decision explain 1");
    assert_eq!((&told["version"], &told["kind"]), (&1.into(), &"explanation".into()));
    assert_eq!(told["explanation"]["chosen"], "node00005");
    assert_eq!(place.json(0, "wayleave decision list")["decisions"].as_array().unwrap().len(), 4);
    assert_eq!(place.json(0, "wayleave decision show 1")["record"]["purpose"]["kind"], "plan");
    assert_eq!(place.json(0, "wayleave plan --facts FACTS/fleet.json")["decision"]["id"], 5);
}

#[test]
fn a_replay_of_what_nothing_has_changed_is_the_same() {
    let place = recorded("");
    place.snapshot("replay_same", "wayleave replay --since 1d");
    place.run(0, "wayleave decision export 1 --into one.json");
    fs::create_dir(place.path("records")).unwrap();
    place.run(0, "wayleave decision export 2 --into records/two.json");
    let told = place.json(0, "wayleave replay one.json records");
    assert_eq!((&told["replay"]["decisions"], &told["replay"]["same"]), (&2.into(), &2.into()));
    place.run(0, "wayleave decision explain records/two.json");
    place.snapshot("replay_nothing", "wayleave replay --since 2999-01-01");
    place.snapshot("replay_no_path", "wayleave replay");
    place.write("none.json", "{}");
    place.snapshot("replay_no_record", "wayleave replay one.json none.json");
}

#[test]
fn a_new_policy_is_held_against_old_decisions() {
    let place = recorded("");
    place.write("strict.toml", "[[rule]]\nuse = \"memory-room\"\nsettings.reserve_mib = 40000\n");
    place.snapshot("replay_strict", "wayleave replay --since 1d --policy strict.toml");
    place.write(
        "approved.toml",
        "[[allow]]\nrule = \"memory-room\"\nnow = \"reject memory-short\"\nreason = \"the reserve is meant\"\n\n\
         [[allow]]\nrule = \"(choice)\"\nreason = \"the best node is full now\"\n\n\
         [[allow]]\ndomain = \"web*\"\nreason = \"not there any more\"\n",
    );
    place
        .snapshot("replay_approved", "wayleave replay --since 1d --policy strict.toml --allow approved.toml");
    place.write("approved.toml", "[[allow]]\nreason = \"anything\"\n");
    place.snapshot("replay_allow_everything", "wayleave replay --since 1d --allow approved.toml");
    let told = place.json(1, "wayleave replay --since 1d --policy strict.toml");
    assert!(told["replay"]["changes"].as_array().unwrap().len() > 3);
}

#[test]
fn plugins_that_are_gone_are_in_the_store_unless_they_may_not_be() {
    for (configuration, status) in [("", 0), ("[record]\nkeep_plugins = false\n", 3)] {
        let place = Place::new(configuration);
        let plugins = place.path("plugins");
        fs::create_dir(&plugins).unwrap();
        for entry in fs::read_dir(plugin_folder()).unwrap() {
            let file = entry.unwrap().path();
            fs::copy(&file, plugins.join(file.file_name().unwrap())).unwrap();
        }
        let text = fs::read_to_string(place.path("wayleave.toml")).unwrap();
        place.write("wayleave.toml", &text.replace(plugin_folder().to_str().unwrap(), "plugins"));
        place.run(0, "wayleave plan --facts FACTS/fleet.json");
        fs::rename(plugins.join("spread.wasm"), place.path("spread.wasm")).unwrap();
        place.run(status, "wayleave replay --since 1d");
        place.run(status, "wayleave decision explain 1");
        place.run(0, "wayleave replay --since 1d --plugin spread.wasm");
    }
}

#[test]
fn an_exported_decision_is_small_and_decides_the_same() {
    let place = recorded("");
    let (status, _, told) = place.parts("wayleave decision export 1 --minimise --into small.json");
    assert_eq!(status, Some(0), "{told}");
    assert!(told.starts_with("minimised: nodes 6 to "), "{told}");
    place.run(0, "wayleave replay small.json");
    let whole = place.run(0, "wayleave decision export 1").len();
    let small = fs::read_to_string(place.path("small.json")).unwrap();
    assert!(small.len() < whole * 3 / 4, "{} of {whole} bytes", small.len());
    let record: serde_json::Value = serde_json::from_str(&small).unwrap();
    assert_eq!(record["purpose"], serde_json::json!({"kind": "minimised", "of": 1}));
    assert_eq!(record["decision"]["chosen"], "node00005");
    place.run(0, "wayleave decision export 1 --minimise --as suite --into shop.test.toml");
    place.run(0, "wayleave policy check shop.policy.toml");
    place.run(2, "wayleave decision export 1 --as suite");
    let suite = fs::read_to_string(place.path("shop.test.toml")).unwrap();
    let suite: toml::Table = suite.parse().unwrap();
    assert_eq!(suite["policy"].as_str(), Some("shop.policy.toml"));
    assert_eq!(suite["case"][0]["chosen"].as_str(), Some("node00005"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"taken \S+", "taken [time].");
    settings.bind(|| {
        insta::assert_snapshot!("suite", fs::read_to_string(place.path("shop.test.toml")).unwrap());
        insta::assert_snapshot!("suite_policy", fs::read_to_string(place.path("shop.policy.toml")).unwrap());
    });
}

/// Every byte under the state folder is looked at.
#[test]
fn no_secret_is_ever_on_the_disk() {
    let facts = fs::read_to_string(repository().join("host/tests/data/facts/fleet.json")).unwrap();
    let mut facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let secrets = ["hunter2-label", "hunter2-token", "hunter2-uri", "tok_1234567"];
    let snapshot = if facts.get("snapshot").is_some() { &mut facts["snapshot"] } else { &mut facts };
    snapshot["source"]["labels"]["db.password"] = secrets[0].into();
    snapshot["candidates"][0]["node"]["labels"]["token"] = secrets[1].into();
    snapshot["candidates"][1]["node"]["uri"] = format!("qemu+ssh://anna:{}@b/system", secrets[2]).into();
    snapshot["domain"]["title"] = format!("made with {}", secrets[3]).into();
    let place = Place::new(
        "[record]\nredact = [\"source.labels.*password*\", \"nodes.*.labels.token\"]\nredact_text = [\"tok_[0-9]+\"]\n",
    );
    place.write("facts.json", &facts.to_string());
    place.run(0, "wayleave plan --facts facts.json");
    place.run(1, "wayleave check --facts facts.json --to node00016");
    let record = place.run(0, "wayleave decision export 1");
    for secret in secrets {
        assert!(!record.contains(secret), "{secret} is in the record");
    }
    assert!(record.contains("redacted-1") && !record.contains("decides_otherwise"));
    look_for(&place.path("state"), &secrets);
    place.run(0, "wayleave replay --since 1d");
    place.snapshot("decision_redacted", "wayleave decision list");
    // A pattern that cannot be read stops everything that would record.
    let text = fs::read_to_string(place.path("wayleave.toml")).unwrap();
    place.write("wayleave.toml", &text.replace("tok_[0-9]+", "tok_[0-9"));
    place.snapshot("redact_text_invalid", "wayleave plan --facts facts.json");
}

fn look_for(folder: &Path, secrets: &[&str]) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            let bytes = fs::read(&file).unwrap();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", file.display());
            }
        }
    }
}

#[test]
fn a_plan_that_cannot_be_recorded_is_told_all_the_same() {
    let place = Place::new("");
    place.write(
        "state/journal.db",
        "not a database, but long enough to be taken for one\n".repeat(100).as_str(),
    );
    let (status, stdout, stderr) = place.parts("wayleave plan --facts FACTS/fleet.json");
    assert_eq!(status, Some(0));
    assert!(stdout.starts_with("PERMITTED: ") && !stdout.contains("Recorded as"), "{stdout}");
    assert_eq!(
        stderr.matches("warning[journal-not-a-database]: this decision is not recorded").count(),
        1,
        "{stderr}"
    );
    let (_, stdout, _) = place.parts("wayleave plan --facts FACTS/fleet.json --output json");
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(told["decision"]["id"].is_null() && !told["decision"]["chosen"].is_null());
}
