//! A policy in words: what each rule asks for, what follows from its answers, how two differ.

use serde::Serialize;
use serde_json::{Value, json};

use super::text::{clean, table, wrap};
use crate::model::decision::{Candidate, Decision};
use crate::model::policy::{Mode, OnFault, Policy, ReasonKind, RuleKind, RuleUse};
use crate::policy::diff::Difference;
use crate::policy::lint::Advice;
use crate::suite::expect::shown;

pub fn advice(policy: &str, found: &[Advice]) -> String {
    if found.is_empty() {
        return format!("{}: nothing to say\n", clean(policy));
    }
    let told = found.iter().map(|one| {
        let about = one.about.as_deref().map(|about| format!("{}: ", clean(about))).unwrap_or_default();
        let first = format!("warning[{}]: ", one.code);
        format!(
            "{}\n{}\n",
            wrap(&first, &format!("{about}{}", clean(&one.text))),
            wrap("  hint: ", &clean(&one.remedy))
        )
    });
    told.collect()
}

pub fn policy_in_words(policy: &Policy) -> String {
    let rules = policy.rules.iter().map(|rule| format!("\n{}", rule_in_words(rule)));
    format!("policy {}\n{}", clean(&policy.name), rules.collect::<String>())
}

fn rule_in_words(rule: &RuleUse) -> String {
    let mandatory = if rule.mandatory { ", mandatory" } else { "" };
    let as_what = if rule.name == rule.info.name {
        String::new()
    } else {
        format!(" (rule {})", clean(&rule.info.name))
    };
    let mut shown =
        format!("{}{as_what}, of plugin {}{mandatory}\n", clean(&rule.name), clean(&rule.info.plugin));
    match rule.info.kind {
        RuleKind::Check => {
            shown += &(wrap("  passes where  ", &clean(&rule.info.title)) + "\n");
            for reason in &rule.info.reasons {
                let first = format!("  {:<12}  ", consequence(rule, reason.kind));
                shown += &(wrap(&first, &format!("{}: {}", clean(&reason.code), clean(&reason.text))) + "\n");
            }
        }
        RuleKind::Score => {
            shown += &(wrap("  scores high where  ", &clean(&rule.info.title)) + "\n");
            let counts = if rule.mode == Mode::Enforce {
                rule.weight.to_string()
            } else {
                "0: it is recorded only".to_owned()
            };
            shown += &format!("  weight  {counts}\n");
        }
    }
    if rule.on_fault == OnFault::Warn {
        shown += "  broken  the node is let through, with a warning\n";
    }
    for (key, value) in rule.settings_in_force().as_object().into_iter().flatten() {
        let schema = rule.info.settings().find(|(name, _)| *name == key).map(|(_, schema)| schema);
        let words =
            schema.and_then(|schema| schema.get("description")).and_then(Value::as_str).unwrap_or_default();
        let set = if rule.settings.get(key).is_some() { "" } else { " (default)" };
        shown += &(wrap(&format!("  {} = {value}{set}  ", clean(key)), &clean(words)) + "\n");
    }
    let needs: Vec<&str> =
        rule.info.needs.iter().map(String::as_str).filter(|need| !need.starts_with("log.")).collect();
    shown + &(wrap("  looks at  ", &clean(&needs.join(" "))) + "\n")
}

/// What becomes of a node for a reason of this kind.
fn consequence(rule: &RuleUse, kind: ReasonKind) -> &'static str {
    match (rule.mode, kind) {
        (Mode::Audit, _) => "recorded",
        (Mode::Warn, _) | (Mode::Enforce, ReasonKind::Warn) => "warns",
        (Mode::Enforce, ReasonKind::Reject) => "rejects",
        (Mode::Enforce, ReasonKind::Unknown) => "waits",
    }
}

/// The same for programs.
pub fn policy_tree(policy: &Policy) -> Value {
    let rules = policy.rules.iter().map(|rule| {
        json!({
            "name": rule.name, "mode": rule.mode, "on_fault": rule.on_fault, "weight": rule.weight,
            "mandatory": rule.mandatory, "settings": rule.settings_in_force(), "rule": rule.info,
        })
    });
    json!({ "name": policy.name, "digest": policy.digest, "rules": rules.collect::<Vec<_>>() })
}

/// One thing that two decisions say differently.
#[derive(Serialize)]
pub struct ChangedVerdict {
    node: String,
    /// None: the choice, or the stage of the node.
    rule: Option<String>,
    was: String,
    now: String,
}

pub fn changed_verdicts(was: &Decision, now: &Decision) -> Vec<ChangedVerdict> {
    let mut changes = Vec::new();
    for candidate in &now.candidates {
        let Some(before) = was.candidate(&candidate.node) else { continue };
        changes.extend(changed_findings(before, candidate));
        if before.stage != candidate.stage {
            changes.push(ChangedVerdict {
                node: candidate.node.clone(),
                rule: None,
                was: before.stage.word().to_owned(),
                now: candidate.stage.word().to_owned(),
            });
        }
    }
    changes
}

fn changed_findings(before: &Candidate, after: &Candidate) -> Vec<ChangedVerdict> {
    let found = |candidate: &Candidate, rule: &str| {
        candidate.findings.iter().find(|finding| finding.rule == rule).map(|finding| match finding.score {
            Some(score) => format!("score {score:.4}"),
            None => shown(finding),
        })
    };
    let mut rules: Vec<&str> = after.findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.extend(
        before
            .findings
            .iter()
            .map(|finding| finding.rule.as_str())
            .filter(|rule| found(after, rule).is_none()),
    );
    rules
        .into_iter()
        .filter_map(|rule| {
            let (was, now) = (found(before, rule), found(after, rule));
            let told = |found: Option<String>| found.unwrap_or_else(|| "not asked".to_owned());
            (was != now).then(|| ChangedVerdict {
                node: after.node.clone(),
                rule: Some(rule.to_owned()),
                was: told(was),
                now: told(now),
            })
        })
        .collect()
}

pub fn policy_diff(differences: &[Difference], verdicts: &[(String, Vec<ChangedVerdict>)]) -> String {
    let none = || "-".to_owned();
    let mut shown = if differences.is_empty() {
        "the policies say the same\n".to_owned()
    } else {
        let rows = differences.iter().map(|one| {
            let value = |value: &Option<String>| value.as_deref().map_or_else(none, clean);
            vec![clean(&one.about), clean(&one.what), value(&one.was), value(&one.now)]
        });
        table(&["rule", "what", "was", "now"], rows)
    };
    for (facts, changes) in verdicts {
        shown += &format!("\n{}: ", clean(facts));
        if changes.is_empty() {
            shown += "decided alike\n";
            continue;
        }
        let rows = changes.iter().map(|one| {
            vec![
                clean(&one.node),
                one.rule.as_deref().map_or_else(none, clean),
                clean(&one.was),
                clean(&one.now),
            ]
        });
        shown += &format!("decided differently\n{}", table(&["node", "rule", "was", "now"], rows));
    }
    shown
}
