//! Texts made to cost too much: each ends soon, with an error or within the bounds.

use super::{domain_facts, domain_with, limits, with_other_memory};

#[test]
fn deep_nesting() {
    const DEPTH: usize = 300_000;
    let nested = format!("{}{}", "<a>".repeat(DEPTH), "</a>".repeat(DEPTH));
    assert!(domain_facts(&domain_with(&nested)).is_ok());
    assert!(domain_facts(&domain_with(&format!("<metadata>{nested}</metadata>"))).is_ok());
    assert!(with_other_memory(&domain_with(&format!("<memory>1{nested}</memory>"))).is_ok());
    assert!(domain_facts(&"<a>".repeat(DEPTH)).is_err());
    assert!(domain_facts(&"<domain>".repeat(DEPTH)).is_err());
}

#[test]
fn huge_sets() {
    let widest = format!("0-{}", limits::CPU_NUMBER - 1);
    let facts = domain_facts(&domain_with(&format!("<vcpu cpuset='{widest}'>1</vcpu>"))).unwrap();
    assert_eq!(facts.pinning.all_vcpus.len(), 65_536);
    let pin = format!("<vcpupin vcpu='0' cpuset='{widest}'/>");
    let pins = |count: usize| domain_with(&format!("<cputune>{}</cputune>", pin.repeat(count)));
    assert!(domain_facts(&pins(64)).is_ok());
    let error = domain_facts(&pins(65)).unwrap_err();
    assert_eq!(error.code(), "xml-too-big");
    assert!(error.to_string().ends_with("members of processor and cell sets: more than 4194304"), "{error}");
    assert_eq!(domain_facts(&pins(60_000)).unwrap_err().code(), "xml-too-big");
    let overlapping = format!("<vcpu cpuset='{}0'>1</vcpu>", format!("{widest},").repeat(20));
    assert!(domain_facts(&domain_with(&overlapping)).is_ok());
}

#[test]
fn many_of_everything() {
    let code = |inside: &str| domain_facts(&domain_with(inside)).map_err(|error| error.code());
    let namespaces: String = (0..2_000).map(|n| format!("<a xmlns:p{n}='urn:{n}'>")).collect();
    assert_eq!(code(&namespaces), Err("xml-too-big"));
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(code(&format!("<a{attributes}/>")), Err("xml-too-big"));
    assert_eq!(code(&"x".repeat(limits::TEXT_BYTES)), Err("xml-too-big"));
    let nodes = "<a/>".repeat(limits::TEXT_BYTES / 4 - 100);
    assert_eq!(code(&nodes), Err("xml-too-big"));
    let siblings = "<x:a/>".repeat(300_000);
    let metadata = format!("<metadata><x:l xmlns:x='urn:x'>{siblings}</x:l></metadata>");
    assert_eq!(domain_facts(&domain_with(&metadata)).unwrap().labels.len(), limits::FOREIGN_LABELS);
}
