//! The transfer: libvirt's call, watched, bounded and abortable.
//!
//! Past this call we observe and do not undo: what it returns is recorded, and not
//! believed (see `verify`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::model::job::{Event, JobId};
use crate::model::node::NodeEntry;
use crate::model::order::MigrationOrder;
use crate::model::port::{Abort, Hypervisor, HypervisorError, Journal, Watcher};

const POLL: Duration = Duration::from_millis(500);
/// Between two tries to abort: the job may not have begun, or may just end.
const ABORT_AGAIN: Duration = Duration::from_secs(2);

/// Who asks for an end when the transfer has taken as long as it may.
const TIME_LIMIT: &str = "wayleave";

/// Why a running transfer is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub by: String,
    pub reason: String,
}

impl Stop {
    /// Nobody wished it: the transfer took as long as it may.
    pub fn is_of_time_limit(&self) -> bool {
        self.by == TIME_LIMIT
    }
}

/// What a transfer needs to be carried out and watched.
pub struct Transfer<'a> {
    pub hypervisor: &'a Arc<dyn Hypervisor>,
    pub journal: &'a dyn Journal,
    pub watcher: &'a dyn Watcher,
    pub job: JobId,
    pub source: &'a NodeEntry,
    pub domain: Uuid,
    pub order: &'a MigrationOrder,
}

/// How the call ended, and whether somebody had asked for an end.
pub struct Returned {
    pub result: Result<(), HypervisorError>,
    pub stopped: Option<Stop>,
}

impl Transfer<'_> {
    pub async fn carry_out(&self, mut stop: watch::Receiver<Option<Stop>>) -> Returned {
        self.set_downtime().await;
        let mut call = self.call();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = Instant::now();
        let mut stopped: Option<Stop> = None;
        let mut aborted_at: Option<Instant> = None;
        loop {
            tokio::select! {
                result = &mut call => {
                    let result = result.unwrap_or_else(|error| Err(lost(&error)));
                    // Whoever asked from elsewhere may also have ended libvirt's job themselves.
                    let stopped = stopped.or_else(|| self.asked_from_elsewhere());
                    return Returned { result, stopped };
                }
                _ = poll.tick() => self.watch().await,
                Ok(()) = stop.changed(), if stopped.is_none() => {
                    stopped.clone_from(&stop.borrow());
                }
            }
            if stopped.is_none() {
                stopped = self.overdue(begun).or_else(|| self.asked_from_elsewhere());
                if let Some(stop) = &stopped {
                    self.watcher.note(&format!("aborting: {}", stop.reason));
                }
            }
            if stopped.is_some() && aborted_at.is_none_or(|at| at.elapsed() >= ABORT_AGAIN) {
                self.abort(stopped.as_ref(), aborted_at.is_none()).await;
                aborted_at = Some(Instant::now());
            }
        }
    }

    fn call(&self) -> JoinHandle<Result<(), HypervisorError>> {
        let (hypervisor, source, order) =
            (Arc::clone(self.hypervisor), self.source.clone(), self.order.clone());
        tokio::spawn(async move { hypervisor.migrate(&source, &order).await })
    }

    /// QEMU takes the longest permitted downtime before as well as during the transfer.
    async fn set_downtime(&self) {
        let ms = self.order.limits.downtime_ms_max;
        if let Err(error) = self.hypervisor.set_downtime_ms(self.source, self.domain, ms).await {
            tracing::warn!(%error, "the longest permitted downtime could not be set");
            self.watcher.note(&format!("the downtime limit could not be set: {error}"));
        }
    }

    async fn watch(&self) {
        match self.hypervisor.progress(self.source, self.domain).await {
            Ok(Some(progress)) => self.watcher.progress(&progress),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "no progress to be had"),
        }
    }

    fn overdue(&self, begun: Instant) -> Option<Stop> {
        let limit = Duration::from_secs(self.order.limits.destination_timeout_s);
        (begun.elapsed() >= limit).then(|| Stop {
            by: TIME_LIMIT.to_owned(),
            reason: format!("destination_timeout of {} s has passed", limit.as_secs()),
        })
    }

    /// Another process may have written into the journal that it wants an end. A journal that
    /// cannot be read now is no reason to stop watching.
    fn asked_from_elsewhere(&self) -> Option<Stop> {
        match self.journal.abort_requested(self.job) {
            Ok(asked) => asked.map(|Abort { by, reason }| Stop { by, reason }),
            Err(error) => {
                tracing::warn!(%error, "the journal cannot be read");
                None
            }
        }
    }

    async fn abort(&self, stop: Option<&Stop>, first: bool) {
        if let (Some(stop), true) = (stop, first && self.asked_from_elsewhere().is_none()) {
            let event = Event::AbortRequested { by: stop.by.clone(), reason: stop.reason.clone() };
            if let Err(error) = self.journal.append(self.job, &event) {
                tracing::warn!(%error, "the wish to abort could not be recorded; it is carried out all the same");
            }
        }
        if let Err(error) = self.hypervisor.abort(self.source, self.domain).await {
            tracing::debug!(%error, "aborting did not take; it is tried again");
        }
    }
}

fn lost(error: &tokio::task::JoinError) -> HypervisorError {
    HypervisorError {
        code: "call-lost".to_owned(),
        doing: "waiting for the migrate call".to_owned(),
        text: error.to_string(),
        hint: None,
        number: None,
    }
}
