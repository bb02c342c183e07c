//! Rule `same-node`: the destination is another machine than the source.
//!
//! Machines are told apart by the daemon's host UUID, not by a name that two daemons or
//! two containers can share. Cloned machines may share a UUID; then this refuses, as
//! libvirt itself would in the middle of the move.

use wayleave_sdk::prelude::*;

reasons! {
    SAME_UUID: reject "same-host-uuid", "source and destination have the same host UUID";
    SAME_NAME: reject "same-name", "source and destination are the same node of the inventory";
}

struct SameNode {
    name: Symbol,
    uuid_text: Known<String>,
    uuid: Symbol,
}

impl Check for SameNode {
    const NAME: &'static str = "same-node";
    const TITLE: &'static str = "the destination is another machine than the source";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let uuid_text = source::uuid();
        let uuid = uuid_text.as_ref().map_or(Symbol::NONE, |uuid| symbol(uuid));
        Self { name: symbol(&source::name()), uuid_text, uuid }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        if node.name() == self.name {
            return because(SAME_NAME)
                .measured(node.name())
                .needed("another node")
                .remedy("choose another destination");
        }
        let source = self.uuid_text.as_ref().map_err(|unknown| *unknown)?;
        let uuid = node.uuid()?;
        if uuid == self.uuid {
            return because(SAME_UUID).measured(uuid).needed(format_args!("a host UUID other than {source}")).remedy(
                "if these are two machines, give one of them its own host_uuid in /etc/libvirt/libvirtd.conf \
                 (or virtqemud.conf) and restart its daemon",
            );
        }
        pass().measured(uuid).needed(format_args!("a host UUID other than {source}"))
    }
}

wayleave_sdk::checks!(SameNode);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Site, SiteNode, SourceFacts};

    fn source() -> SourceFacts {
        SourceFacts { name: "alpha".into(), uuid: "u-alpha".into(), ..SourceFacts::default() }
    }

    #[test]
    fn another_machine_passes_and_the_source_does_not() {
        let nodes = [
            SiteNode { uuid: "u-beta", ..SiteNode::named("beta") },
            SiteNode { uuid: "u-alpha", ..SiteNode::named("clone") },
            SiteNode { uuid: "u-alpha", ..SiteNode::named("alpha") },
            SiteNode::named("silent"),
        ];
        let trial = Site::of(nodes).source(source()).trial(&PLUGIN, "same-node", "{}");
        assert_eq!(trial.codes(), ["ok", "same-host-uuid", "same-name", "not-known"]);
        let words = trial.explain(1).expect("node 1 is there");
        assert_eq!(words.measured, "u-alpha");
        assert_eq!(trial.explain(3).expect("node 3 is there").measured, "uuid is not known");
    }

    #[test]
    fn a_source_without_uuid_is_compared_by_name_only() {
        let nodes = [SiteNode { uuid: "u-beta", ..SiteNode::named("beta") }, SiteNode::named("alpha")];
        let site = Site::of(nodes).source(SourceFacts { uuid: String::new(), ..source() });
        assert_eq!(site.trial(&PLUGIN, "same-node", "{}").codes(), ["not-known", "same-name"]);
    }
}
