//! No secret is in a record, whatever it looks like and wherever it stood.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::redact::Redaction;
use crate::model::domain::DomainState;
use crate::model::node::{Gathered, HostFacts, NodeEntry, NodeFacts, Resident};
use crate::model::record::{RecordedPolicy, RecordedRule, canonical};
use crate::model::snapshot::{CandidateFacts, PairFacts, SiteData, Snapshot, Table};

fn node(name: &str, label: &str) -> NodeFacts {
    let resident = Resident {
        name: "db".into(),
        uuid: Uuid::from_u128(9),
        state: DomainState::Running,
        vcpus: 2,
        memory_bytes: 1 << 30,
        labels: BTreeMap::from([("token".to_owned(), label.to_owned())]),
    };
    let host = HostFacts { memory_free_bytes: Some(77), residents: vec![resident], ..HostFacts::default() };
    NodeFacts {
        entry: NodeEntry {
            name: name.into(),
            uri: format!("qemu+tcp://{name}/system"),
            address: None,
            labels: BTreeMap::from([("db.password".to_owned(), label.to_owned())]),
            maintenance: false,
        },
        gathered: Gathered::Facts(Box::new(host)),
    }
}

fn snapshot(secret: &str) -> Snapshot {
    let table = Table {
        rows: 2,
        columns: BTreeMap::from([
            ("key".to_owned(), vec![secret.to_owned(), "other".to_owned()]),
            ("product".to_owned(), vec!["db".to_owned(), "web".to_owned()]),
        ]),
    };
    let candidate = CandidateFacts { node: node("beta", secret), pair: PairFacts::default() };
    let mut snapshot = Snapshot {
        source: node("alpha", secret),
        candidates: vec![candidate],
        site_data: BTreeMap::from([("licences".to_owned(), SiteData::Table(table))]),
        ..Snapshot::empty()
    };
    snapshot.domain.name = "web".into();
    snapshot.domain.title = Some(format!("see {secret}."));
    snapshot
}

fn policy(secret: &str) -> RecordedPolicy {
    RecordedPolicy {
        name: "default".into(),
        digest: "abc".into(),
        rules: vec![RecordedRule {
            name: "room".into(),
            rule: "room".into(),
            plugin: "room".into(),
            plugin_digest: "d".into(),
            mode: Default::default(),
            on_fault: Default::default(),
            weight: 1.0,
            settings: json!({"key": secret, "most": 3}),
            mandatory: false,
        }],
    }
}

fn redaction(paths: &[&str], texts: &[&str]) -> Redaction {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    Redaction::new(&owned(paths), &owned(texts)).unwrap()
}

const PATHS: [&str; 6] = [
    "source.labels.*password*",
    "nodes.*.labels",
    "nodes.*.residents.labels.token",
    "site_data.licences.key",
    "settings.room.key",
    "**.title",
];

#[test]
fn equal_values_get_equal_tokens_and_the_rest_stays() {
    let redaction = redaction(
        &[&PATHS[..5], &["source.residents.labels", "nodes.*.memory_free_bytes"]].concat(),
        &["s3c+ret"],
    );
    let cleared = redaction.clear(&snapshot("s3cret"), &policy("s3cret")).unwrap();
    let label = |node: &NodeFacts| node.entry.labels["db.password"].clone();
    assert_eq!(label(&cleared.snapshot.source), "redacted-1");
    assert_eq!(label(&cleared.snapshot.candidates[0].node), "redacted-1");
    assert_eq!(cleared.policy.rules[0].settings, json!({"key": "redacted-1", "most": 3}));
    let SiteData::Table(table) = &cleared.snapshot.site_data["licences"] else { panic!("a table") };
    assert_eq!(table.columns["product"], ["db", "web"]);
    assert_eq!(table.columns["key"][0], "redacted-1");
    assert!(table.columns["key"][1].starts_with("redacted-") && table.columns["key"][1] != "redacted-1");
    assert_eq!(cleared.snapshot.domain.title.as_deref(), Some("see redacted-1."));
    let host = cleared.snapshot.candidates[0].node.host().unwrap();
    assert_eq!((host.memory_free_bytes, host.residents[0].vcpus), (None, 2));
    assert_eq!(cleared.redacted.values, 3);
    assert!(cleared.redacted.paths.contains("nodes.beta.labels.db.password"));
    assert!(cleared.redacted.paths.contains("settings.room.key"));
    assert!(!canonical(&cleared.snapshot).contains("s3cret"));
}

