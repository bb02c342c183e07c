//! From TOML to a suite: every case complete and understood, or an error that says where.
//!
//! A parameterised case becomes one case for each row of `each`: `{name}` in any text is replaced,
//! and a text that is nothing but `{name}` becomes the parameter itself, with its type.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use super::expect::{ClaimWanted, Expected, RefusalWanted};
use super::properties::Property;
use super::{Case, Subject, Suite, facts};
use crate::fixture::{self, Fixture};
use crate::problem::{InputError, line_column};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    plugin: Option<String>,
    rule: Option<String>,
    policy: Option<PathBuf>,
    #[serde(default)]
    facts: Option<toml::Value>,
    tolerance: Option<f64>,
    #[serde(default)]
    skip: Vec<Property>,
    #[serde(default)]
    unreachable: BTreeMap<String, Vec<String>>,
    #[serde(default, rename = "case")]
    cases: Vec<Spanned<CaseTable>>,
}

/// A case as it is written: it is read only once each row of its parameters has been put in.
type CaseTable = BTreeMap<Spanned<String>, toml::Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    name: String,
    rule: Option<String>,
    #[serde(default)]
    settings: Map<String, Value>,
    facts: Option<Value>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    expect: Map<String, Value>,
    chosen: Option<Value>,
    order: Option<Vec<String>>,
    claims: Option<Vec<ClaimWanted>>,
    settings_refused: Option<RefusalWanted>,
    tolerance: Option<f64>,
    #[serde(default)]
    skip: Vec<Property>,
}

pub fn load(path: &Path) -> Result<Suite, InputError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        InputError::new("suite-unreadable", format!("the suite cannot be read: {error}")).in_file(path)
    })?;
    parse(path, &text)
}

