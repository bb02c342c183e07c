//! Capabilities and storage pools.

use super::{host_facts, pool_facts};
use crate::model::domain::Topology;
use crate::model::node::HostFacts;

fn node(name: &str) -> HostFacts {
    let xml = match name {
        "x86" => include_str!("../../../tests/data/xml/capabilities-x86.xml"),
        "s390x" => include_str!("../../../tests/data/xml/capabilities-old-s390x.xml"),
        "xen" => include_str!("../../../tests/data/xml/capabilities-xen.xml"),
        _ => include_str!("../../../tests/data/xml/capabilities-test.xml"),
    };
    host_facts(xml).unwrap()
}

#[test]
fn a_node_with_cells() {
    let facts = node("x86");
    assert_eq!(facts.uuid.unwrap().to_string(), "7b55704c-29f4-11b2-a85c-9dc6ff50623f");
    assert_eq!(facts.arch.as_deref(), Some("x86_64"));
    assert_eq!(facts.cpu.model.as_deref(), Some("Cascadelake-Server-noTSX"));
    assert_eq!(facts.cpu.vendor.as_deref(), Some("Intel"));
    assert_eq!(facts.cpu.microcode.as_deref(), Some("83898371"));
    assert_eq!(facts.cpu.topology, Some(Topology { sockets: 1, dies: 1, clusters: 1, cores: 2, threads: 2 }));
    assert_eq!(facts.cpu.features.len(), 2);
    assert_eq!(facts.migration_transports, ["tcp", "rdma"]);
    assert_eq!(facts.cpus, Some(8));
    assert_eq!(facts.memory_total_bytes, Some((2 * 65_536_000 + 1024) << 10));
    assert_eq!(facts.cells[0].cpus, [0, 1, 4, 5]);
    let pages = &facts.cells[0].pages[1];
    assert_eq!((pages.size_bytes, pages.total, pages.free), (2 << 20, 512, None));
    assert!(facts.cells[2].cpus.is_empty(), "memory alone");
    assert_eq!((facts.hostname, facts.driver, facts.memory_free_bytes), (None, None, None));
}

#[test]
fn guests_by_emulator() {
    let guests = node("x86").guests;
    assert_eq!(guests.len(), 2);
    assert_eq!(guests[0].hypervisors, ["qemu", "kvm"]);
    assert_eq!(guests[0].machines, ["pc-i440fx-9.2", "pc", "pc-q35-9.2", "q35"]);
    assert_eq!((guests[1].arch.as_str(), guests[1].os_type.as_str()), ("aarch64", "hvm"));

    // Emulators of their own, as older daemons list them.
    let guests = node("s390x").guests;
    let told: Vec<_> = guests
        .iter()
        .map(|guest| (guest.hypervisors.join("+"), guest.emulator.as_deref(), guest.machines.join(" ")))
        .collect();
    let text = str::to_owned;
    assert_eq!(
        told,
        [
            (text("qemu"), Some("/usr/bin/qemu-system-s390x"), text("s390-ccw-virtio s390-ccw-virtio-2.12")),
            (text("kvm"), Some("/usr/bin/qemu-kvm"), text("s390-ccw-virtio-2.12")),
        ]
    );
    let xen: Vec<_> = node("xen").guests.into_iter().map(|guest| guest.machines.join(" ")).collect();
    assert_eq!(xen, ["xenpv", "xenfv"]);
}

#[test]
fn a_node_with_little_said() {
    let facts = node("s390x");
    assert_eq!((facts.cpus, facts.memory_total_bytes), (None, None), "not 0: not known");
    assert!(facts.cells.is_empty() && facts.migration_transports.is_empty());
    assert_eq!(host_facts("<capabilities/>").unwrap(), HostFacts::default());
}

#[test]
fn what_the_test_driver_prints() {
    let facts = node("test");
    assert_eq!((facts.arch.as_deref(), facts.cpus), (Some("i686"), Some(16)));
    assert_eq!(facts.memory_total_bytes, Some(6 << 30));
    assert_eq!(facts.guests.len(), 2);
}

fn pool_source(kind: &str, source: &str) -> Option<String> {
    let xml = format!("<pool type='{kind}'><name>p</name><source>{source}</source></pool>");
    pool_facts(&xml).unwrap().source
}

#[test]
fn pools_of_every_source() {
    let source = |kind: &str, xml: &str| pool_source(kind, xml).unwrap_or_else(|| "-".into());
    let host = "<host name='store.example.org'/>";
    assert_eq!(source("dir", "\n  "), "-");
    assert_eq!(source("fs", "<device path='/dev/sdb1'/><format type='ext4'/>"), "/dev/sdb1");
    assert_eq!(source("netfs", &format!("{host}<dir path='/vms'/>")), "store.example.org:/vms");
    assert_eq!(source("logical", "<device path='/dev/sdb'/><name>vg0</name>"), "vg0");
    assert_eq!(source("disk", "<device path='/dev/sdc'/>"), "/dev/sdc");
    assert_eq!(
        source("iscsi", &format!("{host}<device path='iqn.2010-01.org.example:a'/>")),
        "store.example.org:iqn.2010-01.org.example:a"
    );
    assert_eq!(
        source("rbd", "<host name='m1' port='6789'/><host name='fd00::2' port='6789'/><name>vms</name>"),
        "m1:6789,[fd00::2]:6789:vms"
    );
    assert_eq!(
        source("gluster", &format!("{host}<dir path='/sub'/><name>vol0</name>")),
        "store.example.org:vol0/sub"
    );
    assert_eq!(source("zfs", "<name>tank/vms</name>"), "tank/vms");
    assert_eq!(source("scsi", "<adapter type='scsi_host' name='scsi_host3'/>"), "scsi_host3");
    let fc = "<adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='10000000c9831b4b'/>";
    assert_eq!(source("scsi", fc), "10000000c9831b4b");
    assert_eq!(source("mpath", ""), "-");
}

#[test]
fn a_pools_size_is_in_bytes() {
    let xml = "<pool type='dir'><name>images</name><uuid>dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566</uuid>
        <capacity>107374182400</capacity><allocation unit='bytes'>0</allocation>
        <available unit='GiB'>40</available><source/><target><path>/srv/images</path></target></pool>";
    let pool = pool_facts(xml).unwrap();
    assert_eq!((pool.name.as_str(), pool.kind.as_str(), pool.active), ("images", "dir", false));
    assert_eq!(pool.target_path.as_deref(), Some("/srv/images"));
    assert_eq!((pool.capacity_bytes, pool.available_bytes), (Some(100 << 30), Some(40 << 30)));
    assert_eq!(pool_facts("<pool type='rbd'><source><name>vms</name></source></pool>").unwrap().name, "vms");
}
