//! Facts of a suite: written out, read from a file, made from libvirt's XML, or generated.

use std::path::Path;

use serde_json::{Value, json};
use thiserror::Error;

use crate::fixture::{Fixture, Fleet, generate, merge, without_nulls};
use crate::model::snapshot::Snapshot;

/// Why facts cannot be had.
#[derive(Debug, Error)]
#[error("{place}: {text}")]
pub struct FactsError {
    place: String,
    text: String,
}

fn problem(place: impl Into<String>, text: impl Into<String>) -> FactsError {
    FactsError { place: place.into(), text: text.into() }
}

/// Facts as a tree, with what `file`, `generate`, `xml` and `capabilities` stand for. What is
/// written out lies over what is read.
pub fn resolve(folder: &Path, facts: &Value) -> Result<Value, FactsError> {
    let written = match facts {
        Value::String(file) => &json!({ "file": file }),
        other => other,
    };
    let mut written = written
        .as_object()
        .cloned()
        .ok_or_else(|| problem("facts", "a table or a file's name was expected"))?;
    let mut tree = match (written.remove("file"), written.remove("generate")) {
        (None, None) => json!({}),
        (Some(file), None) => read_snapshot(folder, &text(&file, "facts.file")?)?,
        (None, Some(fleet)) => fleet_of(fleet)?,
        (Some(_), Some(_)) => return Err(problem("facts", "`file` and `generate` exclude each other")),
    };
    if let Some(domain) = written.get_mut("domain") {
        *domain = from_xml(folder, domain.take(), "xml", "facts.domain", |xml| {
            let facts = crate::xml::domain_facts(xml).map_err(|error| crate::problem::chain(&error))?;
            Ok(without_nulls(json!(facts)))
        })?;
    }
    if let Some(nodes) = written.get_mut("nodes").and_then(Value::as_object_mut) {
        for (name, node) in nodes.iter_mut() {
            let place = format!("facts.nodes.{name}");
            *node = from_xml(folder, node.take(), "capabilities", &place, |xml| {
                let facts = crate::xml::host_facts(xml).map_err(|error| crate::problem::chain(&error))?;
                Ok(without_nulls(json!(facts)))
            })?;
        }
    }
    merge(&mut tree, &Value::Object(written));
    Ok(tree)
}

fn text(value: &Value, place: &str) -> Result<String, FactsError> {
    value.as_str().map(str::to_owned).ok_or_else(|| problem(place, "a file's name was expected"))
}

fn read(folder: &Path, file: &str, place: &str) -> Result<String, FactsError> {
    let path = folder.join(file);
    std::fs::read_to_string(&path).map_err(|error| problem(place, format!("{}: {error}", path.display())))
}

/// A snapshot as `wayleave facts snapshot` prints it, the snapshot alone, or a tree of facts.
fn read_snapshot(folder: &Path, file: &str) -> Result<Value, FactsError> {
    let wrong = |text: String| problem("facts.file", format!("{}: {text}", folder.join(file).display()));
    let value: Value = serde_json::from_str(&read(folder, file, "facts.file")?)
        .map_err(|error| wrong(format!("it is no JSON: {error}")))?;
    let value = value.get("snapshot").cloned().unwrap_or(value);
    if value.get("candidates").is_none() {
        return Ok(value);
    }
    let snapshot: Snapshot =
        serde_json::from_value(value).map_err(|error| wrong(format!("it is no snapshot: {error}")))?;
    Ok(Fixture::of(&snapshot).tree)
}

fn fleet_of(fleet: Value) -> Result<Value, FactsError> {
    let fleet: Fleet =
        serde_json::from_value(fleet).map_err(|error| problem("facts.generate", error.to_string()))?;
    if fleet.nodes > Fleet::NODES_MAX {
        let text = format!("{} nodes are too many; {} at most", fleet.nodes, Fleet::NODES_MAX);
        return Err(problem("facts.generate", text));
    }
    Ok(generate(fleet))
}

/// A part of the tree of which a key names an XML file: its facts, with what is written beside over them.
fn from_xml(
    folder: &Path,
    mut written: Value,
    key: &str,
    place: &str,
    parse: impl Fn(&str) -> Result<Value, String>,
) -> Result<Value, FactsError> {
    let Some(file) = written.as_object_mut().and_then(|keys| keys.remove(key)) else { return Ok(written) };
    let place = format!("{place}.{key}");
    let file = text(&file, &place)?;
    let xml = read(folder, &file, &place)?;
    let mut facts =
        parse(&xml).map_err(|text| problem(place, format!("{}: {text}", folder.join(&file).display())))?;
    merge(&mut facts, &written);
    Ok(facts)
}