pub fn parse(path: &Path, text: &str) -> Result<Suite, InputError> {
    let file: SuiteFile =
        toml::from_str(text).map_err(|error| InputError::of_toml("suite-invalid", path, text, &error))?;
    let reader = Reader { path, text };
    let subject = reader.subject(&file)?;
    let base = match &file.facts {
        Some(facts) => reader.facts(&json_of(facts.clone()), 1)?,
        None => json!({}),
    };
    let mut cases: Vec<Case> = Vec::new();
    for entry in &file.cases {
        for case in reader.cases(entry, &file, &subject, &base)? {
            if let Some(twin) = cases.iter().find(|other| other.name == case.name) {
                let hint = "give each its own name: reports and baselines go by it";
                let text = if twin.line == case.line {
                    format!("two rows of `each` make a case named `{}`", case.name)
                } else {
                    format!("two cases are named `{}`; the other is in line {}", case.name, twin.line)
                };
                return Err(reader.problem("duplicate-case", case.line, text).hint(hint));
            }
            cases.push(case);
        }
    }
    if cases.is_empty() {
        return Err(InputError::new("no-cases", "the suite has no case")
            .in_file(path)
            .hint("add a [[case]]"));
    }
    Ok(Suite { path: path.to_owned(), subject, cases, unreachable: file.unreachable })
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn problem(&self, code: &'static str, line: usize, text: impl Into<String>) -> InputError {
        InputError::new(code, text).at(self.path, line, 1)
    }

    fn subject(&self, file: &SuiteFile) -> Result<Subject, InputError> {
        match (&file.plugin, &file.policy) {
            (Some(plugin), None) => Ok(Subject::Plugin(plugin.clone())),
            (None, Some(policy)) if file.rule.is_none() => {
                Ok(Subject::Policy(super::parent(self.path).join(policy)))
            }
            _ => Err(InputError::new("suite-invalid", "the suite does not say what it is about")
                .in_file(self.path)
                .expected("plugin = \"NAME\" with rule = \"NAME\", or policy = \"FILE\"")),
        }
    }

    fn facts(&self, facts: &Value, line: usize) -> Result<Value, InputError> {
        facts::resolve(super::parent(self.path), facts)
            .map_err(|problem| self.problem("bad-facts", line, problem.to_string()))
    }

    /// One case, or one for each row of `each`.
    fn cases(
        &self,
        entry: &Spanned<CaseTable>,
        file: &SuiteFile,
        subject: &Subject,
        base: &Value,
    ) -> Result<Vec<Case>, InputError> {
        let line = line_column(self.text, entry.span().start).0;
        let written = entry.get_ref();
        let mut tree: Map<String, Value> =
            written.iter().map(|(key, value)| (key.get_ref().clone(), json_of(value.clone()))).collect();
        let each = tree.remove("each");
        let rows = match each {
            None => {
                return Ok(vec![self.case(self.entry(tree, entry, false)?, line, file, subject, base)?]);
            }
            Some(Value::Array(rows)) if !rows.is_empty() => rows,
            Some(_) => {
                return Err(self
                    .problem("suite-invalid", line, "`each` has no row")
                    .expected("an array of tables, one a case"));
            }
        };
        rows.iter()
            .enumerate()
            .map(|(place, row)| {
                let wrong = |text: String| self.problem("suite-invalid", line, text);
                let row = row.as_object().ok_or_else(|| {
                    wrong("a row of `each` is no table".to_owned()).expected("{ name = value, ... }")
                })?;
                let mut unused: BTreeSet<&str> = row.keys().map(String::as_str).collect();
                let mut tree = Value::Object(tree.clone());
                substitute(&mut tree, row, &mut unused);
                if let Some(name) = unused.first() {
                    return Err(wrong(format!(
                        "row {} of `each` says `{name}`, and no text has {{{name}}}",
                        place + 1
                    )));
                }
                if let Some(name) = placeholder(&tree) {
                    return Err(wrong(format!("no row of `each` says what {{{name}}} is")));
                }
                let tree = tree.as_object().cloned().unwrap_or_default();
                let entry = self.entry(tree, entry, true)?;
                Ok(Case { from_each: true, ..self.case(entry, line, file, subject, base)? })
            })
            .collect()
    }

    /// The keys of a case, each of the type that it must have; or the one that has not.
    fn entry(
        &self,
        tree: Map<String, Value>,
        written: &Spanned<CaseTable>,
        from_each: bool,
    ) -> Result<CaseEntry, InputError> {
        let error = match serde_json::from_value(Value::Object(tree.clone())) {
            Ok(entry) => return Ok(entry),
            Err(error) => error,
        };
        let alone = |key: &String, value: &Value| {
            let named = ("name".to_owned(), json!(""));
            let one = [named, (key.clone(), value.clone())].into_iter().collect();
            serde_json::from_value::<CaseEntry>(Value::Object(one)).err()
        };
        let Some((key, error)) = tree.iter().find_map(|(key, value)| Some((key, alone(key, value)?))) else {
            let line = line_column(self.text, written.span().start).0;
            return Err(self.problem("suite-invalid", line, format!("this case: {error}")));
        };
        let place = written.get_ref().get_key_value(key.as_str());
        let start = place.map_or(written.span().start, |(key, _)| key.span().start);
        let (line, column) = line_column(self.text, start);
        let problem = InputError::new("suite-invalid", format!("`{key}` of this case: {error}"));
        let problem = problem.at(self.path, line, column);
        Err(match place.and_then(|(_, value)| value.as_str()) {
            Some(text) if from_each && tree[key] != *text => problem.hint(format!(
                "`{text}` alone becomes what a row of `each` has, {}: write more around it, or a text in the row",
                tree[key]
            )),
            _ => problem,
        })
    }

    fn case(
        &self,
        entry: CaseEntry,
        line: usize,
        file: &SuiteFile,
        subject: &Subject,
        base: &Value,
    ) -> Result<Case, InputError> {
        let wrong = |code, text: String| self.problem(code, line, format!("case `{}`: {text}", entry.name));
        let mut facts = base.clone();
        if let Some(over) = &entry.facts {
            fixture::merge(&mut facts, &self.facts(over, line)?);
        }
        for place in &entry.without {
            if !fixture::remove(&mut facts, &place.replace('.', "/")) {
                return Err(wrong("bad-facts", format!("`{place}` cannot be taken away: it is not there")));
            }
        }
        let snapshot =
            Fixture::new(facts).snapshot().map_err(|error| wrong("bad-facts", error.to_string()))?;
        let nodes: Vec<&str> = snapshot.candidates.iter().map(|one| one.node.name()).collect();
        let rule = entry.rule.clone().or_else(|| file.rule.clone());
        if rule.is_none() && matches!(subject, Subject::Plugin(_)) {
            return Err(wrong("suite-invalid", "it names no rule".to_owned())
                .hint("rule = \"NAME\" in the case, or at the top of the suite for all"));
        }
        let one_rule = matches!(subject, Subject::Plugin(_)).then_some(rule.as_deref()).flatten();
        super::expect::ordered(entry.order.as_deref(), &nodes)
            .map_err(|text| wrong("bad-expectation", text))?;
        if entry.settings_refused.is_some() && !entry.expect.is_empty() {
            let text = "settings that are refused give no answers to expect".to_owned();
            return Err(wrong("bad-expectation", text));
        }
        let expected = Expected {
            cells: super::expect::cells(&entry.expect, one_rule, &nodes)
                .map_err(|text| wrong("bad-expectation", text))?,
            chosen: super::expect::chosen(entry.chosen.as_ref(), &nodes)
                .map_err(|text| wrong("bad-expectation", text))?,
            order: entry.order,
            claims: entry.claims,
            settings_refused: entry.settings_refused,
            tolerance: entry.tolerance.or(file.tolerance).unwrap_or(Expected::TOLERANCE),
        };
        if expected.is_nothing() {
            return Err(wrong("nothing-expected", "it expects nothing, so it cannot fail".to_owned())
                .hint("add an [case.expect], chosen, order, claims or settings_refused"));
        }
        Ok(Case {
            name: entry.name,
            line,
            rule,
            settings: Value::Object(entry.settings),
            // In full: what was written shortly or left to a default can be varied too.
            facts: Fixture::of(&snapshot),
            expected,
            skipped: file.skip.iter().chain(&entry.skip).copied().collect(),
            from_each: false,
        })
    }
}

