//! Rule `few-domains`: a node carries only so many live domains for each of its processors.

use wayleave_sdk::prelude::*;

check! {
    /// the node carries few enough live domains for its processors
    FewDomains = "few-domains";
    settings {
        /// How many live domains a node may carry for each processor, this one among them.
        domains_per_cpu: u32 = 4,
    }
    reasons {
        CROWDED: reject "node-crowded", "the node carries more live domains than its processors are to bear";
    }
    judge(self, node) {
        let mut live = 1;
        for resident in node.residents() {
            live += u64::from(resident.active()?);
        }
        let per_cpu = self.domains_per_cpu;
        let most = u64::from(per_cpu) * u64::from(node.cpus()?);
        let verdict = if live > most {
            let name = node.name();
            because(CROWDED).remedy(format_args!("move something away from {name}, or raise domains_per_cpu"))
        } else {
            pass()
        };
        let needed = format_args!("at most {most}, {per_cpu} a processor");
        verdict.measured(format_args!("{live} with this one")).needed(needed)
    }
}

wayleave_sdk::checks!(FewDomains);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{Neighbour, Site, SiteNode};

    #[test]
    fn a_crowded_node_is_refused() {
        let live = Neighbour { active: true, ..Neighbour::default() };
        let site = Site::of([
            SiteNode { cpus: Some(1), residents: vec![live.clone()], ..SiteNode::named("beta") },
            SiteNode { cpus: Some(1), residents: vec![live; 2], ..SiteNode::named("gamma") },
            SiteNode::named("silent"),
        ]);
        let trial = site.trial(&PLUGIN, "few-domains", r#"{"domains_per_cpu": 2}"#);
        assert_eq!(trial.codes(), ["ok", "node-crowded", "not-known"]);
        assert_eq!(trial.explain(1).expect("node 1 is there").measured, "3 with this one");
    }
}
