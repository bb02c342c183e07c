//! Mutants of a component: small changes of its operators, each of which a good test notices.
//!
//! ```text
//! component -> core modules -> the plugin's own functions -> operators -> mutants (byte patches)
//! ```
//!
//! A change is made in place and keeps its length, so that names, offsets and debug
//! information stay right. Only the plugin's own code is changed: with debug information
//! by the source file of each operator, else by the names of functions. In a build that is
//! not optimised an operator of the source is one operator here; of an optimised one the
//! mutants are fewer and blunter. Nothing here runs a plugin.

mod compiled;
mod flow;
mod operators;
mod origin;
mod places;

use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

use self::origin::Modules;

/// Which code of a component is the plugin's own.
#[derive(Clone, Debug, Default)]
pub struct OwnCode {
    /// The folder of its sources. With debug information, code from a file below it is its own.
    pub folder: PathBuf,
    /// Folders and files below that are not: an SDK, generated bindings.
    pub except: Vec<PathBuf>,
    /// The crate's name. Without debug information, functions of this crate are its own.
    pub crate_name: String,
}

/// One small change of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mutant {
    pub function: String,
    /// Where there is debug information.
    pub place: Option<SourceLine>,
    /// `i64.lt_u -> i64.le_u`
    pub change: String,
    /// Where in the component, in bytes.
    pub offset: usize,
    #[serde(skip)]
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceLine {
    pub file: PathBuf,
    pub line: u32,
    pub column: Option<u32>,
}

impl Mutant {
    /// The component with this change. It has the same length.
    pub fn apply(&self, component: &[u8]) -> Vec<u8> {
        let mut changed = component.to_vec();
        changed[self.offset..self.offset + self.bytes.len()].copy_from_slice(&self.bytes);
        changed
    }
}

/// Why there are no mutants.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MutantsError {
    #[error("it cannot be read as a component: {text}")]
    Damaged { text: String },
    #[error("its rules are {language}, which an interpreter in it reads: it has no operators of its own")]
    Interpreted { language: &'static str },
    #[error("nothing of it comes from {}", .folder.display())]
    NoOwnCode { folder: PathBuf, debug_information: bool },
}

impl MutantsError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "plugin-malformed",
            Self::Interpreted { .. } => "plugin-interpreted",
            Self::NoOwnCode { .. } => "plugin-own-code-unknown",
        }
    }

    pub fn hint(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "build or copy it again",
            Self::Interpreted { .. } => "settings and facts can be changed all the same",
            Self::NoOwnCode { debug_information: true, .. } => "name the folder that it was built from",
            Self::NoOwnCode { debug_information: false, .. } => {
                "build it with debug information, so that its lines can be told from those of its libraries"
            }
        }
    }
}

/// All mutants of the plugin's own code, in the order of the component's bytes.
pub fn mutants(component: &[u8], own: &OwnCode) -> Result<Vec<Mutant>, MutantsError> {
    let damaged = |error: wasmparser::BinaryReaderError| MutantsError::Damaged { text: error.to_string() };
    let modules = Modules::read(component).map_err(damaged)?;
    if let Some(language) = modules.interpreted() {
        return Err(MutantsError::Interpreted { language });
    }
    let functions = flow::own_functions(component, &modules, own).map_err(damaged)?;
    if functions.is_empty() {
        let debug_information = modules.have_debug_information();
        return Err(MutantsError::NoOwnCode { folder: own.folder.clone(), debug_information });
    }
    let mut mutants: Vec<Mutant> =
        functions.iter().flat_map(|function| operators::changes(component, function)).collect();
    mutants.sort_by(|one, other| (one.offset, &one.change).cmp(&(other.offset, &other.change)));
    // What a mutant puts there may be there already.
    mutants.retain(|mutant| !component[mutant.offset..].starts_with(&mutant.bytes));
    mutants.dedup_by(|one, other| (one.offset, &one.bytes) == (other.offset, &other.bytes));
    Ok(mutants)
}
