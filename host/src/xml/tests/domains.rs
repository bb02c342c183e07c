//! Whole definitions, and the parts of one that are not devices or metadata.

use super::{DEFINITIONS, definition, domain_facts, domain_with, facts_of};
use crate::model::domain::{
    CellTune, CpuFeature, DomainFacts, GuestCell, HugePages, NumaTune, Topology, VcpuPin,
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

#[test]
fn every_definition_is_read() {
    for (name, xml) in DEFINITIONS {
        let facts = domain_facts(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!facts.name.is_empty() && !facts.hypervisor.is_empty(), "{name}");
        assert!(facts.vcpus >= 1 && facts.vcpus_max >= facts.vcpus, "{name}");
        assert!(facts.memory_current_bytes <= facts.memory_bytes, "{name}");
        // As a record it comes back as it was.
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<DomainFacts>(&json).unwrap(), facts, "{name}");
    }
}

#[test]
fn hypervisor_and_machine() {
    let told = |name| {
        let facts = facts_of(name);
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let machine = [facts.os_type, facts.arch, facts.machine].map(text).join(" ");
        format!("{} {machine} {} {}", facts.hypervisor, facts.vcpus, facts.memory_bytes / MIB)
    };
    assert_eq!(told("kvm-full"), "kvm hvm x86_64 pc-q35-9.2 4 17408");
    assert_eq!(told("kvm-aarch64"), "kvm hvm aarch64 virt-9.2 4 4096");
    assert_eq!(told("kvm-ppc64le"), "kvm hvm ppc64le pseries-9.2 16 8192");
    assert_eq!(told("kvm-s390x"), "kvm hvm s390x s390-ccw-virtio-9.2 2 2048");
    assert_eq!(told("qemu-riscv64"), "qemu hvm riscv64 virt 1 512");
    assert_eq!(told("qemu-sparc"), "qemu hvm sparc SS-5 1 512");
    assert_eq!(told("xen-pv"), "xen linux x86_64 xenpv 2 1024");
    assert_eq!(told("xen-hvm"), "xen hvm x86_64 xenfv 2 4096");
    assert_eq!(told("xen-pvh"), "xen xenpvh x86_64 xenpvh 1 512");
    assert_eq!(told("lxc"), "lxc exe x86_64 - 1 488");
    assert_eq!(told("vmware-esx"), "vmware hvm x86_64 - 4 4096");
    assert_eq!(told("vbox"), "vbox hvm - - 2 2048");
    assert_eq!(told("bhyve"), "bhyve hvm x86_64 - 1 214");
    assert_eq!(told("openvz"), "openvz exe x86_64 - 1 0");
    assert_eq!(told("vz"), "vz exe x86_64 - 2 1024");
    assert_eq!(told("hyperv"), "hyperv hvm x86_64 - 2 2048");
    assert_eq!(told("test-driver"), "test hvm i686 - 2 8192");
    let renamed = definition("vz").replace("'vz'", "'parallels'");
    assert_eq!(domain_facts(&renamed).unwrap().hypervisor, "parallels");
}

#[test]
fn identity_and_size() {
    let facts = facts_of("kvm-full");
    assert_eq!(facts.name, "ledger-db");
    assert_eq!(facts.uuid.unwrap().to_string(), "3f1c2a9e-7d54-4b0e-9a61-0c8f5e2d7b14");
    assert_eq!(facts.title.as_deref(), Some("Ledger database"));
    assert_eq!(facts.emulator.as_deref(), Some("/usr/bin/qemu-system-x86_64"));
    assert_eq!((facts.vcpus, facts.vcpus_max), (4, 8));
    assert_eq!(facts.memory_bytes, 17 * GIB);
    assert_eq!(facts.memory_current_bytes, 16 * GIB);
    assert_eq!((facts.memory_max_bytes, facts.memory_slots), (Some(64 * GIB), Some(16)));
    assert_eq!(facts.launch_security.as_deref(), Some("sev"));
    assert_eq!(facts_of("kvm-s390x").launch_security.as_deref(), Some("s390-pv"));
    assert_eq!((facts.state, facts.persistent), (None, None));
}

