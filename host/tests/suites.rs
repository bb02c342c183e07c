//! Whole commands of `policy test`, `bench`, `mutate`, `lint`, `fmt`, `explain` and `diff`, as a
//! person and as a CI system get them, with the plugins that come along.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(dead_code, reason = "a part of what is shared is used")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{plugin_folder, repository, told};
use tempfile::TempDir;

/// A folder of one test with a configuration, and the plugins that come along.
struct Place(TempDir);

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        let place = Self(TempDir::with_prefix("wayleave-suites-").unwrap());
        let config = format!("state_folder = \"state\"\nplugin_folders = [{:?}]\n", plugin_folder());
        place.write("wayleave.toml", &config);
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wayleave"));
        command.args(words).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command.env("WAYLEAVE_CONFIG", self.path("wayleave.toml")).stdin(Stdio::null());
        command
    }

    /// Exit status, stdout and stderr in one text.
    fn run(&self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let output = self.command(&words).output().unwrap();
        told(line, &output)
    }

    fn shows(&self, name: &str, line: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(line);
        settings.add_filter(&regex_of(self.0.path()), "[place]");
        settings.add_filter(&regex_of(plugin_folder()), "[plugins]");
        settings.add_filter(r"\b[0-9a-f]{64}\b", "[sha256]");
        settings.add_filter(r#""fuel": \d+"#, r#""fuel": "[fuel]""#);
        settings.add_filter(r#"time="[0-9.]+""#, r#"time="[time]""#);
        settings.bind(|| insta::assert_snapshot!(name, self.run(line)));
    }
}

fn regex_of(path: &Path) -> String {
    path.display().to_string().replace('.', r"\.")
}

/// Two rules of one plugin; the second case expects what is not so.
const ROOM: &str = r#"
plugin = "room"
rule = "memory-room"

[facts.domain]
memory_bytes = "4 GiB"
vcpus = 2

[[case]]
name = "a node with {free} is {code}"
each = [{ free = "16 GiB", code = "ok" }, { free = "1 GiB", code = "memory-short" }]
facts.nodes.beta.memory_free_bytes = "{free}"
expect.beta = "{code}"

[[case]]
name = "wrong, on purpose"
facts.nodes.beta.memory_free_bytes = "8 GiB"
facts.nodes.gamma.memory_free_bytes = "1 GiB"
[case.expect]
beta = "reject" # a verdict
gamma = { code = "memory-short", measured = "2048 MiB" }
"#;

fn room() -> Place {
    Place::with(&[("room.test.toml", ROOM)])
}

#[test]
fn a_failure_is_told_in_full() {
    room().shows("test_table", "policy test --coverage");
}

#[test]
fn reports_for_ci_have_stable_names() {
    let place = room();
    for form in ["junit", "tap", "sarif", "github", "json"] {
        place.shows(&format!("test_{form}"), &format!("policy test --format {form} --run wrong"));
    }
}

#[test]
fn a_report_goes_to_a_file_beside_the_table() {
    let place = room();
    let told = place.run("policy test --format table --format junit=report.xml --run node");
    assert!(told.starts_with("exit 0\n--- stdout\nsuite"), "{told}");
    assert!(place.read("report.xml").contains("a node with 16 GiB is ok / memory-room"));
}

/// Whoever tests the whole folder finds a suite for each plugin, and none whose plugin is not built.
#[test]
fn the_folder_of_the_plugins_that_come_along_passes() {
    let folder = repository().join("plugins");
    let output = Place::with(&[]).command(&["policy", "test", folder.to_str().unwrap()]).output().unwrap();
    let told = told("policy test plugins", &output);
    assert!(told.starts_with("exit 0"), "{told}");
    let built = fs::read_dir(plugin_folder()).unwrap().flatten();
    let built = built.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "wasm")).count();
    assert_eq!(told.matches(".test.toml").count(), built, "{told}");
}

