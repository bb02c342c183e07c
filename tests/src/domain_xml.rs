//! A guest's description as libvirt's domain XML. Pure text.

use std::path::Path;

use crate::guest::Guest;
use crate::image::Image;

/// What the XML needs to know of the lab.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub image: &'a Image,
    pub machine: &'a str,
    pub images: &'a Path,
    pub consoles: &'a Path,
}

pub(crate) fn domain_xml(guest: &Guest, lab: &Surroundings) -> String {
    let kind = if lab.image.kvm { "kvm" } else { "qemu" };
    // Old and small on purpose: every node's hypervisor has all of it, emulated or not.
    let cpu = if lab.image.kvm { "kvm64" } else { "qemu64" };
    let Guest { name, memory_mib, vcpus, .. } = guest;
    format!(
        "<domain type='{kind}'>
  <name>{name}</name>
  {metadata}
  <memory unit='MiB'>{memory_mib}</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='{machine}'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>{arguments}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='{check}'><model fallback='forbid'>{cpu}</model>{feature}</cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='{usb}'/>
    <serial type='file'>
      <source path='{console}' append='on'/>
      <target type='isa-serial' port='0'/>
    </serial>
    {disk}
    {hostdev}
    {interface}
    <memballoon model='none'/>
  </devices>
</domain>
",
        metadata = metadata(guest),
        machine = lab.machine,
        kernel = lab.image.kernel.display(),
        initramfs = lab.image.initramfs.display(),
        arguments = arguments(guest),
        check = if guest.cpu_feature.is_some() { "partial" } else { "none" },
        feature = guest.cpu_feature.map_or_else(String::new, cpu_feature),
        interface = guest.bridge.map_or_else(String::new, interface),
        usb = if guest.usb_hostdev { "qemu-xhci" } else { "none" },
        console = lab.consoles.join(format!("{name}.log")).display(),
        disk = disk(guest, lab.images),
        hostdev = if guest.usb_hostdev { USB_HOSTDEV } else { "" },
    )
}

fn cpu_feature(name: &str) -> String {
    format!("<feature policy='require' name='{name}'/>")
}

fn interface(bridge: &str) -> String {
    format!("<interface type='bridge'><source bridge='{bridge}'/><model type='virtio'/></interface>")
}

const USB_HOSTDEV: &str = "<hostdev mode='subsystem' type='usb' managed='yes'>
      <source startupPolicy='optional'><vendor id='0x1d6b'/><product id='0x0104'/></source>
    </hostdev>";

fn arguments(guest: &Guest) -> String {
    let mut text = format!("console=ttyS0 quiet panic=1 ticks={}", guest.tick_ms);
    if let Some((size, rate)) = guest.dirty_mib {
        text += &format!(" dirty={size},{rate}");
    }
    if let Some(every_ms) = guest.blocks_every_ms {
        text += &format!(" blocks={every_ms}");
    }
    text
}

fn disk(guest: &Guest, images: &Path) -> String {
    let Some(file) = guest.disk_name() else { return String::new() };
    format!(
        "<disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='{}'/>
      <source file='{}'/>
      <target dev='vda' bus='virtio'/>
    </disk>",
        guest.disk_cache,
        images.join(file).display()
    )
}

fn metadata(guest: &Guest) -> String {
    if guest.labels.is_empty() {
        return String::new();
    }
    let label = |(key, value): &(String, String)| {
        format!("<wayleave:label key='{}' value='{}'/>", escaped(key), escaped(value))
    };
    let labels: String = guest.labels.iter().map(label).collect();
    format!(
        "<metadata><wayleave:labels xmlns:wayleave='https://wayleave.dev/domain/1'>{labels}\
         </wayleave:labels></metadata>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
