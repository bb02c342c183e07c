//! Decisions that were recorded, taken again by the plugins that come with wayleave: the same
//! bytes, the changes that a new policy makes, and the least that would let a node take the domain.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stdout, reason = "the rate is worth reading")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use wayleave::controller::Recorder;
use wayleave::decide::decide;
use wayleave::journal::SqliteJournal;
use wayleave::model::decision::Stage;
use wayleave::model::domain::HostDevice;
use wayleave::model::node::{Gathered, HostFacts};
use wayleave::model::policy::Policy;
use wayleave::model::port::Evaluate;
use wayleave::model::record::{DecisionRecord, Keep, Purpose, Selection, TakenBy};
use wayleave::model::snapshot::{Access, Reach, Snapshot, StorageProbe};
use wayleave::parallel::{each, processors};
use wayleave::plugin::Plugins;
use wayleave::policy::{load, parse};
use wayleave::record::changes::CHOICE;
use wayleave::record::explain::explain;
use wayleave::record::minimise::minimise;
use wayleave::record::read::read;
use wayleave::record::redact::Redaction;
use wayleave::record::replay::{Impossible, Replay, Replayed};
use wayleave::record::whatif::{How, Step, whatif};
use wayleave::record::{Taken, record};

const DECISIONS: usize = 1_000;
const NODES: usize = 100;

fn default_policy(plugins: &Plugins) -> Policy {
    load(&support::repository().join("policies/default.toml"), plugins).unwrap()
}

fn by() -> TakenBy {
    TakenBy { wayleave: "test".to_owned(), contract: "1.0.0".to_owned() }
}

fn taken(plugins: &Plugins, policy: &Policy, snapshot: &Snapshot, redact: &[&str]) -> DecisionRecord {
    let decision = decide(policy, snapshot, plugins);
    let redact: Vec<String> = redact.iter().map(ToString::to_string).collect();
    let redaction = Redaction::new(&redact, &[]).unwrap();
    let taken = Taken { purpose: Purpose::Plan, policy, snapshot, decision: &decision, evaluate: plugins };
    record(taken, &by(), &redaction).unwrap()
}

/// A fleet that is another one for each number.
fn fleet(number: usize) -> Snapshot {
    let mut snapshot = support::fleet::fleet(NODES);
    snapshot.domain.name = format!("vm{:03}", number % 50);
    snapshot.domain.memory_bytes = (1 + number as u64 % 64) << 30;
    snapshot.candidates.rotate_left(number % NODES);
    snapshot
}

fn host<'a>(snapshot: &'a mut Snapshot, node: &str) -> &'a mut HostFacts {
    let candidate = snapshot.candidates.iter_mut().find(|one| one.node.name() == node).unwrap();
    match &mut candidate.node.gathered {
        Gathered::Facts(host) => host,
        Gathered::Unreachable { .. } => panic!("{node} gave no facts"),
    }
}

/// A thousand decisions of a hundred nodes each are recorded, and taken again from the store.
#[test]
fn a_thousand_decisions_are_the_same_again_in_seconds() {
    let plugins = support::plugins();
    let policy = default_policy(&plugins);
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder {
        records: Arc::new(SqliteJournal::open(folder.path()).unwrap()),
        redaction: Redaction::new(&[], &[]).unwrap(),
        keep: Keep::default(),
        by: by(),
    };
    let begun = Instant::now();
    let ids = each(DECISIONS, processors(), |number| {
        let snapshot = fleet(number);
        let decision = decide(&policy, &snapshot, &plugins);
        let taken = Taken {
            purpose: Purpose::Plan,
            policy: &policy,
            snapshot: &snapshot,
            decision: &decision,
            evaluate: &plugins,
        };
        recorder.record(taken).unwrap()
    });
    println!("recorded {DECISIONS} decisions of {NODES} nodes in {:.2?}", begun.elapsed());
    assert_eq!(recorder.records.list(&Selection::default()).unwrap().len(), DECISIONS);
    let bytes = std::fs::metadata(folder.path().join("journal.db")).unwrap().len();
    println!("{} KiB a decision on the disk", bytes / 1024 / DECISIONS as u64);

    let replay = Replay::new(&plugins, None, &[]);
    let begun = Instant::now();
    let outcomes = each(DECISIONS, processors(), |index| {
        let text = recorder.records.text(ids[index]).unwrap();
        replay.replay_text(&text, Path::new("store")).unwrap()
    });
    let rate = DECISIONS as f64 / begun.elapsed().as_secs_f64();
    println!(
        "replayed {DECISIONS} decisions of {NODES} nodes in {:.2?}, {rate:.0} a second",
        begun.elapsed()
    );
    assert!(outcomes.iter().all(|outcome| *outcome == Replayed::Same));
    assert!(begun.elapsed().as_secs() < 60, "seconds were promised");
}

