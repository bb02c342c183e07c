//! What a project calls its plugin: each language's own manifest has name and version.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::metadata::kebab;
use super::error::BuildError;

#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    pub name: String,
    pub version: String,
}

#[derive(Deserialize)]
struct PyProject {
    project: Named,
}

pub const PYTHON: &str = "pyproject.toml";
pub const JAVASCRIPT: &str = "package.json";
pub const C: &str = "plugin.toml";

pub fn python(project: &Path) -> Result<Named, BuildError> {
    read(project, PYTHON, |text| {
        toml::from_str(text).map(|manifest: PyProject| manifest.project).map_err(|error| error.to_string())
    })
}

pub fn javascript(project: &Path) -> Result<Named, BuildError> {
    read(project, JAVASCRIPT, |text| serde_json::from_str(text).map_err(|error| error.to_string()))
}

pub fn c(project: &Path) -> Result<Named, BuildError> {
    read(project, C, |text| toml::from_str(text).map_err(|error| error.to_string()))
}

fn read(
    project: &Path,
    name: &str,
    parse: impl FnOnce(&str) -> Result<Named, String>,
) -> Result<Named, BuildError> {
    let file: PathBuf = project.join(name);
    let text = fs::read_to_string(&file).map_err(|error| BuildError::read(&file, error))?;
    let named = parse(&text).and_then(|named| kebab(&named.name).map(|()| named));
    named.map_err(|text| BuildError::BadManifest { file, text: text.trim().to_owned() })
}
