//! Takes secrets out of facts and settings before anything is written.
//!
//! Equal values become equal tokens within one record, so that what was equal stays equal. A
//! text becomes `redacted-1`, a UUID one that ends in the number, a number "not known" or 0.
//! Passwords in URIs go always. What cannot be taken out is an error: nothing is written then.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Captures, Regex};
use serde_json::Value;
use uuid::Uuid;

use super::pattern::Pattern;
use crate::model::node::NodeEntry;
use crate::model::record::{RecordedPolicy, Redacted};
use crate::model::snapshot::Snapshot;
use crate::problem::InputError;

/// What stands between the user and the host of a URI, and what follows a telling name.
const URI_SECRETS: [&str; 2] = [
    r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@]*:)([^/?#\s]+)(@)",
    r"(?i)([?&;](?:password|passwd|pwd|secret|token)=)([^&;#\s]+)()",
];
/// A shorter secret is looked for as a word of its own: as a part of words it would be anywhere.
const SHORT: usize = 6;

/// What is to be taken out, checked.
#[derive(Clone, Debug)]
pub struct Redaction {
    paths: Vec<Pattern>,
    texts: Vec<Regex>,
    uris: Vec<Regex>,
}

/// Facts and settings without secrets, and what was in them.
pub struct Cleared {
    pub snapshot: Snapshot,
    pub policy: RecordedPolicy,
    pub redacted: Redacted,
    tokens: Tokens,
}

impl Redaction {
    pub fn new(paths: &[String], texts: &[String]) -> Result<Self, InputError> {
        Ok(Self {
            paths: paths.iter().map(|path| Pattern::parse(path)).collect::<Result<_, _>>()?,
            texts: texts.iter().map(|text| text_pattern(text)).collect::<Result<_, _>>()?,
            uris: URI_SECRETS.iter().map(|text| text_pattern(text)).collect::<Result<_, _>>()?,
        })
    }

    /// The same facts and settings without secrets. Where a number is "not known" in one place and
    /// must be a number in another, it is 0.
    pub fn clear(&self, snapshot: &Snapshot, policy: &RecordedPolicy) -> Result<Cleared, InputError> {
        let mut trouble = String::new();
        for blank in [Value::Null, Value::from(0)] {
            let mut walk = Walk { redaction: self, tokens: Tokens::default(), paths: BTreeSet::new(), blank };
            let mut policy = policy.clone();
            for rule in &mut policy.rules {
                walk.value(&mut rule.settings, &mut vec!["settings".to_owned(), rule.name.clone()]);
            }
            let mut tree = serde_json::to_value(snapshot).map_err(|error| impossible(&error))?;
            walk.snapshot(&mut tree);
            match serde_json::from_value(tree) {
                Ok(snapshot) => {
                    let values = walk.tokens.known.len();
                    let redacted = Redacted { paths: walk.paths, values, decides_otherwise: false };
                    return Ok(Cleared { snapshot, policy, redacted, tokens: walk.tokens });
                }
                Err(error) => trouble = error.to_string(),
            }
        }
        Err(impossible(&trouble))
    }

    /// A node's entry for the journal. Its URI stays: by it the node is found again.
    pub fn entry(&self, entry: &NodeEntry) -> NodeEntry {
        let mut entry = entry.clone();
        for root in [vec!["source".to_owned()], vec!["nodes".to_owned(), entry.name.clone()]] {
            for (key, value) in &mut entry.labels {
                let path = [root.clone(), vec!["labels".to_owned(), key.clone()]].concat();
                if self.covers(&path) || self.texts.iter().any(|text| text.is_match(value)) {
                    *value = "redacted".to_owned();
                }
            }
        }
        entry
    }

    fn covers(&self, path: &[String]) -> bool {
        self.paths.iter().any(|pattern| pattern.covers(path))
    }

    /// Secrets inside of a text, each replaced by its token.
    fn inside(&self, text: &str, tokens: &mut Tokens) -> String {
        let mut cleared = text.to_owned();
        for pattern in &self.uris {
            cleared = pattern
                .replace_all(&cleared, |found: &Captures<'_>| {
                    format!("{}{}{}", &found[1], tokens.of(&found[2]), &found[3])
                })
                .into_owned();
        }
        for pattern in &self.texts {
            cleared = pattern
                .replace_all(&cleared, |found: &Captures<'_>| match &found[0] {
                    "" => String::new(),
                    secret => tokens.of(secret),
                })
                .into_owned();
        }
        cleared
    }
}

fn impossible(error: &dyn std::fmt::Display) -> InputError {
    InputError::new(
        "redaction-impossible",
        format!("facts without their secrets cannot be recorded: {error}"),
    )
    .hint("a pattern under [record] names something that is one of a few words: name it less widely")
}