#[test]
fn another_reserve_changes_verdicts_and_choice_and_says_why() {
    let plugins = support::plugins();
    let policy = default_policy(&plugins);
    let record = taken(&plugins, &policy, &support::fleet::fleet(20), &[]);
    let chosen = record.decision.chosen.clone().unwrap();
    let free = support::fleet::fleet(20)
        .candidates
        .iter()
        .find(|one| one.node.name() == chosen)
        .unwrap()
        .node
        .host()
        .unwrap()
        .memory_free_bytes
        .unwrap();
    let text = format!("[[rule]]\nuse = \"memory-room\"\nsettings.reserve_mib = {}\n", free >> 20);
    let strict = parse(Path::new("strict.toml"), &text, &plugins).unwrap();
    let Replayed::Changed(changes) = Replay::new(&plugins, Some(&strict), &[]).replay(&record) else {
        panic!("nothing changed")
    };
    let choice = changes.iter().find(|change| change.rule == CHOICE).unwrap();
    assert_eq!((choice.was.as_str(), &choice.domain), (chosen.as_str(), &record.decision.domain));
    assert!(choice.why.contains("memory-room (memory-short)"), "{}", choice.why);
    let verdict = changes.iter().find(|one| one.rule == "memory-room" && one.node.as_ref() == Some(&chosen));
    let verdict = verdict.unwrap();
    assert_eq!((verdict.was.as_str(), verdict.now.as_str()), ("pass", "reject memory-short"));
    assert!(verdict.why.contains("needed"), "{}", verdict.why);
    let same = Replay::new(&plugins, Some(&policy), &[]).replay(&record);
    assert_eq!(same, Replayed::Same);
}

#[test]
fn what_is_not_the_recorded_plugin_is_never_taken_for_it() {
    let plugins = support::plugins();
    let policy = default_policy(&plugins);
    let mut record = taken(&plugins, &policy, &support::fleet::fleet(5), &[]);
    record.policy.rules[3].plugin_digest = "0".repeat(64);
    let Replayed::Impossible(Impossible { code, wants, .. }) =
        Replay::new(&plugins, None, &[]).replay(&record)
    else {
        panic!("it was taken again")
    };
    assert_eq!((code, wants), ("plugin-not-had", Some("0".repeat(64))));
    // The new plugin of its name may stand in for it, if that is asked for.
    let new: Vec<_> =
        plugins.rules().iter().filter(|rule| rule.plugin == record.policy.rules[3].plugin).cloned().collect();
    assert_eq!(Replay::new(&plugins, None, &new).replay(&record), Replayed::Same);
    let mut less = new.clone();
    less.iter_mut().for_each(|rule| rule.name = "another".to_owned());
    let outcome = Replay::new(&plugins, None, &less).replay(&record);
    assert!(matches!(outcome, Replayed::Impossible(Impossible { code: "rule-gone", .. })), "{outcome:?}");
}

