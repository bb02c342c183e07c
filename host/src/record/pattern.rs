//! Patterns over the paths of facts: `source.labels.*password*`, `site_data.licences.key`.
//!
//! A path is a list of words, so that a label's own dots do no harm; a pattern is words
//! with dots between them. Places in lists are no words of a path.

use crate::problem::InputError;

/// Where a path can begin.
const ROOTS: [&str; 6] = ["domain", "destination_name", "source", "nodes", "site_data", "settings"];
const EXAMPLE: &str = "write a pattern such as source.labels.*password* or nodes.*.labels.token";

/// Words with `*` for any part of a word, `?` for one character, `**` for any words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, InputError> {
        let words: Vec<String> = text.split('.').map(str::to_lowercase).collect();
        let bad = |text: &str| InputError::new("redact-pattern-invalid", text.to_owned()).hint(EXAMPLE);
        if words.iter().any(|word| word.is_empty() || word.chars().any(char::is_whitespace)) {
            return Err(bad("this is no pattern of a path").found(format!("{text:?}")));
        }
        let root = words[0].as_str();
        if !ROOTS.iter().any(|known| root == "**" || like(root, known)) {
            let error = bad("no fact has such a path").found(format!("{root:?} as its first word"));
            return Err(error
                .expected(format!("one of {}", ROOTS.join(", ")))
                .hint_nearest(root, ROOTS.iter().copied()));
        }
        Ok(Self(words))
    }

    /// Does it name this path, or something that the path lies in?
    pub fn covers(&self, path: &[String]) -> bool {
        covers(&self.0, path)
    }
}

fn covers(pattern: &[String], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((word, rest)), _) if word == "**" => {
            (0..=path.len()).any(|skipped| covers(rest, &path[skipped..]))
        }
        (Some((word, rest)), Some((here, below))) => like(word, here) && covers(rest, below),
        (Some(_), None) => false,
    }
}

/// Is the text what the pattern says, whatever the case? `*` is any text, `?` any character.
pub fn like(pattern: &str, text: &str) -> bool {
    let fold = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
    let (pattern, text) = (fold(pattern), fold(text));
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|one| *one == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, path: &[&str]) -> bool {
        let path: Vec<String> = path.iter().map(ToString::to_string).collect();
        Pattern::parse(pattern).expect("a pattern").covers(&path)
    }

    #[test]
    fn stars_stand_for_parts_and_for_words() {
        assert!(covers("source.labels.*password*", &["source", "labels", "db.PASSWORD.old"]));
        assert!(!covers("source.labels.*password*", &["nodes", "a", "labels", "password"]));
        assert!(covers("nodes.*.labels.token", &["nodes", "beta", "labels", "token"]));
        assert!(covers("**.token", &["nodes", "beta", "labels", "token"]));
        assert!(covers("**.token", &["domain", "token"]));
        assert!(covers("domain.disks", &["domain", "disks", "source"]), "all that lies in it");
        assert!(!covers("domain.disks.source", &["domain", "disks"]));
        assert!(covers("site_data.licences.k?y", &["site_data", "licences", "key"]));
        assert!(like("a*b*c", "aXbYbZc") && !like("a*b*c", "aXbYbZ") && like("*", "") && !like("?", ""));
    }

    #[test]
    fn a_pattern_that_can_name_nothing_is_refused() {
        for (text, found) in [
            ("", "\"\""),
            ("source..labels", "\"source..labels\""),
            ("sorce.labels", "\"sorce\" as its first word"),
        ] {
            let error = Pattern::parse(text).expect_err(text);
            assert_eq!((error.code, error.found.as_deref()), ("redact-pattern-invalid", Some(found)));
            assert!(error.hint.is_some());
        }
    }
}
