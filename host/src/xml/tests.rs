//! Tests of the XML reader: whole definitions of many drivers, single values, hostile
//! texts. Nothing here needs libvirt.
#![allow(clippy::unwrap_used)]

mod devices;
mod domains;
mod edits;
mod errors;
mod hostile;
mod metadata;
mod nodes;
mod properties;

use super::*;
use crate::model::DomainFacts;

/// Every definition in the test data, by file name.
macro_rules! definitions {
    ($($name:literal),* $(,)?) => {
        pub(super) const DEFINITIONS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../tests/data/xml/", $name, ".xml")))),*];
    };
}

definitions![
    "bhyve",
    "hyperv",
    "kvm-aarch64",
    "kvm-full",
    "kvm-ppc64le",
    "kvm-s390x",
    "lxc",
    "openvz",
    "qemu-armv7l",
    "qemu-i686",
    "qemu-loongarch64",
    "qemu-m68k",
    "qemu-mips",
    "qemu-riscv64",
    "qemu-sparc",
    "test-driver",
    "vbox",
    "vmware-esx",
    "vz",
    "xen-hvm",
    "xen-pv",
    "xen-pvh",
];

fn definition(name: &str) -> &'static str {
    DEFINITIONS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn facts_of(name: &str) -> DomainFacts {
    domain_facts(definition(name)).unwrap()
}

/// A small valid domain with this inside it.
fn domain_with(inside: &str) -> String {
    format!("<domain type='kvm'>\n<name>d</name>\n{inside}\n</domain>")
}

fn with_device(device: &str) -> DomainFacts {
    domain_facts(&domain_with(&format!("<devices>{device}</devices>"))).unwrap()
}
