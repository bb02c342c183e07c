//! `--update`: writes what was found where something else was expected, and leaves every other
//! line of the suite as it is. What cannot be written in one place is named instead.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Value, value};

use super::expect::ranked;
use super::run::{Bound, CaseReport};
use super::{Case, Subject};
use crate::model::decision::{Decision, Finding, Verdict};
use crate::problem::InputError;

/// What became of a suite's file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// Cases whose expectations were written anew, and what was expected and found.
    pub cases: Vec<(String, Vec<String>)>,
    /// Failing cases that a person has to look at.
    pub left: Vec<String>,
}

/// Rewrites the expectations of failing cases in one suite.
pub fn update(bound: &Bound, reports: &[&CaseReport]) -> Result<Updated, InputError> {
    let path = &bound.suite.path;
    let text = std::fs::read_to_string(path).map_err(|error| unwritable(path, &error.to_string()))?;
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| unwritable(path, error.message()))?;
    let mut updated = Updated::default();
    for report in reports.iter().filter(|report| !report.passed()) {
        let case = bound.suite.cases.iter().find(|case| case.name == report.case);
        let written = case.zip(report.decision.as_ref()).is_some_and(|(case, decision)| {
            let only_expectations = report.all_failures().all(|failure| failure.kind == "expectation");
            only_expectations && !case.from_each && write_case(&mut document, bound, case, decision)
        });
        if written {
            let told =
                report.all_failures().map(|failure| format!("{} -> {}", failure.expected, failure.found));
            updated.cases.push((report.case.clone(), told.collect()));
        } else {
            updated.left.push(report.case.clone());
        }
    }
    if !updated.cases.is_empty() {
        std::fs::write(path, document.to_string()).map_err(|error| unwritable(path, &error.to_string()))?;
    }
    Ok(updated)
}

fn unwritable(path: &Path, text: &str) -> InputError {
    InputError::new("suite-unwritable", format!("the suite cannot be updated: {text}")).in_file(path)
}

fn write_case(document: &mut DocumentMut, bound: &Bound, case: &Case, decision: &Decision) -> bool {
    let cases = document.get_mut("case").and_then(Item::as_array_of_tables_mut);
    let named = |table: &&mut toml_edit::Table| table.get("name").and_then(Item::as_str) == Some(&case.name);
    let Some(table) = cases.and_then(|cases| cases.iter_mut().find(named)) else { return false };
    for cell in &case.expected.cells {
        for candidate in &decision.candidates {
            let finding = candidate.findings.iter().find(|finding| finding.rule == cell.rule);
            let (true, Some(finding)) = (cell.node == candidate.node, finding) else { continue };
            let row = match &bound.suite.subject {
                Subject::Plugin(_) => table.get_mut("expect"),
                Subject::Policy(_) => table.get_mut("expect").and_then(|expect| expect.get_mut(&cell.rule)),
            };
            let Some(item) = row.and_then(|row| row.get_mut(&cell.node)) else { return false };
            write_want(item, finding);
        }
    }
    if case.expected.chosen.is_some() {
        table["chosen"] = decision.chosen.clone().map_or(value(false), value);
    }
    if case.expected.order.is_some() {
        table["order"] = value(ranked(decision).into_iter().collect::<toml_edit::Array>());
    }
    true
}

/// In the form in which it stood there: a word, a score, or a table of which each key is kept.
fn write_want(item: &mut Item, finding: &Finding) {
    if let Some(table) = item.as_table_like_mut() {
        let texts =
            [("measured", &finding.measured), ("needed", &finding.needed), ("remedy", &finding.remedy)];
        for (key, found) in texts {
            if table.contains_key(key) {
                table.insert(key, value(found.clone().unwrap_or_default()));
            }
        }
        if table.contains_key("code") {
            table.insert("code", value(&finding.code));
        }
        if table.contains_key("verdict") {
            table.insert("verdict", value(finding.verdict.word()));
        }
        if let (true, Some(score)) = (table.contains_key("score"), finding.score) {
            table.insert("score", value(rounded(score)));
        }
        return;
    }
    let verdict_stood = item.as_str().is_some_and(|word| Verdict::of_word(word).is_some());
    let word = if verdict_stood { finding.verdict.word() } else { finding.code.as_str() };
    let new = finding.score.map_or_else(|| Value::from(word), |score| Value::from(rounded(score)));
    let decor = item.as_value().map(|value| value.decor().clone());
    *item = value(new);
    if let (Some(decor), Some(value)) = (decor, item.as_value_mut()) {
        *value.decor_mut() = decor;
    }
}

fn rounded(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}
