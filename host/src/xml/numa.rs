//! Where a guest's processors and memory are: its own cells, the node's cells that
//! they are bound to, pinning, and the pages behind the memory.

use super::element::Element;
use super::error::XmlError;
use super::limits;
use super::values::KIB;
use crate::model::domain::{
    CellTune, GuestCell, GuestNuma, HugePages, MemoryBacking, NumaTune, Pinning, VcpuPin,
};

/// What libvirt takes where `<numatune>` does not say.
const DEFAULT_MODE: &str = "strict";

pub(super) fn guest(root: Element<'_>) -> Result<GuestNuma, XmlError> {
    let mut numa = GuestNuma::default();
    if let Some(cells) = root.path(["cpu", "numa"]) {
        for (position, cell) in cells.children("cell").enumerate() {
            numa.cells.push(guest_cell(position, cell)?);
        }
    }
    if let Some(tune) = root.child("numatune") {
        numa.memory = tune.child("memory").map(memory_tune).transpose()?;
        numa.cell_memory = tune.children("memnode").map(cell_tune).collect::<Result<_, _>>()?;
    }
    Ok(numa)
}

fn guest_cell(position: usize, cell: Element<'_>) -> Result<GuestCell, XmlError> {
    let id = match cell_number(cell, "id")? {
        Some(id) => id,
        None => u32::try_from(position).map_err(|_| cell.missing("`id`"))?,
    };
    Ok(GuestCell {
        id,
        cpus: cell.set("cpus")?.unwrap_or_default(),
        memory_bytes: cell.attribute_amount("memory", KIB)?.map_or(0, |amount| amount.bytes),
        memory_access: cell.said("memAccess"),
    })
}

fn cell_number(element: Element<'_>, name: &str) -> Result<Option<u32>, XmlError> {
    match element.number::<u32>(name)? {
        Some(id) if id >= limits::CPU_NUMBER => {
            Err(element.bad_attribute(name, &id.to_string(), "the number of a cell, below 65536"))
        }
        id => Ok(id),
    }
}

fn memory_tune(memory: Element<'_>) -> Result<NumaTune, XmlError> {
    Ok(NumaTune {
        mode: memory.said("mode").unwrap_or_else(|| DEFAULT_MODE.to_owned()),
        placement: memory.said("placement"),
        cells: memory.set("nodeset")?.unwrap_or_default(),
    })
}

fn cell_tune(memnode: Element<'_>) -> Result<CellTune, XmlError> {
    Ok(CellTune {
        guest_cell: cell_number(memnode, "cellid")?.ok_or_else(|| memnode.missing("`cellid`"))?,
        mode: memnode.said("mode").unwrap_or_else(|| DEFAULT_MODE.to_owned()),
        cells: memnode.set("nodeset")?.ok_or_else(|| memnode.missing("`nodeset`"))?,
    })
}

pub(super) fn pinning(root: Element<'_>) -> Result<Pinning, XmlError> {
    let mut pinning = Pinning::default();
    if let Some(vcpu) = root.child("vcpu") {
        pinning.all_vcpus = vcpu.set("cpuset")?.unwrap_or_default();
    }
    let Some(tune) = root.child("cputune") else { return Ok(pinning) };
    for pin in tune.children("vcpupin") {
        pinning.vcpus.push(VcpuPin {
            vcpu: pin.number("vcpu")?.ok_or_else(|| pin.missing("`vcpu`"))?,
            cpus: pin.set("cpuset")?.ok_or_else(|| pin.missing("`cpuset`"))?,
        });
    }
    if let Some(pin) = tune.child("emulatorpin") {
        pinning.emulator = pin.set("cpuset")?.ok_or_else(|| pin.missing("`cpuset`"))?;
    }
    Ok(pinning)
}

pub(super) fn backing(root: Element<'_>) -> Result<MemoryBacking, XmlError> {
    let Some(backing) = root.child("memoryBacking") else { return Ok(MemoryBacking::default()) };
    let said = |element, attribute| backing.child(element).and_then(|element| element.said(attribute));
    Ok(MemoryBacking {
        hugepages: backing.child("hugepages").map(huge_pages).transpose()?.unwrap_or_default(),
        locked: backing.child("locked").is_some(),
        no_share_pages: backing.child("nosharepages").is_some(),
        source: said("source", "type"),
        access: said("access", "mode"),
        allocation: said("allocation", "mode"),
    })
}

/// Without a `<page>` all memory is in pages of the node's default huge size.
fn huge_pages(hugepages: Element<'_>) -> Result<Vec<HugePages>, XmlError> {
    let mut pages = Vec::new();
    for page in hugepages.children("page") {
        let size = page.attribute_amount("size", KIB)?.ok_or_else(|| page.missing("`size`"))?;
        pages.push(HugePages {
            size_bytes: Some(size.bytes),
            guest_cells: page.set("nodeset")?.unwrap_or_default(),
        });
    }
    if pages.is_empty() {
        pages.push(HugePages { size_bytes: None, guest_cells: Vec::new() });
    }
    Ok(pages)
}
