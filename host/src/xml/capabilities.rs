//! A node's capabilities as facts.
//!
//! What capabilities do not have (versions, free memory, pools, networks, residents)
//! is left for whoever asks the daemon.

use std::collections::BTreeSet;

use super::cpu;
use super::domain::uuid;
use super::element::{Element, Source};
use super::error::XmlError;
use super::values::KIB;
use crate::model::node::{GuestSupport, HostCell, HostFacts, PagePool};

/// Facts of one node. The root must be `<capabilities>`.
pub fn host_facts(capabilities_xml: &str) -> Result<HostFacts, XmlError> {
    let source = Source::parse(capabilities_xml)?;
    let root = source.root("capabilities")?;
    let mut facts = HostFacts::default();
    if let Some(host) = root.child("host") {
        node(host, &mut facts)?;
    }
    for guest in root.children("guest") {
        guest_support(guest, &mut facts.guests)?;
    }
    Ok(facts)
}

fn node(host: Element<'_>, facts: &mut HostFacts) -> Result<(), XmlError> {
    facts.uuid = host.child("uuid").map(uuid).transpose()?;
    if let Some(processor) = host.child("cpu") {
        facts.arch = processor.content_of("arch");
        facts.cpu = cpu::of_node(processor)?;
    }
    if let Some(transports) = host.path(["migration_features", "uri_transports"]) {
        let names = transports.children("uri_transport").map(|transport| transport.content().into_owned());
        facts.migration_transports = names.filter(|name| !name.is_empty()).collect();
    }
    if let Some(cells) = host.path(["topology", "cells"]) {
        facts.cells = cells.children("cell").map(cell).collect::<Result<_, _>>()?;
    }
    let processors: BTreeSet<u32> = facts.cells.iter().flat_map(|cell| cell.cpus.iter().copied()).collect();
    facts.cpus = u32::try_from(processors.len()).ok().filter(|count| *count > 0);
    let memory: Option<u64> = facts.cells.iter().map(|cell| cell.memory_total_bytes).sum_known();
    facts.memory_total_bytes = memory.filter(|_| !facts.cells.is_empty());
    Ok(())
}

trait SumKnown: Iterator<Item = Option<u64>> + Sized {
    /// The sum, if every part is known and it does not overflow.
    fn sum_known(mut self) -> Option<u64> {
        self.try_fold(0_u64, |sum, part| sum.checked_add(part?))
    }
}

impl<I: Iterator<Item = Option<u64>>> SumKnown for I {}

fn cell(element: Element<'_>) -> Result<HostCell, XmlError> {
    let mut cell =
        HostCell { id: element.number("id")?.ok_or_else(|| element.missing("`id`"))?, ..HostCell::default() };
    if let Some(memory) = element.child("memory") {
        cell.memory_total_bytes = memory.amount(KIB)?.map(|amount| amount.bytes);
    }
    for pages in element.children("pages") {
        let size = pages.attribute_amount("size", KIB)?.ok_or_else(|| pages.missing("`size`"))?;
        let count = pages.content();
        let total = count
            .parse()
            .map_err(|_| pages.bad("<pages>".to_owned(), &count, "a number of pages, not negative"))?;
        cell.pages.push(PagePool { size_bytes: size.bytes, total, free: None });
    }
    if let Some(processors) = element.child("cpus") {
        for processor in processors.children("cpu") {
            cell.cpus.push(processor.number("id")?.ok_or_else(|| processor.missing("`id`"))?);
        }
    }
    Ok(cell)
}

/// One entry for each emulator: those that share the architecture's own are together,
/// and a hypervisor that brings its own emulator or machines has an entry of its own.
fn guest_support(guest: Element<'_>, guests: &mut Vec<GuestSupport>) -> Result<(), XmlError> {
    let os_type = guest.content_of("os_type").ok_or_else(|| guest.missing("<os_type>"))?;
    let arch = guest.child("arch").ok_or_else(|| guest.missing("<arch>"))?;
    let name = arch.said("name").ok_or_else(|| arch.missing("`name`"))?;
    let mut common = GuestSupport {
        os_type,
        arch: name,
        emulator: arch.content_of("emulator"),
        hypervisors: Vec::new(),
        machines: machines(arch),
    };
    let mut own = Vec::new();
    for domain in arch.children("domain") {
        let kind = domain.said("type").ok_or_else(|| domain.missing("`type`"))?;
        let (emulator, machines) = (domain.content_of("emulator"), machines(domain));
        if emulator.is_none() && machines.is_empty() {
            common.hypervisors.push(kind);
            continue;
        }
        own.push(GuestSupport {
            hypervisors: vec![kind],
            emulator: emulator.or_else(|| common.emulator.clone()),
            machines: if machines.is_empty() { common.machines.clone() } else { machines },
            ..common.clone()
        });
    }
    if !common.hypervisors.is_empty() || own.is_empty() {
        guests.push(common);
    }
    guests.extend(own);
    Ok(())
}

/// Names and what they stand for, each once, in the order of the capabilities.
fn machines(parent: Element<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = parent.children("machine").flat_map(|machine| {
        let name = machine.content().into_owned();
        [Some(name).filter(|name| !name.is_empty()), machine.said("canonical")]
    });
    names.flatten().filter(|name| seen.insert(name.clone())).collect()
}
