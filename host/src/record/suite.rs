//! A record as a test suite in TOML that a person can edit, and the policy beside it.

use serde_json::{Map, Value, json};

use crate::fixture::{Fixture, without_nulls};
use crate::model::decision::{Decision, Finding};
use crate::model::policy::{Mode, OnFault, RuleKind};
use crate::model::record::{DecisionRecord, Purpose, RecordedPolicy};

/// The suite; `policy_file` is the name under which the policy stands beside it.
pub fn suite(record: &DecisionRecord, policy_file: &str) -> String {
    let decision = &record.decision;
    let id = match record.purpose {
        Purpose::Minimised { of } => of,
        _ => record.id,
    };
    let from = id.map_or_else(|| "a decision".to_owned(), |id| format!("decision {id}"));
    let head = format!(
        "# From {from}, taken {}. Facts that are not named are not known.\npolicy = {}\n",
        record.at,
        toml_text(policy_file)
    );
    let case = json!({ "case": [{
        "name": format!("{} from {}", decision.domain, decision.source),
        "chosen": decision.chosen.as_ref().map_or(json!(false), |node| json!(node)),
        "expect": expected(decision),
    }]});
    format!("{head}\n{}\n{}", toml_of(json!({ "facts": Fixture::of(&record.snapshot).tree })), toml_of(case))
}

/// Rule by rule the code of every node; where most pass, only the others are named.
fn expected(decision: &Decision) -> Value {
    let mut rules = Map::new();
    for rule in &decision.rules {
        let mut nodes = Map::new();
        let told = decision.candidates.iter().filter_map(|candidate| {
            let finding = candidate.findings.iter().find(|finding| finding.rule == rule.name)?;
            Some((candidate.node.clone(), finding))
        });
        let told: Vec<(String, &Finding)> = told.collect();
        let all_answered = told.iter().all(|(_, finding)| finding.code != "not-gathered");
        let passes = told.iter().filter(|(_, finding)| finding.code == "ok").count();
        if rule.kind == RuleKind::Check && all_answered && passes > 0 {
            nodes.insert("*".to_owned(), json!("ok"));
        }
        for (node, finding) in told {
            match (rule.kind, finding.score) {
                (_, Some(score)) => nodes.insert(node, json!((score * 1e4).round() / 1e4)),
                (RuleKind::Check, None) if finding.code == "ok" && nodes.contains_key("*") => None,
                (_, None) if finding.code == "not-gathered" => None,
                (_, None) => nodes.insert(node, json!(finding.code)),
            };
        }
        if !nodes.is_empty() {
            rules.insert(rule.name.clone(), Value::Object(nodes));
        }
    }
    Value::Object(rules)
}

/// The policy as it was used, every setting written out.
pub fn policy(recorded: &RecordedPolicy) -> String {
    let rules: Vec<Value> = recorded
        .rules
        .iter()
        .map(|rule| {
            let mut entry = Map::from_iter([("use".to_owned(), json!(rule.rule))]);
            if rule.name != rule.rule {
                entry.insert("as".to_owned(), json!(rule.name));
            }
            if rule.mode != Mode::Enforce {
                entry.insert("mode".to_owned(), json!(rule.mode));
            }
            if rule.on_fault != OnFault::Reject {
                entry.insert("on_fault".to_owned(), json!(rule.on_fault));
            }
            // A check has none.
            if rule.weight != 1.0 {
                entry.insert("weight".to_owned(), json!(rule.weight));
            }
            if rule.settings.as_object().is_some_and(|settings| !settings.is_empty()) {
                entry.insert("settings".to_owned(), rule.settings.clone());
            }
            Value::Object(entry)
        })
        .collect();
    format!("name = {}\n\n{}", toml_text(&recorded.name), toml_of(json!({ "rule": rules })))
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// TOML has no null.
fn toml_of(value: Value) -> String {
    toml::to_string_pretty(&without_nulls(value)).unwrap_or_default()
}
