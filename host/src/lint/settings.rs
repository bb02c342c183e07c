//! The settings of a rule: is each described, has it a default, and does the rule take its own
//! defaults?

use serde_json::{Map, Value};

use super::{Finding, error, warning};
use crate::model::policy::RuleInfo;
use crate::model::port::Evaluate;
use crate::policy::{Refused, accept_settings};

pub fn of_rule(rule: &RuleInfo, evaluate: &dyn Evaluate) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        rule.settings().flat_map(|(name, schema)| property(rule, name, schema)).collect();
    if rule.settings_schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        found.push(warning(
            "settings-schema-open",
            "its settings schema lets keys through that it does not know: a misspelt one has no effect",
            "add \"additionalProperties\": false; without settings leave the schema out",
        ));
    }
    found.extend(refused(rule, evaluate));
    found
}

fn required<'a>(rule: &'a RuleInfo, name: &str) -> bool {
    let names: Option<&'a Vec<Value>> = rule.settings_schema.get("required").and_then(Value::as_array);
    names.is_some_and(|names| names.iter().any(|required| required == name))
}

fn property(rule: &RuleInfo, name: &str, schema: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let says = |key: &str| schema.get(key).is_some();
    if schema.get("description").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        found.push(warning(
            "setting-without-description",
            format!("setting {name} has no description"),
            "say what it means and in which unit; the Rust SDK takes the comment above it",
        ));
    }
    if !says("default") && !required(rule, name) {
        found.push(warning(
            "setting-without-default",
            format!("setting {name} is neither required nor has it a default"),
            "say what holds where a policy is silent, or name it in \"required\"",
        ));
    }
    if !["type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"].iter().any(|key| says(key)) {
        found.push(warning(
            "setting-without-type",
            format!("setting {name} may be anything"),
            "give it a \"type\"",
        ));
    }
    found
}

/// Settings that a policy may well have: every default, and something for what is required.
/// None where nothing tells what a required one could be.
pub fn likely(rule: &RuleInfo) -> Option<Value> {
    let mut settings = Map::new();
    for (name, schema) in rule.settings() {
        let first =
            |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first()).cloned();
        let default = schema.get("default").cloned();
        let value = if required(rule, name) {
            let of_type = match schema.get("type").and_then(Value::as_str) {
                Some("integer" | "number") => schema.get("minimum").cloned().or(Some(Value::from(1))),
                Some("boolean") => Some(Value::Bool(false)),
                _ => None,
            };
            Some(default.or_else(|| first("examples")).or_else(|| first("enum")).or(of_type)?)
        } else {
            default
        };
        settings.extend(value.map(|value| (name.clone(), value)));
    }
    Some(Value::Object(settings))
}

/// What the rule says to its own defaults.
fn refused(rule: &RuleInfo, evaluate: &dyn Evaluate) -> Option<Finding> {
    let Some(settings) = likely(rule) else {
        return Some(warning(
            "no-settings-to-try",
            "it requires settings of which its schema gives no example, so it was not tried",
            "add \"examples\" to each required setting",
        ));
    };
    match accept_settings(rule, &settings, evaluate) {
        Ok(()) => None,
        Err(Refused::Schema(text)) => {
            Some(error("settings-schema-unusable", text, "mend the schema: it is JSON Schema 2020-12"))
        }
        Err(Refused::Settings(problem)) => Some(error(
            "defaults-refused",
            format!("it refuses its own defaults: {} {}", problem.path, problem.message),
            "make each default one that `configure` takes",
        )),
    }
}
