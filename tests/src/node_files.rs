//! The files that make a folder into a node: libvirt's configuration, the storage pool, /etc/hosts.
//! Written before the daemon starts; nothing here runs anything.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use crate::image::Image;
use crate::place::Place;

/// Ends in the lab's and the node's number: unlike for every node, and equal from start to start.
fn host_uuid(place: &Place, number: u8) -> String {
    format!("5f0e1f8c-7d1c-4c5a-9a11-00000000{:02x}{number:02x}", place.number)
}

pub(crate) fn write(place: &Place, image: &Image, number: u8, names: &[String]) -> Result<()> {
    let folder = place.node_folder(&names[usize::from(number) - 1]);
    let etc = folder.join("etc/libvirt");
    fs::create_dir_all(etc.join("storage/autostart"))?;
    for part in ["run", "var/lib/libvirt", "var/log/libvirt", "var/cache/libvirt"] {
        fs::create_dir_all(folder.join(part))?;
    }
    if !image.kvm {
        fs::write(folder.join("no-kvm"), "")?;
    }
    fs::write(folder.join("hosts"), hosts(place, names))?;
    fs::write(etc.join("libvirtd.conf"), daemon_settings(place, number))?;
    fs::write(etc.join("qemu.conf"), qemu_settings(place, image))?;
    write_pool(&etc, &place.images())
}

fn hosts(place: &Place, names: &[String]) -> String {
    let nodes = (1u8..).zip(names);
    let lines = nodes.map(|(number, name)| format!("{} {name}\n", place.address(number)));
    format!("127.0.0.1 localhost\n{}", lines.collect::<String>())
}

fn daemon_settings(place: &Place, number: u8) -> String {
    format!(
        r#"listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "{}"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
"#,
        host_uuid(place, number)
    )
}

fn qemu_settings(place: &Place, image: &Image) -> String {
    let mut text = String::from(
        r#"security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
cgroup_controllers = []
stdio_handler = "file"
namespaces = []
"#,
    );
    // Without this libvirt calls every move unsafe, as it sees no cluster file system.
    if image.shared_shim.is_none() {
        text += &format!("shared_filesystems = [\"{}\"]\n", place.images().display());
    }
    text
}

/// The definition, for libvirt itself and for a node that gets its pool back.
pub(crate) fn pool_xml(images: &Path) -> String {
    format!(
        "<pool type='dir'><name>images</name><uuid>0d9a3f3e-5a55-4a0c-8a5e-6f2f3f1f0001</uuid>\
         <target><path>{}</path></target></pool>\n",
        images.display()
    )
}

fn write_pool(etc: &Path, images: &Path) -> Result<()> {
    fs::write(etc.join("storage/images.xml"), pool_xml(images))?;
    symlink("/etc/libvirt/storage/images.xml", etc.join("storage/autostart/images.xml"))
        .context("cannot mark the pool as started with the daemon")
}
