//! From TOML to a policy: every rule found, every setting valid, or an error that says
//! where, what was found, what was expected and how to mend it.
//!
//! Nothing is evaluated here. Mandatory rules are part of every policy: one that leaves
//! them out gets them, one that softens them is refused.

pub mod diff;
pub mod fmt;
pub mod lint;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::error::ValidationErrorKind;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::model::policy::{DataSource, Mode, OnFault, Policy, RuleInfo, RuleKind, RuleUse};
use crate::model::port::{Evaluate, Problem};
use crate::problem::{InputError, line_column};
use crate::settings_schema;

/// What must hold for any move: no policy can drop or soften these.
pub const MANDATORY: [&str; 4] = ["same-node", "cpu-compatible", "no-passthrough", "storage-shared"];

/// Keys, and the words that some of them take.
const KEYS: [&str; 14] = [
    "name", "rule", "data", "use", "as", "mode", "weight", "on_fault", "settings", "file", "enforce", "warn",
    "audit", "reject",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    name: Option<String>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<RuleEntry>>,
    #[serde(default)]
    data: BTreeMap<String, DataEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    #[serde(rename = "use")]
    rule: Spanned<String>,
    #[serde(rename = "as")]
    name: Option<Spanned<String>>,
    mode: Option<Spanned<Mode>>,
    on_fault: Option<Spanned<OnFault>>,
    weight: Option<Spanned<f64>>,
    settings: Option<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataEntry {
    file: PathBuf,
}

/// Reads a policy against the rules that plugins offer.
pub fn load(path: &Path, evaluate: &dyn Evaluate) -> Result<Policy, InputError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        InputError::new("policy-unreadable", format!("the policy cannot be read: {error}"))
            .in_file(path)
            .hint("name one with --policy FILE, or with `policy` in the configuration")
    })?;
    parse(path, &text, evaluate)
}

pub fn parse(path: &Path, text: &str, evaluate: &dyn Evaluate) -> Result<Policy, InputError> {
    let reader = Reader { path, text, evaluate };
    let file: PolicyFile = toml::from_str(text).map_err(|error| reader.toml_error(&error))?;
    let mut rules: Vec<RuleUse> = Vec::new();
    for entry in &file.rules {
        let rule = reader.rule(entry.get_ref())?;
        if rules.iter().any(|other| other.name == rule.name) {
            let named = entry.get_ref().name.as_ref().unwrap_or(&entry.get_ref().rule);
            return Err(reader
                .problem(
                    "duplicate-rule",
                    &named.span(),
                    format!("rule `{}` is in the policy twice", rule.name),
                )
                .hint("give the second use another name: as = \"...\""));
        }
        rules.push(rule);
    }
    for (index, name) in MANDATORY.iter().enumerate() {
        if !rules.iter().any(|rule| rule.info.name == *name) {
            rules.insert(index.min(rules.len()), reader.mandatory(name)?);
        }
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(Policy {
        name: file.name.unwrap_or_else(|| {
            path.file_stem().map_or_else(|| "policy".to_owned(), |stem| stem.to_string_lossy().into_owned())
        }),
        digest: format!("{:x}", Sha256::digest(text)),
        rules,
        data: file
            .data
            .into_iter()
            .map(|(name, entry)| (name, DataSource { file: folder.join(entry.file) }))
            .collect(),
    })
}

/// Why a rule does not take settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The rule's own schema cannot be used.
    Schema(String),
    Settings(Problem),
}

/// Holds settings against the rule's schema, then asks the rule itself.
pub fn accept_settings(info: &RuleInfo, settings: &Value, evaluate: &dyn Evaluate) -> Result<(), Refused> {
    let schema = settings_schema::validator(&info.settings_schema).map_err(Refused::Schema)?;
    if let Some(error) = schema.iter_errors(settings).next() {
        // A key that is not known is where it stands, not where its table begins.
        let path = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                format!("{}/{}", error.instance_path(), unexpected.first().map_or("", String::as_str))
            }
            _ => error.instance_path().to_string(),
        };
        return Err(Refused::Settings(Problem { path, message: error.to_string() }));
    }
    evaluate.configure(info, settings).map_err(|problems| {
        let none = || Problem { path: String::new(), message: "no reason given".to_owned() };
        Refused::Settings(problems.into_iter().next().unwrap_or_else(none))
    })
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    evaluate: &'a dyn Evaluate,
}

