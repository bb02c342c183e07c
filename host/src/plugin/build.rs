//! From a Rust plugin crate to a component: cargo for wasm32-unknown-unknown, then the
//! component encoder. No tool besides cargo is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use thiserror::Error;
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

#[derive(Debug, Error)]
pub enum BuildError {
    #[error("{} has no plugin crate: a Cargo.toml with crate-type \"cdylib\" was expected", .0.display())]
    NoCrate(PathBuf),
    #[error("running cargo failed")]
    Cargo(#[source] std::io::Error),
    #[error("cargo ended with {status} in {}", .folder.display())]
    Build { folder: PathBuf, status: std::process::ExitStatus },
    #[error("cargo metadata answered something else than was expected")]
    Metadata(#[source] serde_json::Error),
    #[error("making a component of {name} failed: {text}")]
    Encode { name: String, text: String },
    #[error("writing {}", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl BuildError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCrate(_) => "no-plugin-crate",
            Self::Cargo(_) | Self::Build { .. } | Self::Metadata(_) => "plugin-build-failed",
            Self::Encode { .. } => "plugin-encode-failed",
            Self::Write { .. } => "plugin-unwritable",
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Cargo(_) => Some("install a Rust toolchain with rustup".to_owned()),
            Self::Build { .. } => Some(format!("if the target is missing: `rustup target add {TARGET}`")),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// A crate that makes a plugin.
struct PluginCrate {
    package: String,
    /// The file's stem that cargo gives the core module.
    library: String,
}

/// Builds every plugin crate in or below `folder` and writes `NAME.wasm` files into `into`.
pub fn build(folder: &Path, into: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let manifest = manifest(folder)?;
    let metadata = cargo_metadata(&manifest)?;
    let crates = plugin_crates(&metadata, folder);
    if crates.is_empty() {
        return Err(BuildError::NoCrate(folder.to_owned()));
    }
    compile(&manifest, folder, &crates)?;
    fs::create_dir_all(into).map_err(|source| BuildError::Write { path: into.to_owned(), source })?;
    let built = metadata.target_directory.join(TARGET).join("release");
    crates
        .iter()
        .map(|one| {
            let core = built.join(format!("{}.wasm", one.library));
            encode(&one.package, &core, &into.join(format!("{}.wasm", one.package)))
        })
        .collect()
}

/// The nearest manifest: of the folder itself, or of a crate in it.
fn manifest(folder: &Path) -> Result<PathBuf, BuildError> {
    let own = folder.join("Cargo.toml");
    if own.is_file() {
        return Ok(own);
    }
    let children = fs::read_dir(folder).map_err(|_| BuildError::NoCrate(folder.to_owned()))?;
    let mut manifests: Vec<PathBuf> = children
        .flatten()
        .map(|child| child.path().join("Cargo.toml"))
        .filter(|path| path.is_file())
        .collect();
    manifests.sort();
    manifests.into_iter().next().ok_or_else(|| BuildError::NoCrate(folder.to_owned()))
}

fn cargo_metadata(manifest: &Path) -> Result<CargoMetadata, BuildError> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(manifest)
        .output()
        .map_err(BuildError::Cargo)?;
    if !output.status.success() {
        return Err(BuildError::Build { folder: manifest.to_owned(), status: output.status });
    }
    serde_json::from_slice(&output.stdout).map_err(BuildError::Metadata)
}

fn plugin_crates(metadata: &CargoMetadata, folder: &Path) -> Vec<PluginCrate> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let library = |package: &Package| {
        let cdylib = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        package.targets.iter().find(cdylib).map(|target| target.name.replace('-', "_"))
    };
    metadata
        .packages
        .iter()
        .filter(|package| package.manifest_path.starts_with(&folder))
        .filter_map(|package| Some(PluginCrate { package: package.name.clone(), library: library(package)? }))
        .collect()
}

fn compile(manifest: &Path, folder: &Path, crates: &[PluginCrate]) -> Result<(), BuildError> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", TARGET, "--manifest-path"]).arg(manifest);
    for one in crates {
        cargo.args(["--package", &one.package]);
    }
    // Debug information would be most of the file, and nothing reads it.
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "none").env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
    // A rule is judged thousands of times and built once: as one unit, the SDK and the
    // standard library with it.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    cargo.env("CARGO_PROFILE_RELEASE_INCREMENTAL", "false");
    // stdout is data.
    cargo.stdout(std::process::Stdio::null());
    let status = cargo.status().map_err(BuildError::Cargo)?;
    if status.success() { Ok(()) } else { Err(BuildError::Build { folder: folder.to_owned(), status }) }
}

/// Writes the component beside its final name and renames it: a reader never sees half of it.
fn encode(name: &str, core: &Path, path: &Path) -> Result<PathBuf, BuildError> {
    let failed = |text: String| BuildError::Encode { name: name.to_owned(), text };
    let core = fs::read(core).map_err(|error| failed(error.to_string()))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&core)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| failed(format!("{error:#}")))?;
    let written = path.with_extension("wasm.new");
    fs::write(&written, component)
        .and_then(|()| fs::rename(&written, path))
        .map_err(|source| BuildError::Write { path: path.to_owned(), source })?;
    Ok(path.to_owned())
}
