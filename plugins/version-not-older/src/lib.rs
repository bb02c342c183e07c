//! Rule `version-not-older`: the destination's hypervisor is not older than the source's.
//!
//! A warning: many moves to an older version work, and some fail only when the guest's
//! state arrives. A site that wants none of them sets its own rule, or `machine-known`
//! refuses where the machine type is too new.

use wayleave_sdk::prelude::*;

reasons! {
    OLDER: warn "hypervisor-older", "the node's hypervisor is older than the source's";
}

struct VersionNotOlder {
    source: Known<u64>,
}

impl Check for VersionNotOlder {
    const NAME: &'static str = "version-not-older";
    const TITLE: &'static str = "the node's hypervisor is not older than the source's";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self { source: source::hypervisor_version() }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let (here, there) = (self.source?, node.hypervisor_version()?);
        let verdict = if there < here {
            because(OLDER).remedy("upgrade the node, or be ready for the move to fail when the state arrives")
        } else {
            pass()
        };
        verdict.measured(dotted(there)).needed(format_args!("{} or newer", dotted(here)))
    }
}

fn dotted(version: u64) -> impl std::fmt::Display {
    let parts = (version / 1_000_000, version / 1_000 % 1_000, version % 1_000);
    std::fmt::from_fn(move |out| write!(out, "{}.{}.{}", parts.0, parts.1, parts.2))
}

wayleave_sdk::checks!(VersionNotOlder);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Site, SiteNode, SourceFacts};

    #[test]
    fn only_an_older_one_is_warned_of() {
        let node = |version| SiteNode { hypervisor_version: version, ..SiteNode::named("beta") };
        let nodes = [Some(10_000_002), Some(10_001_000), Some(9_002_001), None].map(node);
        let source = SourceFacts { hypervisor_version: 10_000_002, ..SourceFacts::default() };
        let trial = Site::of(nodes).source(source).trial(&PLUGIN, "version-not-older", "{}");
        assert_eq!(trial.codes(), ["ok", "ok", "hypervisor-older", "not-known"]);
        let words = trial.explain(2).expect("node 2 is there");
        assert_eq!((&*words.measured, &*words.needed), ("9.2.1", "10.0.2 or newer"));
    }

    #[test]
    fn a_source_of_unknown_version_is_not_compared() {
        let nodes = [SiteNode { hypervisor_version: Some(1), ..SiteNode::named("beta") }];
        let source = SourceFacts { hypervisor_version: u64::MAX, ..SourceFacts::default() };
        let site = Site::of(nodes).source(source);
        assert_eq!(site.trial(&PLUGIN, "version-not-older", "{}").codes(), ["not-known"]);
    }
}
