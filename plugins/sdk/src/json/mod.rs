//! As much JSON as settings and metadata need, in a few kilobytes: a general library
//! would be most of a plugin. Writing is here, reading in `read`.

mod read;

pub use read::{Value, read};

use std::fmt::Write;

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            control if u32::from(control) < 0x20 => {
                write!(out, "\\u{:04x}", u32::from(control)).expect("a String takes every text");
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A JSON array of values that are JSON already.
pub fn array(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", joined(values))
}

/// A JSON object of values that are JSON already.
pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    format!("{{{}}}", joined(members.into_iter().map(|(key, value)| format!("{}:{value}", quoted(key)))))
}

fn joined(values: impl IntoIterator<Item = String>) -> String {
    values.into_iter().collect::<Vec<_>>().join(",")
}
