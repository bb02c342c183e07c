//! Reports of suites: for people, for programs, and in the forms that CI systems read.
//!
//! A name in a report is stable: it is made of the suite, the case and the rule, never of a message.

mod ci;
mod costs;
mod junit;
mod sarif;
mod table;

use serde_json::json;

pub use self::ci::{github, tap};
pub use self::costs::{cost_rows, costs};
pub use self::junit::junit;
pub use self::sarif::sarif;
pub use self::table::table;
use crate::suite::expect::Failure;
use crate::suite::run::{CaseReport, Report};

pub fn json(report: &Report) -> String {
    let (passed, failed) = report.counts();
    let (seen, all) = report.coverage.outcomes();
    super::json(
        "report",
        &json!({
            "passed": passed,
            "failed": failed,
            "cases": report.cases.iter().map(case_json).collect::<Vec<_>>(),
            "coverage": { "outcomes_seen": seen, "outcomes": all, "rules": report.coverage.rules,
                "facts": report.coverage.facts },
        }),
    )
}

/// A case with the findings behind it.
fn case_json(case: &CaseReport) -> serde_json::Value {
    let mut tree = json!(case);
    tree["passed"] = json!(case.passed());
    tree["candidates"] = json!(case.decision.as_ref().map(|decision| &decision.candidates));
    tree["chosen"] = json!(case.decision.as_ref().map(|decision| &decision.chosen));
    tree
}

/// One line in the report: a rule of a case, or what no single rule is to blame for.
struct Line<'a> {
    /// Without a rule: the case as a whole.
    rule: Option<&'a str>,
    failures: &'a [Failure],
}

/// Every rule of a case, then, where there is something to say, the case as a whole.
fn lines(case: &CaseReport) -> Vec<Line<'_>> {
    let rules = case.rules.iter().map(|rule| Line { rule: Some(&rule.rule), failures: &rule.failures });
    let whole = (case.rules.is_empty() || !case.failures.is_empty())
        .then_some(Line { rule: None, failures: &case.failures });
    rules.chain(whole).collect()
}

fn name(case: &CaseReport, line: &Line<'_>) -> String {
    match line.rule {
        Some(rule) => format!("{} / {rule}", case.case),
        None => case.case.clone(),
    }
}

/// `node beta: expected memory-short, found pass`
fn told(failure: &Failure) -> String {
    let place = match (&failure.node, failure.kind) {
        (Some(node), "expectation") => format!("node {node}: "),
        (Some(node), kind) => format!("{kind}, node {node}: "),
        (None, "expectation") => String::new(),
        (None, kind) => format!("{kind}: "),
    };
    super::text::clean(&format!("{place}expected {}, found {}", failure.expected, failure.found))
}
