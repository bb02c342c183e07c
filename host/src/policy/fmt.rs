//! One way to write a policy: keys of a rule in one order, one space around `=`, one empty line
//! between tables. Comments, and what a value is, stay as they are.

use toml_edit::{DocumentMut, Item, KeyMut, Table, Value};

/// The order of a rule's keys.
const ORDER: [&str; 6] = ["use", "as", "mode", "on_fault", "weight", "settings"];

/// The text as it should be written; an error is TOML's own, with the byte where it is.
pub fn format(text: &str) -> Result<String, (String, usize)> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        (
            error.message().lines().next().unwrap_or_default().to_owned(),
            error.span().map_or(0, |span| span.start),
        )
    })?;
    tidy(document.as_table_mut(), 0);
    let formatted = document.to_string();
    let lines: Vec<&str> = formatted.lines().map(str::trim_end).collect();
    Ok(format!("{}\n", lines.join("\n").trim_matches('\n')))
}

fn tidy(table: &mut Table, depth: usize) {
    if depth > 0 && !table.is_implicit() {
        let before = paragraphs(table.decor().prefix().and_then(|prefix| prefix.as_str()));
        let gap = if depth == 1 { "\n" } else { "" };
        table.decor_mut().set_prefix(format!("{gap}{}", before.trim_start_matches('\n')));
    }
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    if table.contains_key("use") {
        table.sort_values_by(|one, _, other, _| place(one.get()).cmp(&place(other.get())));
    }
    for (place, (key, item)) in table.iter_mut().enumerate() {
        match item {
            // It is only a part of other names, as `data` of `[data.licences]`.
            Item::Table(table) if table.is_implicit() => tidy(table, depth),
            Item::Table(table) => tidy(table, depth + 1),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| tidy(table, depth + 1)),
            Item::Value(value) => tidy_value(key, value, place == 0),
            Item::None => {}
        }
    }
}

fn tidy_value(mut key: KeyMut<'_>, value: &mut Value, first: bool) {
    let before = paragraphs(key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()));
    let before = if first { before.trim_start_matches('\n') } else { &before };
    key.leaf_decor_mut().set_prefix(before);
    key.leaf_decor_mut().set_suffix(" ");
    let after =
        value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().trim().to_owned();
    value.decor_mut().set_prefix(" ");
    value.decor_mut().set_suffix(if after.is_empty() { String::new() } else { format!("  {after}") });
}

/// The lines of comment before something: no space around them, never two empty lines.
fn paragraphs(before: Option<&str>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in before.unwrap_or_default().lines().map(str::trim) {
        if !line.is_empty() || kept.last().is_some_and(|last| !last.is_empty()) || kept.is_empty() {
            kept.push(line);
        }
    }
    kept.iter().map(|line| format!("{line}\n")).collect()
}