/// A pattern over values, checked.
pub fn text_pattern(text: &str) -> Result<Regex, InputError> {
    let bad = |why: String| {
        InputError::new("redact-text-invalid", format!("this is no regular expression: {why}"))
            .found(format!("{text:?}"))
            .hint("write one such as \"tok_[0-9a-f]+\"")
    };
    let pattern = Regex::new(text).map_err(|error| {
        bad(error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    if pattern.is_match("") {
        return Err(bad("it is found in every text, also in an empty one".to_owned()));
    }
    Ok(pattern)
}

impl Cleared {
    /// A text that was made from the facts as they were.
    pub fn scrub(&self, redaction: &Redaction, text: &str) -> String {
        if let Some(number) = self.tokens.known.get(text) {
            return token(text, *number);
        }
        let mut secrets: Vec<(&String, &usize)> = self.tokens.known.iter().collect();
        secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        let mut cleared = text.to_owned();
        for (secret, number) in secrets {
            cleared = replace(&cleared, secret, &token(secret, *number));
        }
        redaction.inside(&cleared, &mut self.tokens.clone())
    }
}

fn replace(text: &str, secret: &str, with: &str) -> String {
    if secret.len() >= SHORT {
        return text.replace(secret, with);
    }
    let mut cleared = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, found) = rest.split_at(at);
        let after = &found[secret.len()..];
        let joined = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
        let whole = !joined(before.chars().next_back().or_else(|| cleared.chars().next_back()))
            && !joined(after.chars().next());
        cleared.push_str(before);
        cleared.push_str(if whole { with } else { secret });
        rest = after;
    }
    cleared + rest
}

/// Each secret with its number.
#[derive(Clone, Debug, Default)]
struct Tokens {
    known: BTreeMap<String, usize>,
}

impl Tokens {
    fn of(&mut self, secret: &str) -> String {
        let next = self.known.len() + 1;
        token(secret, *self.known.entry(secret.to_owned()).or_insert(next))
    }
}

fn token(secret: &str, number: usize) -> String {
    match secret.parse::<Uuid>() {
        Ok(_) => Uuid::from_u128(number as u128).to_string(),
        Err(_) => format!("redacted-{number}"),
    }
}

struct Walk<'a> {
    redaction: &'a Redaction,
    tokens: Tokens,
    paths: BTreeSet<String>,
    /// What a number that is taken out becomes.
    blank: Value,
}

impl Walk<'_> {
    /// Paths are those that people write: of a node by its name, without the words that only
    /// hold a snapshot together.
    fn snapshot(&mut self, tree: &mut Value) {
        let Value::Object(tree) = tree else { return };
        for (key, value) in tree {
            match (key.as_str(), value) {
                ("source", node) => self.node(node, &mut vec!["source".to_owned()]),
                ("candidates", Value::Array(candidates)) => {
                    candidates.iter_mut().for_each(|candidate| self.candidate(candidate));
                }
                ("site_data", Value::Object(tables)) => {
                    for (name, data) in tables {
                        self.table(data, &mut vec!["site_data".to_owned(), name.clone()]);
                    }
                }
                ("taken_at", _) => {}
                (key, value) => self.value(value, &mut vec![key.to_owned()]),
            }
        }
    }

    fn candidate(&mut self, candidate: &mut Value) {
        let name = candidate.pointer("/node/name").and_then(Value::as_str).unwrap_or_default();
        // A name that is a secret stands in no path.
        let name = self.redaction.inside(name, &mut self.tokens);
        let mut path = vec!["nodes".to_owned(), name];
        self.node(&mut candidate["node"], &mut path);
        path.push("pair".to_owned());
        self.value(&mut candidate["pair"], &mut path);
    }

    fn node(&mut self, node: &mut Value, path: &mut Vec<String>) {
        let Value::Object(node) = node else { return };
        for (key, value) in node {
            match (key.as_str(), value) {
                ("gathered", Value::Object(gathered)) => {
                    for (kind, value) in gathered {
                        if kind == "facts" {
                            self.value(value, path);
                        } else {
                            self.below(kind, value, path);
                        }
                    }
                }
                (key, value) => self.below(key, value, path),
            }
        }
    }

    fn table(&mut self, data: &mut Value, path: &mut Vec<String>) {
        match data.pointer_mut("/table/columns") {
            Some(columns) => self.value(columns, path),
            None => self.value(data, path),
        }
    }

    fn below(&mut self, key: &str, value: &mut Value, path: &mut Vec<String>) {
        path.push(key.to_owned());
        self.value(value, path);
        path.pop();
    }

    fn value(&mut self, value: &mut Value, path: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| self.below(key, value, path)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, path)),
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => {
                let cleared = if self.redaction.covers(path) {
                    self.tokens.of(text)
                } else {
                    self.redaction.inside(text, &mut self.tokens)
                };
                if cleared != *text {
                    self.paths.insert(path.join("."));
                    *text = cleared;
                }
            }
            Value::Number(_) | Value::Bool(_) if self.redaction.covers(path) => {
                self.tokens.of(&format!("{}={value}", path.join(".")));
                self.paths.insert(path.join("."));
                let flag = value.is_boolean() && !self.blank.is_null();
                *value = if flag { Value::Bool(false) } else { self.blank.clone() };
            }
            Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }
}
