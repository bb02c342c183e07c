//! Lines for CI systems: the Test Anything Protocol, and annotations of GitHub Actions.

use super::super::text::clean;
use super::{lines, name, told};
use crate::suite::run::Report;

/// TAP version 14, one test for each case and rule.
pub fn tap(report: &Report) -> String {
    let tests: Vec<_> =
        report.cases.iter().flat_map(|case| lines(case).into_iter().map(move |line| (case, line))).collect();
    let mut shown = format!("TAP version 14\n1..{}\n", tests.len());
    for (number, (case, line)) in tests.iter().enumerate() {
        let outcome = if line.failures.is_empty() { "ok" } else { "not ok" };
        // A hash would begin a directive.
        let name = clean(&format!("{}: {}", case.suite, name(case, line))).replace('#', "\\#");
        shown += &format!("{outcome} {} - {name}\n", number + 1);
        if !line.failures.is_empty() {
            shown += &format!(
                "  ---\n  at: {:?}\n  line: {}\n  failures:\n",
                case.file.display().to_string(),
                case.line
            );
            for failure in line.failures {
                shown += &format!("    - {:?}\n", told(failure));
            }
            shown += "  ...\n";
        }
    }
    shown
}

/// Workflow commands: an error where each failing case stands, then one line for the log.
pub fn github(report: &Report) -> String {
    let mut shown = String::new();
    for case in &report.cases {
        for line in lines(case) {
            for failure in line.failures {
                shown += &format!(
                    "::error file={},line={},title={}::{}\n",
                    property(&case.file.display().to_string()),
                    case.line,
                    property(&name(case, &line)),
                    message(&told(failure))
                );
            }
        }
    }
    let (passed, failed) = report.counts();
    shown + &format!("{passed} passed, {failed} failed\n")
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(&clean(text)).replace(':', "%3A").replace(',', "%2C")
}
