//! Keeps decisions as they are taken: without secrets, with what it takes to decide again.

use std::sync::Arc;

use super::error::Error;
use crate::model::port::Records;
use crate::model::record::{DecisionId, Keep, TakenBy};
use crate::record::redact::Redaction;
use crate::record::{Taken, record};

pub struct Recorder {
    pub records: Arc<dyn Records>,
    pub redaction: Redaction,
    pub keep: Keep,
    pub by: TakenBy,
}

impl Recorder {
    /// Durable when it returns; an error means that nothing was written.
    pub fn record(&self, taken: Taken<'_>) -> Result<DecisionId, Error> {
        let record = record(taken, &self.by, &self.redaction)?;
        Ok(self.records.add(&record, &|digest| taken.evaluate.component(digest), &self.keep)?)
    }
}
