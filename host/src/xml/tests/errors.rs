//! Texts that libvirt would never write: each has a code, a place and a reason.

use std::error::Error as _;

use super::{XmlError, domain_facts, domain_with, host_facts, pool_facts};

fn told(error: &XmlError) -> String {
    format!("{} | {error}", error.code())
}

fn refused(inside: &str) -> String {
    told(&domain_facts(&domain_with(inside)).unwrap_err())
}

#[test]
fn the_root_says_what_it_is() {
    let root = |xml: &str| told(&domain_facts(xml).unwrap_err());
    assert_eq!(
        root("<domstatus state='running'><domain type='kvm'/></domstatus>"),
        "xml-not-a-domain | line 1, column 1: found <domstatus> where <domain> was expected"
    );
    assert_eq!(
        root("<?xml version='1.0'?>\n<!-- x -->\n  <domainsnapshot/>"),
        "xml-not-a-domain | line 3, column 3: found <domainsnapshot> where <domain> was expected"
    );
    assert_eq!(
        root("<domain xmlns='urn:x'/>"),
        "xml-not-a-domain | line 1, column 1: found <domain xmlns=\"urn:x\"> where <domain> was expected"
    );
    assert_eq!(host_facts("<domain/>").unwrap_err().code(), "xml-not-capabilities");
    assert_eq!(pool_facts("<domain/>").unwrap_err().code(), "xml-not-a-pool");
}

#[test]
fn not_xml() {
    let error = domain_facts("<domain type='kvm'>\n<name>d</nome></domain>").unwrap_err();
    assert_eq!(told(&error), "xml-not-well-formed | line 2, column 8: the XML is not well-formed");
    assert!(error.source().unwrap().to_string().contains("expected 'name' tag, not 'nome'"));
    let error = domain_facts("<domain type='kvm'>\n<name>d</na").unwrap_err();
    assert_eq!((error.code(), error.place().line), ("xml-not-well-formed", 2));
    let empty = domain_facts("").unwrap_err();
    assert_eq!(told(&empty), "xml-not-well-formed | line 1, column 1: the XML is not well-formed");
    let bomb =
        "<?xml version='1.0'?>\n<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>\n<domain>&b;</domain>";
    assert_eq!(
        told(&domain_facts(bomb).unwrap_err()),
        "xml-has-doctype | line 2, column 1: a document type declaration is not accepted"
    );
    assert_eq!(domain_facts("<domain>&b;</domain>").unwrap_err().code(), "xml-not-well-formed");
}

#[test]
fn what_every_domain_has() {
    let missing = |xml| told(&domain_facts(xml).unwrap_err());
    assert_eq!(
        missing("<domain type='kvm'/>"),
        "xml-missing-value | line 1, column 1: <domain> has no <name>"
    );
    assert_eq!(
        missing("<domain><name>d</name></domain>"),
        "xml-missing-value | line 1, column 1: <domain> has no `type`"
    );
    assert_eq!(
        refused("<cputune><vcpupin vcpu='0'/></cputune>"),
        "xml-missing-value | line 3, column 10: <vcpupin> has no `cpuset`"
    );
    let label = "<metadata><l:labels xmlns:l='https://wayleave.dev/domain/1'><l:label value='v'/></l:labels></metadata>";
    assert!(refused(label).ends_with("<label> has no `key`"));
    let twice = "<metadata><l:labels xmlns:l='https://wayleave.dev/domain/1'><l:label key='k'/><l:label key='k'/>\
                 </l:labels></metadata>";
    assert!(refused(twice).ends_with("`key` of <label> is `k`; expected each key once"));
}

#[test]
fn sizes() {
    const AMOUNT: &str = "a whole number, not negative, of less than 16 EiB";
    assert_eq!(
        refused("<memory unit='bananas'>1</memory>"),
        "xml-bad-value | line 3, column 9: `unit` of <memory> is `bananas`; \
         expected bytes, KB, KiB, MB, MiB, GB, GiB, TB, TiB, PB, PiB, EB or EiB"
    );
    for found in ["-4", "1.5", "0x1000", "many", "1 000", "18446744073709551616", "18014398509481984"] {
        assert_eq!(
            refused(&format!("<memory>{found}</memory>")),
            format!("xml-bad-value | line 3, column 1: <memory> is `{found}`; expected {AMOUNT}")
        );
    }
    assert!(refused("<memory unit='EiB'>16</memory>").contains("<memory> is `16`"));
    for unit in [" k", "kI", "k B", "Ki", "KBi", "é", "ké", "ZiB"] {
        assert!(
            refused(&format!("<memory unit='{unit}'>1</memory>")).contains("`unit` of <memory>"),
            "{unit}"
        );
    }
    let half = "<cell memory='8' unit='EiB'/>";
    assert!(refused(&format!("<cpu><numa>{half}{half}</numa></cpu>")).contains("the sum of its cells"));
}

#[test]
fn numbers_and_sets() {
    assert_eq!(
        refused("<vcpu>many</vcpu>"),
        "xml-bad-value | line 3, column 1: <vcpu> is `many`; expected a number of processors, from 1"
    );
    for vcpu in ["<vcpu/>", "<vcpu>0</vcpu>", "<vcpu>-1</vcpu>", "<vcpu>4294967296</vcpu>"] {
        assert!(refused(vcpu).starts_with("xml-bad-value"), "{vcpu}");
    }
    assert_eq!(
        refused("<vcpu current='3'>2</vcpu>"),
        "xml-bad-value | line 3, column 7: `current` of <vcpu> is `3`; \
         expected no more than the content of <vcpu>"
    );
    for set in
        ["", "3-1", "0,,1", "^", "a", "-1", "+1", "0-", "0-1-2", "65536", "0,^0", "0-4294967296", "1;2"]
    {
        let message = refused(&format!("<vcpu cpuset='{set}'>1</vcpu>"));
        assert!(message.contains(&format!("`cpuset` of <vcpu> is `{set}`")), "{message}");
    }
    let uuid = refused("<uuid>{6695eb01-f6a4-8304-79aa-97f2502e193f}</uuid>");
    assert!(uuid.ends_with("expected 32 hexadecimal digits"), "{uuid}");
    let bus =
        refused("<devices><hostdev type='pci'><source><address bus='0x100'/></source></hostdev></devices>");
    assert!(bus.contains("`bus` of <address> is `0x100`"), "{bus}");
    assert!(refused("<cpu migratable='maybe'/>").ends_with("expected yes or no, on or off"));
}

#[test]
fn places_count_characters() {
    let error =
        domain_facts("<domain type='kvm'><name>d</name>\n<title>Zürich</title><vcpu>x</vcpu></domain>");
    let error = error.unwrap_err();
    assert_eq!((error.place().line, error.place().column), (2, 22));
    assert_eq!((error.found(), error.expected()), (Some("x"), Some("a number of processors, from 1")));
}

#[test]
fn long_values_are_not_repeated_in_full() {
    let message = refused(&format!("<vcpu>{}</vcpu>", "é".repeat(5_000)));
    assert!(message.chars().count() < 200, "{message}");
}
