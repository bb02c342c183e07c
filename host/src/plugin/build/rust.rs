//! A Rust crate: cargo for wasm32-unknown-unknown, then the component encoder. No tool
//! besides cargo is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::error::BuildError;
use super::tools::Tool;
use super::{Kind, component_of, write_component};

const TARGET: &str = "wasm32-unknown-unknown";

const CARGO: Tool = Tool {
    name: "cargo",
    programs: &["cargo"],
    needed: "1.95",
    install: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
};

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

/// Builds every plugin crate in or below `folder`, whose nearest manifest is given.
pub fn build(manifest: &Path, folder: &Path, into: &Path, kind: Kind) -> Result<Vec<PathBuf>, BuildError> {
    let cargo = CARGO.find(&[])?;
    CARGO.expect_version(&cargo)?;
    let metadata = cargo_metadata(&cargo, manifest)?;
    let crates = plugin_crates(&metadata, folder);
    if crates.is_empty() {
        let text = "no crate in it has crate-type = [\"cdylib\"]".to_owned();
        return Err(BuildError::BadManifest { file: manifest.to_owned(), text });
    }
    compile(&cargo, manifest, folder, &crates, kind)?;
    let profile = match kind {
        Kind::Release => "release",
        Kind::Debug => "debug",
    };
    let built = metadata.target_directory.join(TARGET).join(profile);
    let encode = |one: &PluginCrate| {
        let core = built.join(format!("{}.wasm", one.library));
        let core = fs::read(&core).map_err(|error| BuildError::read(&core, error))?;
        write_component(into, &one.package, &component_of(&one.package, &core)?)
    };
    crates.iter().map(encode).collect()
}

fn cargo_metadata(cargo: &Path, manifest: &Path) -> Result<CargoMetadata, BuildError> {
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(manifest)
        .output()
        .map_err(|source| BuildError::Run { tool: "cargo", source })?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BuildError::BadManifest { file: manifest.to_owned(), text });
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| BuildError::Answer { tool: "cargo metadata", text: error.to_string() })
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

fn compile(
    cargo: &Path,
    manifest: &Path,
    folder: &Path,
    crates: &[PluginCrate],
    kind: Kind,
) -> Result<(), BuildError> {
    let mut command = Command::new(cargo);
    command.args(["build", "--target", TARGET, "--manifest-path"]).arg(manifest);
    for one in crates {
        command.args(["--package", &one.package]);
    }
    match kind {
        Kind::Release => for_use(&mut command),
        Kind::Debug => for_debugging(&mut command),
    }
    CARGO.run(&mut command, folder).map_err(|error| match error {
        BuildError::Tool { tool, folder, status, .. } => {
            let hint = Some(format!("if the target is missing: `rustup target add {TARGET}`"));
            BuildError::Tool { tool, folder, status, hint }
        }
        other => other,
    })
}

fn for_use(cargo: &mut Command) {
    cargo.arg("--release");
    // Debug information would be most of the file, and nothing reads it.
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "none").env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
    // A rule is judged thousands of times and built once: as one unit, the SDK and the
    // standard library with it.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    cargo.env("CARGO_PROFILE_RELEASE_INCREMENTAL", "false");
}

/// One operator of the source is one of the component, and its line can be told.
fn for_debugging(cargo: &mut Command) {
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only").env("CARGO_PROFILE_DEV_STRIP", "none");
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_PANIC", "abort");
    // These would be operators that no line of the source has.
    cargo.env("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false");
    cargo.env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false");
}
