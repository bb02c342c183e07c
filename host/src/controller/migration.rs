//! One migration, from the wish to the record.
//!
//! Read `Controller::migrate` and `Migration::run` aloud: those are the phases. Before
//! `transfer_started` is in the journal nothing was done that needs undoing but the
//! reservation, which the conclusion releases. After it the outcome is what both nodes show.

use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use super::error::Error;
use super::gather::Wish;
use super::{Controller, ending};
use crate::decide::decide;
use crate::lease::Lease;
use crate::migrate::destination::destination_uri;
use crate::migrate::transfer::{Returned, Stop, Transfer};
use crate::migrate::verify::{Ends, Patience};
use crate::model::decision::Decision;
use crate::model::domain::{DomainFacts, DomainState};
use crate::model::job::{Event, Failure, JobId, Outcome, OutcomeKind, Phase, Request, Room};
use crate::model::node::NodeEntry;
use crate::model::order::{Limits, MigrationOrder, Parameter};
use crate::model::port::{Abort, ClaimTaken, HypervisorError, JournalError, Presence, Watcher};
use crate::model::record::{DecisionId, Purpose};
use crate::model::snapshot::{CandidateFacts, Probe, Snapshot};
use crate::problem::InputError;
use crate::record::Taken;

/// What a person wants moved, already validated.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub wish: Wish,
    pub limits: Limits,
    pub parameters: Vec<Parameter>,
}

/// A migration that came to its end, whichever.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finished {
    pub job: JobId,
    /// The record of the decision.
    pub record: Option<DecisionId>,
    pub decision: Option<Decision>,
    pub outcome: Outcome,
}

/// A decision and its record.
struct Decided {
    record: DecisionId,
    decision: Decision,
}

impl Controller {
    /// Decides, moves, verifies, records. `stop` ends it: at once before the transfer, by
    /// aborting libvirt's job during it.
    pub async fn migrate(
        &self,
        wanted: &Wanted,
        watcher: &dyn Watcher,
        stop: watch::Receiver<Option<Stop>>,
    ) -> Result<Finished, Error> {
        watcher.phase(None, Phase::Check);
        let (domain, uuid) = self.check_source(wanted).await?;
        if let Some(uri) = &wanted.wish.destination_uri {
            refuse_bad_uri(wanted, uri)?;
        }
        let request = self.request(wanted, &domain, uuid);
        let (job, _lease) = self.open(&request).await?;
        tracing::info!(%job, domain = %domain.name, source = %request.source.name, "job opened");
        let migration = Migration { controller: self, wanted, watcher, job, request, stop };
        match migration.run(domain).await {
            Ok(finished) => Ok(finished),
            Err(error) => migration.conclude_failed(&error),
        }
    }

    /// The domain is there, live, and not on its way already.
    async fn check_source(&self, wanted: &Wanted) -> Result<(DomainFacts, Uuid), Error> {
        let wish = &wanted.wish;
        let domain = self.jobs.hypervisor.domain(&wish.source, &wish.domain).await?;
        refuse_rename(&domain, wish)?;
        let refuse = |code: &str, text: String, hint: &str| {
            Error::Hypervisor(HypervisorError {
                code: code.to_owned(),
                doing: format!("checking domain {} on {}", domain.name, wish.source.name),
                text,
                hint: Some(hint.to_owned()),
                number: None,
            })
        };
        let Some(uuid) = domain.uuid else {
            return Err(refuse("no-uuid", "it has no UUID".to_owned(), "libvirt gives every domain one"));
        };
        if is_migrating(&self.jobs.hypervisor.presence(&wish.source, uuid).await) {
            let open = self.jobs.journal.open_jobs()?;
            if let Some(ours) = open.into_iter().find(|job| job.request.domain_uuid == uuid) {
                return Err(JournalError::Busy { domain: domain.name, job: ours.id }.into());
            }
            return Err(refuse(
                "already-migrating",
                "libvirt moves it already, by another hand".to_owned(),
                "wait for that move, or abort it: virsh domjobabort",
            ));
        }
        match domain.state {
            Some(DomainState::Running | DomainState::Blocked | DomainState::Paused) => Ok((domain, uuid)),
            state => Err(refuse(
                "domain-not-live",
                format!("it is not running, so there is nothing to move live (state: {state:?})"),
                "start it, or move its definition with virsh dumpxml and define",
            )),
        }
    }

