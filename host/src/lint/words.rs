//! What a plugin says of itself: names, titles, reasons, its size and what it asks for.

use std::collections::BTreeMap;

use super::{Finding, Subject, warning};
use crate::model::policy::{ReasonKind, RuleInfo, RuleKind};

/// Imports that tell nothing of domain or nodes.
const TELL_NOTHING: [&str; 2] = ["log.", "symbols."];

pub fn of_plugin(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(first) = subject.rules.first() else { return found };
    if first.plugin_version.is_empty() {
        found.push(warning(
            "no-version",
            "its description has no version, so reports cannot say which one judged",
            "add \"version\" to what `describe` returns; the SDKs take the package's",
        ));
    }
    // Four fifths: the next library may be one too many.
    if subject.bytes.saturating_mul(5) > subject.bytes_max.saturating_mul(4) {
        found.push(warning(
            "nearly-too-large",
            format!("it has {} bytes; at most {} are taken", subject.bytes, subject.bytes_max),
            "leave out libraries that it does not call, and build it without debug information",
        ));
    }
    if subject.debug_information {
        found.push(warning(
            "debug-information",
            "it has debug information, which is for finding mutants and not for a site",
            "build it without --debug",
        ));
    }
    if first.needs.iter().all(|need| TELL_NOTHING.iter().any(|interface| need.starts_with(interface))) {
        found.push(warning(
            "asks-for-nothing",
            "it asks for no fact of domain or node, so it says the same of every move",
            "ask for what the rule is about, or leave it out",
        ));
    }
    found
}

pub fn of_rule(rule: &RuleInfo) -> Vec<Finding> {
    let mut found = Vec::new();
    if rule.title.trim().is_empty() {
        found.push(warning(
            "no-title",
            "it has no title",
            "say in one line what holds where it passes, or what scores high",
        ));
    }
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for reason in &rule.reasons {
        let text = reason.text.trim();
        if text.is_empty() {
            found.push(warning(
                "reason-without-text",
                format!("reason {} has no text", reason.code),
                "say what holds of the node, for a person who has never seen the code",
            ));
        } else if let Some(other) = texts.insert(text, &reason.code) {
            found.push(warning(
                "reasons-with-one-text",
                format!("reasons {other} and {} have the same text", reason.code),
                "say what tells them apart, or make them one reason",
            ));
        }
    }
    if rule.kind == RuleKind::Check {
        found.extend(never(rule));
    }
    found
}

/// A check that cannot say no, or cannot say that it does not know.
fn never(rule: &RuleInfo) -> Option<Finding> {
    let has = |kind: ReasonKind| rule.reasons.iter().any(|reason| reason.kind == kind);
    if !has(ReasonKind::Reject) && !has(ReasonKind::Warn) {
        return Some(warning(
            "never-refuses",
            "it has no reason that rejects or warns, so it lets every node pass",
            "declare the reasons that it refuses for, each with a code of its own",
        ));
    }
    (!has(ReasonKind::Unknown)).then(|| {
        warning(
            "never-unknown",
            "it has no reason of kind unknown, so a fact that is not known is a yes or a no",
            "declare one, and answer it where a fact is missing",
        )
    })
}
