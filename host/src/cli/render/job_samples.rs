//! Nodes, jobs and outcomes for the tests of the renderings.

use uuid::Uuid;

use super::samples::chosen;
use crate::model::job::{Event, Failure, Figures, Job, JobId, Outcome, OutcomeKind, Recorded, Request, Room};
use crate::model::node::{Gathered, HostFacts, NodeEntry, NodeFacts};
use crate::model::order::{Limits, MigrationOrder, Parameter, ParameterValue};

pub fn entry(name: &str) -> NodeEntry {
    NodeEntry {
        name: name.into(),
        uri: format!("qemu+tcp://{name}/system"),
        address: None,
        labels: [("rack".to_owned(), "r1".to_owned())].into(),
        maintenance: name == "node2",
    }
}

pub fn nodes() -> Vec<NodeFacts> {
    let host = HostFacts {
        arch: Some("x86_64".into()),
        cpus: Some(64),
        libvirt_version: Some(11_003_000),
        memory_total_bytes: Some(256 << 30),
        memory_free_bytes: Some(100 << 30),
        ..HostFacts::default()
    };
    let gathered = |host| Gathered::Facts(Box::new(host));
    let dead = Gathered::Unreachable {
        code: "node-unreachable".into(),
        error: "unable to connect to server at 'node3:16509': Connection refused\u{1b}[2J".into(),
    };
    vec![
        NodeFacts { entry: entry("node1"), gathered: gathered(host) },
        NodeFacts { entry: entry("node2"), gathered: gathered(HostFacts::default()) },
        NodeFacts { entry: entry("node3"), gathered: dead },
    ]
}

pub fn outcome(kind: OutcomeKind) -> Outcome {
    let (code, text, runs_on, look_at): (&str, &str, Option<&str>, &[&str]) = match kind {
        OutcomeKind::Succeeded => ("ok", "", Some("node3"), &[]),
        OutcomeKind::Uncertain => (
            "both-show-it",
            "node1 shows vm1 paused (api error), and node3 does not answer",
            None,
            &["on node3: virsh domstate vm1 --reason", "on node1: leave the paused vm1 as it is"],
        ),
        _ => (
            "link-lost",
            "the connection to node3 was lost in the transfer",
            Some("node1"),
            &["the network between node1 and node3"],
        ),
    };
    Outcome {
        kind,
        code: code.into(),
        text: text.into(),
        runs_on: runs_on.map(str::to_owned),
        domain: "vm1".into(),
        domain_uuid: Uuid::from_u128(1),
        look_at: look_at.iter().map(ToString::to_string).collect(),
        figures: (kind == OutcomeKind::Succeeded).then_some(Figures {
            downtime_ms: Some(85),
            transfer_ms: Some(4_120),
            transferred_bytes: Some(1_288_490_188),
        }),
    }
}

/// The record of a job, up to its n-th event.
pub fn events(number: usize, ended: OutcomeKind) -> Vec<Recorded> {
    let limits = Limits { destination_timeout_s: 21600, bandwidth_mib_s_max: Some(64), downtime_ms_max: 500 };
    let request = Request {
        domain: "vm1".into(),
        domain_uuid: Uuid::from_u128(1),
        paused: false,
        source: entry("node1"),
        to: None,
        destination_name: Some("vm1-new".into()),
        destination_uri: None,
        limits,
        parameters: vec![Parameter {
            name: "compression".into(),
            value: ParameterValue::Text("xbzrle".into()),
        }],
        policy: "default".into(),
    };
    let order = MigrationOrder {
        domain: "vm1".into(),
        destination_uri: "qemu+tcp://node3/system".into(),
        destination_name: Some("vm1-new".into()),
        limits,
        persistent: true,
        parameters: Vec::new(),
    };
    let error = (ended != OutcomeKind::Succeeded)
        .then(|| Failure { code: "libvirt-error".into(), text: "client socket is closed".into() });
    let claims = chosen().claims;
    let steps = [
        Event::Opened { request: Box::new(request) },
        Event::decided_whole(chosen()),
        Event::Reserved {
            destination: "node3".into(),
            claims,
            room: Room { memory_bytes: 4 << 30, vcpus: 2 },
        },
        Event::Prepared {
            destination: entry("node3"),
            destination_uri: "qemu+tcp://node3/system".into(),
            record: None,
        },
        Event::TransferStarted { destination: entry("node3"), order: Box::new(order) },
        Event::AbortRequested { by: "anna\u{1b}[1m".into(), reason: "wrong node".into() },
        Event::TransferReturned { error },
        Event::Concluded { outcome: Box::new(outcome(ended)) },
    ];
    let first = jiff::Timestamp::from_second(1_767_323_045).expect("is a time");
    let at = |index: usize| first + jiff::SignedDuration::from_millis(430 * index as i64 * index as i64);
    steps
        .into_iter()
        .take(number)
        .enumerate()
        .map(|(index, event)| Recorded { at: at(index), event })
        .collect()
}

pub fn job(id: u64, events: &[Recorded]) -> Job {
    Job::fold(JobId(id), events).expect("opens")
}
