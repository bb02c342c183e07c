//! How good a suite is: what it is about is changed a little, and a good suite notices.
//!
//! ```text
//! suite ──plan──▶ mutants: settings, facts, rules of a policy; and operators of a plugin's own code
//! mutant ──cases, one after the other──▶ killed by a case, or survived
//! ```
//!
//! A mutant that no case can be run with (a setting that is refused, facts that are none) is not
//! counted. Nothing here knows WebAssembly: changed components come from `plugin`.

mod facts;
mod settings;
use serde::Serialize;
use serde_json::Value;

use crate::fixture::Fixture;
use crate::model::port::Evaluate;
use crate::parallel::each;
use crate::suite::run::{Bound, Varied};
use crate::suite::{Case, Subject};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Settings,
    Facts,
    /// A rule of a policy that has no effect any more.
    Rules,
    /// WebAssembly operators of the plugin's own functions.
    Operators,
}

/// A small change of what a suite is about.
pub struct Mutant<'a> {
    pub family: Family,
    /// The rule or the function that is changed.
    pub subject: String,
    /// `reserve_mib: 256 -> 255`
    pub change: String,
    /// `src/lib.rs:40`, where the component says so.
    pub place: Option<String>,
    pub work: Work<'a>,
}

/// What a case becomes; none: it cannot be run with the change.
type OfCase<'a, T> = Box<dyn Fn(&Case) -> Option<T> + Sync + 'a>;

/// How the change is made for one case.
pub enum Work<'a> {
    /// Settings by rule; none: this case cannot be run with them.
    Settings(OfCase<'a, Value>),
    /// Other facts; none: the case does not have them.
    Facts(OfCase<'a, Fixture>),
    Audit(String),
    /// The changed component; none: it cannot even be loaded.
    Component(Box<dyn Fn() -> Option<Box<dyn Evaluate>> + Sync + 'a>),
}

/// What became of one mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    pub suite: String,
    pub family: Family,
    pub subject: String,
    pub change: String,
    pub place: Option<String>,
    /// The case that noticed it; none: it survived.
    pub killed_by: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noticed {
    No,
    Yes,
    /// The case could not be run with the change.
    NotRun,
}

/// Every mutant of settings, facts and rules of one suite.
pub fn plan(bound: &Bound) -> Vec<Mutant<'_>> {
    let mut mutants = settings::mutants(bound);
    mutants.extend(facts::mutants(bound));
    if let (Subject::Policy(_), Some(policy)) = (&bound.suite.subject, &bound.policy) {
        mutants.extend(policy.rules.iter().map(|rule| Mutant {
            family: Family::Rules,
            subject: rule.name.clone(),
            change: "has no effect".to_owned(),
            place: None,
            work: Work::Audit(rule.name.clone()),
        }));
    }
    mutants
}

/// Tries every mutant on some threads; the fates are in the order of the mutants.
pub fn run(bound: &Bound, mutants: &[Mutant<'_>], jobs: usize, done: &(dyn Fn() + Sync)) -> Vec<Fate> {
    let fates = each(mutants.len(), jobs, |place| {
        let fate = fate(bound, &mutants[place]);
        done();
        fate
    });
    fates.into_iter().flatten().collect()
}

/// The share of mutants that was noticed; of none all were.
pub fn score(fates: &[Fate]) -> f64 {
    let killed = fates.iter().filter(|fate| fate.killed_by.is_some()).count();
    if fates.is_empty() { 1.0 } else { killed as f64 / fates.len() as f64 }
}

/// None: no case could be run with it.
fn fate(bound: &Bound, mutant: &Mutant<'_>) -> Option<Fate> {
    let component = match &mutant.work {
        Work::Component(load) => Some(load()?),
        _ => None,
    };
    let cases = || bound.suite.cases.iter();
    let noticed = |case: &Case, properties| notice(bound, case, mutant, component.as_deref(), properties);
    let mut was_run = false;
    // What a case expects comes first: the properties take longer.
    let killer = [false, true].into_iter().find_map(|properties| {
        cases().find(|case| {
            let noticed = noticed(case, properties);
            was_run |= noticed != Noticed::NotRun;
            noticed == Noticed::Yes
        })
    });
    was_run.then(|| Fate {
        suite: bound.suite.name(),
        family: mutant.family,
        subject: mutant.subject.clone(),
        change: mutant.change.clone(),
        place: mutant.place.clone(),
        killed_by: killer.map(|case| case.name.clone()),
    })
}

fn notice(
    bound: &Bound,
    case: &Case,
    mutant: &Mutant<'_>,
    component: Option<&dyn Evaluate>,
    properties: bool,
) -> Noticed {
    let plain = Varied { properties, ..Varied::default() };
    let run = |varied: &Varied<'_>| {
        let report = bound.run_varied(case, varied);
        // A rule that got dearer is told by the baseline; here it is no proof of anything.
        let failed = report.all_failures().any(|failure| failure.kind != "fuel");
        if failed { Noticed::Yes } else { Noticed::No }
    };
    match &mutant.work {
        Work::Settings(change) => match change(case) {
            Some(settings) => run(&Varied { settings: Some(&settings), ..plain }),
            None => Noticed::NotRun,
        },
        Work::Facts(change) => match change(case) {
            Some(facts) => run(&Varied { facts: Some(&facts), ..plain }),
            None => Noticed::NotRun,
        },
        Work::Audit(rule) => run(&Varied { audited: Some(rule), ..plain }),
        Work::Component(_) => run(&Varied { evaluate: component, ..plain }),
    }
}
