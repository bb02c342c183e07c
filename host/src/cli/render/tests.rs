//! Each rendering as a person sees it: the text is the product.

use serde_json::json;

use super::text::WIDTH;
use super::*;
use crate::model::decision::{Effect, Stage, Verdict};
use crate::model::job::OutcomeKind;
use crate::model::policy::{Mode, OnFault, Policy, Reason, ReasonKind, RuleInfo, RuleKind, RuleUse};
use crate::model::port::Presence;
use crate::plugin::load::About;

/// Within the width, and without anything that steers a terminal.
fn fits(text: String) -> String {
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "too wide: {line}");
        assert!(!line.chars().any(char::is_control), "unsafe: {line:?}");
        assert_eq!(line.trim_end(), line, "spaces at the end");
    }
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
    text
}

#[test]
fn a_permitted_move() {
    insta::assert_snapshot!(fits(decision(&samples::chosen())));
}

#[test]
fn a_refusal_by_all() {
    insta::assert_snapshot!(fits(decision(&samples::refused())));
}

#[test]
fn long_names_stay_whole() {
    let mut long = samples::refused();
    for candidate in &mut long.candidates {
        candidate.node = format!("{}.rack-17.compute.example.org", candidate.node);
    }
    insta::assert_snapshot!(fits(decision(&long)).lines().take(26).collect::<Vec<_>>().join("\n"));
}

#[test]
fn unknown_and_fault() {
    insta::assert_snapshot!(fits(decision(&samples::inconclusive())));
}

#[test]
fn many_nodes_and_a_choice() {
    insta::assert_snapshot!(fits(decision(&samples::many(true))));
}

#[test]
fn many_nodes_and_no_choice() {
    insta::assert_snapshot!(fits(decision(&samples::many(false))));
}

#[test]
fn one_pair_and_no_pair() {
    let mut one = samples::chosen();
    one.candidates.retain(|candidate| candidate.node == "node4");
    one.candidates[0].stage = Stage::Chosen;
    one.chosen = Some("node4".into());
    let none = samples::decision(vec![], None);
    insta::assert_snapshot!(fits(decision(&one) + "\n----\n\n" + &decision(&none)));
}

#[test]
fn nothing_hostile_gets_through() {
    let evil = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\r\n".repeat(3);
    let finding = samples::finding(&evil, Verdict::Reject, Effect::Blocks, &evil, &evil);
    let finding = crate::model::decision::Finding {
        measured: Some(evil.clone()),
        needed: Some(evil.clone()),
        remedy: Some(evil.clone()),
        ..finding
    };
    let mut hostile =
        samples::decision(vec![samples::candidate(&evil, Stage::Rejected, None, vec![finding])], None);
    hostile.domain.clone_from(&evil);
    hostile.source.clone_from(&evil);
    hostile.policy.clone_from(&evil);
    let many = crate::model::decision::Decision {
        candidates: vec![hostile.candidates[0].clone(); 9],
        ..hostile.clone()
    };
    for text in
        [decision(&hostile), decision(&many), json("decision", &many), error(&evil, &evil, Some(&evil))]
    {
        assert!(!text.chars().any(|c| text::is_unsafe(c) && c != '\n'));
    }
}

#[test]
fn the_inventory() {
    insta::assert_snapshot!(fits(nodes(&job_samples::nodes()) + "\n----\n\n" + &nodes(&[])));
}

#[test]
fn outcomes() {
    let kinds = [
        OutcomeKind::Succeeded,
        OutcomeKind::Refused,
        OutcomeKind::Inconclusive,
        OutcomeKind::Failed,
        OutcomeKind::Aborted,
        OutcomeKind::Uncertain,
    ];
    let shown: Vec<String> = kinds.map(|kind| outcome(&job_samples::outcome(kind))).into();
    insta::assert_snapshot!(fits(shown.join("\n")));
}

