//! Labels, ours and others', and what is left out of them.

use super::{domain_facts, domain_with, facts_of, limits};

#[test]
fn ours_by_key_and_theirs_by_path() {
    let labels = facts_of("kvm-full").labels;
    let told: Vec<_> = labels.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    assert_eq!(
        told,
        [
            "libosinfo:libosinfo/os@id = http://fedoraproject.org/fedora/40",
            "licence = oracle-ee",
            "nova:instance/flavor/memory = 16384",
            "nova:instance/flavor@name = db.large",
            "nova:instance/name = ledger-db",
            "nova:instance/ports/port@uuid = a1",
            "nova:instance/ports/port[2]@uuid = b2",
            "qemu:commandline = 3",
            "tier = gold",
        ]
    );
    assert_eq!(facts_of("bhyve").labels["bhyve:commandline"], "2");
    assert_eq!(facts_of("xen-hvm").labels["xen:commandline"], "1");
}

fn labels(metadata: &str) -> Vec<String> {
    let facts = domain_facts(&domain_with(&format!("<metadata>{metadata}</metadata>"))).unwrap();
    facts.labels.iter().map(|(key, value)| format!("{key} = {value}")).collect()
}

#[test]
fn keys_follow_the_prefixes_as_written() {
    assert_eq!(labels("<note xmlns='urn:n'>hello</note>"), [":note = hello"], "no prefix");
    assert_eq!(labels("<a:x xmlns:a='urn:n' xmlns:b='urn:n'><b:y/></a:x>"), ["a:x/b:y = "]);
    assert_eq!(
        labels("<a:x xmlns:a='urn:a' xmlns:b='urn:b' b:q='1'>t<b:y>u</b:y></a:x>"),
        ["a:x = t", "a:x/b:y = u", "a:x@b:q = 1"]
    );
    // Ours is known by its namespace, whatever its prefix; and ours wins.
    let ours = "<l:labels xmlns:l='https://wayleave.dev/domain/1'><l:label key='a:x' value='ours'/>
        <l:label key='flag'/></l:labels>";
    assert_eq!(labels(&format!("<a:x xmlns:a='urn:a'>theirs</a:x>{ours}")), ["a:x = ours", "flag = "]);
}

#[test]
fn foreign_metadata_is_bounded() {
    let many: String = (0..limits::FOREIGN_LABELS + 50).map(|n| format!("<x:i n='{n}'/>")).collect();
    let kept = labels(&format!("<x:list xmlns:x='urn:x'>{many}</x:list>"));
    assert_eq!(kept.len(), limits::FOREIGN_LABELS);
    assert!(kept.contains(&"x:list/i[256]@n = 255".to_owned()), "the first ones, in document order");

    let long = "v".repeat(limits::FOREIGN_VALUE_BYTES);
    assert_eq!(labels(&format!("<x:a xmlns:x='urn:x'>{long}</x:a>")).len(), 1);
    assert!(labels(&format!("<x:a xmlns:x='urn:x'>{long}v</x:a>")).is_empty(), "left out, not cut");
    let name = "n".repeat(limits::FOREIGN_KEY_BYTES);
    assert!(labels(&format!("<x:{name} xmlns:x='urn:x'>v</x:{name}>")).is_empty());

    let nested = |depth: usize| {
        let (open, close) = ("<x:d>".repeat(depth - 1), "</x:d>".repeat(depth - 1));
        labels(&format!("<x:d xmlns:x='urn:x'>{open}v{close}</x:d>"))
    };
    assert_eq!(nested(limits::FOREIGN_DEPTH).len(), 1);
    assert!(nested(limits::FOREIGN_DEPTH + 1).is_empty());
}

#[test]
fn our_own_labels_are_not_bounded() {
    let many: String =
        (0..1_000).map(|n| format!("<l:label key='k{n}' value='{}'/>", "v".repeat(2_000))).collect();
    let xml = format!("<l:labels xmlns:l='https://wayleave.dev/domain/1'>{many}</l:labels>");
    assert_eq!(labels(&xml).len(), 1_000);
}
