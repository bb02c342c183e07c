//! The committed cost of a suite: fuel by case and rule. Fuel is the same on every machine, so a rule
//! that became dearer fails its suite with no clock in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::expect::Failure;
use super::run::CaseReport;
use super::{SUFFIX, Suite};
use crate::model::decision::Decision;
use crate::problem::InputError;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// By how many percent a rule may get dearer.
    #[serde(default = "Baseline::growth")]
    pub growth_percent_max: u64,
    /// Fuel by case and rule.
    pub fuel: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Baseline {
    fn growth() -> u64 {
        10
    }

    /// `room.fuel.toml` beside `room.test.toml`.
    pub fn path(suite: &Path) -> PathBuf {
        let name = suite.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        suite.with_file_name(format!("{}.fuel.toml", name.strip_suffix(SUFFIX).unwrap_or(&name)))
    }

    /// The baseline of a suite; none: it has none.
    pub fn load(suite: &Path) -> Result<Option<Self>, InputError> {
        let path = Self::path(suite);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let text = format!("the baseline cannot be read: {error}");
                return Err(InputError::new("baseline-unreadable", text).in_file(&path));
            }
        };
        toml::from_str(&text).map(Some).map_err(|error| {
            InputError::of_toml("baseline-invalid", &path, &text, &error)
                .hint("write it again: `wayleave policy bench --save`")
        })
    }

    /// What the reports of one suite cost.
    pub fn of<'a>(reports: impl Iterator<Item = &'a CaseReport>, growth_percent_max: Option<u64>) -> Self {
        let fuel = reports.map(|report| {
            let rules = report.rules.iter().map(|rule| (rule.rule.clone(), rule.fuel)).collect();
            (report.case.clone(), rules)
        });
        Self { growth_percent_max: growth_percent_max.unwrap_or_else(Self::growth), fuel: fuel.collect() }
    }

    pub fn save(&self, suite: &Suite) -> Result<PathBuf, InputError> {
        let path = Self::path(&suite.path);
        let failed = |text: String| {
            InputError::new("baseline-unwritable", format!("the baseline cannot be written: {text}"))
                .in_file(&path)
        };
        let body = toml::to_string(self).map_err(|error| failed(error.to_string()))?;
        let text = format!("# Fuel of each case and rule, by `wayleave policy bench --save`.\n{body}");
        std::fs::write(&path, text).map_err(|error| failed(error.to_string()))?;
        Ok(path)
    }

    /// Rules that became dearer than they may.
    pub fn hold(&self, case: &str, decision: &Decision) -> Vec<Failure> {
        let Some(fuel) = self.fuel.get(case) else { return Vec::new() };
        let dearer = |rule: &&crate::model::decision::RuleSummary| {
            let was = fuel.get(&rule.name)?;
            let most = was.saturating_add(was.saturating_mul(self.growth_percent_max) / 100);
            (rule.fuel > most).then_some(*was)
        };
        let failure = |rule: &crate::model::decision::RuleSummary, was: u64| Failure {
            kind: "fuel",
            rule: Some(rule.name.clone()),
            node: None,
            expected: format!("at most {}% over {was} fuel", self.growth_percent_max),
            found: format!("{} fuel", rule.fuel),
        };
        decision.rules.iter().filter_map(|rule| Some(failure(rule, dearer(&rule)?))).collect()
    }
}
