//! What is allowed in a policy and seldom meant. Nothing here stops a policy from being used.

use std::path::Path;

use serde::Serialize;

use crate::model::policy::{Mode, OnFault, Policy, RuleKind, RuleUse};

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// The rule or the table that it is about; none: the policy.
    pub about: Option<String>,
    pub text: String,
    pub remedy: String,
}

fn advice(code: &'static str, about: Option<&str>, text: impl Into<String>, remedy: &str) -> Advice {
    Advice { code, about: about.map(str::to_owned), text: text.into(), remedy: remedy.to_owned() }
}

/// Everything that is worth a look in a policy that loads. `file` is where it was read from.
pub fn lint(policy: &Policy, file: &Path) -> Vec<Advice> {
    let mut found: Vec<Advice> = policy.rules.iter().flat_map(of_rule).collect();
    found.extend(of_scores(policy));
    found.extend(of_twins(policy));
    found.extend(of_data(policy));
    let suite = file.with_extension("test.toml");
    if !suite.is_file() {
        let text = format!("the policy has no suite {}", suite.display());
        found.push(advice("no-suite", None, text, "write down what it is to decide: `wayleave policy test`"));
    }
    found
}

fn of_rule(rule: &RuleUse) -> Vec<Advice> {
    let name = Some(rule.name.as_str());
    let mut found = Vec::new();
    if rule.mode == Mode::Audit {
        let text = "it is recorded and has no effect";
        found.push(advice("audit-only", name, text, "mode = \"enforce\" once its verdicts are trusted"));
    }
    if rule.mode == Mode::Enforce && rule.on_fault == OnFault::Warn {
        let text = "a node is let through when the rule is broken";
        found.push(advice("fault-permits", name, text, "leave out on_fault, so that a broken rule refuses"));
    }
    if rule.info.kind == RuleKind::Score && rule.mode == Mode::Warn {
        let text = "a score has nothing to warn of, and with this mode it does not count";
        found.push(advice("score-that-warns", name, text, "mode = \"enforce\", or \"audit\""));
    }
    if rule.info.kind == RuleKind::Score && rule.weight == 0.0 {
        found.push(advice("weight-of-nothing", name, "its weight is 0", "give it a weight, or remove it"));
    }
    found
}

fn of_scores(policy: &Policy) -> Option<Advice> {
    let counts = |rule: &&RuleUse| {
        rule.info.kind == RuleKind::Score && rule.mode == Mode::Enforce && rule.weight > 0.0
    };
    policy.rules.iter().find(counts).is_none().then(|| {
        let text = "no score counts: of several eligible nodes the first by name is chosen";
        advice("no-score", None, text, "use a score such as `spread`")
    })
}

fn of_twins(policy: &Policy) -> Vec<Advice> {
    let mut found = Vec::new();
    for (place, rule) in policy.rules.iter().enumerate() {
        let same = |other: &&RuleUse| {
            other.info == rule.info && other.settings == rule.settings && other.mode == rule.mode
        };
        if let Some(twin) = policy.rules[..place].iter().find(same) {
            let text = format!("it is the same as `{}`: rule, mode and settings", twin.name);
            found.push(advice("same-rule-twice", Some(&rule.name), text, "remove one of the two"));
        }
    }
    found
}

/// Tables that nobody reads, or that are not there.
fn of_data(policy: &Policy) -> Vec<Advice> {
    let readers = || policy.rules.iter().filter(|rule| rule.info.needs.contains("site-data.column"));
    let is_named = |table: &str| {
        let names = |rule: &RuleUse| {
            rule.settings_in_force().as_object().is_some_and(|said| said.values().any(|value| value == table))
        };
        readers().any(names)
    };
    let mut found = Vec::new();
    for (table, source) in &policy.data {
        if !is_named(table) {
            let text = format!("no setting of a rule names data.{table}");
            found.push(advice(
                "unused-data",
                Some(table),
                text,
                "remove it, or name it in the settings of its rule",
            ));
        }
        if !source.file.is_file() {
            let text = format!("{} is not there", source.file.display());
            found.push(advice("data-missing", Some(table), text, "write the file, or correct its path"));
        }
    }
    found
}
