//! Jobs: a list of them, and one in full as the record and the nodes tell it.

use super::decision::answer;
use super::outcome::outcome;
use super::text::{between, bytes, clean, count, millis, or_dash, time, wide_table, wrap};
use crate::model::job::{Event, Job, JobId, Recorded, Request};
use crate::model::order::{Parameter, ParameterValue};
use crate::model::port::Presence;

/// Whether the controller of an open job is alive, as far as this machine can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    Alive,
    Gone,
    Unknown,
}

pub fn job_list(jobs: &[Job], controller: impl Fn(JobId) -> Controller) -> String {
    if jobs.is_empty() {
        return "No jobs.\n".to_owned();
    }
    let row = |job: &Job| {
        vec![
            job.id.to_string(),
            state(job, controller(job.id)),
            clean(&job.request.domain),
            clean(&job.request.source.name),
            or_dash(destination(job)),
            time(job.opened_at),
            job.closed_at.map_or("-".to_owned(), |closed| between(job.opened_at, closed)),
        ]
    };
    wide_table(&["job", "state", "domain", "from", "to", "opened", "took"], jobs.iter().map(row))
}

fn destination(job: &Job) -> Option<String> {
    let asked = || job.request.to.as_deref().map(clean);
    job.destination.as_ref().map(|node| clean(&node.name)).or_else(asked)
}

fn state(job: &Job, controller: Controller) -> String {
    match (&job.outcome, controller) {
        (Some(outcome), _) => outcome.kind.to_string(),
        (None, Controller::Gone) => format!("OPEN, left in {}", job.phase),
        (None, _) if job.abort_requested => format!("aborting, {}", job.phase),
        (None, _) => format!("running, {}", job.phase),
    }
}

/// A job in full. `observed` is what nodes show of the domain now, where they were asked.
pub fn job_show(
    job: &Job,
    events: &[Recorded],
    controller: Controller,
    observed: &[(String, Presence)],
) -> String {
    let mut parts = vec![heading(job, controller)];
    if let Some(ended) = &job.outcome {
        parts.push(outcome(ended));
    }
    if !observed.is_empty() {
        parts.push(seen(observed));
    }
    parts.push(request(&job.request));
    parts.push(timeline(job, events));
    let last = events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Decided { decision, .. } => decision.as_ref(),
        _ => None,
    });
    if let Some(decision) = last {
        let nodes = decision
            .candidates
            .iter()
            .map(|one| format!("  {}  {}\n", clean(&one.node), super::matrix::stage(one.stage)));
        let few = if decision.candidates.len() <= 6 { nodes.collect() } else { String::new() };
        parts.push(format!("Decision\n  {}{few}", answer(decision)));
    }
    parts.join("\n")
}

fn heading(job: &Job, controller: Controller) -> String {
    let way = format!("{} -> {}", clean(&job.request.source.name), or_dash(destination(job)));
    let mut shown =
        format!("Job {}: {}, {way}: {}\n", job.id, clean(&job.request.domain), state(job, controller));
    if job.outcome.is_none() && controller == Controller::Gone {
        let text = if job.transfer_started {
            "Its controller is gone. The transfer had been ordered, and daemons go on without it: the domain \
             may be at either node. Do not start or resume it anywhere before you have looked at both."
        } else {
            "Its controller is gone. No transfer had been ordered: the domain was not moved."
        };
        shown += &(wrap("! ", text) + "\n");
    }
    shown
}

fn seen(observed: &[(String, Presence)]) -> String {
    let mut shown = "Now\n".to_owned();
    for (node, presence) in observed {
        shown += &(wrap(&format!("  {}: ", clean(node)), &presence_text(presence)) + "\n");
    }
    shown
}

fn presence_text(presence: &Presence) -> String {
    let moving = |migrating: bool| if migrating { ", a migration goes on" } else { "" };
    match presence {
        Presence::Absent => "the domain is not there".to_owned(),
        Presence::ShutOff { name } => format!("{} is defined, and not live", clean(name)),
        Presence::Running { name, migrating, .. } => format!("{} RUNS{}", clean(name), moving(*migrating)),
        Presence::Paused { name, reason, migrating } => {
            format!("{} is paused ({}){}", clean(name), clean(reason), moving(*migrating))
        }
        Presence::Unreachable { error } => format!("no answer: {}", clean(error)),
    }
}