#[test]
fn jobs_listed() {
    let all = job_samples::events(8, OutcomeKind::Succeeded);
    let jobs = [
        job_samples::job(12, &all[..1]),
        job_samples::job(11, &all[..5]),
        job_samples::job(10, &all[..5]),
        job_samples::job(9, &job_samples::events(8, OutcomeKind::Uncertain)),
        job_samples::job(8, &all),
    ];
    let gone = |id: crate::model::job::JobId| if id.0 == 10 { Controller::Gone } else { Controller::Alive };
    insta::assert_snapshot!(fits(job_list(&jobs, gone) + "\n----\n\n" + &job_list(&[], gone)));
}

#[test]
fn a_job_that_ended() {
    let events = job_samples::events(8, OutcomeKind::Uncertain);
    insta::assert_snapshot!(fits(job_show(&job_samples::job(7, &events), &events, Controller::Unknown, &[])));
}

#[test]
fn a_job_whose_controller_is_gone() {
    let events = job_samples::events(5, OutcomeKind::Succeeded);
    let paused = Presence::Paused { name: "vm1".into(), reason: "migration".into(), migrating: true };
    let running = Presence::Running { name: "vm1-new".into(), migrating: false, resumed: false };
    let dead = Presence::Unreachable { error: "Connection refused".into() };
    let observed = [("node1".to_owned(), paused), ("node3".to_owned(), running), ("node4".to_owned(), dead)];
    insta::assert_snapshot!(fits(job_show(
        &job_samples::job(7, &events),
        &events,
        Controller::Gone,
        &observed
    )));
}

fn info(name: &str, kind: RuleKind) -> RuleInfo {
    RuleInfo {
        plugin: "licence".into(),
        plugin_version: "0.1.0".into(),
        plugin_digest: "3fa9".repeat(16),
        name: name.into(),
        kind,
        title: "a seat of the domain's licence is free".into(),
        reasons: vec![
            Reason { code: "no-seat".into(), kind: ReasonKind::Reject, text: "no seat is free".into() },
            Reason {
                code: "no-data".into(),
                kind: ReasonKind::Unknown,
                text: "the seats are not known".into(),
            },
        ],
        settings_schema: json!({
            "type": "object",
            "required": ["label"],
            "properties": {
                "label": { "type": "string", "description": "the label that names the licence" },
                "spare": { "type": "integer", "default": 0 }
            }
        }),
        needs: ["nodes.count", "domain.label", "site-data.column"].map(str::to_owned).into(),
    }
}

#[test]
fn plugins() {
    let mut score = info("prefer-cheap", RuleKind::Score);
    score.reasons.clear();
    score.settings_schema = json!({ "type": "object" });
    let all = [info("licence", RuleKind::Check), score];
    let about = About {
        file: "/etc/wayleave/plugins/licence.wasm".into(),
        bytes: 70_000,
        contract: "1.0.0".to_owned(),
        offers: ["metadata", "settings", "check", "claims"].map(str::to_owned).into(),
        debug_information: false,
    };
    let shown = [rules(&all), rules(&[]), plugin_inspect(&about, &all)];
    insta::assert_snapshot!(fits(shown.join("\n----\n\n")));
}

#[test]
fn a_policy() {
    let used = |name: &str, kind, mode, on_fault, mandatory| RuleUse {
        name: name.into(),
        info: info(name, kind),
        mode,
        on_fault,
        weight: 0.5,
        settings: json!({ "label": "licence", "spare": 1 }),
        mandatory,
    };
    let whole = Policy {
        name: "default".into(),
        digest: "3fa9".repeat(16),
        rules: vec![
            used("same-node", RuleKind::Check, Mode::Enforce, OnFault::Reject, true),
            used("numa-fit", RuleKind::Check, Mode::Warn, OnFault::Warn, false),
            used("licence", RuleKind::Check, Mode::Audit, OnFault::Reject, false),
            used("spread-memory", RuleKind::Score, Mode::Enforce, OnFault::Reject, false),
        ],
        data: [(
            "seats".to_owned(),
            crate::model::policy::DataSource { file: "/etc/wayleave/seats.csv".into() },
        )]
        .into(),
    };
    insta::assert_snapshot!(fits(policy(&whole)));
}
