//! Decisions for the tests of the renderings: of few nodes, and of many.

use uuid::Uuid;

use crate::model::decision::{Candidate, Claim, Decision, Effect, Finding, RuleSummary, Stage, Verdict};
use crate::model::policy::{Mode, RuleKind};

pub fn rule(name: &str, kind: RuleKind, mode: Mode, weight: f64) -> RuleSummary {
    RuleSummary {
        name: name.into(),
        plugin: "base".into(),
        plugin_digest: "0".repeat(64),
        kind,
        mode,
        weight,
        title: "a rule".into(),
        fuel: 1000,
    }
}

pub fn pass(rule: &str) -> Finding {
    finding(rule, Verdict::Pass, Effect::None, "ok", "")
}

pub fn finding(rule: &str, verdict: Verdict, effect: Effect, code: &str, text: &str) -> Finding {
    Finding {
        rule: rule.into(),
        verdict,
        effect,
        code: code.into(),
        text: text.into(),
        measured: None,
        needed: None,
        remedy: None,
        score: None,
    }
}

pub fn scored(rule: &str, score: f64) -> Finding {
    Finding { score: Some(score), ..pass(rule) }
}

pub fn short_of_memory() -> Finding {
    Finding {
        measured: Some("1.2 GiB free".into()),
        needed: Some("4.0 GiB for vm1, and 512 MiB that the node keeps".into()),
        remedy: Some(
            "move something away from the node first, or give vm1 less memory by its balloon".into(),
        ),
        ..finding(
            "memory-room",
            Verdict::Reject,
            Effect::Blocks,
            "memory-short",
            "the node has too little free memory",
        )
    }
}

pub fn candidate(node: &str, stage: Stage, score: Option<f64>, findings: Vec<Finding>) -> Candidate {
    Candidate { node: node.into(), stage, score, findings }
}

pub fn decision(candidates: Vec<Candidate>, chosen: Option<&str>) -> Decision {
    Decision {
        taken_at: "2026-01-02T03:04:05Z".parse().expect("is a time"),
        domain: "vm1".into(),
        domain_uuid: Some(Uuid::from_u128(1)),
        source: "node1".into(),
        policy: "default".into(),
        policy_digest: "3fa9".repeat(16),
        rules: vec![
            rule("same-node", RuleKind::Check, Mode::Enforce, 1.0),
            rule("memory-room", RuleKind::Check, Mode::Enforce, 1.0),
            rule("storage-shared", RuleKind::Check, Mode::Enforce, 1.0),
            rule("numa-fit", RuleKind::Check, Mode::Warn, 1.0),
            rule("licence", RuleKind::Check, Mode::Audit, 1.0),
            rule("spread-memory", RuleKind::Score, Mode::Enforce, 1.0),
            rule("prefer-label", RuleKind::Score, Mode::Enforce, 0.5),
        ],
        candidates,
        chosen: chosen.map(str::to_owned),
        claims: Vec::new(),
    }
}

/// All rules pass, but for those that are given.
pub fn findings(other: Vec<Finding>) -> Vec<Finding> {
    let mut all = vec![
        pass("same-node"),
        pass("memory-room"),
        pass("storage-shared"),
        pass("numa-fit"),
        pass("licence"),
        scored("spread-memory", 0.83),
        scored("prefer-label", 1.0),
    ];
    for one in other {
        match all.iter_mut().find(|finding| finding.rule == one.rule) {
            Some(place) => *place = one,
            None => all.push(one),
        }
    }
    all
}

pub fn chosen() -> Decision {
    let numa = Finding {
        measured: Some("2 cells of 8 GiB".into()),
        ..finding(
            "numa-fit",
            Verdict::Reject,
            Effect::Warns,
            "cells-differ",
            "the guest's cells do not fit the node's",
        )
    };
    let licence = finding("licence", Verdict::Reject, Effect::None, "no-seat", "no seat is free");
    let mut decision = decision(
        vec![
            candidate("node2", Stage::Rejected, None, findings(vec![short_of_memory()])),
            candidate("node3", Stage::Chosen, Some(1.33), findings(vec![numa])),
            candidate(
                "node4",
                Stage::Eligible,
                Some(0.4),
                findings(vec![licence, scored("prefer-label", 0.0)]),
            ),
        ],
        Some("node3"),
    );
    decision.claims =
        vec![Claim { rule: "licence".into(), resource: "licence/oracle-ee".into(), amount: 1, limit: 3 }];
    decision
}

