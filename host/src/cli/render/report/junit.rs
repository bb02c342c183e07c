//! JUnit XML: a suite is a test suite, a case and rule is a test case.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{lines, name, told};
use crate::suite::run::{CaseReport, Report};

pub fn junit(report: &Report) -> String {
    let mut suites: BTreeMap<_, Vec<&CaseReport>> = BTreeMap::new();
    for case in &report.cases {
        suites.entry(case.file.display().to_string()).or_default().push(case);
    }
    let mut document = Document::new("wayleave policy test");
    document.set_time(report.time);
    for (file, cases) in suites {
        let mut suite = TestSuite::new(file.as_str());
        for case in cases {
            let tests = lines(case);
            let share = case.time / u32::try_from(tests.len().max(1)).unwrap_or(1);
            for line in &tests {
                let mut test =
                    TestCase::new(name(case, line), status(line.failures.iter().map(told).collect()));
                test.set_classname(case.suite.as_str());
                test.set_time(share);
                test.extra.insert("file".into(), file.as_str().into());
                test.extra.insert("line".into(), case.line.to_string().into());
                suite.add_test_case(test);
            }
        }
        document.add_test_suite(suite);
    }
    // Its writer fails only where there is nowhere to write to.
    document.to_string().unwrap_or_default()
}

fn status(failures: Vec<String>) -> TestCaseStatus {
    let Some(first) = failures.first() else { return TestCaseStatus::success() };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(first.as_str()).set_type("expectation").set_description(failures.join("\n"));
    status
}