#[test]
fn a_record_that_was_tampered_with_is_refused() {
    let plugins = support::plugins();
    let record = taken(&plugins, &default_policy(&plugins), &support::fleet::fleet(5), &[]);
    let text = record.canonical();
    assert_eq!(read(&text, Path::new("r.json")).unwrap(), record);
    let pretty = serde_json::to_string_pretty(&record).unwrap();
    assert_eq!(read(&pretty, Path::new("r.json")).unwrap(), record, "how it is written does not matter");
    let chosen = format!("\"chosen\":\"{}\"", record.decision.chosen.as_ref().unwrap());
    let code = |text: String| read(&text, Path::new("r.json")).unwrap_err().code;
    assert_eq!(code(text.replacen(&chosen, "\"chosen\":\"node00099\"", 1)), "record-altered");
    assert_eq!(code(text.replacen("\"version\":1", "\"version\":2", 1)), "record-newer");
    assert_eq!(code("{}".to_owned()), "bad-record");
    assert_eq!(code(text[..1000].to_owned()), "bad-record");
    let mut altered = record;
    altered.snapshot.domain.vcpus += 60;
    let Replayed::Changed(changes) = Replay::new(&plugins, None, &[]).replay(&altered) else {
        panic!("facts that were changed give another decision")
    };
    assert!(!changes.is_empty());
}

#[test]
fn a_redacted_record_decides_as_it_did_and_holds_no_secret() {
    let plugins = support::plugins();
    let policy = default_policy(&plugins);
    let mut snapshot = support::fleet::fleet(12);
    for candidate in &mut snapshot.candidates {
        candidate.node.entry.labels.insert("db.password".to_owned(), "hunter2-hunter2".to_owned());
        candidate.node.entry.uri = format!("qemu+ssh://anna:pa55w0rd@{}/system", candidate.node.name());
    }
    let record =
        taken(&plugins, &policy, &snapshot, &["nodes.*.labels.*password*", "domain.uuid", "**.hostname"]);
    let text = record.canonical();
    for secret in ["hunter2", "pa55w0rd", ".example", "00000000-0000-0000-0000-000000000007"] {
        assert!(!text.contains(secret), "{secret} is in the record");
    }
    assert!(!record.redacted.decides_otherwise);
    assert_eq!(record.decision.chosen, decide(&policy, &snapshot, &plugins).chosen);
    assert_eq!(Replay::new(&plugins, None, &[]).replay(&record), Replayed::Same);
    // What the decision rests on cannot be taken out of it unseen.
    let record = taken(&plugins, &policy, &snapshot, &["nodes.*.arch"]);
    assert!(record.redacted.decides_otherwise);
    assert_eq!(
        record.decision.chosen,
        decide(&policy, &snapshot, &plugins).chosen,
        "the decision is the real one"
    );
    let outcome = Replay::new(&plugins, None, &[]).replay(&record);
    assert!(matches!(outcome, Replayed::Impossible(Impossible { code: "record-redacted", .. })));
}

#[test]
fn a_minimised_record_says_the_same_with_less() {
    let plugins = support::plugins();
    let policy = default_policy(&plugins);
    let record = taken(&plugins, &policy, &support::fleet::fleet(NODES), &[]);
    let smaller = minimise(&record, &policy, &plugins, &by()).unwrap();
    assert_eq!(smaller.record.decision.chosen, record.decision.chosen);
    assert_eq!(smaller.nodes.0, NODES);
    assert!(
        smaller.nodes.1 <= 8 && smaller.facts.1 * 20 < smaller.facts.0,
        "{:?} {:?}",
        smaller.nodes,
        smaller.facts
    );
    for candidate in &smaller.record.decision.candidates {
        let before = record.decision.candidate(&candidate.node).unwrap();
        let said = |one: &wayleave::model::Candidate| {
            one.findings
                .iter()
                .map(|one| (one.rule.clone(), one.verdict, one.code.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(candidate), said(before), "{}", candidate.node);
    }
    let again = read(&smaller.record.canonical(), Path::new("small.json")).unwrap();
    assert_eq!(Replay::new(&plugins, None, &[]).replay(&again), Replayed::Same);
    let twice = minimise(&smaller.record, &policy, &plugins, &by()).unwrap();
    assert_eq!(twice.facts.1, smaller.facts.1, "nothing more can go");
    println!("nodes {:?}, facts {:?}, {} decisions", smaller.nodes, smaller.facts, smaller.decisions);
}

// ------------------------------------------------------------- what if

/// Every way that is told, as place, how and value.
fn ways(plugins: &Plugins, policy: &Policy, snapshot: &Snapshot, node: &str) -> Vec<Vec<Step>> {
    let record = taken(plugins, policy, snapshot, &[]);
    let stage = record.decision.candidate(node).unwrap().stage;
    assert!(matches!(stage, Stage::Rejected | Stage::Inconclusive), "{node} is {stage:?}");
    whatif(&record, policy, plugins, node).unwrap().ways
}

fn rules(plugins: &Plugins, text: &str) -> Policy {
    parse(Path::new("rules.toml"), text, plugins).unwrap()
}

fn step<'a>(ways: &'a [Vec<Step>], place: &str) -> &'a Step {
    let single =
        ways.iter().filter(|way| way.len() == 1).find_map(|way| way.iter().find(|one| one.place == place));
    single.unwrap_or_else(|| panic!("{place} is not told: {ways:#?}"))
}

