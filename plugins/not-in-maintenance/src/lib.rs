//! Rule `not-in-maintenance`: the operator has not set the destination aside.

use wayleave_sdk::prelude::*;

reasons! {
    MAINTENANCE: reject "in-maintenance", "the operator has set maintenance for the node";
}

struct NotInMaintenance;

impl Check for NotInMaintenance {
    const NAME: &'static str = "not-in-maintenance";
    const TITLE: &'static str = "the node is not in maintenance";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        if node.maintenance()? {
            because(MAINTENANCE).measured("in maintenance").needed("in service").remedy(format_args!(
                "end the maintenance of {} in the inventory, or choose another",
                node.name()
            ))
        } else {
            pass().measured("in service")
        }
    }
}

wayleave_sdk::checks!(NotInMaintenance);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Site, SiteNode};

    #[test]
    fn maintenance_is_refused() {
        let nodes = [SiteNode::named("beta"), SiteNode { maintenance: true, ..SiteNode::named("gamma") }];
        let trial = Site::of(nodes).trial(&PLUGIN, "not-in-maintenance", "{}");
        assert_eq!(trial.codes(), ["ok", "in-maintenance"]);
        let remedy = trial.explain(1).expect("node 1 is there").remedy;
        assert_eq!(remedy, "end the maintenance of gamma in the inventory, or choose another");
    }
}