type Span = std::ops::Range<usize>;

impl Reader<'_> {
    fn problem(&self, code: &'static str, span: &Span, text: impl Into<String>) -> InputError {
        let (line, column) = line_column(self.text, span.start);
        InputError::new(code, text).at(self.path, line, column)
    }

    fn toml_error(&self, error: &toml::de::Error) -> InputError {
        let found = self.text.get(error.span().unwrap_or(0..0)).unwrap_or_default();
        let problem = InputError::of_toml("policy-invalid", self.path, self.text, error);
        // A span of several lines is a table: naming it again says nothing.
        if found.is_empty() || found.contains('\n') {
            return problem;
        }
        problem.hint_nearest(found.trim_matches(['"', '\'']), KEYS)
    }

    fn rule(&self, entry: &RuleEntry) -> Result<RuleUse, InputError> {
        let info = self.find(&entry.rule)?;
        self.refuse_borrowed_name(entry, &info)?;
        let mandatory = MANDATORY.contains(&info.name.as_str());
        let mode = entry.mode.as_ref().map_or(Mode::Enforce, |mode| *mode.get_ref());
        let on_fault = entry.on_fault.as_ref().map_or(OnFault::Reject, |on_fault| *on_fault.get_ref());
        if mandatory {
            self.refuse_softening(entry, &info)?;
        }
        Ok(RuleUse {
            name: entry.name.as_ref().map_or_else(|| info.name.clone(), |name| name.get_ref().clone()),
            weight: self.weight(entry, &info)?,
            settings: self.settings(entry, &info)?,
            info,
            mode,
            on_fault,
            mandatory,
        })
    }

    /// The rule of this name; `plugin:rule` where two plugins offer it.
    fn find(&self, named: &Spanned<String>) -> Result<RuleInfo, InputError> {
        let (plugin, name) = match named.get_ref().split_once(':') {
            Some((plugin, name)) => (Some(plugin), name),
            None => (None, named.get_ref().as_str()),
        };
        let rules = self.evaluate.rules();
        let fits = |rule: &&RuleInfo| rule.name == name && plugin.is_none_or(|plugin| rule.plugin == plugin);
        let mut found = rules.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(rule), None) => Ok(rule.clone()),
            (Some(one), Some(other)) => Err(self
                .problem("ambiguous-rule", &named.span(), format!("two plugins offer rule `{name}`"))
                .hint(format!("write `{}:{name}` or `{}:{name}`", one.plugin, other.plugin))),
            (None, _) => {
                let problem = self.problem(
                    "no-such-rule",
                    &named.span(),
                    format!("no plugin offers rule `{}`", named.get_ref()),
                );
                match crate::problem::nearest(name, rules.iter().map(|rule| rule.name.as_str())) {
                    Some(near) => Err(problem.hint(format!("did you mean `{near}`?"))),
                    None => {
                        Err(problem
                            .hint("`wayleave plugin list` shows the rules, and files that failed to load"))
                    }
                }
            }
        }
    }

    fn refuse_softening(&self, entry: &RuleEntry, info: &RuleInfo) -> Result<(), InputError> {
        let softened = match (&entry.mode, &entry.on_fault) {
            (Some(mode), _) if *mode.get_ref() != Mode::Enforce => Some(mode.span()),
            (_, Some(on_fault)) if *on_fault.get_ref() != OnFault::Reject => Some(on_fault.span()),
            _ => None,
        };
        softened.map_or(Ok(()), |span| {
            Err(self
                .problem("mandatory-rule", &span, format!("rule `{}` is mandatory", info.name))
                .expected("mode = \"enforce\" and on_fault = \"reject\"")
                .hint("leave both keys out"))
        })
    }

    /// A mandatory rule's name in a report is that rule.
    fn refuse_borrowed_name(&self, entry: &RuleEntry, info: &RuleInfo) -> Result<(), InputError> {
        match &entry.name {
            Some(name) if name.get_ref() != &info.name && MANDATORY.contains(&name.get_ref().as_str()) => {
                Err(self
                    .problem(
                        "mandatory-rule",
                        &name.span(),
                        format!("`{}` is the name of a mandatory rule", name.get_ref()),
                    )
                    .hint("give this one another name"))
            }
            _ => Ok(()),
        }
    }

    fn weight(&self, entry: &RuleEntry, info: &RuleInfo) -> Result<f64, InputError> {
        let Some(weight) = &entry.weight else { return Ok(1.0) };
        if info.kind == RuleKind::Check {
            return Err(self
                .problem(
                    "weight-of-check",
                    &weight.span(),
                    format!("rule `{}` is a check and has no weight", info.name),
                )
                .hint("remove the key; only scores are weighed"));
        }
        let value = *weight.get_ref();
        if value.is_finite() && value >= 0.0 {
            return Ok(value);
        }
        Err(self
            .problem("bad-weight", &weight.span(), "the weight cannot be used")
            .found(value.to_string())
            .expected("a number from 0 on"))
    }

    /// Settings as JSON, judged by the rule's schema and then by the rule itself.
    fn settings(&self, entry: &RuleEntry, info: &RuleInfo) -> Result<Value, InputError> {
        let span = entry.settings.as_ref().map_or_else(|| entry.rule.span(), Spanned::span);
        let table = entry.settings.as_ref().map(|settings| settings.get_ref().clone()).unwrap_or_default();
        let settings = serde_json::to_value(table).map_err(|error| {
            self.problem("bad-settings", &span, format!("settings of `{}` are no JSON: {error}", info.name))
        })?;
        self.judge_settings(info, &settings, &span)?;
        Ok(settings)
    }

    fn judge_settings(&self, info: &RuleInfo, settings: &Value, span: &Span) -> Result<(), InputError> {
        accept_settings(info, settings, self.evaluate).map_err(|refused| match refused {
            Refused::Schema(error) => self.problem(
                "plugin-bad-schema",
                span,
                format!("the settings schema of `{}` is wrong: {error}", info.name),
            ),
            Refused::Settings(Problem { path, message }) => {
                let key = path.trim_start_matches('/').split('/').next().unwrap_or_default();
                let place = if path.is_empty() { String::new() } else { format!(" at {path}") };
                self.problem(
                    "bad-settings",
                    &self.key_span(key, span),
                    format!("settings of rule `{}` are refused{place}: {message}", info.name),
                )
                .hint(format!("its settings: {}", settings_keys(info)))
            }
        })
    }

    /// Where a key of the settings is written, as near as the text shows it.
    fn key_span(&self, key: &str, within: &Span) -> Span {
        let section = self.text.get(within.start..).unwrap_or_default();
        if key.is_empty() {
            return within.clone();
        }
        let mut offset = within.start;
        for line in section.lines() {
            if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                return offset..offset + line.len();
            }
            offset += line.len() + 1;
        }
        within.clone()
    }

    /// A mandatory rule that the policy does not name, with its defaults.
    fn mandatory(&self, name: &str) -> Result<RuleUse, InputError> {
        let info = self.find(&Spanned::new(0..0, name.to_owned())).map_err(|error| {
            if error.code() != "no-such-rule" {
                return error;
            }
            InputError::new("mandatory-rule-missing", format!("no plugin offers the mandatory rule `{name}`"))
                .in_file(self.path)
                .hint("point `plugin_folders` at the plugins that come with wayleave; `wayleave plugin list` shows what was found")
        })?;
        let settings = Value::Object(serde_json::Map::new());
        self.judge_settings(&info, &settings, &(0..0))?;
        Ok(RuleUse { mandatory: true, ..RuleUse::enforced(info, settings) })
    }
}

/// The settings that a rule has, for a hint.
fn settings_keys(info: &RuleInfo) -> String {
    let keys: Vec<&str> = info.settings().map(|(key, _)| key.as_str()).collect();
    if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
}

#[cfg(test)]
mod tests;
