//! Devices of every kind, by what their sources are called.

use super::{facts_of, with_device};
use crate::model::domain::{Disk, HostDevice};

#[test]
fn disks_of_every_source() {
    let disks = facts_of("kvm-full").disks;
    let told: Vec<_> =
        disks.iter().map(|disk| (disk.target.as_str(), disk.source.as_deref().unwrap_or("-"))).collect();
    assert_eq!(
        told,
        [
            ("vda", "/var/lib/libvirt/images/ledger-db.qcow2"),
            ("sda", "/dev/mapper/ledger-log"),
            ("vdb", "rbd:vms/ledger-data"),
            ("vdc", "fast/ledger-temp"),
            ("vdd", "0000:01:00.0"),
            ("vde", "/run/spdk/vhost.0"),
            ("vdf", "/dev/vhost-vdpa-0"),
            ("fda", "/srv/floppy"),
            ("vdg", "nbd:nbd.example.org:10809"),
            ("sdb", "-"),
        ]
    );
    let first = Disk {
        target: "vda".into(),
        bus: Some("virtio".into()),
        device: "disk".into(),
        source_type: "file".into(),
        source: Some("/var/lib/libvirt/images/ledger-db.qcow2".into()),
        format: Some("qcow2".into()),
        cache: Some("none".into()),
        ..Disk::default()
    };
    assert_eq!(disks[0], first);
    assert_eq!((disks[1].device.as_str(), disks[1].shareable), ("lun", true));
    assert_eq!((disks[3].pool.as_deref(), disks[3].transient), (Some("fast"), true));
    assert!(disks[7].readonly);
    assert_eq!((disks[9].device.as_str(), disks[9].readonly), ("cdrom", true), "as libvirt will have it");
}

#[test]
fn disks_with_little_said() {
    let disk = with_device("<disk><source startupPolicy='optional' index='1'/><target dev='vda'/></disk>");
    assert_eq!(disk.disks[0].source_type, "file");
    assert_eq!(disk.disks[0].device, "disk");
    assert_eq!(disk.disks[0].source, None);
    let empty = with_device("<disk type='file'><source file=''/></disk>");
    assert_eq!((empty.disks[0].source.as_deref(), empty.disks[0].target.as_str()), (None, ""));
    let inner = with_device(
        "<disk type='file'><backingStore type='file'><source file='/base'/></backingStore>
         <mirror type='file'><source file='/copy'/></mirror><target dev='vda'/></disk>",
    );
    assert_eq!(inner.disks[0].source, None, "neither a backing file's nor a mirror's");
    let later = with_device("<disk type='hologram'><source path='/x'/></disk>");
    assert_eq!(later.disks[0].source.as_deref(), Some("/x"));
    let named = with_device("<disk type='network'><source protocol='http' name='/a.iso'/></disk>");
    assert_eq!(named.disks[0].source.as_deref(), Some("http:/a.iso"));
    let six = with_device(
        "<disk type='network'><source protocol='nbd'><host name='fd00::7' port='10809'/></source></disk>",
    );
    assert_eq!(six.disks[0].source.as_deref(), Some("nbd:[fd00::7]:10809"));
    let socket = with_device(
        "<disk type='network'><source protocol='nbd'>
         <host transport='unix' socket='/run/nbd'/></source></disk>",
    );
    assert_eq!(socket.disks[0].source.as_deref(), Some("nbd:/run/nbd"));
}

#[test]
fn host_devices_of_every_kind() {
    let told = |name| -> Vec<String> {
        let devices = facts_of(name).hostdevs;
        let tell = |device: &HostDevice| {
            format!("{} {} {}", device.mode, device.kind, device.address.as_deref().unwrap_or("-"))
        };
        devices.iter().map(tell).collect()
    };
    assert_eq!(
        told("kvm-full"),
        [
            "subsystem pci 0000:3b:00.1",
            "subsystem usb 046d:c52b",
            "subsystem usb bus 1 device 4",
            "subsystem scsi scsi_host2:0:3:1",
            "subsystem scsi iscsi:iqn.2019-02.org.example:tape/1",
            "subsystem scsi_host naa.5001405fbc10dc28",
            "subsystem mdev c2177883-f1bb-47f0-914d-32a22e3a8804",
            "interface pci 0000:3b:02.3",
        ]
    );
    assert_eq!(
        told("lxc"),
        ["capabilities storage /dev/sdf1", "capabilities misc /dev/input/event3", "capabilities net eth5"]
    );
    assert_eq!(told("vbox"), ["subsystem usb 1234:beef"]);
    assert_eq!(told("xen-hvm"), ["subsystem pci 0000:05:10.2"]);
    let devices = facts_of("kvm-full").hostdevs;
    assert_eq!((devices[0].managed, devices[0].alias.as_deref()), (true, Some("hostdev0")));
    assert_eq!((devices[1].managed, devices[1].alias.as_deref()), (false, None));
    assert_eq!((devices[7].managed, devices[7].alias.as_deref()), (true, Some("hostdev9")));
}

