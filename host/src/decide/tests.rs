//! What holds of every decision, shown with rules that answer from a node's name alone.

mod laws;
mod rules;

use self::rules::{Site, answering, rule};
use super::*;
use crate::model::decision::{Effect, Verdict};
use crate::model::policy::{Mode, OnFault, RuleKind};
use crate::model::port::Rows;

fn stages(decision: &Decision) -> Vec<(&str, Stage)> {
    decision.candidates.iter().map(|one| (one.node.as_str(), one.stage)).collect()
}

#[test]
fn the_best_score_is_chosen_and_equal_scores_go_by_name() {
    let site = Site::of(["delta", "beta", "gamma"]);
    let by_name = |name: &str| if name == "gamma" { 0.9 } else { 0.5 };
    let policy = site.policy([rule("spread", RuleKind::Score)]);
    let decision = decide(&policy, &site.snapshot, &answering(by_name, |_| 0));
    assert_eq!(decision.chosen.as_deref(), Some("gamma"));
    let decision = decide(&policy, &site.snapshot, &answering(|_| 0.5, |_| 0));
    assert_eq!(decision.chosen.as_deref(), Some("beta"));
    assert_eq!(
        stages(&decision),
        [("delta", Stage::Eligible), ("beta", Stage::Chosen), ("gamma", Stage::Eligible)]
    );
}

#[test]
fn weights_decide_and_a_score_that_is_not_enforced_does_not() {
    let site = Site::of(["beta", "gamma"]);
    let [mut light, mut heavy] = [rule("light", RuleKind::Score), rule("heavy", RuleKind::Score)];
    (light.weight, heavy.weight) = (1.0, 3.0);
    let scores = |name: &str| if name == "beta" { 1.0 } else { 0.25 };
    let inverse = move |rule: &str, name: &str| {
        if rule == "heavy" { 1.0 - scores(name) } else { scores(name) }
    };
    let policy = site.policy([light, heavy.clone()]);
    let decision = decide(&policy, &site.snapshot, &rules::scoring(inverse));
    // 1 * 1 + 3 * 0 against 1 * 0.25 + 3 * 0.75
    assert_eq!(decision.chosen.as_deref(), Some("gamma"));
    for mode in [Mode::Warn, Mode::Audit] {
        heavy.mode = mode;
        let policy = site.policy([rule("light", RuleKind::Score), heavy.clone()]);
        let decision = decide(&policy, &site.snapshot, &rules::scoring(inverse));
        assert_eq!(decision.chosen.as_deref(), Some("beta"), "{mode:?}");
    }
}

#[test]
fn a_reason_of_each_kind_has_its_effect_in_each_mode() {
    use Effect::{Blocks, Holds, None, Warns};
    // Pass, reject, warn, unknown: the codes of the rules here.
    let expected = [
        (Mode::Enforce, [None, Blocks, Warns, Holds]),
        (Mode::Warn, [None, Warns, Warns, Warns]),
        (Mode::Audit, [None; 4]),
    ];
    let site = Site::of(["beta"]);
    for (mode, effects) in expected {
        for (code, effect) in (0_u8..).zip(effects) {
            let mut one = rule("room", RuleKind::Check);
            one.mode = mode;
            let decision = decide(&site.policy([one]), &site.snapshot, &answering(|_| 0.0, move |_| code));
            assert_eq!(decision.candidates[0].findings[0].effect, effect, "{mode:?}, code {code}");
            let stage = match effect {
                Blocks => Stage::Rejected,
                Holds => Stage::Inconclusive,
                Warns | None => Stage::Chosen,
            };
            assert_eq!(decision.candidates[0].stage, stage, "{mode:?}, code {code}");
        }
    }
}

#[test]
fn a_node_that_does_not_answer_is_out_and_no_rule_is_asked() {
    let mut site = Site::of(["beta", "gamma"]);
    site.silence("beta");
    let policy = site.policy([rule("room", RuleKind::Check), rule("spread", RuleKind::Score)]);
    let decision = decide(&policy, &site.snapshot, &answering(|_| 0.5, |_| 0));
    let silent = &decision.candidates[0];
    assert_eq!((silent.stage, silent.score), (Stage::Rejected, None));
    let verdicts: Vec<_> = silent.findings.iter().map(|one| (one.rule.as_str(), one.verdict)).collect();
    let unknown = Verdict::Unknown;
    assert_eq!(verdicts, [("room", unknown), ("spread", unknown), (tell::REACHED, Verdict::Reject)]);
    assert_eq!(decision.chosen.as_deref(), Some("gamma"));
}