#[test]
fn identities_stay_identities_and_numbers_numbers() {
    let redaction = redaction(&["nodes.*.residents.uuid", "nodes.*.residents.vcpus"], &[]);
    let cleared = redaction.clear(&snapshot("x"), &policy("x")).unwrap();
    let resident = &cleared.snapshot.candidates[0].node.host().unwrap().residents[0];
    assert_eq!((resident.uuid, resident.vcpus), (Uuid::from_u128(1), 0));
}

#[test]
fn what_cannot_be_taken_out_is_an_error() {
    let redaction = redaction(&["nodes.*.pair.cpu"], &[]);
    let Err(error) = redaction.clear(&snapshot("x"), &policy("x")) else { panic!("it went through") };
    assert_eq!(error.code, "redaction-impossible");
    assert!(error.hint.is_some());
}

#[test]
fn passwords_in_uris_go_always() {
    let redaction = redaction(&[], &[]);
    let mut snapshot = snapshot("x");
    snapshot.source.entry.uri = "qemu+ssh://anna:hunter2@alpha/system?keyfile=k&password=hunter2".into();
    let cleared = redaction.clear(&snapshot, &policy("x")).unwrap();
    assert_eq!(
        cleared.snapshot.source.entry.uri,
        "qemu+ssh://anna:redacted-1@alpha/system?keyfile=k&password=redacted-1"
    );
    for innocent in ["qemu+tcp://node2:16509/system", "rbd://host:6789/pool@snap", "qemu:///system", "a: b@c"]
    {
        snapshot.source.entry.uri = innocent.into();
        let cleared = redaction.clear(&snapshot, &policy("x")).unwrap();
        assert_eq!(cleared.snapshot.source.entry.uri, innocent);
    }
}

#[test]
fn words_made_from_secrets_are_cleared_of_them() {
    let redaction = redaction(&["site_data.licences.key"], &["tok_[0-9]+"]);
    let cleared = redaction.clear(&snapshot("long-secret"), &policy("x")).unwrap();
    let scrub = |text: &str| cleared.scrub(&redaction, text);
    assert_eq!(scrub("seat long-secret of db"), "seat redacted-1 of db");
    assert_eq!(scrub("(other) others"), "(redacted-2) others", "a short one only as a word");
    assert_eq!(scrub("tok_12 is new"), "redacted-3 is new");
}

#[test]
fn the_journal_of_jobs_gets_no_secret_labels() {
    let redaction = redaction(&["source.labels.*password*"], &["^tok"]);
    let mut entry = node("alpha", "hunter2").entry;
    entry.labels.insert("other".to_owned(), "token".to_owned());
    entry.labels.insert("rack".to_owned(), "r1".to_owned());
    let cleared = redaction.entry(&entry);
    let labels: Vec<&str> = cleared.labels.values().map(String::as_str).collect();
    assert_eq!(labels, ["redacted", "redacted", "r1"]);
    assert_eq!(cleared.uri, entry.uri);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_stays_where_a_pattern_names_it(secret in "[A-Za-z0-9 äß\\\\\"'{}%/:@.-]{6,40}") {
        let secret = format!("zq{secret}");
        let paths = [&PATHS[..], &["source.residents.labels.token"]].concat();
        let redaction = redaction(&paths, &[]);
        let cleared = redaction.clear(&snapshot(&secret), &policy(&secret)).unwrap();
        let bytes = canonical(&json!({
            "snapshot": cleared.snapshot, "policy": cleared.policy, "redacted": cleared.redacted,
        }));
        let escaped = json!(secret).to_string();
        prop_assert!(!bytes.contains(escaped.trim_matches('"')), "{}", bytes);
        let told = cleared.scrub(&redaction, &format!("it is {secret}!"));
        prop_assert!(!told.contains(&secret), "{}", told);
    }
}