#[test]
fn addresses_as_c_writes_numbers() {
    let address = |kind: &str, source: &str| {
        let device = format!("<hostdev type='{kind}'><source>{source}</source></hostdev>");
        with_device(&device).hostdevs[0].address.clone()
    };
    let pci = |attributes: &str| address("pci", &format!("<address {attributes}/>")).unwrap();
    assert_eq!(pci("bus='16' slot='010' function='0x1'"), "0000:10:08.1", "decimal, octal, hexadecimal");
    assert_eq!(pci("domain='0x10000' bus='0xE1' slot='0x1f' function='7'"), "10000:e1:1f.7");
    let both = "<vendor id='0x046d'/><product id='49963'/><address bus='1' device='010'/>";
    assert_eq!(address("usb", both).unwrap(), "046d:c32b at bus 1 device 8");
    assert_eq!(address("usb", "<vendor id='0x046d'/>"), None);
    assert_eq!(address("pci", ""), None);
    assert_eq!(address("later", "<address bus='1'/>"), None);
}

#[test]
fn a_nic_that_is_passed_through_is_both() {
    let nic = |source: &str| with_device(&format!("<interface type='hostdev'>{source}</interface>"));
    let usb = nic("<source><address type='usb' bus='1' device='2'/></source>");
    assert_eq!((usb.hostdevs[0].kind.as_str(), usb.hostdevs[0].mode.as_str()), ("usb", "interface"));
    assert_eq!(usb.interfaces[0].source.as_deref(), Some("bus 1 device 2"));
    let bare = nic("");
    assert_eq!((bare.hostdevs[0].address.as_deref(), bare.interfaces[0].source.as_deref()), (None, None));
}

#[test]
fn interfaces_of_every_source() {
    let told = |name| -> Vec<String> {
        let interfaces = facts_of(name).interfaces;
        let tell = |(kind, source): (String, Option<String>)| {
            format!("{kind} {}", source.unwrap_or_else(|| "-".into()))
        };
        interfaces.into_iter().map(|interface| tell((interface.kind, interface.source))).collect()
    };
    assert_eq!(
        told("kvm-full"),
        [
            "network storage",
            "bridge br0",
            "direct enp3s0",
            "hostdev 0000:3b:02.3",
            "vhostuser /run/vhost/port1",
            "vdpa /dev/vhost-vdpa-1",
            "ethernet -",
            "mcast 230.0.0.1:5558",
            "user -",
        ]
    );
    assert_eq!(told("vbox"), ["internal intnet"]);
    assert_eq!(
        told("vmware-esx"),
        ["bridge VM Network", "vds 30343534-3530-4837-1234-000000000042/dvportgroup-1357"]
    );
    let first = facts_of("kvm-full").interfaces.remove(0);
    assert_eq!(first.mac.as_deref(), Some("52:54:00:aa:00:01"));
    assert_eq!((first.model.as_deref(), first.target.as_deref()), (Some("virtio"), Some("vnet3")));
    let server = with_device("<interface type='server'><source port='5558'/></interface>");
    assert_eq!(server.interfaces[0].source.as_deref(), Some(":5558"));
    assert_eq!(with_device("<interface/>").interfaces[0].kind, "user");
}

#[test]
fn filesystems_shared_memory_and_tpm() {
    let full = facts_of("kvm-full");
    let share = &full.filesystems[0];
    assert_eq!((share.kind.as_str(), share.driver.as_deref()), ("mount", Some("virtiofs")));
    assert_eq!((share.source.as_deref(), share.target.as_deref()), (Some("/srv/share"), Some("share")));
    let sources: Vec<_> = facts_of("lxc").filesystems.into_iter().map(|system| system.source).collect();
    assert_eq!(
        sources.iter().flatten().collect::<Vec<_>>(),
        ["/srv/lxc/runner", "10 MiB", "/srv/lxc/extra.qcow2"]
    );
    assert_eq!(facts_of("openvz").filesystems[0].source.as_deref(), Some("debian-12-x86_64"));
    let socket = with_device("<filesystem type='mount'><source socket='/run/fs.sock'/></filesystem>");
    assert_eq!(socket.filesystems[0].source.as_deref(), Some("/run/fs.sock"));

    let ring = &full.shared_memory[0];
    assert_eq!((ring.name.as_str(), ring.role.as_deref()), ("ledger-ring", Some("master")));
    assert_eq!((ring.model.as_deref(), ring.size_bytes), (Some("ivshmem-plain"), Some(4 << 20)));
    let bytes = with_device("<shmem name='s'><size>4096</size></shmem>");
    assert_eq!(bytes.shared_memory[0].size_bytes, Some(4096), "bytes, unlike memory");

    let tpm = full.tpm.unwrap();
    assert_eq!((tpm.backend.as_deref(), tpm.version.as_deref()), (Some("emulator"), Some("2.0")));
    let proxy = facts_of("kvm-ppc64le").tpm.unwrap();
    assert_eq!(
        (proxy.backend.as_deref(), proxy.source.as_deref()),
        (Some("passthrough"), Some("/dev/tpmrm0"))
    );
    assert_eq!(facts_of("kvm-s390x").tpm, None);
    let kept =
        with_device("<tpm><backend type='emulator'><source type='dir' path='/srv/tpm/a'/></backend></tpm>");
    assert_eq!(kept.tpm.unwrap().source.as_deref(), Some("/srv/tpm/a"));
}
