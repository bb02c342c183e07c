//! Rule `networks-present`: the domain's networks and bridges are active at the destination.
//!
//! Looked at by kind and name. That a network of the same name leads to the same place is
//! the site's word. Interfaces of other kinds (`user`, `direct`, ...) have no such fact.

use std::fmt;

use wayleave_sdk::prelude::*;

reasons! {
    MISSING: reject "network-missing", "the destination does not have a network or bridge of the domain";
    INACTIVE: reject "network-inactive", "a network of the domain is not active at the destination";
}

struct Wanted {
    kind: Symbol,
    name: Symbol,
    /// "network default"
    text: String,
}

struct NetworksPresent {
    wanted: Vec<Wanted>,
}

impl Check for NetworksPresent {
    const NAME: &'static str = "networks-present";
    const TITLE: &'static str = "the domain's networks and bridges are active at the node";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let interfaces = domain::interface_kind().into_iter().zip(domain::interface_source());
        let mut pairs: Vec<_> =
            interfaces.filter(|(kind, _)| matches!(kind.as_str(), "network" | "bridge")).collect();
        pairs.sort();
        pairs.dedup();
        let wanted = pairs.into_iter().map(|(kind, name)| Wanted {
            kind: symbol(&kind),
            name: symbol(&name),
            text: format!("{kind} {name}"),
        });
        Self { wanted: wanted.collect() }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        if self.wanted.is_empty() {
            return pass().measured("no interface on a network or bridge");
        }
        let mut worst = None;
        for wanted in &self.wanted {
            match state(node, wanted)? {
                State::Missing => worst = Some(MISSING),
                State::Inactive => worst = worst.or(Some(INACTIVE)),
                State::Active => {}
            }
        }
        let needed = list(self.wanted.iter().map(|wanted| &wanted.text));
        let Some(worst) = worst else {
            return pass().measured("all active").needed(needed);
        };
        let bad = self.wanted.iter().filter_map(|wanted| {
            let word = match state(node, wanted) {
                Ok(State::Missing) => "missing",
                Ok(State::Inactive) => "inactive",
                _ => return None,
            };
            Some(fmt::from_fn(move |out| write!(out, "{} {word}", wanted.text)))
        });
        because(worst)
            .measured(list(bad))
            .needed(needed)
            .remedy("define and start it on the node (virsh net-define, net-start), or make the bridge there")
    }
}

enum State {
    Missing,
    Inactive,
    Active,
}

fn state(node: Node<'_>, wanted: &Wanted) -> Known<State> {
    let mut networks = node.networks();
    match networks.find(|network| network.name() == wanted.name && network.kind() == wanted.kind) {
        None => Ok(State::Missing),
        Some(network) if network.active()? => Ok(State::Active),
        Some(_) => Ok(State::Inactive),
    }
}

wayleave_sdk::checks!(NetworksPresent);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Site, SiteNode, Trial};

    fn trial(interfaces: &[(&str, &str)]) -> Trial {
        let domain = DomainFacts {
            interface_kind: interfaces.iter().map(|interface| interface.0.into()).collect(),
            interface_source: interfaces.iter().map(|interface| interface.1.into()).collect(),
            ..DomainFacts::default()
        };
        let node = |networks| SiteNode { networks, ..SiteNode::named("beta") };
        let nodes = [
            node(vec![("network", "default", true), ("bridge", "br0", true)]),
            node(vec![("network", "default", false), ("bridge", "br0", true)]),
            node(vec![("network", "default", false)]),
            node(vec![("bridge", "default", true)]),
            SiteNode::named("epsilon"),
        ];
        Site::of(nodes).domain(domain).trial(&PLUGIN, "networks-present", "{}")
    }

    #[test]
    fn each_is_there_and_active() {
        let trial = trial(&[("network", "default"), ("bridge", "br0"), ("network", "default")]);
        let expected = ["ok", "network-inactive", "network-missing", "network-missing", "network-missing"];
        assert_eq!(trial.codes(), expected);
        let words = trial.explain(2).expect("node 2 is there");
        assert_eq!(words.measured, "bridge br0 missing, network default inactive");
        assert_eq!(words.needed, "bridge br0, network default");
    }

    #[test]
    fn interfaces_of_other_kinds_ask_for_nothing() {
        assert_eq!(trial(&[("user", ""), ("direct", "eth0")]).codes(), ["ok"; 5]);
        assert_eq!(trial(&[]).codes(), ["ok"; 5]);
    }
}
