//! Laws of deciding, tried on many policies and fleets.

use std::collections::BTreeMap;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::rules::{Plain, Site, candidate, out_of_fuel, rule};
use crate::decide::{decide, tell};
use crate::model::decision::{Candidate, Decision, Effect, Finding, Stage, Verdict};
use crate::model::policy::{Mode, OnFault, Policy, RuleKind, RuleUse};

/// A number from two names, the same each time.
fn mixed(rule: &str, node: &str) -> u64 {
    let bytes = rule.bytes().chain([0]).chain(node.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash >> 7
}

/// Rules that judge each node by itself; those of these names fail.
fn judges(faulty: &[&str]) -> Plain {
    let faulty: Vec<String> = faulty.iter().map(|name| (*name).to_owned()).collect();
    Plain {
        // Mostly passes, so that there is something to choose from.
        code: Box::new(|rule, node| [0, 0, 0, 0, 0, 1, 2, 3][(mixed(rule, node) % 8) as usize]),
        // Few values, so that there are ties.
        score: Box::new(|rule, node| (mixed(rule, node) % 4) as f32 / 3.0),
        claims: Box::new(|rule, node| Ok(mixed(rule, node) % 2)),
        fault: Box::new(move |rule| faulty.iter().any(|name| name == rule).then(out_of_fuel)),
    }
}

fn rules() -> impl Strategy<Value = Vec<RuleUse>> {
    let kind = prop_oneof![3 => Just(RuleKind::Check), 1 => Just(RuleKind::Score)];
    let mode = prop_oneof![3 => Just(Mode::Enforce), 1 => Just(Mode::Warn), 1 => Just(Mode::Audit)];
    let on_fault = prop_oneof![Just(OnFault::Reject), Just(OnFault::Warn)];
    vec((kind, mode, on_fault, 0_u8..4), 1..6).prop_map(|parts| {
        let numbered = parts.into_iter().enumerate();
        let made = numbered.map(|(number, (kind, mode, on_fault, weight))| RuleUse {
            mode,
            on_fault,
            weight: f64::from(weight),
            ..rule(&format!("rule{number}"), kind)
        });
        made.collect()
    })
}

/// Node names, and for each whether it is silent.
fn nodes() -> impl Strategy<Value = Vec<(String, bool)>> {
    let names = btree_set("[a-z]{1,3}", 1..9);
    names.prop_flat_map(|names| {
        let names: Vec<String> = names.into_iter().collect();
        let silent = vec(prop::bool::weighted(0.15), names.len());
        (Just(names).prop_shuffle(), silent)
            .prop_map(|(names, silent)| names.into_iter().zip(silent).collect())
    })
}

fn site(nodes: &[(String, bool)]) -> Site {
    let mut site = Site::of(nodes.iter().map(|(name, _)| name.as_str()));
    for (name, _) in nodes.iter().filter(|(_, silent)| *silent) {
        site.silence(name);
    }
    site
}

fn decided(site: &Site, rules: &[RuleUse], evaluate: &Plain) -> Decision {
    decide(&site.policy(rules.to_vec()), &site.snapshot, evaluate)
}

fn json(decision: &Decision) -> String {
    serde_json::to_string(decision).expect("a decision is JSON")
}

fn by_name(decision: &Decision) -> BTreeMap<&str, &Candidate> {
    decision.candidates.iter().map(|one| (one.node.as_str(), one)).collect()
}

fn findings(decision: &Decision) -> BTreeMap<&str, &[Finding]> {
    decision.candidates.iter().map(|one| (one.node.as_str(), one.findings.as_slice())).collect()
}

/// How far a candidate has come; being chosen is no other thing than being eligible.
fn worth(stage: Stage) -> u8 {
    match stage {
        Stage::Rejected => 0,
        Stage::Inconclusive => 1,
        Stage::Eligible | Stage::Chosen => 2,
    }
}

fn enforced_faults(policy: &Policy, faulty: &[&str]) -> bool {
    let blocks = |rule: &&RuleUse| rule.mode == Mode::Enforce && rule.on_fault == OnFault::Reject;
    policy.rules.iter().filter(blocks).any(|rule| faulty.contains(&rule.name.as_str()))
}

proptest! {
    #[test]
    fn the_same_facts_give_the_same_decision_byte_for_byte(nodes in nodes(), rules in rules()) {
        let site = site(&nodes);
        let once = json(&decided(&site, &rules, &judges(&["rule1"])));
        prop_assert_eq!(once, json(&decided(&site, &rules, &judges(&["rule1"]))));
    }

    #[test]
    fn the_order_of_the_nodes_changes_nothing_but_the_order(
        (nodes, shuffled) in nodes().prop_flat_map(|nodes| (Just(nodes.clone()), Just(nodes).prop_shuffle())),
        rules in rules(),
    ) {
        let (one, other) = (site(&nodes), site(&shuffled));
        let (one, other) = (decided(&one, &rules, &judges(&[])), decided(&other, &rules, &judges(&[])));
        prop_assert_eq!(&one.chosen, &other.chosen);
        prop_assert_eq!(&one.claims, &other.claims);
        prop_assert_eq!(by_name(&one), by_name(&other));
    }

    #[test]
    fn every_rule_has_one_finding_on_every_node(nodes in nodes(), rules in rules(), broken in 0_usize..6) {
        let broken = format!("rule{broken}");
        let decision = decided(&site(&nodes), &rules, &judges(&[&broken]));
        prop_assert_eq!(decision.candidates.len(), nodes.len());
        let rules: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        for (candidate, (name, silent)) in decision.candidates.iter().zip(&nodes) {
            prop_assert_eq!(&candidate.node, name);
            let told: Vec<&str> = candidate.findings.iter().map(|one| one.rule.as_str()).collect();
            let mut expected = rules.clone();
            expected.extend(silent.then_some(tell::REACHED));
            prop_assert_eq!(told, expected);
            let blocked = candidate.findings.iter().any(|one| one.effect == Effect::Blocks);
            prop_assert_eq!(candidate.stage == Stage::Rejected, blocked, "a refusal has a reason");
            prop_assert_eq!(candidate.score.is_none(), blocked);
        }
    }

    #[test]
    fn one_node_more_changes_no_finding_of_the_others(nodes in nodes(), rules in rules(), place in 0_usize..9) {
        let before = site(&nodes);
        let mut after = site(&nodes);
        after.snapshot.candidates.insert(place.min(nodes.len()), candidate("a-new-one"));
        let before = decided(&before, &rules, &judges(&[]));
        let after = decided(&after, &rules, &judges(&[]));
        let mut told = findings(&after);
        prop_assert!(told.remove("a-new-one").is_some());
        prop_assert_eq!(told, findings(&before));
    }

    #[test]
    fn a_fault_never_makes_anything_eligible(nodes in nodes(), mut rules in rules(), which in 0_usize..6) {
        let broken = format!("rule{}", which % rules.len());
        // What `on_fault = "warn"` lets through, a person has asked for.
        for rule in &mut rules {
            rule.on_fault = OnFault::Reject;
        }
        let site = site(&nodes);
        let sound = decided(&site, &rules, &judges(&[]));
        let faulty = decided(&site, &rules, &judges(&[&broken]));
        for (before, after) in sound.candidates.iter().zip(&faulty.candidates) {
            // A rule that only warns or is tried out blocks nothing, sound or broken.
            prop_assert!(worth(after.stage) <= worth(before.stage));
            let shown = after.findings.iter().filter(|one| one.verdict == Verdict::Fault).count();
            prop_assert_eq!(shown, usize::from(after.findings.len() == rules.len()));
        }
        if enforced_faults(&site.policy(rules), &[&broken]) {
            prop_assert_eq!(faulty.chosen, None);
        }
    }

    #[test]
    fn a_rule_in_audit_changes_nothing(nodes in nodes(), rules in rules(), place in 0_usize..6, broken: bool) {
        let site = site(&nodes);
        let without = decided(&site, &rules, &judges(&[]));
        for kind in [RuleKind::Check, RuleKind::Score] {
            let mut with = rules.clone();
            with.insert(place.min(rules.len()), RuleUse { mode: Mode::Audit, ..rule("tried", kind) });
            let faulty: &[&str] = if broken { &["tried"] } else { &[] };
            let with = decided(&site, &with, &judges(faulty));
            prop_assert_eq!(&with.chosen, &without.chosen);
            prop_assert_eq!(&with.claims, &without.claims);
            for (one, other) in with.candidates.iter().zip(&without.candidates) {
                prop_assert_eq!((one.stage, one.score), (other.stage, other.score));
                let rest: Vec<_> = one.findings.iter().filter(|finding| finding.rule != "tried").collect();
                prop_assert_eq!(rest, other.findings.iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_chosen_node_is_eligible_and_none_is_better(nodes in nodes(), rules in rules()) {
        let decision = decided(&site(&nodes), &rules, &judges(&[]));
        let eligible = || decision.candidates.iter().filter(|one| worth(one.stage) == 2);
        let Some(chosen) = &decision.chosen else {
            prop_assert_eq!(eligible().count(), 0);
            return Ok(());
        };
        let key = |one: &Candidate| (one.score.unwrap_or(-1.0), one.node.clone());
        let (best, name) = key(decision.candidate(chosen).expect("it is a candidate"));
        for (score, other) in eligible().map(key) {
            prop_assert!(score < best || (score == best && name <= other), "{other} is better than {name}");
        }
        prop_assert_eq!(decision.candidates.iter().filter(|one| one.stage == Stage::Chosen).count(), 1);
    }

    #[test]
    fn only_judges_one_node_and_judges_it_the_same(nodes in nodes(), rules in rules(), which in 0_usize..9) {
        let mut site = site(&nodes);
        let all = decided(&site, &rules, &judges(&[]));
        let name = nodes[which % nodes.len()].0.clone();
        site.snapshot.only = Some(name.clone());
        let one = decided(&site, &rules, &judges(&[]));
        prop_assert_eq!(one.candidates.len(), 1);
        prop_assert_eq!(findings(&one)[name.as_str()], findings(&all)[name.as_str()]);
        let stage = all.candidate(&name).expect("it is a candidate").stage;
        prop_assert_eq!(worth(one.candidates[0].stage), worth(stage));
        prop_assert_eq!(one.chosen, (worth(stage) == 2).then_some(name));
    }
}
