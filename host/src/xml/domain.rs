//! A domain's definition as facts: identity, size, processors, firmware.
//!
//! Devices, NUMA and labels have files of their own.

use super::element::{Element, Source};
use super::error::XmlError;
use super::values::{self, KIB};
use super::{cpu, devices, disk, hostdev, metadata, numa};
use crate::model::domain::{DomainFacts, Firmware};

/// Facts of one domain. The root must be `<domain>`.
pub fn domain_facts(xml: &str) -> Result<DomainFacts, XmlError> {
    let source = Source::parse(xml)?;
    let root = source.root("domain")?;

    let mut facts = identity(root)?;
    machine(root, &mut facts);
    processors(root, &mut facts)?;
    facts.cpu = cpu::of_guest(root)?;
    facts.numa = numa::guest(root)?;
    facts.pinning = numa::pinning(root)?;
    facts.memory_backing = numa::backing(root)?;
    memory(root, &mut facts)?;
    facts.firmware = firmware(root)?;
    facts.launch_security = root.child("launchSecurity").and_then(|element| element.said("type"));
    facts.labels = metadata::labels(root)?;

    if let Some(devices) = root.child("devices") {
        facts.emulator = devices.content_of("emulator");
        facts.disks = collect(devices, "disk", disk::disk)?;
        facts.hostdevs = hostdev::all(devices)?;
        facts.interfaces = collect(devices, "interface", devices::interface)?;
        facts.filesystems = collect(devices, "filesystem", devices::filesystem)?;
        facts.shared_memory = collect(devices, "shmem", devices::shared_memory)?;
        facts.tpm = devices::tpm(devices);
    }
    Ok(facts)
}

