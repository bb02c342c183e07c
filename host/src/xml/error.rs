//! What can be wrong with a text that should be libvirt's XML, and where.
//!
//! Not the place for a definition that is fine and cannot be moved: that is a verdict.

use std::fmt;

use thiserror::Error;

/// A position in the text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

impl Place {
    pub(super) fn of(position: roxmltree::TextPos) -> Self {
        Self { line: position.row, column: position.col }
    }

    /// Where the byte at `offset` stands.
    pub(super) fn at_offset(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line: clamp(line), column: clamp(column) }
    }
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    #[error("{place}: the XML is not well-formed")]
    NotWellFormed {
        place: Place,
        #[source]
        source: roxmltree::Error,
    },
    /// Entities are how a small text becomes a huge one, and libvirt writes none.
    #[error("{place}: a document type declaration is not accepted")]
    DocType { place: Place },
    #[error("{place}: found <{found}> where <{expected}> was expected")]
    Root { place: Place, found: String, expected: &'static str },
    #[error("{place}: <{element}> has no {missing}")]
    Missing { place: Place, element: String, missing: &'static str },
    #[error("{place}: {what} is `{found}`; expected {expected}")]
    BadValue { place: Place, what: String, found: String, expected: &'static str },
    #[error("{place}: {what}: more than {limit}")]
    TooMuch { place: Place, what: &'static str, limit: usize },
}

impl XmlError {
    /// Stable, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWellFormed { .. } => "xml-not-well-formed",
            Self::DocType { .. } => "xml-has-doctype",
            Self::Root { expected: "domain", .. } => "xml-not-a-domain",
            Self::Root { expected: "pool", .. } => "xml-not-a-pool",
            Self::Root { .. } => "xml-not-capabilities",
            Self::Missing { .. } => "xml-missing-value",
            Self::BadValue { .. } => "xml-bad-value",
            Self::TooMuch { .. } => "xml-too-big",
        }
    }

    pub fn place(&self) -> Place {
        match self {
            Self::NotWellFormed { place, .. }
            | Self::DocType { place }
            | Self::Root { place, .. }
            | Self::Missing { place, .. }
            | Self::BadValue { place, .. }
            | Self::TooMuch { place, .. } => *place,
        }
    }

    /// What stands there, where the error is about a name or a value.
    pub fn found(&self) -> Option<&str> {
        match self {
            Self::Root { found, .. } | Self::BadValue { found, .. } => Some(found),
            _ => None,
        }
    }

    pub fn expected(&self) -> Option<&str> {
        match self {
            Self::Root { expected, .. } | Self::BadValue { expected, .. } => Some(expected),
            _ => None,
        }
    }
}

/// Enough of a text to recognise it in a message.
pub(super) fn clip(text: &str) -> String {
    const CHARACTERS: usize = 60;
    let mut clipped: String = text.chars().take(CHARACTERS).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}
