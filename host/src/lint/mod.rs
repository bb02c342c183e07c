//! What is wrong with a plugin that loads, or could be better, each with its remedy: before a site
//! finds out. What does not load at all has said why already.
//!
//! ```text
//! Subject (what the component is, its rules) ──▶ words, settings, trial ──▶ Findings
//! ```
//!
//! The trial asks each rule with its default settings about made-up fleets: none, one and many
//! nodes, twice, and the other way round.

mod settings;
mod trial;
mod words;

use serde::Serialize;

use crate::model::policy::RuleInfo;

/// A plugin as it was loaded.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub rules: &'a [RuleInfo],
    pub bytes: u64,
    pub bytes_max: u64,
    pub debug_information: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It would be refused, or answer wrongly.
    Error,
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable, kebab-case.
    pub code: String,
    /// None: it is the plugin's as a whole.
    pub rule: Option<String>,
    pub text: String,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    pub fn new(severity: Severity, code: &str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity, code: code.to_owned(), rule: None, text: text.into(), fix: fix.into() }
    }

    fn of(mut self, rule: &RuleInfo) -> Self {
        self.rule = Some(rule.name.clone());
        self
    }
}

fn warning(code: &str, text: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding::new(Severity::Warning, code, text, fix)
}

fn error(code: &str, text: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding::new(Severity::Error, code, text, fix)
}

/// Everything that is to be said of it, rule by rule in its own order.
pub fn lint(subject: &Subject<'_>, evaluate: &dyn crate::model::port::Evaluate) -> Vec<Finding> {
    let mut findings = words::of_plugin(subject);
    for rule in subject.rules {
        let of_rule = words::of_rule(rule)
            .into_iter()
            .chain(settings::of_rule(rule, evaluate))
            .chain(trial::of_rule(rule, evaluate));
        findings.extend(of_rule.map(|finding| finding.of(rule)));
    }
    findings
}

#[cfg(test)]
mod tests;
