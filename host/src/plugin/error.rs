//! Why a file is no plugin, each with a stable code and what mends it.

use thiserror::Error;

use super::imports::CONTRACT;
use crate::model::port::Fault;

/// Why a file is no plugin.
#[derive(Debug, Error)]
pub enum PluginError {
    #[error("reading it failed")]
    Read(#[source] std::io::Error),
    #[error("it has {bytes} bytes; at most {most} are taken")]
    TooLarge { bytes: u64, most: u64 },
    #[error("it is not WebAssembly: it begins with {found}")]
    NotWasm { found: String },
    #[error("it is a core module, not a component")]
    CoreModule,
    #[error("it is damaged or truncated: {text}")]
    Malformed { text: String },
    #[error("compiling it takes more than {} s", .most.as_secs())]
    CompileTime { most: std::time::Duration },
    #[error("compiling it takes more than {} MiB of memory", .most >> 20)]
    CompileMemory { most: u64 },
    #[error("compiling it failed: {text}")]
    Compile { text: String },
    #[error("it speaks contract {found}; this is {CONTRACT}")]
    WrongContract { found: String },
    #[error("it does not export {missing}")]
    NoExport { missing: String },
    #[error("it imports {import}, and WASI is not to be had here")]
    Wasi { import: String },
    #[error("it uses {what}, as asynchronous components do; a rule answers at once")]
    Async { what: String },
    #[error("it imports {import}, which contract {CONTRACT} does not have")]
    UnknownImport { import: String },
    #[error("it {way} {function} as `{found}`; contract {CONTRACT} has `{expected}`")]
    WrongType { way: &'static str, function: String, found: String, expected: &'static str },
    #[error("it does not fit the contract: {text}")]
    Unfit { text: String },
    #[error("it failed while describing itself: {}", .0.detail)]
    Describe(Fault),
    #[error("the settings schema of its rule {rule} cannot be used: {text}")]
    BadSchema { rule: String, text: String },
    #[error("its description is wrong: {text}")]
    BadMetadata { text: String },
}

impl PluginError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "plugin-unreadable",
            Self::TooLarge { .. } => "plugin-too-large",
            Self::NotWasm { .. } => "plugin-not-wasm",
            Self::CoreModule => "plugin-core-module",
            Self::Malformed { .. } => "plugin-malformed",
            Self::CompileTime { .. } => "plugin-compile-timeout",
            Self::CompileMemory { .. } => "plugin-compile-memory",
            Self::Compile { .. } => "plugin-compile-failed",
            Self::WrongContract { .. } => "plugin-wrong-contract",
            Self::NoExport { .. } => "plugin-missing-export",
            Self::Wasi { .. } => "plugin-wants-wasi",
            Self::Async { .. } => "plugin-wants-async",
            Self::UnknownImport { .. } => "plugin-unknown-import",
            Self::WrongType { .. } => "plugin-wrong-type",
            Self::Unfit { .. } => "plugin-unfit",
            Self::Describe(_) => "plugin-describe-fault",
            Self::BadSchema { .. } => "plugin-bad-schema",
            Self::BadMetadata { .. } => "plugin-bad-metadata",
        }
    }

    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotWasm { .. } | Self::CoreModule => {
                "`wayleave plugin build DIR` makes a component from a plugin's source"
            }
            Self::Malformed { .. } => "build or copy it again",
            Self::CompileTime { .. } | Self::CompileMemory { .. } => {
                "a rule has no use for that much code: leave out what it does not call"
            }
            Self::WrongContract { .. } => "build it again with the SDK of this version",
            Self::WrongType { .. } => "`wayleave plugin build DIR` builds it against this contract",
            Self::NoExport { .. } => "a plugin exports metadata, settings, and check or score",
            Self::Wasi { .. } => {
                "`wayleave plugin build DIR` builds it without: Rust for wasm32-unknown-unknown, C without a library, \
                 Python and JavaScript with WASI stubbed"
            }
            Self::Async { .. } => {
                "`wayleave plugin build DIR` builds it without; with jco: --backend-qjs-disable-async"
            }
            Self::UnknownImport { .. } => "it may need a newer wayleave",
            _ => return None,
        })
    }
}
