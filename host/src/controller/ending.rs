//! How a job ends without a move, in words: refused, stopped, or failed with the domain
//! still on its source. What follows from a look at both nodes is `migrate::verify`'s.

use crate::migrate::transfer::{Returned, Stop};
use crate::migrate::verify::Why;
use crate::model::decision::{Decision, Effect, Stage};
use crate::model::job::{Outcome, OutcomeKind, Request};
use crate::model::port::{ClaimTaken, HypervisorError};

/// libvirt's number for an operation that somebody aborted.
const OPERATION_ABORTED: u32 = 78;

pub fn stayed(request: &Request, kind: OutcomeKind, code: &str, text: String) -> Outcome {
    Outcome {
        kind,
        code: code.to_owned(),
        text,
        runs_on: Some(request.source.name.clone()),
        domain: request.domain.clone(),
        domain_uuid: request.domain_uuid,
        look_at: Vec::new(),
        figures: None,
    }
}

/// Nothing was chosen: because the rules say no, or because they could not know.
pub fn refused(request: &Request, decision: &Decision) -> Outcome {
    if decision.candidates.iter().any(|one| one.stage == Stage::Inconclusive) {
        let text = "nothing rejects it, but what a rule needs to know could not be found out".to_owned();
        return stayed(request, OutcomeKind::Inconclusive, "inconclusive", text);
    }
    let findings = decision.candidates.iter().flat_map(|one| &one.findings);
    let reasons = findings.filter(|finding| finding.effect == Effect::Blocks).count();
    let (policy, nodes) = (&decision.policy, decision.candidates.len());
    let text = match &request.to {
        Some(node) => format!("policy {policy} does not permit {node}: {reasons} reason(s)"),
        None => format!("policy {policy} permits none of {nodes} node(s): {reasons} reason(s)"),
    };
    stayed(request, OutcomeKind::Refused, "refused", text)
}

pub fn claim_taken(request: &Request, chosen: &str, taken: &ClaimTaken) -> Outcome {
    let holders: Vec<String> = taken.holders.iter().map(ToString::to_string).collect();
    let ClaimTaken { claim, held, .. } = taken;
    let text = format!(
        "{} on {chosen}: {} wanted, {held} of {} held by job {}",
        claim.resource,
        claim.amount,
        claim.limit,
        holders.join(", "),
    );
    let mut outcome = stayed(request, OutcomeKind::Refused, "claim-taken", text);
    outcome.look_at = vec!["try again when that job has ended".to_owned()];
    outcome
}

pub fn stopped(request: &Request, stop: &Stop) -> Outcome {
    let text = format!("aborted before the transfer: {}", stop.reason);
    stayed(request, OutcomeKind::Aborted, "aborted", text)
}

/// If both nodes show that the domain stayed, this is why.
pub fn why_it_stayed(returned: &Returned) -> Why {
    let aborted =
        |error: &HypervisorError| error.number.is_some_and(|(number, _)| number == OPERATION_ABORTED);
    match (&returned.result, &returned.stopped) {
        (_, Some(stop)) if stop.is_of_time_limit() => Why {
            kind: OutcomeKind::Failed,
            code: "destination-timeout".to_owned(),
            text: stop.reason.clone(),
        },
        (_, Some(stop)) => Why {
            kind: OutcomeKind::Aborted,
            code: "aborted".to_owned(),
            text: format!("aborted by {}: {}", stop.by, stop.reason),
        },
        (Err(error), None) if aborted(error) => {
            Why { kind: OutcomeKind::Aborted, code: "aborted".to_owned(), text: error.text.clone() }
        }
        (Err(error), None) => {
            Why { kind: OutcomeKind::Failed, code: error.code.clone(), text: error.to_string() }
        }
        (Ok(()), None) => Why {
            kind: OutcomeKind::Failed,
            code: "not-moved".to_owned(),
            text: "libvirt reported success, but the domain is not at its destination".to_owned(),
        },
    }
}
