//! Rule `reachable`: the source's daemon can connect to the destination's.
//!
//! In a peer-to-peer migration it is the source's daemon that connects, so only a probe
//! made from there says anything; that the core can connect says nothing.

use wayleave_sdk::prelude::*;

reasons! {
    UNREACHABLE: reject "unreachable", "the source's daemon cannot connect to the destination's";
    SOURCE_ITSELF: reject "source-itself", "what the source's daemon reached is the source itself";
    NOT_PROBED: unknown "reach-not-probed", "nobody has asked the source to connect to it yet";
    PROBE_FAILED: unknown "reach-probe-failed", "the source could not be asked to connect to it";
}

struct Reachable;

impl Check for Reachable {
    const NAME: &'static str = "reachable";
    const TITLE: &'static str = "the source's daemon can connect to the destination's";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let uri = std::fmt::from_fn(|out| write!(out, "{}", node.reach_uri()));
        let detail = std::fmt::from_fn(|out| write!(out, "{}: {}", node.reach_uri(), node.reach_detail()));
        let needed = "a connection from the source";
        match node.reach() {
            Reach::Reachable => pass().measured(uri).needed(needed),
            Reach::Unreachable => because(UNREACHABLE).measured(detail).needed(needed).remedy(
                "on the source, try virsh -c with this URI; look at the daemon's listening socket, its TLS or \
                 SASL set-up, the firewall, and the node's address in the inventory",
            ),
            Reach::SourceItself => because(SOURCE_ITSELF).measured(uri).needed("another machine").remedy(
                "give the node an address in the inventory that other nodes resolve to it, not to themselves",
            ),
            Reach::NotProbed => because(NOT_PROBED).needed(needed),
            Reach::Failed => because(PROBE_FAILED).measured(detail).needed(needed),
        }
    }
}

wayleave_sdk::checks!(Reachable);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Site, SiteNode};

    #[test]
    fn every_state_of_the_probe_has_its_own_answer() {
        let states = [(1, ""), (2, "Connection refused"), (3, ""), (0, ""), (4, "source is gone"), (9, "")];
        let nodes = states.map(|reach| SiteNode { reach, ..SiteNode::named("beta") });
        let trial = Site::of(nodes).trial(&PLUGIN, "reachable", "{}");
        let expected = [
            "ok",
            "unreachable",
            "source-itself",
            "reach-not-probed",
            "reach-probe-failed",
            "reach-not-probed",
        ];
        assert_eq!(trial.codes(), expected);
        let words = trial.explain(1).expect("node 1 is there");
        assert_eq!(words.measured, "qemu+tcp://beta/system: Connection refused");
        assert_eq!(trial.explain(0).expect("node 0 is there").measured, "qemu+tcp://beta/system");
    }
}
