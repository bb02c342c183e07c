//! Records that live as long as the process, for tests and for deciding without a store.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::MemoryJournal;
use super::hold::cutoff;
use crate::model::port::{ComponentOf, JournalError, Records};
use crate::model::record::{DecisionId, DecisionRecord, Keep, Selection, Summary};

#[derive(Debug, Default)]
pub struct Kept {
    last: u64,
    records: BTreeMap<DecisionId, DecisionRecord>,
    components: BTreeMap<String, Vec<u8>>,
}

impl Records for MemoryJournal {
    fn add(
        &self,
        record: &DecisionRecord,
        component: &ComponentOf<'_>,
        keep: &Keep,
    ) -> Result<DecisionId, JournalError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let id = DecisionId(kept.last);
        kept.records.insert(id, DecisionRecord { id: Some(id), ..record.clone() });
        if keep.plugins {
            for digest in record.policy.components() {
                if !kept.components.contains_key(digest)
                    && let Some(wasm) = component(digest)
                {
                    kept.components.insert(digest.to_owned(), wasm);
                }
            }
        }
        self.prune(&mut kept, id, keep);
        Ok(id)
    }

    fn text(&self, id: DecisionId) -> Result<String, JournalError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.records.get(&id).map(DecisionRecord::canonical).ok_or(JournalError::NoSuchDecision(id))
    }

    fn list(&self, wanted: &Selection) -> Result<Vec<Summary>, JournalError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let newest_first = kept.records.values().rev().filter(|record| {
            wanted.since.is_none_or(|since| record.at >= since)
                && wanted.domain.as_ref().is_none_or(|domain| *domain == record.decision.domain)
        });
        Ok(newest_first.take(wanted.limit.unwrap_or(usize::MAX)).map(DecisionRecord::summary).collect())
    }

    fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.components.get(digest).cloned())
    }
}

impl MemoryJournal {
    fn prune(&self, kept: &mut Kept, newest: DecisionId, keep: &Keep) {
        let oldest = cutoff(keep.days);
        let too_many = kept.records.keys().rev().nth(keep.records as usize).copied();
        kept.records.retain(|id, record| {
            let old = oldest.is_some_and(|oldest| record.at < oldest) || Some(*id) <= too_many;
            *id == newest || !old || record.purpose.job().is_some_and(|job| self.is_open(job))
        });
        let named = |digest: &String| {
            kept.records.values().any(|record| record.policy.components().contains(digest.as_str()))
        };
        kept.components.retain(|digest, _| keep.plugins && named(digest));
    }
}
