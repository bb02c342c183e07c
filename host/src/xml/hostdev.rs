//! Devices of the machine that a guest holds: `<hostdev>`, and NICs passed through.

use super::element::Element;
use super::error::XmlError;
use super::values;
use crate::model::domain::HostDevice;

/// The `<hostdev>` elements, then the interfaces that are host devices.
pub(super) fn all(devices: Element<'_>) -> Result<Vec<HostDevice>, XmlError> {
    let passed_through =
        devices.children("interface").filter(|interface| interface.attribute("type") == Some("hostdev"));
    devices.children("hostdev").map(host_device).chain(passed_through.map(interface)).collect()
}

fn host_device(element: Element<'_>) -> Result<HostDevice, XmlError> {
    let kind = element.said("type").ok_or_else(|| element.missing("`type`"))?;
    let source = element.child("source");
    let address = match source {
        Some(source) => address(&kind, source)?,
        None => None,
    };
    let mode = element.said("mode").unwrap_or_else(|| "subsystem".to_owned());
    described(element, kind, mode, address)
}

fn interface(element: Element<'_>) -> Result<HostDevice, XmlError> {
    let source = element.child("source");
    let kind = interface_kind(source);
    let address = source.map(interface_address).transpose()?.flatten();
    described(element, kind.to_owned(), "interface".to_owned(), address)
}

/// The address of a NIC that is passed through: on the PCI bus, rarely on USB.
pub(super) fn interface_address(source: Element<'_>) -> Result<Option<String>, XmlError> {
    address(interface_kind(Some(source)), source)
}

fn interface_kind(source: Option<Element<'_>>) -> &'static str {
    let address = source.and_then(|source| source.child("address"));
    match address.and_then(|address| address.attribute("type")) {
        Some("usb") => "usb",
        _ if source.is_some_and(|source| source.child("vendor").is_some()) => "usb",
        _ => "pci",
    }
}

fn described(
    element: Element<'_>,
    kind: String,
    mode: String,
    address: Option<String>,
) -> Result<HostDevice, XmlError> {
    Ok(HostDevice {
        kind,
        mode,
        address,
        managed: element.switch("managed")?.unwrap_or(false),
        alias: element.child("alias").and_then(|alias| alias.said("name")),
    })
}

fn address(kind: &str, source: Element<'_>) -> Result<Option<String>, XmlError> {
    Ok(match kind {
        "pci" => source.child("address").map(pci).transpose()?,
        "usb" => usb(source)?,
        "scsi" => scsi(source)?,
        "scsi_host" => source.said("wwpn"),
        "mdev" => source.child("address").and_then(|address| address.said("uuid")),
        "storage" => source.content_of("block"),
        "misc" => source.content_of("char"),
        "net" => source.content_of("interface"),
        _ => None,
    })
}

/// `0000:3b:00.1`
pub(super) fn pci(address: Element<'_>) -> Result<String, XmlError> {
    let domain = part(address, "domain", u32::MAX)?.unwrap_or(0);
    let bus = part(address, "bus", 0xff)?.unwrap_or(0);
    let slot = part(address, "slot", 0x1f)?.unwrap_or(0);
    let function = part(address, "function", 7)?.unwrap_or(0);
    Ok(format!("{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"))
}

/// `046d:c52b`, `bus 1 device 4`, or `046d:c52b at bus 1 device 4`.
fn usb(source: Element<'_>) -> Result<Option<String>, XmlError> {
    let id = |name| source.child(name).map(|element| part(element, "id", 0xffff)).transpose();
    let product = match (id("vendor")?.flatten(), id("product")?.flatten()) {
        (Some(vendor), Some(product)) => Some(format!("{vendor:04x}:{product:04x}")),
        _ => None,
    };
    let port = match source.child("address") {
        Some(address) => (part(address, "bus", u32::MAX)?, part(address, "device", u32::MAX)?),
        None => (None, None),
    };
    let port = match port {
        (Some(bus), Some(device)) => Some(format!("bus {bus} device {device}")),
        _ => None,
    };
    Ok(match (product, port) {
        (Some(product), Some(port)) => Some(format!("{product} at {port}")),
        (product, port) => product.or(port),
    })
}

/// `scsi_host0:0:0:0` (adapter, bus, target, unit), or `iscsi:name`.
fn scsi(source: Element<'_>) -> Result<Option<String>, XmlError> {
    if let Some(protocol) = source.said("protocol") {
        return Ok(source.said("name").map(|name| format!("{protocol}:{name}")));
    }
    let adapter = source.child("adapter").and_then(|adapter| adapter.said("name"));
    let (Some(adapter), Some(address)) = (adapter, source.child("address")) else { return Ok(None) };
    let number = |name| -> Result<u64, XmlError> { Ok(address.number(name)?.unwrap_or(0)) };
    Ok(Some(format!("{adapter}:{}:{}:{}", number("bus")?, number("target")?, number("unit")?)))
}

/// One part of an address: hexadecimal, octal or decimal, as in C.
fn part(element: Element<'_>, name: &str, largest: u32) -> Result<Option<u32>, XmlError> {
    let Some(value) = element.attribute(name) else { return Ok(None) };
    let number = values::c_number(value).filter(|number| *number <= largest);
    number
        .map(Some)
        .ok_or_else(|| element.bad_attribute(name, value, "part of a device's address, such as 0x1f"))
}
