//! Bad input: what a person wrote that cannot be used, where it stands, and what to write.
//!
//! Shared by everything that reads files and arguments (configuration, policy, XML,
//! plugin settings). Not for failures of the world: daemons, disks and jobs have
//! errors of their own. Nothing here reads a file or prints.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

/// One thing wrong with an input. Its details are fields: `error.code`, `error.hint`.
///
/// `Display` is the message on one line: place, text, found, expected. The hint is
/// left out of it, so that it can be shown on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Stable, kebab-case.
    pub code: &'static str,
    pub text: String,
    pub file: Option<PathBuf>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    pub found: Option<String>,
    pub expected: Option<String>,
    pub hint: Option<String>,
}

impl Deref for InputError {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl InputError {
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        let (file, line, column) = (None, None, None);
        let (found, expected, hint) = (None, None, None);
        Self(Box::new(Details { code, text, file, line, column, found, expected, hint }))
    }

    pub fn at(mut self, file: impl Into<PathBuf>, line: usize, column: usize) -> Self {
        self.0.line = Some(line);
        self.0.column = Some(column);
        self.in_file(file)
    }

    /// What TOML itself says of a text that it cannot read.
    pub fn of_toml(
        code: &'static str,
        file: impl Into<PathBuf>,
        text: &str,
        error: &toml::de::Error,
    ) -> Self {
        let (line, column) = line_column(text, error.span().unwrap_or(0..0).start);
        Self::new(code, error.message().lines().next().unwrap_or_default()).at(file, line, column)
    }

    /// The file alone, where no place in it is to blame.
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.file = Some(file.into());
        self
    }

    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.0.found = Some(found.into());
        self
    }

    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The hint "did you mean ...?", where one of the known words is near.
    pub fn hint_nearest<'a>(self, word: &str, of: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, of) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            if let (Some(_), Some(column)) = (self.line, self.column) {
                write!(f, ":{column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.text)?;
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => write!(f, ": found {found}, expected {expected}"),
            (Some(found), None) => write!(f, ": found {found}"),
            (None, Some(expected)) => write!(f, ": expected {expected}"),
            (None, None) => Ok(()),
        }
    }
}

impl Error for InputError {}

/// An error with everything it rests on, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Line and column, both from 1, of a byte offset; past the end is the end.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The word that was probably meant: the nearest one, if it is near at all.
pub fn nearest<'a>(word: &str, of: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (word.chars().count() / 3).max(1);
    of.into_iter()
        .map(|known| (distance(word, known), known))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edits between two words: insert, remove, replace, or swap two neighbours.
fn distance(left: &str, right: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        text.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
    };
    let (left, right) = (fold(left), fold(right));
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let replaced = last[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let error = InputError::new("bad-value", "`downtime` is too short")
            .at("/etc/wayleave/wayleave.toml", 3, 12)
            .found("50 ms")
            .expected("100 ms or more")
            .hint("500 is the default");
        assert_eq!(
            error.to_string(),
            "/etc/wayleave/wayleave.toml:3:12: `downtime` is too short: found 50 ms, expected 100 ms or more"
        );
        assert_eq!(InputError::new("x", "no").in_file("a").to_string(), "a: no");
    }

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "ä = 1\nö = 2\n";
        assert_eq!(line_column(text, 0), (1, 1));
        assert_eq!(line_column(text, text.find('2').expect("is there")), (2, 5));
        assert_eq!(line_column(text, 1), (1, 1), "inside a character");
        assert_eq!(line_column(text, 1000), (3, 1));
        assert_eq!(line_column("", 0), (1, 1));
    }

    #[test]
    fn the_nearest_word_is_found_only_when_near() {
        let known = ["destination_timeout", "downtime", "node"];
        assert_eq!(nearest("destination-timout", known), Some("destination_timeout"));
        assert_eq!(nearest("donwtime", known), Some("downtime"));
        assert_eq!(nearest("nodes", known), Some("node"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
