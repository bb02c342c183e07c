//! Devices of a guest that tie it to a machine less often than disks and host devices:
//! interfaces, file systems, shared memory, TPM.

use super::element::Element;
use super::error::XmlError;
use super::values::BYTE;
use super::{disk, hostdev};
use crate::model::domain::{FileSystem, Interface, SharedMemory, Tpm};

pub(super) fn interface(element: Element<'_>) -> Result<Interface, XmlError> {
    let kind = element.said("type").unwrap_or_else(|| "user".to_owned());
    let source = match element.child("source") {
        Some(source) => interface_source(&kind, source)?,
        None => None,
    };
    let said = |child, attribute| element.child(child).and_then(|child| child.said(attribute));
    Ok(Interface {
        kind,
        source,
        mac: said("mac", "address"),
        model: said("model", "type"),
        target: said("target", "dev"),
    })
}

fn interface_source(kind: &str, source: Element<'_>) -> Result<Option<String>, XmlError> {
    Ok(match kind {
        "network" => source.said("network"),
        "bridge" => source.said("bridge"),
        "internal" => source.said("name"),
        "vhostuser" => source.said("path"),
        "server" | "client" | "mcast" | "udp" => match (source.said("address"), source.said("port")) {
            (Some(address), Some(port)) => Some(format!("{address}:{port}")),
            // A server that listens everywhere has no address.
            (address, port) => address.or_else(|| port.map(|port| format!(":{port}"))),
        },
        "vds" => match (source.said("switchid"), source.said("portgroupid")) {
            (Some(switch), Some(group)) => Some(format!("{switch}/{group}")),
            (switch, group) => switch.or(group),
        },
        "hostdev" => hostdev::interface_address(source)?,
        // `direct`, `vdpa`, `user` with passt, and whatever comes later.
        _ => source.said("dev"),
    })
}

pub(super) fn filesystem(element: Element<'_>) -> Result<FileSystem, XmlError> {
    Ok(FileSystem {
        kind: element.said("type").unwrap_or_else(|| "mount".to_owned()),
        driver: element.child("driver").and_then(|driver| driver.said("type")),
        source: element.child("source").and_then(filesystem_source),
        target: element.child("target").and_then(|target| target.said("dir")),
    })
}

/// A directory, the socket of a virtiofsd that others run, an image, a device, a
/// template's name, a volume, or how much memory a file system in memory may use.
fn filesystem_source(source: Element<'_>) -> Option<String> {
    let named = ["dir", "socket", "file", "dev", "name"].into_iter().find_map(|name| source.said(name));
    named.or_else(|| disk::volume(source)).or_else(|| {
        let usage = source.said("usage")?;
        Some(match source.said("units") {
            Some(units) => format!("{usage} {units}"),
            None => usage,
        })
    })
}

pub(super) fn shared_memory(element: Element<'_>) -> Result<SharedMemory, XmlError> {
    let size = element.child("size").map(|size| size.amount(BYTE)).transpose()?.flatten();
    Ok(SharedMemory {
        name: element.said("name").ok_or_else(|| element.missing("`name`"))?,
        model: element.child("model").and_then(|model| model.said("type")),
        role: element.said("role"),
        size_bytes: size.map(|amount| amount.bytes),
    })
}

/// A guest has one, except on POWER, where it may have a proxy to the machine's own
/// beside it: then the one that is the machine's is told, as it cannot move.
pub(super) fn tpm(devices: Element<'_>) -> Option<Tpm> {
    let mut all: Vec<Tpm> = devices.children("tpm").map(one_tpm).collect();
    let told = all.iter().position(|tpm| tpm.backend.as_deref() == Some("passthrough")).unwrap_or(0);
    (told < all.len()).then(|| all.swap_remove(told))
}

fn one_tpm(element: Element<'_>) -> Tpm {
    let backend = element.child("backend");
    let place = backend.and_then(|backend| backend.child("device").or_else(|| backend.child("source")));
    Tpm {
        model: element.said("model"),
        backend: backend.and_then(|backend| backend.said("type")),
        version: backend.and_then(|backend| backend.said("version")),
        source: place.and_then(|place| place.said("path")),
    }
}
