//! What cases cost.

use serde::Serialize;

use super::super::text::{clean, table};
use crate::suite::run::CaseReport;

/// One rule in one case.
#[derive(Serialize)]
pub struct CostRow<'a> {
    suite: &'a str,
    case: &'a str,
    rule: &'a str,
    fuel: u64,
    /// Median of the whole case: every rule in a fresh sandbox.
    case_microseconds: u128,
}

pub fn cost_rows(reports: &[CaseReport]) -> Vec<CostRow<'_>> {
    reports
        .iter()
        .flat_map(|report| {
            report.rules.iter().map(|rule| CostRow {
                suite: &report.suite,
                case: &report.case,
                rule: &rule.rule,
                fuel: rule.fuel,
                case_microseconds: report.time.as_micros(),
            })
        })
        .collect()
}

pub fn costs(reports: &[CaseReport]) -> String {
    let rows = cost_rows(reports).into_iter().map(|row| {
        vec![
            clean(row.suite),
            clean(row.rule),
            row.fuel.to_string(),
            format!("{:.2} ms", row.case_microseconds as f64 / 1000.0),
            clean(row.case),
        ]
    });
    table(&["suite", "rule", "fuel", "case takes", "case"], rows)
}
