//! Requests and events for the tests of the stores.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::model::decision::{Claim, Decision};
use crate::model::job::{Event, Outcome, OutcomeKind, Request, Room};
use crate::model::node::NodeEntry;
use crate::model::order::{Limits, MigrationOrder};

pub fn node(name: &str) -> NodeEntry {
    NodeEntry {
        name: name.into(),
        uri: format!("qemu+tcp://{name}/system"),
        address: None,
        labels: BTreeMap::new(),
        maintenance: false,
    }
}

const LIMITS: Limits =
    Limits { destination_timeout_s: 21600, bandwidth_mib_s_max: None, downtime_ms_max: 500 };

pub fn request(number: u128) -> Request {
    Request {
        domain: format!("vm{number}"),
        domain_uuid: Uuid::from_u128(number),
        paused: false,
        source: node("node1"),
        to: None,
        destination_name: Some("näw name\u{1b}".into()),
        destination_uri: None,
        limits: LIMITS,
        parameters: Vec::new(),
        policy: "default".into(),
    }
}

pub fn decision() -> Decision {
    Decision {
        taken_at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        domain: "vm1".into(),
        domain_uuid: None,
        source: "node1".into(),
        policy: "default".into(),
        policy_digest: "abc".into(),
        rules: Vec::new(),
        candidates: Vec::new(),
        chosen: Some("node2".into()),
        claims: vec![claim(1, 2)],
    }
}

pub fn started() -> Event {
    let order = MigrationOrder {
        domain: "vm1".into(),
        destination_uri: "qemu+tcp://node2/system".into(),
        destination_name: None,
        limits: LIMITS,
        persistent: true,
        parameters: Vec::new(),
    };
    Event::TransferStarted { destination: node("node2"), order: Box::new(order) }
}

pub fn prepared() -> Event {
    let destination_uri = "qemu+tcp://10.0.0.2/system".into();
    Event::Prepared { destination: node("node2"), destination_uri, record: None }
}

pub fn concluded() -> Event {
    let outcome = Outcome {
        kind: OutcomeKind::Failed,
        code: "link-lost".into(),
        text: "the link to node2 was lost".into(),
        runs_on: Some("node1".into()),
        domain: "vm1".into(),
        domain_uuid: Uuid::from_u128(1),
        look_at: vec!["virsh list on node2".into()],
        figures: None,
    };
    Event::Concluded { outcome: Box::new(outcome) }
}

pub fn claim(amount: u64, limit: u64) -> Claim {
    Claim { rule: "licence".into(), resource: "licence/oracle".into(), amount, limit }
}

pub fn room(gib: u64) -> Room {
    Room { memory_bytes: gib << 30, vcpus: 2 }
}
