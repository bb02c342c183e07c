//! Score `spread`: the node keeps much of its memory free after the move.
//!
//! The share of its memory that would stay free, so that domains spread over large and
//! small nodes alike.

use wayleave_sdk::prelude::*;

struct Spread {
    domain: Known<u64>,
}

impl Score for Spread {
    const NAME: &'static str = "spread";
    const TITLE: &'static str = "much memory stays free after the move";
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self { domain: domain::memory() }
    }

    fn score(&self, node: Node<'_>) -> Known<f32> {
        let (total, free) = (node.memory_total()?, node.memory_free()?);
        let left = free.saturating_sub(self.domain?);
        let share = if total == 0 { 0.0 } else { (left as f64 / total as f64).min(1.0) };
        // Whole percents: what memory does from one look to the next is not to choose the node.
        let percents = (share * 100.0).round() / 100.0;
        Ok(percents as f32).measured(format_args!("{} of {} would stay free", mib(left), mib(total)))
    }
}

wayleave_sdk::scores!(Spread);

#[cfg(test)]
mod tests {
    use super::PLUGIN;
    use wayleave_sdk::native::{DomainFacts, Site, SiteNode};

    const GIB: u64 = 1 << 30;

    #[test]
    fn the_share_that_stays_free_ranks() {
        let node = |total, free| SiteNode {
            memory_total: Some(total),
            memory_free: free,
            ..SiteNode::named("beta")
        };
        let nodes = [
            node(16 * GIB, Some(16 * GIB)),
            node(16 * GIB, Some(12 * GIB)),
            node(16 * GIB, Some(2 * GIB)),
            node(GIB, Some(64 * GIB)),
            node(0, Some(0)),
            node(16 * GIB, None),
        ];
        let domain = DomainFacts { memory: 4 * GIB, ..DomainFacts::default() };
        let trial = Site::of(nodes).domain(domain).trial(&PLUGIN, "spread", "{}");
        assert_eq!(trial.scores(), [0.75, 0.5, 0.0, 1.0, 0.0, 0.0]);
        let words = trial.explain(1).expect("node 1 is there");
        assert_eq!(words.measured, "8192 MiB of 16384 MiB would stay free");
        assert_eq!(trial.explain(5).expect("node 5 is there").measured, "memory_free is not known");
    }
}
