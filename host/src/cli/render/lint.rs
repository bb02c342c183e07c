//! What is wrong with plugins, file by file, each with its remedy.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::json::json as document;
use super::text::{clean, count, wrap};
use crate::lint::{Finding, Severity};

type Linted = (PathBuf, Vec<Finding>);

pub fn lint(linted: &[Linted]) -> String {
    linted.iter().map(|(file, findings)| of_file(&file.display().to_string(), findings)).collect()
}

fn of_file(file: &str, findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let summary = match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => "nothing to find fault with".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    let mut shown = format!("{}: {summary}\n", clean(file));
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        let rule = finding.rule.as_ref().map(|rule| format!(" (rule {})", clean(rule))).unwrap_or_default();
        shown += &(wrap(&format!("  {severity} {}{rule}: ", finding.code), &clean(&finding.text)) + "\n");
        shown += &(wrap("      remedy  ", &clean(&finding.fix)) + "\n");
    }
    shown
}

pub fn lint_json(linted: &[Linted]) -> String {
    let files: Vec<Value> =
        linted.iter().map(|(file, findings)| json!({ "file": file, "findings": findings })).collect();
    document("lint", &files)
}