fn collect<T>(
    parent: Element<'_>,
    name: &'static str,
    read: fn(Element<'_>) -> Result<T, XmlError>,
) -> Result<Vec<T>, XmlError> {
    parent.children(name).map(read).collect()
}

fn identity(root: Element<'_>) -> Result<DomainFacts, XmlError> {
    let uuid = match root.child("uuid") {
        None => None,
        Some(element) => Some(uuid(element)?),
    };
    Ok(DomainFacts {
        name: root.content_of("name").ok_or_else(|| root.missing("<name>"))?,
        uuid,
        title: root.content_of("title"),
        hypervisor: root.said("type").ok_or_else(|| root.missing("`type`"))?,
        ..DomainFacts::default()
    })
}

pub(super) fn uuid(element: Element<'_>) -> Result<uuid::Uuid, XmlError> {
    let text = element.content();
    values::uuid(&text).ok_or_else(|| element.bad("<uuid>".to_owned(), &text, "32 hexadecimal digits"))
}

fn machine(root: Element<'_>, facts: &mut DomainFacts) {
    if let Some(os_type) = root.path(["os", "type"]) {
        let content = os_type.content();
        facts.os_type = (!content.is_empty()).then(|| content.into_owned());
        facts.arch = os_type.said("arch");
        facts.machine = os_type.said("machine");
    }
}

/// libvirt gives one processor to a domain whose definition does not count them.
fn processors(root: Element<'_>, facts: &mut DomainFacts) -> Result<(), XmlError> {
    const EXPECTED: &str = "a number of processors, from 1";
    let Some(vcpu) = root.child("vcpu") else {
        (facts.vcpus, facts.vcpus_max) = (1, 1);
        return Ok(());
    };
    let content = vcpu.content();
    let bad = || vcpu.bad("<vcpu>".to_owned(), &content, EXPECTED);
    facts.vcpus_max = content.parse().ok().filter(|count| *count > 0).ok_or_else(bad)?;
    facts.vcpus = vcpu.number("current")?.unwrap_or(facts.vcpus_max);
    if facts.vcpus > facts.vcpus_max {
        let found = facts.vcpus.to_string();
        return Err(vcpu.bad_attribute("current", &found, "no more than the content of <vcpu>"));
    }
    // Told one by one, those that are enabled are the current ones.
    if let Some(each) = root.child("vcpus") {
        let mut enabled = 0;
        for vcpu in each.children("vcpu") {
            enabled += u32::from(vcpu.switch("enabled")?.unwrap_or(false));
        }
        facts.vcpus = enabled.min(facts.vcpus_max);
    }
    Ok(())
}

/// `<memory>` counts memory modules, and guest cells add up to the rest. Where a
/// definition was written by hand and they disagree, QEMU's driver goes by the cells
/// and the others by `<memory>`. 0 is what it is for a container without a limit.
fn memory(root: Element<'_>, facts: &mut DomainFacts) -> Result<(), XmlError> {
    let declared = bytes_of(root, "memory")?.unwrap_or(0);
    let in_cells = total(root, facts.numa.cells.iter().map(|cell| cell.memory_bytes))?;
    let by_cells = matches!(facts.hypervisor.as_str(), "kvm" | "qemu" | "hvf") || declared == 0;

    facts.memory_bytes = if in_cells > 0 && by_cells {
        total(root, [in_cells, in_modules(root)?].into_iter())?
    } else {
        declared
    };
    facts.memory_current_bytes = match bytes_of(root, "currentMemory")?.unwrap_or(0) {
        0 => facts.memory_bytes,
        current => current.min(facts.memory_bytes),
    };
    if let Some(max) = root.child("maxMemory") {
        facts.memory_max_bytes = max.amount(KIB)?.map(|amount| amount.bytes);
        facts.memory_slots = max.number("slots")?;
    }
    Ok(())
}

/// What modules of every kind add, enclave memory and persistent memory among them.
fn in_modules(root: Element<'_>) -> Result<u64, XmlError> {
    let Some(devices) = root.child("devices") else { return Ok(0) };
    let mut sizes = Vec::new();
    for target in devices.children("memory").filter_map(|module| module.child("target")) {
        sizes.extend(bytes_of(target, "size")?);
    }
    total(root, sizes.into_iter())
}

fn bytes_of(parent: Element<'_>, name: &'static str) -> Result<Option<u64>, XmlError> {
    let amount = parent.child(name).map(|element| element.amount(KIB)).transpose()?.flatten();
    Ok(amount.map(|amount| amount.bytes))
}

fn total(root: Element<'_>, mut parts: impl Iterator<Item = u64>) -> Result<u64, XmlError> {
    parts.try_fold(0_u64, u64::checked_add).ok_or_else(|| {
        root.bad(
            "the memory of <domain>".to_owned(),
            "the sum of its cells and modules",
            values::AMOUNT_EXPECTED,
        )
    })
}

fn firmware(root: Element<'_>) -> Result<Firmware, XmlError> {
    let Some(os) = root.child("os") else { return Ok(Firmware::default()) };
    let loader = os.child("loader");
    let mut secure = match loader {
        Some(loader) => loader.switch("secure")?.unwrap_or(false),
        None => false,
    };
    if let Some(features) = os.child("firmware") {
        for feature in features.children("feature") {
            let wanted = feature.switch("enabled")?.unwrap_or(false);
            secure |= wanted && feature.attribute("name") == Some("secure-boot");
        }
    }
    Ok(Firmware {
        kind: os.said("firmware"),
        loader: os.content_of("loader"),
        loader_type: loader.and_then(|loader| loader.said("type")),
        secure,
        nvram: match os.child("nvram") {
            Some(nvram) => nvram_source(nvram)?,
            None => None,
        },
    })
}

/// A path as its content, or, in newer definitions, a source like a disk's.
fn nvram_source(nvram: Element<'_>) -> Result<Option<String>, XmlError> {
    let content = nvram.content();
    if !content.is_empty() {
        return Ok(Some(content.into_owned()));
    }
    match nvram.child("source") {
        Some(source) => disk::source(nvram.attribute("type").unwrap_or("file"), source),
        None => Ok(None),
    }
}