    fn request(&self, wanted: &Wanted, domain: &DomainFacts, uuid: Uuid) -> Request {
        let wish = &wanted.wish;
        Request {
            domain: domain.name.clone(),
            domain_uuid: uuid,
            paused: domain.state == Some(DomainState::Paused),
            source: self.recorder.redaction.entry(&wish.source),
            to: wish.to.as_ref().map(|node| node.name.clone()),
            destination_name: wish.destination_name.clone(),
            destination_uri: wish.destination_uri.clone(),
            limits: wanted.limits,
            parameters: wanted.parameters.clone(),
            policy: self.policy.name.clone(),
        }
    }

    /// Opens the job and takes its lease. A job that its controller left behind is settled
    /// first; one that somebody works on is in the way.
    async fn open(&self, request: &Request) -> Result<(JobId, Lease), Error> {
        let job = match self.jobs.journal.open(request) {
            Ok(job) => job,
            Err(JournalError::Busy { domain, job }) => {
                let shown = self.jobs.show(job).await?;
                if shown.job.is_open() {
                    return Err(JournalError::Busy { domain, job }.into());
                }
                self.jobs.journal.open(request)?
            }
            Err(error) => return Err(error.into()),
        };
        let lease =
            Lease::take(&self.jobs.state_folder, job).map_err(|error| super::job::lease_error(job, error))?;
        match lease {
            Some(lease) => Ok((job, lease)),
            None => Err(JournalError::Busy { domain: request.domain.clone(), job }.into()),
        }
    }
}

struct Migration<'a> {
    controller: &'a Controller,
    wanted: &'a Wanted,
    watcher: &'a dyn Watcher,
    job: JobId,
    request: Request,
    stop: watch::Receiver<Option<Stop>>,
}

/// A destination that was decided on, and everything the transfer needs.
struct Prepared {
    destination: NodeEntry,
    order: MigrationOrder,
}

