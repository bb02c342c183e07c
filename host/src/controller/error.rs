//! What can go wrong with a command, other than "no": a refusal is an outcome, not an error.

use thiserror::Error;

use crate::model::port::{HypervisorError, JournalError};
use crate::problem::InputError;

#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Hypervisor(#[from] HypervisorError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Error {
    /// Stable, kebab-case.
    pub fn code(&self) -> &str {
        match self {
            Self::Input(error) => error.code(),
            Self::Hypervisor(error) => &error.code,
            Self::Journal(error) => error.code(),
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint.clone(),
            Self::Hypervisor(error) => error.hint.clone(),
            Self::Journal(error) => error.hint(),
        }
    }

    /// The person wrote something that cannot be used, as opposed to the world failing.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Input(_) => true,
            Self::Hypervisor(error) => error.code == "no-such-domain",
            Self::Journal(error) => {
                matches!(error, JournalError::NoSuchJob(_) | JournalError::NoSuchDecision(_))
            }
        }
    }
}
