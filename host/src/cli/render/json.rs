//! The JSON that programs read: `{"version": 1, "kind": K, K: value}`.
//!
//! | kind | value | printed by |
//! |---|---|---|
//! | `decision` | `model::Decision` | `plan`, `check` |
//! | `job` | `model::Job` with what belongs to it | `migrate`, `job show` |
//! | `jobs` | a list of `model::Job` | `job list` |
//! | `nodes` | a list of `model::NodeFacts` | `nodes` |
//! | `rules` | a list of `model::RuleInfo` | `plugin list`, `plugin inspect` |
//! | `lint` | a list of a file with its findings | `plugin lint` |
//! | `domain`, `node`, `snapshot` | facts | `facts` |
//!
//! Fields are added, never renamed or removed, while the version is the same; enums may
//! get new values. Errors go to stderr: `{"version": 1, "error": {code, message, hint}}`.

use serde::Serialize;
use serde_json::{Value, json};

use super::text::is_unsafe;

pub fn json(kind: &str, value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(value) => pretty(&json!({ "version": 1, "kind": kind, kind: value })),
        // Only a map whose keys are no text can fail; the model has none.
        Err(error) => json_error("json-unwritable", &format!("the {kind} cannot be written: {error}"), None),
    }
}

/// With more members beside the value; those of the value's own document stay as they are.
pub fn json_beside(kind: &str, value: &impl Serialize, beside: &Value) -> String {
    let mut document = json!({ "version": 1, "kind": kind, kind: json!(value) });
    if let (Some(document), Some(beside)) = (document.as_object_mut(), beside.as_object()) {
        for (name, member) in beside {
            document.entry(name).or_insert_with(|| member.clone());
        }
    }
    pretty(&document)
}

pub fn json_error(code: &str, message: &str, hint: Option<&str>) -> String {
    trouble("error", code, message, hint)
}

pub fn json_warning(code: &str, message: &str, hint: Option<&str>) -> String {
    trouble("warning", code, message, hint)
}

fn trouble(what: &str, code: &str, message: &str, hint: Option<&str>) -> String {
    pretty(&json!({ "version": 1, what: { "code": code, "message": message, "hint": hint } }))
}

/// Readable by people too, and no character in it steers a terminal.
fn pretty(value: &Value) -> String {
    let text = format!("{value:#}");
    if !text.chars().any(|c| is_unsafe(c) && c != '\n') {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) && c != '\n' {
            // Such a character stands in a string: there, an escape means the same.
            for unit in c.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_and_none_steers_the_terminal() {
        let value = "\u{1b}[31m \u{9b} \u{7f} \u{202e} \u{e0041} \" \\ \n";
        let text = json("domain", &value);
        assert!(!text.chars().any(|c| is_unsafe(c) && c != '\n'), "{text}");
        let back: Value = serde_json::from_str(&text).expect("is JSON");
        assert_eq!(back, json!({ "version": 1, "kind": "domain", "domain": value }));
    }

    #[test]
    fn an_error_has_code_message_and_hint() {
        let back: Value =
            serde_json::from_str(&json_error("no-such-job", "there is no job 7", None)).expect("is JSON");
        let error = json!({ "code": "no-such-job", "message": "there is no job 7", "hint": null });
        assert_eq!(back, json!({ "version": 1, "error": error }));
    }
}