impl Migration<'_> {
    async fn run(&self, domain: DomainFacts) -> Result<Finished, Error> {
        let (snapshot, decided) = self.decide(domain).await?;
        let Some(chosen) = chosen(&decided.decision, &snapshot) else {
            return self.conclude(ending::refused(&self.request, &decided.decision), Some(decided));
        };
        if let Some(stop) = self.asked_to_stop()? {
            return self.conclude(ending::stopped(&self.request, &stop), Some(decided));
        }
        if let Err(taken) = self.reserve(chosen.node.name(), &decided.decision, &snapshot)? {
            let node = chosen.node.name();
            return self.conclude(ending::claim_taken(&self.request, node, &taken), Some(decided));
        }
        let prepared = match self.prepare(chosen).await? {
            Ok(prepared) => prepared,
            Err(refusal) => {
                return self.conclude(ending::refused(&self.request, &refusal.decision), Some(*refusal));
            }
        };
        if let Some(stop) = self.asked_to_stop()? {
            return self.conclude(ending::stopped(&self.request, &stop), Some(decided));
        }
        let returned = self.transfer(&prepared).await?;
        let outcome = self.verify(&prepared, &returned).await;
        Ok(self.conclude_verified(outcome, decided))
    }

    /// A decision that cannot be recorded is not acted on.
    async fn decide(&self, domain: DomainFacts) -> Result<(Snapshot, Decided), Error> {
        self.phase(Phase::Decide);
        let gatherer = self.controller.gatherer(Some(self.job));
        let (snapshot, decision) =
            self.controller.plan_for(&gatherer, &self.wanted.wish, domain, Probe::Finalists).await?;
        let record = self.keep(Purpose::Migrate { job: self.job }, &snapshot, &decision)?;
        self.record(&Event::decided(record, &decision))?;
        self.watcher.decided(&decision);
        Ok((snapshot, Decided { record, decision }))
    }

    fn keep(&self, purpose: Purpose, snapshot: &Snapshot, decision: &Decision) -> Result<DecisionId, Error> {
        let Controller { recorder, policy, evaluate, .. } = self.controller;
        recorder.record(Taken { purpose, policy, snapshot, decision, evaluate: evaluate.as_ref() })
    }

    fn reserve(
        &self,
        chosen: &str,
        decision: &Decision,
        snapshot: &Snapshot,
    ) -> Result<Result<(), ClaimTaken>, Error> {
        self.phase(Phase::Reserve);
        let room = Room { memory_bytes: snapshot.domain.memory_bytes, vcpus: snapshot.domain.vcpus };
        Ok(self.controller.jobs.journal.reserve(self.job, chosen, &decision.claims, room)?)
    }

    /// Reads the chosen pair again and judges it again; a changed mind is a refusal.
    async fn prepare(&self, chosen: CandidateFacts) -> Result<Result<Prepared, Box<Decided>>, Error> {
        self.phase(Phase::Prepare);
        let snapshot = self.read_again(&chosen).await?;
        let again = decide(&self.controller.policy, &snapshot, self.controller.evaluate.as_ref());
        let record = self.keep(Purpose::Prepare { job: self.job }, &snapshot, &again)?;
        if again.chosen.is_none() {
            self.record(&Event::decided(record, &again))?;
            return Ok(Err(Box::new(Decided { record, decision: again })));
        }
        let destination = self.controller.recorder.redaction.entry(&chosen.node.entry);
        let order = MigrationOrder {
            domain: self.request.domain_uuid.to_string(),
            destination_uri: destination_uri(&destination, self.request.destination_uri.as_deref())?,
            destination_name: self.request.destination_name.clone(),
            limits: self.wanted.limits,
            persistent: snapshot.domain.persistent == Some(true),
            parameters: self.wanted.parameters.clone(),
        };
        let destination_uri = order.destination_uri.clone();
        let prepared =
            Event::Prepared { destination: destination.clone(), destination_uri, record: Some(record) };
        self.record(&prepared)?;
        Ok(Ok(Prepared { destination, order }))
    }

    /// Facts anew, with our own reservation known; the pair's probes are moments old and stay.
    async fn read_again(&self, chosen: &CandidateFacts) -> Result<Snapshot, Error> {
        let wish = Wish { to: Some(chosen.node.entry.clone()), ..self.wanted.wish.clone() };
        let uuid = self.request.domain_uuid.to_string();
        let domain = self.controller.jobs.hypervisor.domain(&wish.source, &uuid).await?;
        let mut snapshot = self.controller.gatherer(Some(self.job)).snapshot(&wish, domain).await?;
        let name = chosen.node.name();
        for candidate in snapshot.candidates.iter_mut().filter(|one| one.node.name() == name) {
            candidate.pair.reach = chosen.pair.reach.clone();
            candidate.pair.storage = chosen.pair.storage.clone();
        }
        Ok(snapshot)
    }

    /// The point of no return is the first line: written, durably, before the act.
    async fn transfer(&self, prepared: &Prepared) -> Result<Returned, Error> {
        self.record(&Event::TransferStarted {
            destination: prepared.destination.clone(),
            order: Box::new(prepared.order.clone()),
        })?;
        self.phase(Phase::Transfer);
        let transfer = Transfer {
            hypervisor: &self.controller.jobs.hypervisor,
            journal: self.controller.jobs.journal.as_ref(),
            watcher: self.watcher,
            job: self.job,
            source: &self.request.source,
            domain: self.request.domain_uuid,
            order: &prepared.order,
        };
        let returned = transfer.carry_out(self.stop.clone()).await;
        let error = returned.result.as_ref().err().map(failure);
        if let Err(error) = &returned.result {
            tracing::info!(%error, "the migrate call ended with an error; both nodes are looked at");
        }
        if let Err(error) = self.record(&Event::TransferReturned { error }) {
            tracing::error!(error = %crate::problem::chain(&error), "the end of the transfer could not be recorded");
        }
        Ok(returned)
    }

    async fn verify(&self, prepared: &Prepared, returned: &Returned) -> Outcome {
        self.phase(Phase::Verify);
        let hypervisor = Arc::clone(&self.controller.jobs.hypervisor);
        let ends = Ends {
            hypervisor: hypervisor.as_ref(),
            source: &self.request.source,
            destination: &prepared.destination,
            domain: self.request.domain_uuid,
            paused: self.request.paused,
        };
        let seen = ends.settle(self.patience()).await;
        let mut outcome = ends.outcome(&seen, &self.request.domain, ending::why_it_stayed(returned));
        if outcome.kind == OutcomeKind::Succeeded {
            outcome.figures = hypervisor.completed(&prepared.destination, self.request.domain_uuid).await;
        }
        outcome
    }

    fn patience(&self) -> Patience {
        let moving = std::time::Duration::from_secs(self.wanted.limits.destination_timeout_s);
        Patience { moving, ..self.controller.jobs.patience }
    }

    // ------------------------------------------------------------- endings

    fn conclude(&self, outcome: Outcome, decided: Option<Decided>) -> Result<Finished, Error> {
        self.phase(Phase::Close);
        self.record(&Event::Concluded { outcome: Box::new(outcome.clone()) })?;
        tracing::info!(outcome = %outcome.kind, code = %outcome.code, "job closed");
        Ok(self.finished(outcome, decided))
    }

    fn finished(&self, outcome: Outcome, decided: Option<Decided>) -> Finished {
        let (record, decision) = decided.map(|one| (one.record, one.decision)).unzip();
        Finished { job: self.job, record, decision, outcome }
    }

    /// What both nodes showed is told even if it cannot be recorded.
    fn conclude_verified(&self, mut outcome: Outcome, decided: Decided) -> Finished {
        match self.conclude(outcome.clone(), None) {
            Ok(_) => self.finished(outcome, Some(decided)),
            Err(error) => {
                outcome.look_at.push(format!(
                    "the journal did not take this outcome ({}); `wayleave job show {}` concludes the job later",
                    crate::problem::chain(&error),
                    self.job
                ));
                self.finished(outcome, Some(decided))
            }
        }
    }

    /// The one error exit. After the transfer was ordered it concludes nothing: the record
    /// stays open, and whoever shows it looks at both nodes.
    fn conclude_failed(&self, error: &Error) -> Result<Finished, Error> {
        let events = self.controller.jobs.journal.events(self.job)?;
        let started = events.iter().any(|recorded| matches!(recorded.event, Event::TransferStarted { .. }));
        let mut outcome =
            ending::stayed(&self.request, OutcomeKind::Failed, error.code(), crate::problem::chain(error));
        if started {
            outcome.kind = OutcomeKind::Uncertain;
            outcome.runs_on = None;
            outcome.look_at = vec![format!("`wayleave job show {}` looks at both nodes", self.job)];
            return Ok(self.finished(outcome, None));
        }
        outcome.look_at.extend(error.hint());
        self.conclude(outcome, None)
    }

    /// Somebody asked for an end, here or through the journal.
    fn asked_to_stop(&self) -> Result<Option<Stop>, Error> {
        if let Some(stop) = self.stop.borrow().clone() {
            return Ok(Some(stop));
        }
        let asked = self.controller.jobs.journal.abort_requested(self.job)?;
        Ok(asked.map(|Abort { by, reason }| Stop { by, reason }))
    }

    fn phase(&self, phase: Phase) {
        tracing::debug!(job = %self.job, %phase, "phase");
        self.watcher.phase(Some(self.job), phase);
    }

    fn record(&self, event: &Event) -> Result<(), Error> {
        Ok(self.controller.jobs.journal.append(self.job, event)?)
    }
}