/// TOML as JSON; a time becomes its text.
pub fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key, json_of(value))).collect())
        }
    }
}

/// Replaces every `{name}` of the row, and takes the names that occur out of `unused`.
fn substitute<'a>(tree: &mut Value, row: &'a Map<String, Value>, unused: &mut BTreeSet<&'a str>) {
    match tree {
        Value::String(text) => {
            for (name, value) in row {
                let placeholder = format!("{{{name}}}");
                if !text.contains(&placeholder) {
                    continue;
                }
                unused.remove(name.as_str());
                if *text == placeholder {
                    *tree = value.clone();
                    return;
                }
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                *text = text.replace(&placeholder, &shown);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| substitute(item, row, unused)),
        Value::Object(entries) => {
            for (key, mut value) in std::mem::take(entries) {
                let mut key = Value::String(key);
                substitute(&mut key, row, unused);
                substitute(&mut value, row, unused);
                entries.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), value);
            }
        }
        _ => {}
    }
}

/// A `{name}` that no row has replaced.
fn placeholder(tree: &Value) -> Option<&str> {
    match tree {
        Value::String(text) => {
            let name = text.split_once('{')?.1.split_once('}')?.0;
            let is_name = |name: &str| {
                !name.is_empty() && name.chars().all(|one| one.is_ascii_lowercase() || one == '_')
            };
            is_name(name).then_some(name)
        }
        Value::Array(items) => items.iter().find_map(placeholder),
        Value::Object(entries) => entries.values().find_map(placeholder),
        _ => None,
    }
}
