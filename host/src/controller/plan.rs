//! A decision that nobody acts on yet: gather, decide, probe the finalists, decide again.

use super::Controller;
use super::error::Error;
use super::gather::{Gatherer, Wish, is_probed};
use crate::decide::{decide, next_to_probe};
use crate::model::decision::Decision;
use crate::model::snapshot::{Probe, Snapshot};

/// Once no node fits, the rest is probed too, so that the refusal is complete; but not
/// a whole data centre.
const REFUSAL_PROBES_MAX: usize = 32;

impl Controller {
    pub async fn plan(&self, wish: &Wish, probe: Probe) -> Result<(Snapshot, Decision), Error> {
        let domain = self.jobs.hypervisor.domain(&wish.source, &wish.domain).await?;
        self.plan_for(&self.gatherer(None), wish, domain, probe).await
    }

    pub(super) async fn plan_for(
        &self,
        gatherer: &Gatherer<'_>,
        wish: &Wish,
        domain: crate::model::DomainFacts,
        probe: Probe,
    ) -> Result<(Snapshot, Decision), Error> {
        let mut snapshot = gatherer.snapshot(wish, domain).await?;
        if probe == Probe::All {
            self.probe_rest(gatherer, wish, &mut snapshot, usize::MAX).await;
        }
        let mut decision = decide(&self.policy, &snapshot, self.evaluate.as_ref());
        if probe != Probe::Finalists {
            return Ok((snapshot, decision));
        }
        let mut probed = Vec::new();
        while let Some(node) = next_to_probe(&decision, &probed) {
            gatherer.probe(wish, &mut snapshot, &node).await;
            probed.push(node);
            decision = decide(&self.policy, &snapshot, self.evaluate.as_ref());
        }
        if decision.chosen.is_none()
            && self.probe_rest(gatherer, wish, &mut snapshot, REFUSAL_PROBES_MAX).await
        {
            decision = decide(&self.policy, &snapshot, self.evaluate.as_ref());
        }
        Ok((snapshot, decision))
    }

    /// Probes candidates that were not probed yet; the source itself never is.
    async fn probe_rest(
        &self,
        gatherer: &Gatherer<'_>,
        wish: &Wish,
        snapshot: &mut Snapshot,
        most: usize,
    ) -> bool {
        let source = snapshot.source.clone();
        let uuid = source.host().and_then(|host| host.uuid);
        let nodes: Vec<String> = snapshot
            .candidates
            .iter()
            .filter(|candidate| {
                candidate.node.host().is_some_and(|host| host.uuid.is_none() || host.uuid != uuid)
            })
            .filter(|candidate| candidate.node.name() != source.name() && !is_probed(candidate))
            .filter(|candidate| snapshot.is_judged(candidate.node.name()))
            .map(|candidate| candidate.node.name().to_owned())
            .take(most)
            .collect();
        for node in &nodes {
            gatherer.probe(wish, snapshot, node).await;
        }
        !nodes.is_empty()
    }
}
