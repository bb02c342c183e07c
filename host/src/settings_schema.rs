//! The JSON Schema that a rule gives for its settings: whether it can be used, and how.
//!
//! A schema comes with a plugin, so it may wish ill. Nothing that it names is fetched, its
//! patterns are matched in linear time, and what it could unfold to is counted before it is used.

use std::collections::BTreeMap;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// Far above what a person would read.
const BYTES_MAX: usize = 64 << 10;
const DEPTH_MAX: usize = 32;
/// How many parts it has with every reference written out.
const PARTS_MAX: u64 = 10_000;
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A validator of settings, or why the schema is not used.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    bounded(schema)?;
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
    jsonschema::options()
        .with_pattern_options(patterns)
        .with_retriever(Nothing)
        .build(schema)
        .map_err(|error| error.to_string())
}

/// Whatever a schema asks for, it is not had.
struct Nothing;

impl jsonschema::Retrieve for Nothing {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is not in the schema, and nothing is fetched").into())
    }
}

/// Not too long, not too deep, and no more than it looks like.
fn bounded(schema: &Value) -> Result<(), String> {
    if !schema.is_object() {
        return Err("it is not an object".to_owned());
    }
    let bytes = schema.to_string().len();
    if bytes > BYTES_MAX {
        return Err(format!("it has {bytes} bytes; at most {BYTES_MAX} are taken"));
    }
    let mut unfolding = Unfolding { schema, parts: BTreeMap::new() };
    match unfolding.parts(schema, 0)? {
        parts if parts > PARTS_MAX => {
            Err(format!("it unfolds to more than {PARTS_MAX} parts, with every reference written out"))
        }
        _ => Ok(()),
    }
}

/// Counting parts, each definition once.
struct Unfolding<'a> {
    schema: &'a Value,
    /// Of the definitions by reference; none while one is being counted.
    parts: BTreeMap<&'a str, Option<u64>>,
}

impl<'a> Unfolding<'a> {
    fn parts(&mut self, value: &'a Value, depth: usize) -> Result<u64, String> {
        if depth > DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        let mut parts = 1_u64;
        match value {
            Value::Array(items) => {
                for item in items {
                    parts = parts.saturating_add(self.parts(item, depth + 1)?);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let of_member = match (name.as_str(), member) {
                        ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) => {
                            self.definition(to, depth)?
                        }
                        _ => self.parts(member, depth + 1)?,
                    };
                    parts = parts.saturating_add(of_member);
                }
            }
            _ => {}
        }
        Ok(parts)
    }

    fn definition(&mut self, reference: &'a str, depth: usize) -> Result<u64, String> {
        match self.parts.get(reference) {
            Some(Some(parts)) => return Ok(*parts),
            Some(None) => return Err(format!("{reference:?} refers to itself")),
            None => {}
        }
        let pointer = reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/'));
        let Some(target) = pointer.and_then(|pointer| self.schema.pointer(pointer)) else {
            return Err(format!("{reference:?} refers to nothing in it; write \"#/$defs/NAME\""));
        };
        self.parts.insert(reference, None);
        let parts = self.parts(target, depth + 1)?;
        self.parts.insert(reference, Some(parts));
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::{Duration, Instant};

    fn refused(schema: &Value) -> String {
        let start = Instant::now();
        let refused = validator(schema).expect_err("it is not to be used");
        assert!(start.elapsed() < Duration::from_secs(1), "{refused}");
        refused
    }

    #[test]
    fn an_honest_schema_with_definitions_is_used() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "one": { "$ref": "#/$defs/name" },
                "other": { "$ref": "#/$defs/name" },
            },
            "$defs": { "name": { "type": "string", "pattern": "^[a-z]+$" } },
        });
        let schema = validator(&schema).expect("it is used");
        assert!(schema.is_valid(&json!({ "one": "a", "other": "b" })));
        assert!(!schema.is_valid(&json!({ "one": "1" })));
    }

    #[test]
    fn nothing_is_fetched() {
        for reference in ["https://127.0.0.1:1/schema", "file:///etc/passwd", "other.json", "#anchor"] {
            assert!(
                refused(&json!({ "$ref": reference })).contains("refers to nothing in it"),
                "{reference}"
            );
        }
        let unknown = json!({ "$schema": "https://127.0.0.1:1/draft", "type": "object" });
        assert!(!refused(&unknown).is_empty());
        let based = json!({ "$id": "https://127.0.0.1:1/", "properties": { "a": { "$ref": "#/$defs/b" } } });
        assert!(refused(&based).contains("refers to nothing"));
    }

    #[test]
    fn bombs_are_known_before_they_go_off() {
        let long = json!({ "description": "a".repeat(70_000) });
        assert!(refused(&long).contains("bytes"));
        let deep = (0..40).fold(json!({}), |inner, _| json!({ "not": inner }));
        assert!(refused(&deep).contains("nested"));
        assert!(refused(&json!({ "properties": { "a": { "$ref": "#" } } })).contains("refers to nothing"));
        let itself = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "items": { "$ref": "#/$defs/a" } } } });
        assert!(refused(&itself).contains("refers to itself"));
        // Each definition names the next one twice: 2 to the 30th parts.
        let name = |number: usize| format!("#/$defs/d{number}");
        let mut definitions = serde_json::Map::new();
        for number in 0..30 {
            let next = json!({ "$ref": name(number + 1) });
            definitions.insert(format!("d{number}"), json!({ "allOf": [next, next] }));
        }
        definitions.insert("d30".to_owned(), json!({}));
        let doubling = json!({ "$ref": name(0), "$defs": definitions });
        // 30 steps are also deeper than is taken; either is a refusal.
        assert!(["unfolds", "nested"].iter().any(|word| refused(&doubling).contains(word)));
        let wide: Vec<Value> = (0..200).map(|_| json!({ "$ref": "#/$defs/many" })).collect();
        let many: Vec<Value> = (0..200).map(|number| json!({ "const": number })).collect();
        let wide = json!({ "allOf": wide, "$defs": { "many": { "anyOf": many } } });
        assert!(refused(&wide).contains("unfolds"));
        assert!(!refused(&json!({ "pattern": "(a{1000}){1000}" })).is_empty());
        assert!(!refused(&json!(["no", "object"])).is_empty());
    }

    #[test]
    fn patterns_that_go_back_and_forth_are_matched_in_linear_time() {
        let schema =
            validator(&json!({ "properties": { "a": { "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$" } } }));
        let start = Instant::now();
        let schema = schema.expect("the pattern itself is sound");
        assert!(!schema.is_valid(&json!({ "a": "a".repeat(50_000) })));
        assert!(start.elapsed() < Duration::from_secs(2));
        assert!(!refused(&json!({ "pattern": "(a+)\\1" })).is_empty(), "a reference back");
    }
}
