//! The report for people: what passed in a line a suite, what failed in full, and what was covered.

use std::collections::BTreeMap;

use super::super::text::{clean, count, table as drawn, wrap};
use super::{lines, told};
use crate::suite::coverage::Coverage;
use crate::suite::run::{CaseReport, Report};

/// How many failures of one case are shown.
const SHOWN_MAX: usize = 12;

pub fn table(report: &Report, with_coverage: bool) -> String {
    let mut suites: BTreeMap<_, Vec<&CaseReport>> = BTreeMap::new();
    for case in &report.cases {
        suites.entry((&case.file, &case.suite)).or_default().push(case);
    }
    let rows = suites.iter().map(|((file, _), cases)| {
        let failed = cases.iter().filter(|case| !case.passed()).count();
        vec![
            clean(&file.display().to_string()),
            cases.len().to_string(),
            if failed == 0 { "pass".to_owned() } else { format!("{failed} FAILED") },
        ]
    });
    let mut shown = drawn(&["suite", "cases", ""], rows);
    for case in report.cases.iter().filter(|case| !case.passed()) {
        shown += &failed(case);
    }
    if with_coverage {
        shown += &coverage(&report.coverage);
    }
    let (passed, failed) = report.counts();
    shown += &format!("\n{passed} passed, {failed} failed\n");
    shown
}

fn failed(case: &CaseReport) -> String {
    let mut shown = format!(
        "\nFAILED {}:{}: {}\n",
        clean(&case.file.display().to_string()),
        case.line,
        clean(&case.case)
    );
    let mut left = SHOWN_MAX;
    for line in lines(case) {
        for failure in line.failures.iter().take(left) {
            let rule = line.rule.map(|rule| format!("rule {}, ", clean(rule))).unwrap_or_default();
            shown += &(wrap("  ", &format!("{rule}{}", told(failure))) + "\n");
        }
        left -= left.min(line.failures.len());
    }
    match case.all_failures().count() {
        all if all > SHOWN_MAX => shown + &format!("  and {} more; --format json has all\n", all - SHOWN_MAX),
        _ => shown,
    }
}

/// Rule by rule the outcomes seen and missing, then facts that nothing looked at.
fn coverage(coverage: &Coverage) -> String {
    let rows = coverage.rules.iter().map(|(name, rule)| {
        let missing = rule.unseen();
        let mut notes = Vec::new();
        if !missing.is_empty() {
            notes.push(format!("never seen: {}", missing.join(", ")));
        }
        if !rule.faults.is_empty() {
            notes.push(format!("faults: {}", rule.faults.keys().cloned().collect::<Vec<_>>().join(", ")));
        }
        let seen = format!("{} of {}", rule.outcomes.len() - missing.len(), rule.outcomes.len());
        vec![clean(name), seen, clean(&notes.join("; "))]
    });
    let mut shown = format!("\n{}\n", drawn(&["rule", "outcomes", ""], rows).trim_end());
    for (plugin, facts) in coverage.unread() {
        shown += &(wrap(&format!("facts that {} never read: ", clean(plugin)), &facts.join(" ")) + "\n");
    }
    let (seen, all) = coverage.outcomes();
    shown + &format!("{seen} of {} seen ({:.2})\n", count(all, "outcome"), coverage.share())
}
