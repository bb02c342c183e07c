//! How two policies differ, rule by rule.

use serde::Serialize;
use serde_json::Value;

use crate::model::policy::{Mode, OnFault, Policy, RuleUse};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The rule, or `data.NAME`.
    pub about: String,
    /// `rule`, `mode`, `on_fault`, `weight`, `plugin`, `settings.KEY`, `file`.
    pub what: String,
    /// None: it was not there.
    pub was: Option<String>,
    pub now: Option<String>,
}

/// What is different in `now`; the order of rules has no effect and is not compared.
pub fn diff(was: &Policy, now: &Policy) -> Vec<Difference> {
    let mut found = Vec::new();
    for rule in &was.rules {
        match now.rules.iter().find(|other| other.name == rule.name) {
            Some(other) => found.extend(of_rule(rule, other)),
            None => found.push(difference(&rule.name, "rule", Some(rule.info.name.clone()), None)),
        }
    }
    let is_new = |rule: &&RuleUse| !was.rules.iter().any(|other| other.name == rule.name);
    for rule in now.rules.iter().filter(is_new) {
        found.push(difference(&rule.name, "rule", None, Some(rule.info.name.clone())));
    }
    let file =
        |policy: &Policy, name: &str| policy.data.get(name).map(|source| source.file.display().to_string());
    for name in was.data.keys().chain(now.data.keys().filter(|name| !was.data.contains_key(*name))) {
        found.extend(changed(&format!("data.{name}"), "file", file(was, name), file(now, name)));
    }
    found
}

fn of_rule(was: &RuleUse, now: &RuleUse) -> Vec<Difference> {
    let named = |rule: &RuleUse| Some(format!("{}:{}", rule.info.plugin, rule.info.name));
    let plugin = |rule: &RuleUse| {
        let digest = rule.info.plugin_digest.get(..12).unwrap_or(&rule.info.plugin_digest);
        Some(format!("{} {} ({digest})", rule.info.plugin, rule.info.plugin_version))
    };
    let name = &now.name;
    let mut found: Vec<Difference> = [
        changed(name, "rule", named(was), named(now)),
        changed(name, "plugin", plugin(was), plugin(now)),
        changed(name, "mode", Some(mode(was.mode)), Some(mode(now.mode))),
        changed(name, "on_fault", Some(on_fault(was.on_fault)), Some(on_fault(now.on_fault))),
        changed(name, "weight", Some(was.weight.to_string()), Some(now.weight.to_string())),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (before, after) = (was.settings_in_force(), now.settings_in_force());
    let value = |settings: &Value, key: &str| settings.get(key).map(ToString::to_string);
    let keys = |settings: &Value| -> Vec<String> {
        settings.as_object().map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = keys(&before);
    all.extend(keys(&after).into_iter().filter(|key| before.get(key).is_none()));
    for key in all {
        found.extend(changed(name, &format!("settings.{key}"), value(&before, &key), value(&after, &key)));
    }
    found
}

fn mode(mode: Mode) -> String {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Warn => "warn",
        Mode::Audit => "audit",
    }
    .to_owned()
}

fn on_fault(on_fault: OnFault) -> String {
    match on_fault {
        OnFault::Reject => "reject",
        OnFault::Warn => "warn",
    }
    .to_owned()
}

fn changed(about: &str, what: &str, was: Option<String>, now: Option<String>) -> Option<Difference> {
    (was != now).then(|| difference(about, what, was, now))
}

fn difference(about: &str, what: &str, was: Option<String>, now: Option<String>) -> Difference {
    Difference { about: about.to_owned(), what: what.to_owned(), was, now }
}