#[test]
fn claims_of_the_chosen_node_are_kept_and_a_fault_falls_to_the_next() {
    let site = Site::of(["beta", "gamma", "omega"]);
    let policy = site.policy([rule("licence", RuleKind::Check)]);
    let evaluate = rules::claiming(|name| match name {
        "beta" => Err(Fault { code: "trap".to_owned(), detail: "it broke".to_owned() }),
        _ => Ok(1),
    });
    let decision = decide(&policy, &site.snapshot, &evaluate);
    assert_eq!(
        stages(&decision),
        [("beta", Stage::Rejected), ("gamma", Stage::Chosen), ("omega", Stage::Eligible)]
    );
    let finding = &decision.candidates[0].findings[0];
    assert_eq!(
        (finding.verdict, finding.effect, finding.code.as_str()),
        (Verdict::Fault, Effect::Blocks, "trap")
    );
    assert_eq!(
        decision.claims.iter().map(|claim| claim.resource.as_str()).collect::<Vec<_>>(),
        ["seat/gamma"]
    );
}

#[test]
fn of_many_rows_only_some_refusals_are_explained_and_all_are_told() {
    let names: Vec<String> = (0..1_000).map(|number| format!("node{number:04}")).collect();
    let site = Site::of(names.iter().map(String::as_str));
    let policy = site.policy([rule("room", RuleKind::Check)]);
    let evaluate = answering(|_| 0.0, |name| u8::from(name.ends_with(['1', '3', '5', '7', '9'])));
    let sitting = evaluate.sit(&site.snapshot);
    let Ok(Rows::Codes { explained, .. }) = &ask(&policy, sitting.as_ref())[0].rows else { panic!("codes") };
    assert_eq!(explained.len(), EXPLAINED_MAX);
    assert!(explained.keys().all(|row| row % 2 == 1));
    let Ok(Rows::Codes { explained, .. }) = &ask_briefly(&policy, sitting.as_ref())[0].rows else {
        panic!("codes")
    };
    assert!(explained.is_empty());
    let decision = decide(&policy, &site.snapshot, &evaluate);
    let refused = decision.candidates.iter().filter(|one| one.stage == Stage::Rejected);
    assert_eq!(refused.filter(|one| one.findings[0].code == "no-room").count(), 500);
}

#[test]
fn the_best_node_that_waits_is_probed_next_until_one_is_settled() {
    let site = Site::of(["beta", "gamma", "omega"]);
    let policy = site.policy([rule("room", RuleKind::Check), rule("spread", RuleKind::Score)]);
    let score = |name: &str| if name == "omega" { 0.9 } else { 0.5 };
    let unknown = 3;
    let decision = decide(&policy, &site.snapshot, &answering(score, move |_| unknown));
    assert_eq!(decision.chosen, None);
    let next = |probed: &[&str]| {
        next_to_probe(&decision, &probed.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(next(&[]).as_deref(), Some("omega"));
    assert_eq!(next(&["omega"]).as_deref(), Some("beta"));
    assert_eq!(next(&["omega", "beta", "gamma"]), None);
    let waits = move |name: &str| if name == "beta" { unknown } else { 0 };
    let decision = decide(&policy, &site.snapshot, &answering(score, waits));
    assert_eq!(decision.chosen.as_deref(), Some("omega"));
    assert_eq!(next_to_probe(&decision, &[]), None, "the best is settled");
}

#[test]
fn a_fault_is_told_with_its_code_and_what_mends_it() {
    let site = Site::of(["beta"]);
    for (on_fault, effect, stage) in
        [(OnFault::Reject, Effect::Blocks, Stage::Rejected), (OnFault::Warn, Effect::Warns, Stage::Chosen)]
    {
        let mut one = rule("room", RuleKind::Check);
        one.on_fault = on_fault;
        let decision = decide(&site.policy([one]), &site.snapshot, &rules::broken());
        let finding = &decision.candidates[0].findings[0];
        assert_eq!((finding.verdict, finding.effect), (Verdict::Fault, effect));
        assert_eq!(finding.code, "out-of-fuel");
        assert!(finding.remedy.as_deref().is_some_and(|remedy| remedy.contains("on_fault")));
        assert_eq!(decision.candidates[0].stage, stage);
    }
}
