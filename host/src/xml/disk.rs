//! Disks, and what a source of any type is called in one text.

use super::element::Element;
use super::error::XmlError;
use super::hostdev;
use crate::model::domain::Disk;

pub(super) fn disk(element: Element<'_>) -> Result<Disk, XmlError> {
    let source_type = element.said("type").unwrap_or_else(|| "file".to_owned());
    let device = element.said("device").unwrap_or_else(|| "disk".to_owned());
    let (target, driver) = (element.child("target"), element.child("driver"));
    // Only the disk's own source: backing files and mirrors have sources inside them.
    let place = element.child("source");
    Ok(Disk {
        target: target.and_then(|target| target.said("dev")).unwrap_or_default(),
        bus: target.and_then(|target| target.said("bus")),
        source: place.map(|place| source(&source_type, place)).transpose()?.flatten(),
        pool: place.filter(|_| source_type == "volume").and_then(|place| place.said("pool")),
        format: driver.and_then(|driver| driver.said("type")),
        cache: driver.and_then(|driver| driver.said("cache")),
        shareable: element.child("shareable").is_some(),
        readonly: element.child("readonly").is_some() || device == "cdrom",
        transient: element.child("transient").is_some(),
        device,
        source_type,
    })
}

/// What a `<source>` of this type names, or none if it names nothing.
pub(super) fn source(source_type: &str, source: Element<'_>) -> Result<Option<String>, XmlError> {
    Ok(match source_type {
        "file" => source.said("file"),
        "block" | "vhostvdpa" => source.said("dev"),
        "dir" => source.said("dir"),
        "vhostuser" => source.said("path"),
        "network" => network(source),
        "volume" => volume(source),
        "nvme" => source.child("address").map(hostdev::pci).transpose()?,
        // A type of some later libvirt: whatever single thing it names.
        _ => ["file", "dev", "dir", "path", "name"].into_iter().find_map(|name| source.said(name)),
    })
}

/// `protocol:name`; where there is no name, the first host stands for it.
fn network(source: Element<'_>) -> Option<String> {
    let name = source.said("name").or_else(|| source.child("host").and_then(host))?;
    Some(match source.said("protocol") {
        Some(protocol) => format!("{protocol}:{name}"),
        None => name,
    })
}

pub(super) fn volume(source: Element<'_>) -> Option<String> {
    Some(format!("{}/{}", source.said("pool")?, source.said("volume")?))
}

/// `name`, `name:port`, or the path of a socket.
pub(super) fn host(host: Element<'_>) -> Option<String> {
    let Some(name) = host.said("name") else { return host.said("socket") };
    let name = if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name };
    Some(match host.said("port") {
        Some(port) => format!("{name}:{port}"),
        None => name,
    })
}
