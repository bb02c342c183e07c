//! Bad input on real nodes: what a person wrote cannot be used, and is told once, with a code, where it
//! stands and what to write. Nothing hangs, nothing moves, and no job is opened.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{Guest, Lab, RunningGuest, error_told};

/// More than any of these takes on a busy machine, and less than a command that hangs.
const NO_HANG: Duration = Duration::from_secs(60);

/// Runs a test with a guest on node-a, which must be there and untouched at the end.
fn with_guest(test: impl FnOnce(&mut Lab, &RunningGuest) -> Result<()>) -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &lab.node("node-a"))?;
        test(lab, &guest)?;
        let jobs = lab.ask("jobs", ["job", "list"])?;
        ensure!(jobs.as_array().is_some_and(Vec::is_empty), "a job was opened: {jobs}");
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &lab.node("node-a"))
    })
}

/// The command ends with this status and one message of this code, in words and as JSON, which says
/// all of these parts.
fn told(lab: &Lab, words: &[&str], (status, code): (i32, &str), parts: &[&str]) -> Result<()> {
    let shown = lab.spawn_wayleave(words)?.finish_within(NO_HANG)?;
    let context = || format!("{words:?} ended with {}: {}{}", shown.status, shown.stderr, shown.stdout);
    ensure!(shown.status == status, context());
    ensure!(shown.stdout.is_empty(), context());
    ensure!(shown.stderr.matches("error").count() >= 1 && shown.stderr.contains(code), context());
    let as_json = words.iter().chain(&["--output", "json"]);
    let json = lab.spawn_wayleave(as_json)?.finish_within(NO_HANG)?;
    let (told_code, message) = error_told(&json).with_context(context)?;
    ensure!(json.status == status && told_code == code, "{told_code}: {message}");
    for part in parts {
        ensure!(message.contains(part), "{part:?} is not in {message}");
    }
    Ok(())
}

const MIGRATE: [&str; 6] = ["migrate", "web", "--from", "node-a", "--to", "node-b"];
const PLAN: [&str; 4] = ["plan", "web", "--from", "node-a"];

#[test]
fn a_domain_that_is_not_there_or_does_not_run() -> Result<()> {
    with_guest(|lab, _| {
        for command in ["plan", "migrate"] {
            let words = [command, "wed", "--from", "node-a"];
            told(lab, &words, (2, "no-such-domain"), &["wed", "node-a", "web"])?;
        }
        let nobody = "00000000-1111-2222-3333-444444444444";
        told(lab, &["plan", nobody, "--from", "node-a"], (2, "no-such-domain"), &[nobody])?;
        let xml = lab.node("node-a").virsh(["dumpxml", "web", "--inactive"])?;
        let uuid = "1d0c9c1e-7a55-4d0c-9c5e-2f1f4c1f0009";
        let resting = xml.replacen("<name>web</name>", "<name>resting</name>", 1);
        let start = resting.find("<uuid>").context("no UUID")? + "<uuid>".len();
        let resting = format!("{}{uuid}{}", &resting[..start], &resting[start + uuid.len()..]);
        let file = lab.config().with_file_name("resting.xml");
        fs::write(&file, resting)?;
        lab.node("node-a").virsh(["define", &file.to_string_lossy()])?;
        let words = ["migrate", "resting", "--from", "node-a", "--to", "node-b"];
        told(lab, &words, (3, "domain-not-live"), &["resting", "not running", "start it"])
    })
}

#[test]
fn a_node_or_uri_that_does_not_answer() -> Result<()> {
    with_guest(|lab, _| {
        lab.with_settings("connect_timeout_s = 2")?;
        let node = lab.node("node-a");
        let refused = format!("qemu+tcp://{}:17/system", node.address());
        told(lab, &["plan", "web", "--from", &refused], (3, "node-unreachable"), &["Connection refused"])?;
        // An address of the lab's own network that nobody has.
        let address = node.address();
        let network = address.rsplit_once('.').context("no IPv4 address")?.0;
        let silent = format!("qemu+tcp://{network}.253/system");
        let ended = lab.spawn_wayleave(["plan", "web", "--from", &silent])?.finish_within(NO_HANG)?;
        ensure!(ended.status == 3 && ended.stderr.contains(&silent), "{}", ended.stderr);
        let silent_code = ["node-timeout", "node-unreachable"].iter().any(|code| ended.stderr.contains(code));
        ensure!(silent_code, "{}", ended.stderr);
        let to = ["migrate", "web", "--from", "node-a", "--to", "node-x"];
        told(lab, &to, (2, "unknown-node"), &["node-x", "node-a, node-b"])?;
        told(lab, &["plan", "web", "--from", "nod-a"], (2, "unknown-node"), &["did you mean `node-a`?"])?;
        let bad = ["plan", "web", "--from", "qemu+tcp://"];
        let ended = lab.spawn_wayleave(bad)?.finish_within(NO_HANG)?;
        ensure!(ended.status == 2, "exit code {}: {}", ended.status, ended.stderr);
        Ok(())
    })
}

