//! SARIF 2.1.0: a rule under test is a rule, each way in which a case fell short is a result.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::text::clean;
use super::{lines, told};
use crate::suite::run::{CaseReport, Report};

pub fn sarif(report: &Report) -> String {
    let results: Vec<Value> = report.cases.iter().flat_map(results).collect();
    let rules: BTreeSet<&str> =
        report.cases.iter().flat_map(|case| case.rules.iter().map(|rule| rule.rule.as_str())).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wayleave policy test",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| json!({ "id": rule })).collect::<Vec<_>>(),
            } },
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn results(case: &CaseReport) -> Vec<Value> {
    let place = json!([{ "physicalLocation": {
        "artifactLocation": { "uri": case.file.display().to_string() },
        "region": { "startLine": case.line },
    } }]);
    let result = |rule: Option<&str>, text: String| {
        json!({
            "ruleId": rule.unwrap_or("case"),
            "level": "error",
            "message": { "text": format!("{}: {text}", clean(&case.case)) },
            "locations": place,
        })
    };
    lines(case)
        .iter()
        .flat_map(|line| {
            line.failures.iter().map(|failure| result(line.rule, told(failure))).collect::<Vec<_>>()
        })
        .collect()
}