pub fn refused() -> Decision {
    let same = Finding {
        remedy: Some("choose another node".into()),
        ..finding("same-node", Verdict::Reject, Effect::Blocks, "same-node", "the destination is the source")
    };
    let storage = Finding {
        measured: Some("pool images, vda: another filesystem at /var/lib/libvirt/images".into()),
        needed: Some("the volume that the source created appears at the destination".into()),
        remedy: Some("mount the shared storage at the destination".into()),
        ..finding(
            "storage-shared",
            Verdict::Reject,
            Effect::Blocks,
            "different-storage",
            "a disk lies on other storage",
        )
    };
    let not_gathered =
        |rule: &str| finding(rule, Verdict::Unknown, Effect::Holds, "not-gathered", "the node gave no facts");
    let dead = Finding {
        measured: Some("Connection refused".into()),
        needed: Some("an answer at qemu+tcp://node4/system".into()),
        remedy: Some("wayleave doctor node4".into()),
        ..finding(
            "node-answers",
            Verdict::Reject,
            Effect::Blocks,
            "node-unreachable",
            "the node's daemon does not answer",
        )
    };
    let names = [
        "same-node",
        "memory-room",
        "storage-shared",
        "numa-fit",
        "licence",
        "spread-memory",
        "prefer-label",
    ];
    let mut unknown: Vec<Finding> = names.iter().map(|rule| not_gathered(rule)).collect();
    unknown.push(dead);
    decision(
        vec![
            candidate("node1", Stage::Rejected, None, findings(vec![same])),
            candidate("node2", Stage::Rejected, None, findings(vec![short_of_memory(), storage])),
            candidate("node3", Stage::Rejected, None, findings(vec![short_of_memory()])),
            candidate("node4", Stage::Rejected, None, unknown),
        ],
        None,
    )
}

pub fn inconclusive() -> Decision {
    let unknown = finding(
        "storage-shared",
        Verdict::Unknown,
        Effect::Holds,
        "not-probed",
        "the storage was not probed",
    );
    let fault = Finding {
        remedy: Some("mend plugin licence, or see `on_fault` in the policy".into()),
        ..finding(
            "licence",
            Verdict::Fault,
            Effect::Blocks,
            "out-of-fuel",
            "the rule failed: all fuel consumed",
        )
    };
    let tolerated =
        finding("licence", Verdict::Fault, Effect::Warns, "trap", "the rule failed: index out of bounds");
    decision(
        vec![
            candidate("node2", Stage::Inconclusive, Some(0.83), findings(vec![unknown, tolerated])),
            candidate("node3", Stage::Rejected, None, findings(vec![fault])),
        ],
        None,
    )
}

/// 40 nodes: most are short of memory, some are eligible if that is wanted.
pub fn many(eligible: bool) -> Decision {
    let node = |number: u32| {
        let name = format!("node{number:02}");
        match number % 8 {
            0 if eligible => {
                let score = f64::from(number) / 40.0;
                candidate(&name, Stage::Eligible, Some(score), findings(vec![scored("spread-memory", score)]))
            }
            1 => {
                let storage = finding(
                    "storage-shared",
                    Verdict::Reject,
                    Effect::Blocks,
                    "no-pool",
                    "no pool at the destination holds the disks",
                );
                candidate(&name, Stage::Rejected, None, findings(vec![short_of_memory(), storage]))
            }
            _ => candidate(&name, Stage::Rejected, None, findings(vec![short_of_memory()])),
        }
    };
    let mut decision = decision((1..=40).map(node).collect(), eligible.then_some("node40"));
    if eligible {
        decision.candidates[39].stage = Stage::Chosen;
    }
    decision
}
