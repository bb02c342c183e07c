//! A policy in words: what each rule asks for, what follows from its answers, how two differ.

use serde::Serialize;
use serde_json::{Value, json};

use super::text::{clean, table, wrap};
use crate::model::decision::Finding;
use crate::model::policy::{Mode, OnFault, Policy, ReasonKind, RuleKind, RuleUse};
use crate::policy::diff::Difference as PolicyDifference;
use crate::policy::lint::Advice;
use crate::record::changes::effect;
use crate::record::compare::Difference;
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

/// A row of what two policies decide differently.
#[derive(Serialize)]
pub struct ChangedVerdict {
    node: String,
    /// None: the stage of the node.
    rule: Option<String>,
    was: String,
    now: String,
}

/// Choice and claims go without a word here: the stages of the nodes say it.
pub fn changed_verdicts(differences: &[Difference<'_>]) -> Vec<ChangedVerdict> {
    let row = |difference: &Difference<'_>| {
        let (node, rule, was, now) = match *difference {
            Difference::Choice | Difference::Claims | Difference::NotJudged { .. } => return None,
            Difference::Stage { node, was, now } => (node, None, was.word().into(), now.word().into()),
            Difference::Finding { node, rule, was, now } => {
                let (was, now) = found(was, now);
                (node, Some(rule.to_owned()), was, now)
            }
        };
        Some(ChangedVerdict { node: node.to_owned(), rule, was, now })
    };
    // Scores may differ by less than is shown.
    differences.iter().filter_map(row).filter(|row| row.was != row.now).collect()
}

fn found(was: Option<&Finding>, now: Option<&Finding>) -> (String, String) {
    let told = |finding: Option<&Finding>| match finding.map(|finding| (finding, finding.score)) {
        None => "not asked".to_owned(),
        Some((_, Some(score))) => format!("score {score:.4}"),
        Some((finding, None)) => shown(finding),
    };
    match (was, now) {
        (Some(one), Some(other)) if one.verdict == other.verdict && one.code == other.code => {
            if one.effect == other.effect {
                return (told(was), told(now));
            }
            (format!("{} ({})", told(was), effect(one)), format!("{} ({})", told(now), effect(other)))
        }
        _ => (told(was), told(now)),
    }
}

pub fn policy_diff(differences: &[PolicyDifference], verdicts: &[(String, Vec<ChangedVerdict>)]) -> String {
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