/// Rename at the destination is for the driver to do; of the drivers, QEMU's and Xen's can.
fn refuse_rename(domain: &DomainFacts, wish: &Wish) -> Result<(), Error> {
    let renames = matches!(domain.hypervisor.as_str(), "kvm" | "qemu" | "hvf" | "xen");
    match &wish.destination_name {
        Some(name) if !renames => {
            Err(InputError::new("no-support", "this hypervisor cannot rename a domain while it moves")
                .found(format!("--dname {name} for a domain of type {}", domain.hypervisor))
                .expected("a domain of type kvm, qemu or xen")
                .hint("leave --dname out")
                .into())
        }
        Some(name) if name.contains('/') => Err(InputError::new("bad-name", "libvirt takes no such name")
            .found(format!("--dname {name}"))
            .expected("a name without a slash")
            .into()),
        _ => Ok(()),
    }
}

/// A URI that cannot be used is told before anything is asked or recorded.
fn refuse_bad_uri(wanted: &Wanted, uri: &str) -> Result<(), Error> {
    let node = wanted.wish.to.as_ref().unwrap_or(&wanted.wish.source);
    destination_uri(node, Some(uri))?;
    Ok(())
}

fn chosen(decision: &Decision, snapshot: &Snapshot) -> Option<CandidateFacts> {
    let name = decision.chosen.as_deref()?;
    snapshot.candidates.iter().find(|candidate| candidate.node.name() == name).cloned()
}

fn is_migrating(presence: &Presence) -> bool {
    matches!(presence, Presence::Running { migrating: true, .. } | Presence::Paused { migrating: true, .. })
}

fn failure(error: &HypervisorError) -> Failure {
    Failure { code: error.code.clone(), text: error.to_string() }
}