#[test]
fn missing_memory_is_told_to_the_byte() {
    let plugins = support::plugins();
    let policy = rules(
        &plugins,
        "[[rule]]\nuse = \"memory-room\"\nsettings = { reserve_mib = 256, overhead_mib = 65 }\n",
    );
    let mut snapshot = support::fleet::fleet(3);
    host(&mut snapshot, "node00002").memory_free_bytes = Some(5 << 30);
    let told = ways(&plugins, &policy, &snapshot, "node00002");
    let needed = snapshot.domain.memory_bytes + ((256 + 65) << 20);
    let free = step(&told, "nodes.node00002.memory_free_bytes");
    assert_eq!((free.how, &free.to, &free.was), (How::AtLeast, &json!(needed), &Some(json!(5_u64 << 30))));
    let domain = step(&told, "domain.memory_bytes");
    assert_eq!((domain.how, &domain.to), (How::AtMost, &json!((5_u64 << 30) - ((256 + 65) << 20))));
    // The boundary is where the answer turns.
    for (free, fits) in [(needed, true), (needed - 1, false)] {
        host(&mut snapshot, "node00002").memory_free_bytes = Some(free);
        let decision = decide(&policy, &snapshot, &plugins);
        assert_eq!(decision.candidate("node00002").unwrap().stage != Stage::Rejected, fits);
    }
}

#[test]
fn a_fact_that_is_not_known_is_told_with_its_boundary() {
    let plugins = support::plugins();
    let policy = rules(
        &plugins,
        "[[rule]]\nuse = \"memory-room\"\nsettings = { reserve_mib = 0, overhead_mib = 0 }\n",
    );
    let mut snapshot = support::fleet::fleet(1);
    host(&mut snapshot, "node00001").memory_free_bytes = None;
    let told = ways(&plugins, &policy, &snapshot, "node00001");
    let free = step(&told, "nodes.node00001.memory_free_bytes");
    assert_eq!((free.how, &free.to, &free.was), (How::AtLeast, &json!(snapshot.domain.memory_bytes), &None));
}

#[test]
fn a_setting_is_narrowed_down_too() {
    let plugins = support::plugins();
    let policy = rules(&plugins, "[[rule]]\nuse = \"cpu-room\"\nsettings = { vcpus_per_cpu = 0.5 }\n");
    let mut snapshot = support::fleet::fleet(1);
    snapshot.domain.vcpus = 16;
    // 16 with the 24 or 16 of those that run there already, of 64 processors.
    let told = ways(&plugins, &policy, &snapshot, "node00001");
    let ratio = step(&told, "settings.cpu-room.vcpus_per_cpu");
    let live = host(&mut snapshot, "node00001").residents.iter().filter(|one| one.state.is_active()).count();
    let needed = (16 + 8 * live) as f64 / 64.0;
    assert_eq!(ratio.how, How::AtLeast);
    let found = ratio.to.as_f64().unwrap();
    assert!(found >= needed && found - needed < 0.011, "{found} for {needed}");
    let vcpus = step(&told, "domain.vcpus");
    assert_eq!((vcpus.how, &vcpus.to), (How::AtMost, &json!(32 - 8 * live)));
    assert!(
        told.iter().flatten().any(|one| one.how == How::Without && one.place.contains("residents")),
        "{told:#?}"
    );
}

