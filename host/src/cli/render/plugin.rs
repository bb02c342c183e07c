//! Rules as plugins declare them, and a policy as it would act.

use std::path::Path;

use serde_json::{Value, json};

use super::json::json_beside;
use super::text::{bytes, clean, count, short, table, wrap};
use crate::model::policy::{Mode, OnFault, Policy, ReasonKind, RuleInfo, RuleKind, RuleUse};
use crate::plugin::load::{About, PACKAGE};

/// The import that needs a table.
const SITE_DATA: &str = "site-data.column";

pub fn rules(rules: &[RuleInfo]) -> String {
    if rules.is_empty() {
        return "No plugins were found in the plugin folders.\n".to_owned();
    }
    let row = |rule: &RuleInfo| {
        vec![
            clean(&rule.name),
            kind(rule.kind).to_owned(),
            format!("{} {}", clean(&rule.plugin), clean(&rule.plugin_version)),
            short(&rule.plugin_digest),
            clean(&rule.title),
        ]
    };
    table(&["rule", "kind", "plugin", "digest", "what it does"], rules.iter().map(row))
}

/// Everything that one component declares.
pub fn plugin_inspect(about: &About, rules: &[RuleInfo]) -> String {
    let mut shown = format!("{}\n", clean(&about.file.display().to_string()));
    if let Some(rule) = rules.first() {
        let size = bytes(about.bytes);
        let debug = if about.debug_information { ", with debug information" } else { "" };
        shown += &format!("plugin  {} {}\n", clean(&rule.plugin), clean(&rule.plugin_version));
        shown += &format!("sha256  {}\nsize    {size}{debug}\n", clean(&rule.plugin_digest));
        shown += &format!("speaks  {} {}: {}\n", PACKAGE, about.contract, about.offers.join(" "));
        let needs: Vec<String> = rule.needs.iter().map(|need| clean(need)).collect();
        shown += &(wrap("needs   ", &if needs.is_empty() { "nothing".to_owned() } else { needs.join(" ") })
            + "\n");
        if rule.needs.contains(SITE_DATA) {
            shown += &(wrap("data    ", &tables(rules)) + "\n");
        }
    }
    for rule in rules {
        shown += &format!("\n{} {}: {}\n", kind(rule.kind), clean(&rule.name), clean(&rule.title));
        for reason in &rule.reasons {
            let kind = match reason.kind {
                ReasonKind::Reject => "reject",
                ReasonKind::Warn => "warn",
                ReasonKind::Unknown => "?",
            };
            shown += &(wrap(&format!("  {kind:<7} {}: ", clean(&reason.code)), &clean(&reason.text)) + "\n");
        }
        shown += &settings(&rule.settings_schema);
    }
    shown
}

/// What was written, and what to type next.
pub fn plugin_new(name: &str, folder: &Path, steps: &[&str]) -> String {
    let mut shown = format!("{} is a new project. Next:\n\n", clean(name));
    shown += &format!("  cd {}\n", clean(&folder.display().to_string()));
    for step in steps.iter().chain(&["wayleave plugin build", "wayleave policy test"]) {
        shown += &format!("  {step}\n");
    }
    shown
}

/// Where the tables of the site that it reads are named. Which ones it asks for only it knows; a rule
/// that lets a site choose has a setting for it.
fn tables(rules: &[RuleInfo]) -> String {
    let setting = |rule: &RuleInfo| -> Option<String> {
        let table = rule.settings_schema.get("properties")?.get("table")?;
        let default =
            table.get("default").map_or("no default".to_owned(), |default| format!("default {default}"));
        Some(format!("rule {} reads the table that its setting `table` names ({default})", clean(&rule.name)))
    };
    let named: Vec<String> = rules.iter().filter_map(setting).collect();
    let named =
        if named.is_empty() { "tables of the site that its rules name".to_owned() } else { named.join("; ") };
    format!("{named}; a policy says under [data.NAME] where a table comes from")
}

/// The rules, as `plugin list` has them, and beside them what the component is.
pub fn plugin_inspect_json(about: &About, rules: &[RuleInfo]) -> String {
    json_beside("rules", &rules, &json!({ "plugin": about }))
}

/// The settings of a rule, from its schema: name, type, and what it says of itself.
fn settings(schema: &Value) -> String {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return "  settings: none\n".to_owned();
    };
    if properties.is_empty() {
        return "  settings: none\n".to_owned();
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut shown = "  settings:\n".to_owned();
    for (name, property) in properties {
        let of = |key: &str| property.get(key);
        let mut words = vec![of("type").map_or("any".to_owned(), plain)];
        if let Some(default) = of("default") {
            words.push(format!("default {}", clean(&default.to_string())));
        }
        if required.contains(&name.as_str()) {
            words.push("required".to_owned());
        }
        let text = of("description").map(|text| format!(": {}", plain(text))).unwrap_or_default();
        shown += &(wrap(&format!("    {} ", clean(name)), &format!("({}){text}", words.join(", "))) + "\n");
    }
    shown
}

fn plain(value: &Value) -> String {
    clean(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn kind(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Check => "check",
        RuleKind::Score => "score",
    }
}

/// What a policy would do, rule by rule, in its order.
pub fn policy(policy: &Policy) -> String {
    let mandatory = policy.rules.iter().filter(|rule| rule.mandatory).count();
    let mut shown = format!(
        "Policy {} ({}) is valid: {}, {mandatory} of them mandatory.\n\n",
        clean(&policy.name),
        short(&policy.digest),
        count(policy.rules.len(), "rule")
    );
    shown += &table(&["rule", "plugin", "what it does", "settings"], policy.rules.iter().map(policy_row));
    for (name, source) in &policy.data {
        shown += &format!("\ndata {} from {}", clean(name), clean(&source.file.display().to_string()));
    }
    shown.trim_end().to_owned() + "\n"
}

fn policy_row(rule: &RuleUse) -> Vec<String> {
    let acts = match (rule.info.kind, rule.mode) {
        (_, Mode::Audit) => "is recorded only".to_owned(),
        (RuleKind::Score, _) => format!("scores, weight {}", rule.weight),
        (RuleKind::Check, Mode::Warn) => "warns".to_owned(),
        (RuleKind::Check, Mode::Enforce) => "rejects".to_owned(),
    };
    let fault = match rule.on_fault {
        OnFault::Reject => "",
        OnFault::Warn => "; warns when broken",
    };
    let mandatory = if rule.mandatory { "; mandatory" } else { "" };
    let settings = match &rule.settings {
        Value::Object(settings) => {
            let each = settings.iter().map(|(name, value)| format!("{name}={value}"));
            each.collect::<Vec<_>>().join(" ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    vec![
        clean(&rule.name),
        format!("{} {}", clean(&rule.info.plugin), clean(&rule.info.plugin_version)),
        format!("{acts}{fault}{mandatory}"),
        clean(&settings),
    ]
}
