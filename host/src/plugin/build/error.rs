//! Why a plugin could not be built, each with a stable code and what mends it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum BuildError {
    #[error("{} has no plugin project: a Cargo.toml, pyproject.toml, package.json or plugin.toml was expected", .0.display())]
    NoProject(PathBuf),
    #[error("{}: {text}", .file.display())]
    BadManifest { file: PathBuf, text: String },
    #[error("{} has no SDK in it", .0.display())]
    NoSdk(PathBuf),
    #[error("{}: {found}; one call of `checks`, `checks_with_claims` or `scores` was expected", .folder.display())]
    NoOffer { folder: PathBuf, found: String },
    #[error("{tool} is not here: {text}")]
    ToolMissing { tool: &'static str, text: String, install: String },
    #[error("{tool} {found} is too old; {needed} or newer was expected")]
    ToolTooOld { tool: &'static str, found: String, needed: &'static str, install: String },
    #[error("running {tool} failed")]
    Run {
        tool: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("{tool} ended with {status} in {}", .folder.display())]
    Tool { tool: &'static str, folder: PathBuf, status: ExitStatus, hint: Option<String> },
    #[error("{tool} answered something else than was expected: {text}")]
    Answer { tool: &'static str, text: String },
    #[error("making a component of {name} failed: {text}")]
    Encode { name: String, text: String },
    #[error("reading {}", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("writing {}", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl BuildError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProject(_) => "no-plugin-project",
            Self::BadManifest { .. } => "plugin-bad-manifest",
            Self::NoSdk(_) => "plugin-sdk-missing",
            Self::NoOffer { .. } => "plugin-offers-nothing",
            Self::ToolMissing { .. } => "tool-missing",
            Self::ToolTooOld { .. } => "tool-too-old",
            Self::Run { .. } | Self::Tool { .. } | Self::Answer { .. } => "plugin-build-failed",
            Self::Encode { .. } => "plugin-encode-failed",
            Self::Read { .. } => "plugin-unreadable",
            Self::Write { .. } => "plugin-unwritable",
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoProject(_) => {
                Some("`wayleave plugin new NAME --lang rust|python|js|c` writes one".to_owned())
            }
            Self::NoSdk(_) => Some(
                "copy the folder `wayleave` of a project that `wayleave plugin new` writes for the same language"
                    .to_owned(),
            ),
            Self::NoOffer { .. } => {
                Some("say what the plugin offers in the last line of its source, as in `checks(MyRule)`".to_owned())
            }
            Self::ToolMissing { install, .. } | Self::ToolTooOld { install, .. } => {
                Some(format!("install it: `{install}`"))
            }
            Self::Tool { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}
