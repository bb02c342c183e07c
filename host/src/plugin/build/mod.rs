//! From a plugin project to a component, in four languages. What stands in a folder says
//! which: `Cargo.toml`, `pyproject.toml`, `package.json` or `plugin.toml`.
//!
//! ```text
//! Rust    cargo ────────────────────────▶ core module ─▶ component encoder ─┐
//! C       bindings ─▶ clang ─▶ wasm-ld ─▶ core module ─▶ component encoder ─┤
//! Python  contract, cut down ─▶ componentize-py ────────────────────────────┼▶ NAME.wasm
//! JS      contract, cut down ─▶ jco ────────────────────────────────────────┘
//! ```
//!
//! Bindings, contract and encoder are inside this program: no network is asked. Not here:
//! whether the component is a good plugin; that is for `load`.

mod c;
pub mod error;
mod js;
mod manifest;
mod python;
mod rust;
mod tools;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wit_component::ComponentEncoder;

pub use self::error::BuildError;

/// What a component is built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Small and fast.
    #[default]
    Release,
    /// With names and source lines, not optimised. Only of languages that are compiled.
    Debug,
}

/// Builds every plugin project that is `folder` or stands in it, and writes `NAME.wasm`
/// files into `into`.
pub fn build(folder: &Path, into: &Path) -> Result<Vec<PathBuf>, BuildError> {
    build_for(folder, into, Kind::Release)
}

pub fn build_for(folder: &Path, into: &Path, kind: Kind) -> Result<Vec<PathBuf>, BuildError> {
    if let Some(built) = build_one(folder, into, kind) {
        return built;
    }
    let mut built = Vec::new();
    let projects = projects_in(folder)?;
    // Crates of one workspace are built together.
    if let Some(manifest) = projects.iter().map(|one| one.join("Cargo.toml")).find(|path| path.is_file()) {
        built.extend(rust::build(&manifest, folder, into, kind)?);
    }
    for project in projects.iter().filter(|one| !one.join("Cargo.toml").is_file()) {
        built.extend(build_one(project, into, kind).transpose()?.into_iter().flatten());
    }
    built.sort();
    Ok(built)
}

/// None: the folder is no project itself.
fn build_one(folder: &Path, into: &Path, kind: Kind) -> Option<Result<Vec<PathBuf>, BuildError>> {
    let has = |name: &str| folder.join(name).is_file();
    let one = |built: Result<PathBuf, BuildError>| Some(built.map(|path| vec![path]));
    if has("Cargo.toml") {
        Some(rust::build(&folder.join("Cargo.toml"), folder, into, kind))
    } else if has(manifest::PYTHON) {
        one(python::build(folder, into))
    } else if has(manifest::JAVASCRIPT) {
        one(js::build(folder, into))
    } else if has(manifest::C) {
        one(c::build(folder, into, kind))
    } else {
        None
    }
}

fn projects_in(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let children = fs::read_dir(folder).map_err(|error| BuildError::read(folder, error))?;
    let manifests = ["Cargo.toml", manifest::PYTHON, manifest::JAVASCRIPT, manifest::C];
    let is_project = |child: &PathBuf| manifests.iter().any(|name| child.join(name).is_file());
    let mut projects: Vec<PathBuf> =
        children.flatten().map(|child| child.path()).filter(is_project).collect();
    projects.sort();
    if projects.is_empty() {
        return Err(BuildError::NoProject(folder.to_owned()));
    }
    Ok(projects)
}

/// A folder that is gone when the build is over.
fn work_folder() -> Result<TempDir, BuildError> {
    tempfile::Builder::new()
        .prefix("wayleave-build-")
        .tempdir()
        .map_err(|error| BuildError::write(&std::env::temp_dir(), error))
}

fn component_of(name: &str, core: &[u8]) -> Result<Vec<u8>, BuildError> {
    ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| BuildError::Encode { name: name.to_owned(), text: format!("{error:#}") })
}

/// Writes the component beside its final name and renames it: a reader never sees half of it.
fn write_component(into: &Path, name: &str, component: &[u8]) -> Result<PathBuf, BuildError> {
    let path = into.join(format!("{name}.wasm"));
    let written = path.with_extension("wasm.new");
    fs::create_dir_all(into)
        .and_then(|()| fs::write(&written, component))
        .and_then(|()| fs::rename(&written, &path))
        .map_err(|error| BuildError::write(&path, error))?;
    Ok(path)
}
