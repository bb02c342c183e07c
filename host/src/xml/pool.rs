//! A storage pool as facts. Whether it is active its XML does not say.

use super::disk;
use super::element::{Element, Source};
use super::error::XmlError;
use super::values::BYTE;
use crate::model::node::Pool;

/// Facts of one pool, as if it were not active. The root must be `<pool>`.
pub fn pool_facts(xml: &str) -> Result<Pool, XmlError> {
    let document = Source::parse(xml)?;
    let root = document.root("pool")?;
    let bytes = |name| -> Result<Option<u64>, XmlError> {
        let amount = root.child(name).map(|element| element.amount(BYTE)).transpose()?.flatten();
        Ok(amount.map(|amount| amount.bytes))
    };
    Ok(Pool {
        name: pool_name(root)?,
        kind: root.said("type").ok_or_else(|| root.missing("`type`"))?,
        active: false,
        target_path: root.child("target").and_then(|target| target.content_of("path")),
        source: root.child("source").and_then(source),
        capacity_bytes: bytes("capacity")?,
        available_bytes: bytes("available")?,
    })
}

/// libvirt names a pool after its source where it has no name of its own.
fn pool_name(root: Element<'_>) -> Result<String, XmlError> {
    let source_name = || root.child("source").and_then(|source| source.content_of("name"));
    root.content_of("name").or_else(source_name).ok_or_else(|| root.missing("<name>"))
}

/// `host:place`, or the place alone: two pools of one kind with the same text are of
/// the same storage. The place is the pool's name at its source (a volume group, a
/// Ceph pool, a Gluster volume and the directory in it), an exported directory, an
/// iSCSI name, a device, or an adapter.
fn source(source: Element<'_>) -> Option<String> {
    let hosts: Vec<String> = source.children("host").filter_map(disk::host).collect();
    let name = source.content_of("name");
    let dir = source.child("dir").and_then(|dir| dir.said("path"));
    let devices: Vec<String> = source.children("device").filter_map(|device| device.said("path")).collect();
    let adapter = source.child("adapter").and_then(adapter);
    let place = match (name, dir) {
        (Some(name), Some(dir)) => Some(format!("{name}/{}", dir.trim_start_matches('/'))),
        (name, dir) => name.or(dir),
    };
    let place = place.or_else(|| (!devices.is_empty()).then(|| devices.join(","))).or(adapter);
    match (hosts.is_empty(), place) {
        (true, place) => place,
        (false, Some(place)) => Some(format!("{}:{place}", hosts.join(","))),
        (false, None) => Some(hosts.join(",")),
    }
}

fn adapter(adapter: Element<'_>) -> Option<String> {
    adapter.said("name").or_else(|| adapter.said("wwpn"))
}
