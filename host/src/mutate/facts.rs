//! Mutants of facts: each fact that the rules under test ask for is taken away, or is another.

use serde_json::Value;

use super::{Family, Mutant, Work};
use crate::fixture::{self, Fact, Fixture};
use crate::suite::Case;
use crate::suite::run::{Bound, Varied};

/// What happens to a fact, at every place where a case has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    LeftOut,
    /// The n-th other value.
    Other(usize),
}

pub(super) fn mutants(bound: &Bound) -> Vec<Mutant<'_>> {
    let mut facts: Vec<&'static Fact> = Vec::new();
    for case in &bound.suite.cases {
        let Ok(policy) = bound.policy_of(case, &Varied::default()) else { continue };
        let needs = policy.needs();
        for fact in Fact::of(|import| needs.contains(import)) {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
    }
    facts.into_iter().flat_map(|fact| of_fact(bound, fact)).collect()
}

fn of_fact<'a>(bound: &'a Bound, fact: &'static Fact) -> Vec<Mutant<'a>> {
    let most = bound.suite.cases.iter().flat_map(|case| {
        let places = fixture::select(&case.facts.tree, fact.places);
        places.into_iter().map(|place| others(case, &place).len())
    });
    let changes = std::iter::once(Change::LeftOut).chain((0..most.max().unwrap_or(0)).map(Change::Other));
    let mutant = |change: Change| {
        // Told by the first case that can be changed: others have other values.
        let first = bound.suite.cases.iter().find(|case| changed(case, fact, change).is_some())?;
        Some(Mutant {
            family: Family::Facts,
            subject: fact.import.to_owned(),
            change: in_words(first, fact, change),
            place: None,
            work: Work::Facts(Box::new(move |case| changed(case, fact, change))),
        })
    };
    changes.filter_map(mutant).collect()
}

/// `nodes/*/cpus: 8 -> 7`
fn in_words(case: &Case, fact: &Fact, change: Change) -> String {
    let short = |value: &Value| {
        let text = value.to_string();
        if text.chars().count() > 40 {
            format!("{}...", text.chars().take(40).collect::<String>())
        } else {
            text
        }
    };
    let values = fixture::select(&case.facts.tree, fact.places).into_iter().find_map(|place| {
        let was = fixture::at(&case.facts.tree, &place)?;
        let now = match change {
            Change::LeftOut => "not known".to_owned(),
            Change::Other(number) => short(others(case, &place).get(number)?),
        };
        Some(format!("{} -> {now}", short(was)))
    });
    format!("{}: {}", fact.places, values.unwrap_or_default())
}

fn others(case: &Case, place: &str) -> Vec<Value> {
    fixture::at(&case.facts.tree, place).map(|value| fixture::others(place, value)).unwrap_or_default()
}

/// The facts of a case with one fact changed wherever it is; none where that makes no facts.
fn changed(case: &Case, fact: &Fact, change: Change) -> Option<Fixture> {
    let mut facts = case.facts.clone();
    // From the last on, since what is left out of a list moves what comes after it.
    let mut any = false;
    for place in fixture::select(&case.facts.tree, fact.places).iter().rev() {
        any |= match (change, fact.missing.value()) {
            (Change::LeftOut, Some(value)) => fixture::set(&mut facts.tree, place, value),
            (Change::LeftOut, None) => fixture::remove(&mut facts.tree, place),
            (Change::Other(number), _) => match others(case, place).into_iter().nth(number) {
                Some(other) => fixture::set(&mut facts.tree, place, other),
                None => false,
            },
        };
    }
    let before = case.facts.snapshot().ok()?;
    let after = facts.snapshot().ok()?;
    (any && before != after).then_some(facts)
}
