//! Decisions by the plugins that come with wayleave, in their sandboxes: the shipped policy
//! loads, and the same facts give the same decision whatever was asked before.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use wayleave::decide::decide;
use wayleave::model::decision::Stage;
use wayleave::policy::{MANDATORY, load};

#[test]
fn the_shipped_policy_decides_and_decides_the_same_again() {
    let plugins = support::plugins();
    let policy = load(&support::repository().join("policies/default.toml"), &plugins).unwrap();
    assert_eq!(policy.rules.iter().filter(|rule| rule.mandatory).count(), MANDATORY.len());
    let snapshot = support::fleet::fleet(300);
    let once = decide(&policy, &snapshot, &plugins);
    assert!(once.chosen.is_some());
    decide(&policy, &support::fleet::fleet(7), &plugins);
    let again = decide(&policy, &snapshot, &support::plugins());
    assert_eq!(serde_json::to_string(&once).unwrap(), serde_json::to_string(&again).unwrap());
}

/// What a rule says of a node does not depend on who stands beside it.
#[test]
fn the_order_of_the_nodes_changes_nothing_but_the_order() {
    let plugins = support::plugins();
    let policy = load(&support::repository().join("policies/default.toml"), &plugins).unwrap();
    let mut snapshot = support::fleet::fleet(60);
    let once = decide(&policy, &snapshot, &plugins);
    snapshot.candidates.reverse();
    let mut turned = decide(&policy, &snapshot, &plugins);
    turned.candidates.reverse();
    assert_eq!(once.chosen, turned.chosen);
    assert_eq!(once.candidates, turned.candidates);
    let best = once.candidates.iter().find(|one| one.stage == Stage::Chosen).unwrap();
    let eligible = once.candidates.iter().filter(|one| one.stage == Stage::Eligible);
    assert!(eligible.into_iter().all(|one| one.score <= best.score));
}
