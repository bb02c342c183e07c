//! After the transfer, however it ended: look at both nodes until the truth can be told,
//! or the time for it is over.
//!
//! Nothing is resumed, restarted or removed here. A stopped copy at the source may look
//! as if it only needed `resume`: with the domain running at the destination that would
//! be a split brain.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::conclude::{Judgement, judge, seen, show};
use crate::model::job::{Outcome, OutcomeKind};
use crate::model::node::NodeEntry;
use crate::model::port::{Hypervisor, Presence};

const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How long the two nodes are looked at. A cut link makes libvirt itself wait about 30 s.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a copy that nothing accounts for is called uncertain.
    pub untold: Duration,
    /// Until something that is still being cleaned up is called a leftover.
    pub leftover: Duration,
    /// As long as libvirt still moves the domain: its client may die, the move goes on.
    pub moving: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            untold: Duration::from_secs(75),
            leftover: Duration::from_secs(10),
            moving: Duration::from_secs(21_600),
        }
    }
}

/// The two ends of a move, as they are looked at.
pub struct Ends<'a> {
    pub hypervisor: &'a dyn Hypervisor,
    pub source: &'a NodeEntry,
    pub destination: &'a NodeEntry,
    pub domain: Uuid,
    pub paused: bool,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub source: Presence,
    pub destination: Presence,
    pub judgement: Judgement,
}

impl Ends<'_> {
    pub async fn look(&self) -> Seen {
        let (source, destination) = tokio::join!(
            self.hypervisor.presence(self.source, self.domain),
            self.hypervisor.presence(self.destination, self.domain),
        );
        let judgement = judge(&source, &destination, self.paused);
        Seen { source, destination, judgement }
    }

    /// Looks until what is seen is settled, or patience is over.
    pub async fn settle(&self, patience: Patience) -> Seen {
        let begun = Instant::now();
        loop {
            let seen = self.look().await;
            let wait = match &seen.judgement {
                Judgement::Moved { leftover } | Judgement::Stayed { leftover } => {
                    if *leftover {
                        patience.leftover
                    } else {
                        Duration::ZERO
                    }
                }
                Judgement::Moving => patience.moving,
                Judgement::Untold { .. } | Judgement::Both => patience.untold,
            };
            if begun.elapsed() >= wait {
                return seen;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The outcome that follows from what was seen; `why` is told of a move that did not happen.
    pub fn outcome(&self, seen: &Seen, domain_name: &str, why: Why) -> Outcome {
        let (source, destination) = (&self.source.name, &self.destination.name);
        let mut outcome = Outcome {
            kind: OutcomeKind::Uncertain,
            code: why.code,
            text: why.text,
            runs_on: None,
            domain: name_at(&seen.destination).unwrap_or(domain_name).to_owned(),
            domain_uuid: self.domain,
            look_at: Vec::new(),
            figures: None,
        };
        match &seen.judgement {
            Judgement::Moved { leftover } => {
                outcome.kind = OutcomeKind::Succeeded;
                outcome.code = "ok".to_owned();
                outcome.text = format!("{} runs on {destination}", outcome.domain);
                outcome.runs_on = Some(destination.clone());
                if *leftover {
                    outcome.code = "leftover-at-source".to_owned();
                    outcome.look_at = leftover_at_source(self.source, domain_name, &seen.source);
                }
            }
            Judgement::Stayed { leftover } => {
                outcome.kind = why.kind;
                outcome.runs_on = Some(source.clone());
                outcome.domain = name_at(&seen.source).unwrap_or(domain_name).to_owned();
                if *leftover {
                    outcome.look_at = vec![format!(
                        "{destination}: {}. A stopped copy there cannot run by itself; its daemon removes it when it is up",
                        show(&seen.destination)
                    )];
                }
            }
            Judgement::Moving | Judgement::Untold { .. } | Judgement::Both => {
                outcome.look_at = self.where_to_look(seen);
                outcome.code =
                    if seen.judgement == Judgement::Both { "runs-twice" } else { "uncertain" }.to_owned();
                outcome.text = format!("{}; {}", seen_text(seen), outcome.text);
            }
        }
        outcome
    }

    fn where_to_look(&self, seen: &Seen) -> Vec<String> {
        let mut look_at = vec![
            format!(
                "virsh -c {} domstate --reason {}   ({})",
                self.source.uri,
                self.domain,
                show(&seen.source)
            ),
            format!(
                "virsh -c {} domstate --reason {}   ({})",
                self.destination.uri,
                self.domain,
                show(&seen.destination)
            ),
            "`wayleave job show ID` looks at both nodes again".to_owned(),
        ];
        if seen.judgement == Judgement::Both {
            look_at.insert(0, "TWO COPIES RUN: stop one before both write to the disks".to_owned());
        } else {
            look_at.push("resume nothing before it is sure that the other node does not run it".to_owned());
        }
        look_at
    }
}

/// Why a domain that stayed did stay.
#[derive(Clone, Debug)]
pub struct Why {
    pub kind: OutcomeKind,
    pub code: String,
    pub text: String,
}

fn seen_text(found: &Seen) -> String {
    seen(&found.source, &found.destination)
}

fn leftover_at_source(source: &NodeEntry, domain: &str, presence: &Presence) -> Vec<String> {
    vec![
        format!("{}: {}. NEVER resume it: the domain runs at the destination", source.name, show(presence)),
        format!("remove the stopped copy: virsh -c {} destroy {domain}", source.uri),
    ]
}

fn name_at(presence: &Presence) -> Option<&str> {
    match presence {
        Presence::Running { name, .. } | Presence::Paused { name, .. } => Some(name),
        Presence::Absent | Presence::ShutOff { .. } | Presence::Unreachable { .. } => None,
    }
}
