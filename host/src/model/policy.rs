//! A policy: ordered rules, and what is known of the rules that plugins offer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A policy as loaded: every rule found, every setting valid.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    /// SHA-256 of the text it was read from.
    pub digest: String,
    pub rules: Vec<RuleUse>,
    /// Site data by name.
    pub data: BTreeMap<String, DataSource>,
}

impl Policy {
    /// Every import that some rule of the policy has: what must be gathered.
    pub fn needs(&self) -> BTreeSet<String> {
        self.rules.iter().flat_map(|rule| rule.info.needs.iter().cloned()).collect()
    }
}

#[derive(Clone, Debug)]
pub struct DataSource {
    pub file: PathBuf,
}

/// One rule as a policy uses it.
#[derive(Clone, Debug)]
pub struct RuleUse {
    /// The name in reports: the rule's own unless the policy says otherwise.
    pub name: String,
    pub info: RuleInfo,
    pub mode: Mode,
    pub on_fault: OnFault,
    pub weight: f64,
    pub settings: Value,
    /// No policy can drop or soften it.
    pub mandatory: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A rejection rejects.
    #[default]
    Enforce,
    /// A rejection is shown as a warning.
    Warn,
    /// The rule is evaluated and recorded, and has no effect.
    Audit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFault {
    #[default]
    Reject,
    Warn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    Check,
    Score,
}

/// One rule as its plugin declares it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleInfo {
    pub plugin: String,
    pub plugin_version: String,
    /// SHA-256 of the component.
    pub plugin_digest: String,
    pub name: String,
    pub kind: RuleKind,
    pub title: String,
    /// Reason `i` answers code `i + 1`; code 0 is a pass.
    pub reasons: Vec<Reason>,
    /// JSON Schema of the settings.
    pub settings_schema: Value,
    /// What the component imports, as `interface.function`.
    pub needs: BTreeSet<String>,
}

impl RuleUse {
    /// Enforced, with nothing said of it but settings.
    pub fn enforced(info: RuleInfo, settings: Value) -> Self {
        Self {
            name: info.name.clone(),
            info,
            mode: Mode::Enforce,
            on_fault: OnFault::Reject,
            weight: 1.0,
            settings,
            mandatory: false,
        }
    }

    /// A setting as written, or as the schema says it is by default.
    pub fn setting(&self, key: &str) -> Option<&Value> {
        let default = || self.info.settings().find(|(name, _)| *name == key)?.1.get("default");
        self.settings.get(key).or_else(default)
    }

    /// The settings with the defaults of those that are not said.
    pub fn settings_in_force(&self) -> Value {
        let mut settings = self.settings.clone();
        if let Some(said) = settings.as_object_mut() {
            for (key, schema) in self.info.settings() {
                if let (false, Some(default)) = (said.contains_key(key), schema.get("default")) {
                    said.insert(key.clone(), default.clone());
                }
            }
        }
        settings
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Stable, kebab-case.
    pub code: String,
    pub kind: ReasonKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    Reject,
    Warn,
    /// A fact that the rule needs is not known: never a pass.
    Unknown,
}

impl RuleInfo {
    /// Each setting that the schema names, with its own schema.
    pub fn settings(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.settings_schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    }

    /// The reason behind a code; none for 0, which passes.
    pub fn reason(&self, code: u8) -> Option<&Reason> {
        usize::from(code).checked_sub(1).and_then(|index| self.reasons.get(index))
    }
}
