//! Changing and cutting a definition's text, leaving every other byte as it is.

use std::ops::Range;

use super::element::{Element, Source};
use super::error::XmlError;
use super::values::{AMOUNT_EXPECTED, Amount, KIB};

/// A multiple of every page size that guests use, so that no driver rounds it away.
const STEP_BYTES: u64 = 1 << 30;

/// The `<cpu>` element as it stands in the text.
pub fn cpu_element(domain_xml: &str) -> Result<Option<String>, XmlError> {
    let source = Source::parse(domain_xml)?;
    let cpu = source.root("domain")?.child("cpu");
    Ok(cpu.map(|cpu| cpu.text().to_owned()))
}

/// The same definition with 1 GiB more memory: still valid, and no longer the same guest.
///
/// `<memory>` and `<currentMemory>` grow, and so does the first guest cell, which is
/// part of the sum; `<maxMemory>` only if it would no longer be the largest.
pub fn with_other_memory(domain_xml: &str) -> Result<String, XmlError> {
    let source = Source::parse(domain_xml)?;
    let root = source.root("domain")?;
    let mut edits = Vec::new();

    let memory = content_amount(root, "memory")?;
    if let Some((element, amount)) = memory {
        raise_content(element, amount, &mut edits)?;
    }
    let has_cell = raise_first_cell(root, &mut edits)?;
    if memory.is_none() && !has_cell {
        return Err(root.missing("<memory>"));
    }
    if let Some((element, amount)) = content_amount(root, "currentMemory")? {
        raise_content(element, amount, &mut edits)?;
    }
    if let (Some((_, memory)), Some((element, max))) = (memory, content_amount(root, "maxMemory")?)
        && memory.bytes.saturating_add(STEP_BYTES) > max.bytes
    {
        raise_content(element, max, &mut edits)?;
    }
    Ok(applied(domain_xml, edits))
}

type Edit = (Range<usize>, String);

/// An amount that libvirt would go by: it takes zero for "not said".
fn content_amount<'a>(
    root: Element<'a>,
    name: &'static str,
) -> Result<Option<(Element<'a>, Amount)>, XmlError> {
    let Some(element) = root.child(name) else { return Ok(None) };
    Ok(element.amount(KIB)?.filter(|amount| amount.bytes > 0).map(|amount| (element, amount)))
}

fn raise_content(element: Element<'_>, amount: Amount, edits: &mut Vec<Edit>) -> Result<(), XmlError> {
    if let Some(range) = element.content_range() {
        let number = raised(element, amount, edits)?;
        edits.push((range, number));
    }
    Ok(())
}

/// Whether there is a cell with memory.
fn raise_first_cell(root: Element<'_>, edits: &mut Vec<Edit>) -> Result<bool, XmlError> {
    let Some(cells) = root.path(["cpu", "numa"]) else { return Ok(false) };
    for cell in cells.children("cell") {
        if let (Some(amount), Some(range)) =
            (cell.attribute_amount("memory", KIB)?, cell.value_range("memory"))
        {
            let number = raised(cell, amount, edits)?;
            edits.push((range, number));
            return Ok(true);
        }
    }
    Ok(false)
}

/// The larger number in the same unit, or in bytes where the unit is too coarse for
/// the step, or decimal.
fn raised(element: Element<'_>, amount: Amount, edits: &mut Vec<Edit>) -> Result<String, XmlError> {
    let too_large =
        || element.bad(format!("the memory of <{}>", element.name()), "1 GiB more", AMOUNT_EXPECTED);
    let bytes = amount.bytes.checked_add(STEP_BYTES).ok_or_else(too_large)?;
    if STEP_BYTES.is_multiple_of(amount.scale) {
        return Ok((bytes / amount.scale).to_string());
    }
    // Without a unit it is KiB, so here there is one.
    if let Some(range) = element.value_range("unit") {
        edits.push((range, "b".to_owned()));
    }
    Ok(bytes.to_string())
}

fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len() + 64);
    let mut copied = 0;
    for (range, replacement) in edits {
        result.push_str(&text[copied..range.start]);
        result.push_str(&replacement);
        copied = range.end;
    }
    result.push_str(&text[copied..]);
    result
}