#[test]
fn two_changes_are_told_where_one_is_not_enough() {
    let plugins = support::plugins();
    let policy = rules(&plugins, "[[rule]]\nuse = \"not-in-maintenance\"\n[[rule]]\nuse = \"memory-room\"\n");
    let mut snapshot = support::fleet::fleet(2);
    host(&mut snapshot, "node00002").memory_free_bytes = Some(0);
    snapshot.candidates[1].node.entry.maintenance = true;
    let told = ways(&plugins, &policy, &snapshot, "node00002");
    let way = &told[0];
    assert_eq!(way.len(), 2);
    let of = |place: &str| way.iter().find(|one| one.place.ends_with(place)).unwrap();
    assert_eq!((&of("maintenance").to, of("memory_free_bytes").how), (&json!(false), How::AtLeast));
}

#[test]
fn words_devices_and_probes_are_tried() {
    let plugins = support::plugins();
    let policy = rules(&plugins, "[[rule]]\nuse = \"reachable\"\n[[rule]]\nuse = \"networks-present\"\n");
    let mut snapshot = support::fleet::fleet(4);
    snapshot.candidates[0].pair.reach =
        Reach::Unreachable { uri: "qemu+tcp://x/system".into(), error: "no route".into() };
    let StorageProbe::Probed(disks) = &mut snapshot.candidates[1].pair.storage else { panic!("probed") };
    disks[0].access = Access::NotWritable { pool: "images".into(), error: "read-only".into() };
    let told = ways(&plugins, &policy, &snapshot, "node00001");
    assert_eq!(step(&told, "nodes.node00001.pair.reach").to, json!("reachable"));
    let told = ways(&plugins, &policy, &snapshot, "node00002");
    assert_eq!(told[0][0].place, "nodes.node00002.pair.storage.probed.0.access");
    assert_eq!(told[0][0].to, json!("shared-writable"));
    snapshot.domain.interfaces =
        vec![serde_json::from_value(json!({"kind": "bridge", "source": "br9"})).unwrap()];
    let told = ways(&plugins, &policy, &snapshot, "node00003");
    let network = step(&told, "nodes.node00003.networks");
    assert_eq!((network.how, &network.to["name"]), (How::Add, &json!("br9")));
    snapshot.domain.interfaces.clear();
    snapshot.domain.hostdevs =
        vec![HostDevice { kind: "pci".into(), mode: "subsystem".into(), ..HostDevice::default() }];
    let told = ways(&plugins, &policy, &snapshot, "node00003");
    assert_eq!(step(&told, "domain.hostdevs.0").how, How::Without);
}

#[test]
fn where_nothing_small_helps_that_is_said() {
    let plugins = support::plugins();
    let policy = rules(
        &plugins,
        "[[rule]]\nuse = \"not-in-maintenance\"\n[[rule]]\nuse = \"memory-room\"\n[[rule]]\nuse = \"reachable\"\n",
    );
    let mut snapshot = support::fleet::fleet(1);
    host(&mut snapshot, "node00001").memory_free_bytes = Some(0);
    snapshot.candidates[0].node.entry.maintenance = true;
    snapshot.candidates[0].pair.reach = Reach::NotProbed;
    let record = taken(&plugins, &policy, &snapshot, &[]);
    let told = explain(&record, &policy, &plugins, None).unwrap();
    assert_eq!(told.nodes[0].because.len(), 3);
    let answer = told.nodes[0].what_if.as_ref().unwrap();
    assert!(answer.ways.is_empty() && answer.decisions > 10, "{answer:#?}");
    snapshot.candidates[0].node.gathered = Gathered::Unreachable { code: "x".into(), error: "gone".into() };
    let record = taken(&plugins, &policy, &snapshot, &[]);
    assert_eq!(explain(&record, &policy, &plugins, Some("node00001")).unwrap().nodes[0].what_if, None);
    assert_eq!(explain(&record, &policy, &plugins, Some("node7")), None);
}
