//! `migrate`: validate all, then act; Ctrl-C aborts cleanly.

use tokio::sync::watch;

use super::super::args::{Migrate, Output};
use super::super::progress::Display;
use super::super::{Exit, render};
use super::show;
use crate::controller::{Error, Wanted, Wish};
use crate::migrate::parameters;
use crate::migrate::transfer::Stop;
use crate::model::order::Limits;
use crate::problem::InputError;
use crate::world::World;

pub async fn migrate(world: &World, output: Output, arguments: Migrate) -> Result<Exit, Error> {
    let wanted = wanted(world, &arguments)?;
    let controller = world.controller(arguments.policy.file.as_deref())?;
    let display = Display::on_stderr();
    let finished = controller.migrate(&wanted, &display, stop_on_signal()).await;
    display.finish();
    let finished = finished?;
    show(
        output,
        || match (&finished.decision, &finished.outcome.runs_on) {
            // A refusal is told with every reason; after a move the outcome says all.
            (Some(decision), _) if decision.chosen.is_none() => {
                format!("{}\n{}", render::decision(decision), render::outcome(&finished.outcome))
            }
            _ => render::outcome(&finished.outcome),
        },
        || render::json("job", &finished),
    )?;
    Ok(Exit::of(finished.outcome.kind))
}

/// Everything that can be judged without asking a daemon is judged here.
fn wanted(world: &World, arguments: &Migrate) -> Result<Wanted, Error> {
    let parameters = arguments
        .parameters
        .iter()
        .map(|one| {
            parameters::parse(&one.name, &one.value).map_err(|error| {
                let problem = InputError::new(error.code(), format!("--param {} is refused", error.name))
                    .found(error.found.clone())
                    .expected(error.expected.clone());
                error.hint().into_iter().fold(problem, InputError::hint)
            })
        })
        .collect::<Result<Vec<_>, InputError>>()?;
    let defaults = &world.config.limits;
    let options = &arguments.limits;
    let limits = Limits {
        destination_timeout_s: options.destination_timeout.unwrap_or(defaults.destination_timeout_s),
        bandwidth_mib_s_max: options
            .max_bandwidth
            .map_or(defaults.bandwidth_mib_s_max, |bandwidth| bandwidth.0),
        downtime_ms_max: options.downtime.unwrap_or(defaults.downtime_ms_max),
    };
    Ok(Wanted {
        wish: Wish {
            domain: arguments.domain.clone(),
            source: world.config.resolve(&arguments.from)?,
            to: arguments.to.as_deref().map(|to| world.config.resolve(to)).transpose()?,
            destination_name: arguments.dname.clone(),
            destination_uri: arguments.destination_uri.clone(),
        },
        limits,
        parameters,
    })
}

/// Ctrl-C or a termination asks for an end. A second Ctrl-C changes nothing: leaving now
/// would not stop libvirt, and nobody would tell where the domain runs.
fn stop_on_signal() -> watch::Receiver<Option<Stop>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        loop {
            let reason = tokio::select! {
                _ = interrupt.recv() => "Ctrl-C",
                _ = terminate.recv() => "a termination signal",
            };
            let stop = Stop { by: "the person who started it".to_owned(), reason: reason.to_owned() };
            sender.send_replace(Some(stop));
        }
    });
    receiver
}
