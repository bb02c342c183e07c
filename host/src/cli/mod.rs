//! The command line: what a person types, carried out and shown.
//!
//! stdout is data, stderr is everything else. The exit status is decided in one place,
//! `Exit`. What a command does is the controller's; what a result looks like, `render`'s.

pub mod args;
mod commands;
mod help;
pub mod out;
mod progress;
mod render;

use std::process::ExitCode;

use self::args::CommandLine;
use crate::config::{Config, Places};
use crate::controller::Error;
use crate::model::job::OutcomeKind;
use crate::world::World;

/// How a command ended, for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// Refused by the policy.
    Refused,
    /// Wrong usage or bad input.
    Usage,
    /// Failed or inconclusive; the domain is still on its source.
    Failed,
    Uncertain,
}

impl Exit {
    pub fn of(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Succeeded => Self::Done,
            OutcomeKind::Refused => Self::Refused,
            OutcomeKind::Inconclusive | OutcomeKind::Failed | OutcomeKind::Aborted => Self::Failed,
            OutcomeKind::Uncertain => Self::Uncertain,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
            Exit::Uncertain => 4,
        })
    }
}

/// Carries out one command line; errors are shown here and nowhere else.
pub async fn run(line: CommandLine) -> Exit {
    let output = line.global.output;
    match carry_out(line).await {
        Ok(exit) => exit,
        Err(error) => {
            let text = crate::problem::chain(&error);
            out::error(output, error.code(), &text, error.hint().as_deref());
            if error.is_bad_input() { Exit::Usage } else { Exit::Failed }
        }
    }
}

async fn carry_out(line: CommandLine) -> Result<Exit, Error> {
    let global = &line.global;
    match line.command {
        args::Command::Completions { shell } => commands::completions(shell),
        args::Command::CompileComponent(command) => commands::compile_component(command),
        command => {
            let world = World::new(Config::load(global.config.as_deref(), &Places::here())?);
            commands::carry_out(&world, global.output, command).await
        }
    }
}