#[test]
fn update_writes_what_was_found_and_nothing_else() {
    let place = room();
    let told = place.run("policy test --update");
    assert!(told.starts_with("exit 0") && told.contains("updated: room / wrong, on purpose"), "{told}");
    let expected = ROOM
        .replace("beta = \"reject\" # a verdict", "beta = \"pass\" # a verdict")
        .replace("measured = \"2048 MiB\"", "measured = \"1024 MiB free\"");
    assert_eq!(place.read("room.test.toml"), expected);
    assert!(place.run("policy test").starts_with("exit 0"));
}

#[test]
fn shards_are_all_cases_once() {
    let place = room();
    let count = |shard: &str| {
        let told = place.run(&format!("policy test --format tap --shard {shard}"));
        told.lines().filter(|line| line.contains(" - room: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = [count("1/2"), count("2/2")].concat();
    assert_eq!(all.len(), 3);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3, "{all:?}");
}

#[test]
fn what_was_not_covered_can_fail() {
    let place = room();
    let told = place.run("policy test --run node --min-coverage 0.9");
    assert!(told.starts_with("exit 1") && told.contains("error[coverage-too-low]: 2 of 7"), "{told}");
    assert!(place.run("policy test --run node --min-coverage 0.2").starts_with("exit 0"));
}

#[test]
fn a_rule_that_gets_dearer_fails_its_baseline() {
    let place = room();
    assert!(place.run("policy bench --save --growth 5").contains("saved: "));
    assert!(place.run("policy test --run node").starts_with("exit 0"));
    let saved = place.read("room.fuel.toml");
    let cheap = saved.lines().map(|line| match line.split_once("memory-room = ") {
        Some((head, fuel)) => format!("{head}memory-room = {}", fuel.parse::<u64>().unwrap() / 2),
        None => line.to_owned(),
    });
    place.write("room.fuel.toml", &cheap.collect::<Vec<_>>().join("\n"));
    let told = place.run("policy test --run node");
    assert!(
        told.starts_with("exit 1") && told.contains("fuel, expected at most 5% over")
            || told.contains("fuel: expected at most 5% over"),
        "{told}"
    );
}

/// A name, a suite that is wrong, and the code it is answered with.
const WRONG: [(&str, &str, &str); 20] = [
    ("not TOML", "plugin = ", "suite-invalid"),
    ("no subject", "[[case]]\nname = \"a\"", "suite-invalid"),
    ("two subjects", "plugin = \"room\"\npolicy = \"p.toml\"", "suite-invalid"),
    ("no case", "plugin = \"room\"", "no-cases"),
    ("unknown key", "plugin = \"room\"\nrules = 3", "suite-invalid"),
    (
        "no such plugin",
        "plugin = \"ruum\"\nrule = \"x\"\n[[case]]\nname = \"a\"\nchosen = false",
        "no-such-plugin",
    ),
    (
        "no such rule",
        "plugin = \"room\"\nrule = \"memory-rum\"\n[[case]]\nname = \"a\"\nchosen = false",
        "no-such-rule",
    ),
    ("no rule", "plugin = \"room\"\n[[case]]\nname = \"a\"\nchosen = false", "suite-invalid"),
    (
        "expects nothing",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"",
        "nothing-expected",
    ),
    (
        "no such node",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nexpect.beta = \"ok\"",
        "bad-expectation",
    ),
    (
        "no such code",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nfacts.nodes.b = {}\nexpect.b = \"memory-shrt\"",
        "no-such-code",
    ),
    (
        "no such fact",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nfacts.nodes.b.memory = 3\nexpect.b = \"ok\"",
        "bad-facts",
    ),
    (
        "no such size",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nfacts.nodes.b.memory_free_bytes = \"3 gigs\"\nexpect.b = \"ok\"",
        "bad-facts",
    ),
    (
        "twins",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nchosen = false\n[[case]]\nname = \"a\"\nchosen = false",
        "duplicate-case",
    ),
    (
        "no file of facts",
        "plugin = \"room\"\nrule = \"memory-room\"\nfacts = \"nowhere.json\"\n[[case]]\nname = \"a\"\nchosen = false",
        "bad-facts",
    ),
    (
        "a column of each that nothing names",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\neach = [{ b = 1 }]\nchosen = false",
        "suite-invalid",
    ),
    (
        "a placeholder that no row has",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"{b} {c}\"\neach = [{ b = 1 }]\nchosen = false",
        "suite-invalid",
    ),
    (
        "an order of strangers",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\norder = [\"beta\"]",
        "bad-expectation",
    ),
    (
        "no such access",
        "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\nname = \"a\"\nfacts.nodes.b.pair.storage = \"lost\"\nexpect.b = \"ok\"",
        "bad-facts",
    ),
    (
        "too large a fleet",
        "plugin = \"room\"\nrule = \"memory-room\"\nfacts.generate = { nodes = 1000000 }\n[[case]]\nname = \"a\"\nchosen = false",
        "bad-facts",
    ),
];

#[test]
fn a_wrong_suite_has_its_code_and_runs_nothing() {
    for (what, text, code) in WRONG {
        let place = Place::with(&[("room.test.toml", text)]);
        let told = place.run("policy test");
        assert!(told.starts_with("exit 2") && told.contains(&format!("error[{code}]")), "{what}: {told}");
        assert!(told.contains("room.test.toml"), "{what}: {told}");
    }
}

/// A key of a case, the value that `{n}` puts there, and what is said of it at the key's own place.
#[test]
fn a_key_of_the_wrong_type_is_named_with_its_place() {
    const HEAD: &str = "plugin = \"room\"\nrule = \"memory-room\"\n[[case]]\n";
    let hint = "`{n}` alone becomes what a row of `each` has, 7";
    for (case, place, of, hint) in [
        ("each = [{ n = 7 }]\n  name = \"{n}\"\nchosen = false", "5:3", "`name` of this case: ", hint),
        (
            "name = \"{n}\"\nrule = \"{n}\"\neach = [{ n = 7 }]\nchosen = false",
            "4:1",
            "`name` of this case: ",
            hint,
        ),
        (
            "name = \"a{n}\"\nrule = \"{n}\"\neach = [{ n = 7 }]\nchosen = false",
            "5:1",
            "`rule` of this case: ",
            hint,
        ),
        ("name = \"a{n}\"\norder = [\"{n}\"]\neach = [{ n = 7 }]", "5:1", "`order` of this case: ", ""),
        ("chosen = false\nname = 7", "5:1", "`name` of this case: ", ""),
    ] {
        let told = Place::with(&[("room.test.toml", &format!("{HEAD}{case}"))]).run("policy test");
        let error = format!(
            "error[suite-invalid]: room.test.toml:{place}: {of}invalid type: integer `7`, expected a string"
        );
        assert!(told.starts_with("exit 2") && told.contains(&error), "{case}: {told}");
        assert_eq!(told.contains("hint: `{n}` alone"), !hint.is_empty(), "{case}: {told}");
        assert!(told.contains(hint), "{case}: {told}");
    }
    let unknown = "name = \"a\"\nchosen = false\nexpects.beta = \"ok\"";
    let told = Place::with(&[("room.test.toml", &format!("{HEAD}{unknown}"))]).run("policy test");
    assert!(told.contains("room.test.toml:6:1: `expects` of this case: unknown field `expects`"), "{told}");
    let nameless = Place::with(&[("room.test.toml", &format!("{HEAD}chosen = false"))]).run("policy test");
    assert!(nameless.contains("room.test.toml:3:1: this case: missing field `name`"), "{nameless}");
}

#[test]
fn to_run_nothing_is_a_failure() {
    let place = room();
    place.shows("test_nothing_run", "policy test --run nothing-is-called-this");
    assert!(Place::with(&[]).run("policy test").contains("error[no-suites]"));
    assert!(place.run("policy test --run (").contains("error[bad-pattern]"));
    assert!(place.run("policy test --shard 3/2").starts_with("exit 2"));
}

#[test]
fn mutants_are_noticed_or_listed() {
    let place = room();
    assert!(place.run("policy mutate").contains("error[suite-fails]"));
    place.shows("mutate", "policy mutate --run node --family settings --family facts --min-score 0.9");
}

#[test]
fn facts_come_from_xml_files_and_seeds() {
    let data = repository().join("host/tests/data");
    let suite = format!(
        r#"
        plugin = "room"
        rule = "memory-room"
        [[case]]
        name = "the domain's memory is in libvirt's XML, the node's processors in its capabilities"
        facts.domain.xml = {:?}
        facts.nodes.beta = {{ capabilities = {:?}, memory_free_bytes = "1 MiB" }}
        expect.beta = {{ code = "memory-short", measured = "1 MiB free", needed = "... MiB in reserve" }}
        [[case]]
        name = "a recorded snapshot has six nodes"
        facts.file = {:?}
        settings = {{ reserve_mib = 0, overhead_mib = 0 }}
        expect."*" = "ok"
        [[case]]
        name = "a made-up fleet, one node of which is described"
        facts.generate = {{ nodes = 500, seed = 7 }}
        facts.domain.memory_bytes = "900 TiB"
        facts.nodes.node007.memory_free_bytes = "1000 TiB"
        chosen = "node007"
        "#,
        data.join("xml/kvm-full.xml"),
        data.join("xml/capabilities-x86.xml"),
        data.join("facts/fleet.json"),
    );
    let place = Place::with(&[("room.test.toml", &suite)]);
    let told = place.run("policy test");
    assert!(told.starts_with("exit 0"), "{told}");
}

const POLICY: &str = "name = \"small\"\n\n[[rule]]\nuse = \"memory-room\"\nmode = \"audit\"\n\n[[rule]]\nuse = \"spread\"\nweight = 0.0\n\n[data.spare]\nfile = \"spare.toml\"\n";

#[test]
fn a_policy_is_read_over_explained_and_compared() {
    let place = Place::with(&[
        ("small.toml", POLICY),
        ("other.toml", &POLICY.replace("mode = \"audit\"", "[rule.settings]\nreserve_mib = 1000000")),
    ]);
    place.shows("lint", "policy lint small.toml --deny-warnings");
    place.shows("explain", "policy explain small.toml --rule memory-room");
    let facts = repository().join("host/tests/data/facts/fleet.json");
    fs::copy(facts, place.path("fleet.json")).unwrap();
    place.shows("diff", "policy diff small.toml other.toml --facts fleet.json");
    assert!(place.run("policy diff small.toml small.toml").starts_with("exit 0"));
    // What a rule finds is the same; what follows from it is not.
    place.write(
        "soft.toml",
        &place.read("other.toml").replace("use = \"memory-room\"", "use = \"memory-room\"\nmode = \"warn\""),
    );
    place.shows("diff_effect", "policy diff other.toml soft.toml --facts fleet.json");
}

#[test]
fn the_shipped_policy_is_written_as_fmt_writes() {
    for policy in ["policies/default.toml", "policies/licences.toml"] {
        let text = fs::read_to_string(repository().join(policy)).unwrap();
        assert_eq!(wayleave::policy::fmt::format(&text).unwrap(), text, "{policy}");
    }
}

#[test]
fn fmt_keeps_comments_and_is_done_after_once() {
    let ugly = "name=\"x\"   # why\n\n\n# section\n\n[[rule]]\nweight=2.0\n  use   =   \"spread\"\n# how\nmode = \"enforce\"\n[[rule]]\nuse=\"memory-room\"\n  [rule.settings]\n\n  reserve_mib=300 # enough\n[data.licences]\nfile=\"a.csv\"";
    let once = wayleave::policy::fmt::format(ugly).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("fmt", once);
    });
    assert_eq!(wayleave::policy::fmt::format(&once).unwrap(), once);
    let same = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    assert_eq!(same(ugly), same(&once));
    let place = Place::with(&[("ugly.toml", ugly)]);
    assert!(place.run("policy fmt --check ugly.toml").starts_with("exit 1"));
    assert_eq!(place.read("ugly.toml"), ugly);
    assert!(place.run("policy fmt ugly.toml").starts_with("exit 0"));
    assert_eq!(place.read("ugly.toml"), once);
}

#[test]
fn a_recorded_decision_is_a_case_as_it_is() {
    let place = Place::with(&[]);
    fs::copy(repository().join("host/tests/data/facts/fleet.json"), place.path("fleet.json")).unwrap();
    fs::copy(repository().join("policies/default.toml"), place.path("default.toml")).unwrap();
    fs::copy(repository().join("policies/licences.toml"), place.path("licences.toml")).unwrap();
    assert!(place.run("plan --facts fleet.json --policy default.toml").starts_with("exit 0"));
    assert!(place.run("decision export 1 --into decision.json").starts_with("exit 0"));
    let told = place.run("policy test decision.json");
    assert!(told.starts_with("exit 0") && told.contains("1 passed, 0 failed"), "{told}");
    // Had the rule been asked for more, the nodes would have been refused.
    let stricter = place.read("decision.json").replace("\"reserve_mib\":256", "\"reserve_mib\":9000000");
    assert_ne!(stricter, place.read("decision.json"));
    place.write("decision.json", &stricter);
    let told = place.run("policy test decision.json");
    assert!(told.starts_with("exit 1") && told.contains("found reject memory-short"), "{told}");
    place.write("decision.json", "{}");
    assert!(place.run("policy test decision.json").starts_with("exit 2"));
}

/// `policy watch` at work, and what it says.
struct Watching {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Watching {
    fn start(place: &Place, words: &[&str]) -> Self {
        let mut child = place.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        tell(child.stdout.take().unwrap(), sender.clone());
        tell(child.stderr.take().unwrap(), sender);
        Self { child, lines }
    }

    /// Everything that it says up to a line with these words.
    fn until(&self, words: &str) -> String {
        let mut told = String::new();
        while !told.lines().last().is_some_and(|line| line.contains(words)) {
            match self.lines.recv_timeout(std::time::Duration::from_secs(60)) {
                Ok(line) => told += &format!("{line}\n"),
                Err(_) => panic!("it never said {words:?}, but:\n{told}"),
            }
        }
        told
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tell(from: impl std::io::Read + Send + 'static, to: std::sync::mpsc::Sender<String>) {
    use std::io::BufRead;
    std::thread::spawn(move || {
        std::io::BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| to.send(line))
    });
}

#[test]
fn a_set_of_rules_is_taken_over_whole_or_not_at_all() {
    let policy = |reserve: &str| {
        format!("[[rule]]\nuse = \"memory-room\"\n[rule.settings]\nreserve_mib = {reserve}\n")
    };
    let place = Place::with(&[("small.toml", &policy("256"))]);
    let watching = Watching::start(&place, &["policy", "watch", "small.toml"]);
    watching.until("in use: policy small with 5 rules");

    place.write("small.toml", &policy("300"));
    let told = watching.until("settings.reserve_mib  256  300");
    assert!(told.contains("in use: policy small"), "{told}");

    place.write("small.toml", &policy("\"much\""));
    let told = watching.until("error[bad-settings]");
    assert!(told.contains("the old set of rules stays in use") && !told.contains("in use: policy"), "{told}");

    // A suite beside the policy is about the very set that is to be taken over.
    let suite = "policy = \"small.toml\"\n[facts]\ndomain.memory_bytes = \"1 GiB\"\n\
        nodes.beta.memory_free_bytes = \"2 GiB\"\n[[case]]\nname = \"beta has room\"\nexpect.memory-room.beta = \"ok\"\n";
    place.write("small.test.toml", suite);
    place.write("small.toml", &policy("5000"));
    let told = watching.until("error[self-test-failed]");
    assert!(told.contains("small.test.toml:") && !told.contains("in use: policy"), "{told}");

    place.write("small.toml", &policy("400"));
    watching.until("settings.reserve_mib  300  400");
}
