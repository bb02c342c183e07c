//! Changes that somebody approved: a list in TOML, each with its reason.
//!
//! ```toml
//! [[allow]]
//! domain = "web*"
//! rule = "memory-room"
//! now = "reject memory-short"
//! reason = "the reserve was raised on purpose"
//! ```

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::changes::Change;
use super::pattern::like;
use crate::problem::{InputError, line_column};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "allow")]
    entries: Vec<Spanned<Entry>>,
}

/// What it does not say may be anything; texts take `*` and `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    decision: Option<u64>,
    domain: Option<String>,
    node: Option<String>,
    rule: Option<String>,
    was: Option<String>,
    now: Option<String>,
    reason: String,
}

#[derive(Debug, Default)]
pub struct Allowed {
    file: PathBuf,
    entries: Vec<(usize, Entry)>,
}

impl Allowed {
    pub fn parse(path: &Path, text: &str) -> Result<Self, InputError> {
        let at = |offset: usize, error: InputError| {
            let (line, column) = line_column(text, offset);
            error.at(path, line, column)
        };
        let file: File = toml::from_str(text).map_err(|error| {
            let known = ["allow", "decision", "domain", "node", "rule", "was", "now", "reason"];
            let word = text.get(error.span().unwrap_or_default()).unwrap_or_default();
            InputError::of_toml("allow-invalid", path, text, &error).hint_nearest(word, known)
        })?;
        let mut entries = Vec::new();
        for entry in file.entries {
            let start = entry.span().start;
            let entry = entry.into_inner();
            if entry.is_for_all() {
                return Err(at(
                    start,
                    InputError::new("allow-everything", "this entry approves any change at all")
                        .hint("say which: decision, domain, node, rule, was or now"),
                ));
            }
            if entry.reason.trim().is_empty() {
                return Err(at(
                    start,
                    InputError::new("allow-invalid", "this entry has no reason")
                        .hint("say why the change is right: reason = \"...\""),
                ));
            }
            entries.push((line_column(text, start).0, entry));
        }
        Ok(Self { file: path.to_owned(), entries })
    }

    /// Marks what is approved, and tells the entries that approve nothing.
    pub fn mark<'a>(&self, changes: impl IntoIterator<Item = &'a mut Change>) -> Vec<String> {
        let mut used = vec![false; self.entries.len()];
        for change in changes {
            for ((_, entry), used) in self.entries.iter().zip(&mut used) {
                if entry.fits(change) {
                    *used = true;
                    change.allowed.get_or_insert_with(|| entry.reason.clone());
                }
            }
        }
        let idle = self.entries.iter().zip(used).filter(|(_, used)| !used);
        idle.map(|((line, entry), _)| format!("{}:{line}: {}", self.file.display(), entry.reason)).collect()
    }
}

impl Entry {
    fn is_for_all(&self) -> bool {
        let texts = [&self.domain, &self.node, &self.rule, &self.was, &self.now];
        self.decision.is_none()
            && texts
                .into_iter()
                .all(|text| text.as_ref().is_none_or(|text| text.chars().all(|one| one == '*')))
    }

    fn fits(&self, change: &Change) -> bool {
        let fits =
            |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| like(wanted, found));
        self.decision.is_none_or(|wanted| change.decision.is_some_and(|id| id.0 == wanted))
            && fits(&self.domain, &change.domain)
            && fits(&self.node, change.node.as_deref().unwrap_or("-"))
            && fits(&self.rule, &change.rule)
            && fits(&self.was, &change.was)
            && fits(&self.now, &change.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::DecisionId;

    fn change(rule: &str, now: &str) -> Change {
        Change {
            decision: Some(DecisionId(7)),
            domain: "web1".into(),
            node: Some("beta".into()),
            rule: rule.into(),
            was: "pass".into(),
            now: now.into(),
            why: String::new(),
            allowed: None,
        }
    }

    #[test]
    fn what_fits_is_approved_and_idle_entries_are_told() {
        let text = "[[allow]]\ndomain = \"web*\"\nrule = \"memory-room\"\nreason = \"on purpose\"\n\n\
                    [[allow]]\ndecision = 8\nreason = \"an old one\"\n";
        let allowed = Allowed::parse(Path::new("allow.toml"), text).expect("is a list");
        let mut changes =
            vec![change("memory-room", "reject memory-short"), change("cpu-room", "reject cpus-short")];
        let idle = allowed.mark(&mut changes);
        assert_eq!(changes[0].allowed.as_deref(), Some("on purpose"));
        assert_eq!(changes[1].allowed, None);
        assert_eq!(idle, ["allow.toml:6: an old one"]);
    }

    #[test]
    fn a_list_that_says_too_little_is_refused() {
        for (text, code, line) in [
            ("[[allow]]\nreason = \"any\"\n", "allow-everything", 1),
            ("[[allow]]\nnode = \"*\"\nreason = \"any\"\n", "allow-everything", 1),
            ("[[allow]]\nnode = \"a\"\nreason = \" \"\n", "allow-invalid", 1),
            ("[[allow]]\nnode = \"a\"\n", "allow-invalid", 1),
            ("[[allow]]\nnod = \"a\"\nreason = \"x\"\n", "allow-invalid", 2),
        ] {
            let error = Allowed::parse(Path::new("allow.toml"), text).expect_err(text);
            assert_eq!((error.code, error.line), (code, Some(line)), "{text}: {error}");
        }
    }
}
