//! Rule `machine-known`: an emulator at the destination knows the domain's machine type.

use wayleave_sdk::prelude::*;

reasons! {
    NOT_OFFERED: reject "machine-not-offered", "no emulator there knows the domain's machine type";
}

struct MachineKnown {
    machine: Known<String>,
}

impl Check for MachineKnown {
    const NAME: &'static str = "machine-known";
    const TITLE: &'static str = "an emulator there knows the domain's machine type";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self { machine: domain::machine() }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let machine = self.machine.as_deref().map_err(|unknown| *unknown)?;
        if node.machine_known()? {
            return pass().measured("offered").needed(machine);
        }
        because(NOT_OFFERED).measured("not offered").needed(machine).remedy(
            "choose a node with the same or a newer emulator, or upgrade this one \
             (virsh domcapabilities --machine shows what it offers)",
        )
    }
}

wayleave_sdk::checks!(MachineKnown);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Site, SiteNode};

    #[test]
    fn offered_not_offered_and_not_known_are_three_things() {
        let node = |machine_known| SiteNode { machine_known, ..SiteNode::named("beta") };
        let domain = DomainFacts { machine: "pc-q35-9.2".into(), ..DomainFacts::default() };
        let site = Site::of([Some(true), Some(false), None].map(node)).domain(domain);
        let trial = site.trial(&PLUGIN, "machine-known", "{}");
        assert_eq!(trial.codes(), ["ok", "machine-not-offered", "not-known"]);
        assert_eq!(trial.explain(1).expect("node 1 is there").needed, "pc-q35-9.2");
    }
}
