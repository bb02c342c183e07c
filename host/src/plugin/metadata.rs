//! What a plugin says of itself, checked: the JSON document that `describe` returns.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::error::PluginError;
use crate::model::policy::{Reason, RuleInfo, RuleKind};
use crate::settings_schema;

/// Unknown keys are let through: a later contract may say more.
#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    version: String,
    rules: Vec<RuleMetadata>,
}

#[derive(Debug, Deserialize)]
struct RuleMetadata {
    name: String,
    kind: RuleKind,
    title: String,
    #[serde(default)]
    reasons: Vec<ReasonMetadata>,
    #[serde(default)]
    settings_schema: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct ReasonMetadata {
    code: String,
    kind: crate::model::policy::ReasonKind,
    text: String,
}

/// Parses and checks the document against what the component really exports.
pub fn rules(
    json: &str,
    digest: &str,
    needs: &BTreeSet<String>,
    exported: &[RuleKind],
) -> Result<Vec<RuleInfo>, PluginError> {
    let bad = |text: String| PluginError::BadMetadata { text };
    let metadata: Metadata = serde_json::from_str(json).map_err(|error| bad(error.to_string()))?;
    kebab(&metadata.name).map_err(&bad)?;
    if metadata.rules.is_empty() {
        return Err(bad("it declares no rule".to_owned()));
    }
    let mut seen = BTreeSet::new();
    for rule in &metadata.rules {
        check_rule(rule, exported).map_err(&bad)?;
        if !seen.insert(&rule.name) {
            return Err(bad(format!("rule {} is declared twice", rule.name)));
        }
    }
    let rules: Vec<RuleInfo> = metadata
        .rules
        .into_iter()
        .map(|rule| RuleInfo {
            plugin: metadata.name.clone(),
            plugin_version: super::sandbox::clean(&metadata.version, 50),
            plugin_digest: digest.to_owned(),
            name: rule.name,
            kind: rule.kind,
            title: super::sandbox::clean(&rule.title, 200),
            reasons: rule
                .reasons
                .into_iter()
                .map(|one| Reason {
                    code: one.code,
                    kind: one.kind,
                    text: super::sandbox::clean(&one.text, 300),
                })
                .collect(),
            settings_schema: rule
                .settings_schema
                .unwrap_or_else(|| serde_json::json!({"type": "object", "additionalProperties": false})),
            needs: needs.clone(),
        })
        .collect();
    for rule in &rules {
        settings_schema::validator(&rule.settings_schema).map_err(|text| PluginError::BadSchema {
            rule: rule.name.clone(),
            text: super::sandbox::clean(&text, 300),
        })?;
    }
    Ok(rules)
}

fn check_rule(rule: &RuleMetadata, exported: &[RuleKind]) -> Result<(), String> {
    kebab(&rule.name)?;
    if !exported.contains(&rule.kind) {
        return Err(format!("rule {} is a {:?}, but the component exports none", rule.name, rule.kind));
    }
    if rule.reasons.len() > 255 {
        return Err(format!("rule {} has {} reasons; at most 255 fit", rule.name, rule.reasons.len()));
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in &rule.reasons {
        kebab(&reason.code)?;
        *codes.entry(&reason.code).or_default() += 1;
    }
    match codes.iter().find(|(_, count)| **count > 1) {
        Some((code, _)) => Err(format!("rule {} declares reason {code} twice", rule.name)),
        None => Ok(()),
    }
}

/// Names and codes are stable identifiers: short, lower case, words joined by hyphens.
pub fn kebab(name: &str) -> Result<(), String> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
    if fits {
        Ok(())
    } else {
        Err(format!(
            "{:?} is no name: lower-case letters, digits and hyphens",
            super::sandbox::clean(name, 80)
        ))
    }
}