fn request(request: &Request) -> String {
    let mut shown = "Request\n".to_owned();
    let mut line = |name: &str, value: String| shown += &(wrap(&format!("  {name:<12}"), &value) + "\n");
    line("domain", format!("{} ({})", clean(&request.domain), request.domain_uuid));
    line("from", format!("{} ({})", clean(&request.source.name), clean(&request.source.uri)));
    line("to", request.to.as_deref().map_or("chosen by the policy".to_owned(), clean));
    if let Some(name) = &request.destination_name {
        line("new name", clean(name));
    }
    if let Some(uri) = &request.destination_uri {
        line("reached by", clean(uri));
    }
    if request.paused {
        line("paused", "before the move, and to stay so".to_owned());
    }
    let bandwidth = request.limits.bandwidth_mib_s_max;
    let bandwidth = bandwidth.map_or("any bandwidth".to_owned(), |mib_s| format!("{mib_s} MiB/s"));
    let timeout = millis(request.limits.destination_timeout_s.saturating_mul(1000));
    line("at most", format!("{timeout}, {bandwidth}, {} downtime", millis(request.limits.downtime_ms_max)));
    if !request.parameters.is_empty() {
        line("parameters", request.parameters.iter().map(parameter).collect::<Vec<_>>().join(" "));
    }
    line("policy", clean(&request.policy));
    shown
}

fn parameter(parameter: &Parameter) -> String {
    let value = match &parameter.value {
        ParameterValue::Text(text) => clean(text),
        ParameterValue::Int(number) => number.to_string(),
        ParameterValue::Ullong(number) => number.to_string(),
        ParameterValue::Flag(flag) => flag.to_string(),
    };
    format!("{}={value}", clean(&parameter.name))
}

fn timeline(job: &Job, events: &[Recorded]) -> String {
    let mut shown = format!("Timeline, from {}\n", time(job.opened_at));
    for recorded in events {
        let after = format!("+{}", between(job.opened_at, recorded.at));
        shown += &(wrap(&format!("  {after:<14}"), &told(&recorded.event)) + "\n");
    }
    shown
}

fn told(event: &Event) -> String {
    match event {
        Event::Opened { .. } => "opened".to_owned(),
        Event::Decided { decision, record, chosen } => {
            let chosen = chosen.as_ref().or(decision.as_ref().and_then(|one| one.chosen.as_ref()));
            let of = decision
                .as_ref()
                .map(|one| format!(" of {}", count(one.candidates.len(), "candidate")))
                .unwrap_or_default();
            let kept = record.map(|id| format!(" (decision {id})")).unwrap_or_default();
            format!("decided: {}{of}{kept}", chosen.map_or("none".to_owned(), |node| clean(node)))
        }
        Event::Reserved { destination, claims, room } => {
            let mut held = vec![bytes(room.memory_bytes), count(room.vcpus as usize, "vCPU")];
            held.extend(claims.iter().map(|claim| format!("{} {}", claim.amount, clean(&claim.resource))));
            format!("reserved at {}: {}", clean(destination), held.join(", "))
        }
        Event::Prepared { destination, destination_uri, .. } => {
            format!("prepared: {} is to be reached by {}", clean(&destination.name), clean(destination_uri))
        }
        Event::TransferStarted { destination, .. } => {
            format!(
                "transfer to {} started; from here on the nodes tell where the domain is",
                clean(&destination.name)
            )
        }
        Event::AbortRequested { by, reason } => {
            format!("abort requested by {}: {}", clean(by), clean(reason))
        }
        Event::TransferReturned { error: None } => "transfer returned without error".to_owned(),
        Event::TransferReturned { error: Some(failure) } => {
            format!("transfer returned an error [{}]: {}", clean(&failure.code), clean(&failure.text))
        }
        Event::Concluded { outcome } => format!("concluded: {} [{}]", outcome.kind, clean(&outcome.code)),
    }
}