#[test]
fn a_policy_that_cannot_be_used() -> Result<()> {
    with_guest(|lab, _| {
        let cases = [
            (
                "[[rule]]\nuse = \"reachable\"\nmdoe = \"warn\"\n",
                "policy-invalid",
                ":3:1",
                "did you mean `mode`?",
            ),
            ("[[rule]]\nuse = \"rechable\"\n", "no-such-rule", ":2:7", "did you mean `reachable`?"),
            ("[[rule]]\nuse = \"colour\"\n", "no-such-rule", ":2:7", "plugin list"),
            (
                "[[rule]]\nuse = \"memory-room\"\n[rule.settings]\nreserve_mib = \"lots\"\n",
                "bad-settings",
                ":4:1",
                "overhead_mib",
            ),
            (
                "[[rule]]\nuse = \"memory-room\"\n[rule.settings]\nreserve = 1\n",
                "bad-settings",
                ":4:1",
                "reserve_mib",
            ),
            ("[[rule]]\nuse = \"storage-shared\"\nmode = \"warn\"\n", "mandatory-rule", ":3:8", "leave both"),
            (
                "[[rule]]\nuse = \"cpu-compatible\"\non_fault = \"warn\"\n",
                "mandatory-rule",
                ":3:12",
                "enforce",
            ),
            ("[[rule]]\nuse = \"reachable\"\nweight = 2\n", "weight-of-check", ":3:10", "remove the key"),
            ("[[rule]\nuse = \"reachable\"\n", "policy-invalid", ":1:", "policy.toml"),
        ];
        for (policy, code, place, hint) in cases {
            lab.with_policy(policy)?;
            let place = format!("policy.toml{place}");
            told(lab, &MIGRATE, (2, code), &[&place, hint]).context(policy)?;
        }
        let missing = ["plan", "web", "--from", "node-a", "--policy", "nowhere.toml"];
        told(lab, &missing, (2, "policy-unreadable"), &["nowhere.toml", "--policy FILE"])
    })
}

#[test]
fn a_configuration_with_a_slip() -> Result<()> {
    with_guest(|lab, _| {
        let cases = [
            ("downtme = 500", "unknown-key", "did you mean `downtime`?"),
            ("downtime = 99", "downtime-out-of-range", "found 99 ms"),
            ("connect_timeout_s = 0", "connect-timeout-out-of-range", "1 to 300"),
            ("max_bandwidth = \"fast\"", "bandwidth-unreadable", "fast"),
        ];
        for (setting, code, part) in cases {
            lab.with_settings(setting)?;
            let ended = lab.spawn_wayleave(MIGRATE.iter().chain(&["--output", "json"]))?;
            let (told_code, message) = error_told(&ended.finish_within(NO_HANG)?)?;
            ensure!(told_code == code, "{told_code}: {message}");
            ensure!(message.contains("wayleave.toml:4:") && message.contains(part), "{message}");
        }
        lab.with_settings("")
    })
}

#[test]
fn plugin_files_that_are_broken() -> Result<()> {
    with_guest(|lab, _| {
        let plugins = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
        let whole = fs::read(plugins.join("licence.wasm"))?;
        let folder = lab.config().with_file_name("site-plugins");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("half.wasm"), &whole[..whole.len() / 2])?;
        fs::write(folder.join("text.wasm"), "not a component")?;
        lab.add_plugin_folder(&folder)?;
        // A rule that was to come from the damaged file: the policy cannot be used, and it says why.
        lab.with_policy("[[rule]]\nuse = \"half\"\n")?;
        let parts = ["policy.toml:2:7", "half.wasm", "plugin-malformed", "text.wasm", "plugin-not-wasm"];
        told(lab, &MIGRATE, (2, "no-such-rule"), &parts)?;
        let file = folder.join("half.wasm");
        let inspect = ["plugin", "inspect", &*file.to_string_lossy()];
        told(lab, &inspect, (2, "plugin-malformed"), &["half.wasm", "truncated", "build or copy it again"])?;
        // Rules of whole files are there all the same.
        lab.with_policy("[[rule]]\nuse = \"reachable\"\n")?;
        lab.wayleave(PLAN)?.expect_ok().map(drop)
    })
}