#[test]
fn processor() {
    let cpu = facts_of("kvm-full").cpu;
    assert_eq!(cpu.mode.as_deref(), Some("custom"));
    assert_eq!(cpu.model.as_deref(), Some("Cascadelake-Server"));
    assert_eq!(cpu.fallback.as_deref(), Some("forbid"));
    assert_eq!(cpu.vendor.as_deref(), Some("Intel"));
    assert_eq!(cpu.check.as_deref(), Some("partial"));
    assert_eq!(cpu.migratable, None);
    assert_eq!(cpu.topology, Some(Topology { sockets: 2, dies: 1, clusters: 1, cores: 2, threads: 2 }));
    let feature = |name: &str, policy: &str| CpuFeature { name: name.into(), policy: policy.into() };
    assert_eq!(cpu.features, [feature("hle", "disable"), feature("pdpe1gb", "require")]);

    let passed = facts_of("kvm-aarch64").cpu;
    assert_eq!((passed.mode.as_deref(), passed.migratable), (Some("host-passthrough"), Some(true)));
    let bare = domain_with("<cpu><model>qemu64</model><feature name='vmx'/></cpu>");
    let cpu = domain_facts(&bare).unwrap().cpu;
    assert_eq!(cpu.mode.as_deref(), Some("custom"), "a model without a mode");
    assert_eq!(cpu.features, [feature("vmx", "require")], "a feature without a policy");
    assert_eq!(facts_of("vbox").cpu, Default::default());
}

#[test]
fn numa_pinning_and_pages() {
    let facts = facts_of("kvm-full");
    let cell = |id, cpus: [u32; 4], access: Option<&str>| GuestCell {
        id,
        cpus: cpus.to_vec(),
        memory_bytes: 8 * GIB,
        memory_access: access.map(str::to_owned),
    };
    assert_eq!(facts.numa.cells, [cell(0, [0, 1, 2, 3], Some("shared")), cell(1, [4, 5, 6, 7], None)]);
    assert_eq!(
        facts.numa.memory,
        Some(NumaTune { mode: "strict".into(), placement: None, cells: vec![0, 1] })
    );
    let tune = |cell, mode: &str| CellTune { guest_cell: cell, mode: mode.into(), cells: vec![cell] };
    assert_eq!(facts.numa.cell_memory, [tune(0, "strict"), tune(1, "preferred")]);

    assert_eq!(facts.pinning.all_vcpus, [0, 1, 2, 4, 5, 6, 7, 16]);
    let pin = |vcpu, cpus: &[u32]| VcpuPin { vcpu, cpus: cpus.to_vec() };
    assert_eq!(facts.pinning.vcpus, [pin(0, &[0, 1]), pin(1, &[2])]);
    assert_eq!(facts.pinning.emulator, [16]);

    let backing = facts.memory_backing;
    let pages = |size, cell| HugePages { size_bytes: Some(size), guest_cells: vec![cell] };
    assert_eq!(backing.hugepages, [pages(2 * MIB, 0), pages(GIB, 1)]);
    assert!(backing.locked && backing.no_share_pages);
    assert_eq!(backing.source.as_deref(), Some("memfd"));
    assert_eq!(backing.access.as_deref(), Some("shared"));
    assert_eq!(backing.allocation.as_deref(), Some("immediate"));
}

#[test]
fn defaults_of_numa_and_pages() {
    let xml = domain_with(
        "<memoryBacking><hugepages/></memoryBacking>
         <numatune><memory placement='auto'/></numatune>
         <cpu><numa><cell memory='1024' cpus='0'/><cell memory='1' unit='GiB'/></numa></cpu>",
    );
    let facts = domain_facts(&xml).unwrap();
    assert_eq!(facts.memory_backing.hugepages, [HugePages { size_bytes: None, guest_cells: vec![] }]);
    let tune = facts.numa.memory.unwrap();
    assert_eq!((tune.mode.as_str(), tune.placement.as_deref()), ("strict", Some("auto")));
    assert!(tune.cells.is_empty());
    let cells = facts.numa.cells;
    assert_eq!((cells[0].id, cells[0].memory_bytes), (0, MIB));
    assert_eq!((cells[1].id, cells[1].memory_bytes, cells[1].cpus.len()), (1, GIB, 0));
}

#[test]
fn memory_of_cells_and_modules() {
    let memory = |xml: &str| {
        let facts = domain_facts(&domain_with(xml)).unwrap();
        (facts.memory_bytes, facts.memory_current_bytes)
    };
    assert_eq!(memory(""), (0, 0), "not said");
    assert_eq!(memory("<memory/>"), (0, 0));
    assert_eq!(memory("<memory>1024</memory>"), (MIB, MIB), "all of it, when the balloon is not said");
    assert_eq!(memory("<memory>40<!-- split -->96</memory>"), (4 * MIB, 4 * MIB));
    assert_eq!(memory("<memory>2048</memory><currentMemory>1024</currentMemory>"), (2 * MIB, MIB));
    assert_eq!(memory("<memory>1024</memory><currentMemory>4096</currentMemory>"), (MIB, MIB));
    assert_eq!(memory("<memory>1024</memory><memory>4096</memory>"), (MIB, MIB), "the first counts");

    let cells = "<cpu><numa><cell cpus='0' memory='4' unit='MiB'/></numa></cpu>";
    let modules = "<devices><memory model='dimm'><target><size unit='MiB'>2</size></target></memory>
        <memory model='nvdimm'><target><size>1024</size></target></memory></devices>";
    let declared = |mib: u64| format!("<memory unit='MiB'>{mib}</memory>");
    assert_eq!(memory(&format!("{cells}{modules}")), (7 * MIB, 7 * MIB), "not said, and so the sum");
    assert_eq!(memory(&format!("{}{cells}{modules}", declared(7))), (7 * MIB, 7 * MIB));
    assert_eq!(memory(&format!("{}{modules}", declared(8))), (8 * MIB, 8 * MIB), "no cells");
    assert_eq!(memory(&format!("{}{cells}", declared(9))), (4 * MIB, 4 * MIB), "QEMU's driver");
    let xen = domain_with(&format!("{}{cells}", declared(9))).replace("'kvm'", "'xen'");
    assert_eq!(domain_facts(&xen).unwrap().memory_bytes, 9 * MIB, "another driver");
}

#[test]
fn processors_told_one_by_one() {
    let each =
        "<vcpu current='2'>3</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/></vcpus>";
    let facts = domain_facts(&domain_with(each)).unwrap();
    assert_eq!((facts.vcpus, facts.vcpus_max), (1, 3));
}

#[test]
fn firmware() {
    let full = facts_of("kvm-full").firmware;
    assert_eq!(full.kind.as_deref(), Some("efi"));
    assert_eq!(full.loader.as_deref(), Some("/usr/share/OVMF/OVMF_CODE_4M.ms.fd"));
    assert_eq!(full.loader_type.as_deref(), Some("pflash"));
    assert!(full.secure);
    assert_eq!(full.nvram.as_deref(), Some("/var/lib/libvirt/qemu/nvram/ledger-db_VARS.fd"));

    let arm = facts_of("kvm-aarch64").firmware;
    assert_eq!((arm.kind, arm.secure), (None, false));
    assert_eq!(arm.nvram.as_deref(), Some("/var/lib/libvirt/qemu/nvram/build-arm_VARS.fd"));
    assert_eq!(facts_of("xen-hvm").firmware.loader_type.as_deref(), Some("rom"));

    let os = "<os firmware='efi'><firmware><feature enabled='yes' name='secure-boot'/></firmware>
        <nvram type='network'><source protocol='iscsi' name='iqn.2020-01.org.example:nv/0'/></nvram></os>";
    let wanted = domain_facts(&domain_with(os)).unwrap().firmware;
    assert!(wanted.secure);
    assert_eq!(wanted.nvram.as_deref(), Some("iscsi:iqn.2020-01.org.example:nv/0"));
}

#[test]
fn names_in_another_namespace_are_not_libvirts() {
    let xml = "<domain type='test' xmlns:x='urn:x' x:type='kvm'><x:name>wrong</x:name><name>right</name>
        <x:memory>5</x:memory></domain>";
    let facts = domain_facts(xml).unwrap();
    assert_eq!((facts.name.as_str(), facts.hypervisor.as_str(), facts.memory_bytes), ("right", "test", 0));
}
