//! From a file to a plugin that can be asked: read, digest, compile, look at its imports
//! and exports, and let it describe itself.
//!
//! A file that does not fit is an error in words, with what mends it; the linker's own
//! errors are never shown.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use super::columns::Columns;
use super::compile::{Compiler, unbroken};
use super::engine::SandboxLimits;
use super::error::PluginError;
pub use super::imports::PACKAGE;
use super::imports::{CONTRACT, Imports, interface};
use super::metadata;
use super::origin;
use super::sandbox::{Exports, Judging, Sandbox, State, clean};
use super::signature;
use crate::model::policy::{RuleInfo, RuleKind};

/// A component that is ready to be instantiated, with what it says of itself.
pub struct Plugin {
    pub path: PathBuf,
    pub digest: String,
    pub bytes: u64,
    /// `interface.function`: what it needs to know.
    pub imports: BTreeSet<String>,
    pub about: About,
    pub rules: Vec<RuleInfo>,
    pub(super) exports: Exports,
    pub(super) component: InstancePre<State>,
}

/// What a component is, beside what it says.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    pub file: PathBuf,
    pub bytes: u64,
    /// The version of the contract that its interfaces are of.
    pub contract: String,
    /// Interfaces that it offers.
    pub offers: Vec<String>,
    /// It was built to be looked at.
    pub debug_information: bool,
}

/// What it takes to make plugins of files.
pub struct Loader {
    pub imports: Imports,
    pub limits: SandboxLimits,
    pub compiler: Compiler,
    pub no_facts: Arc<Columns>,
}

impl Loader {
    pub fn file(&self, path: &Path) -> Result<Plugin, PluginError> {
        let bytes = fs::metadata(path).map_err(PluginError::Read)?.len();
        self.fits(bytes)?;
        let mut wasm = Vec::new();
        let file = fs::File::open(path).map_err(PluginError::Read)?;
        // It may have grown since, or be something without an end.
        file.take(self.limits.component_bytes + 1).read_to_end(&mut wasm).map_err(PluginError::Read)?;
        self.bytes(path, &wasm)
    }

    fn fits(&self, bytes: u64) -> Result<(), PluginError> {
        let most = self.limits.component_bytes;
        if bytes > most { Err(PluginError::TooLarge { bytes, most }) } else { Ok(()) }
    }

    /// The component as it would be read from `path`.
    pub fn bytes(&self, path: &Path, wasm: &[u8]) -> Result<Plugin, PluginError> {
        let bytes = wasm.len() as u64;
        self.fits(bytes)?;
        look_at_header(wasm)?;
        let digest = digest(wasm);
        let component = self.compiled(wasm, &digest)?;
        let wanted = look_at_imports(&component, &self.imports)?;
        let (exports, kinds) = look_at_exports(&component)?;
        let component = self
            .imports
            .linker
            .instantiate_pre(&component)
            .map_err(|error| PluginError::Unfit { text: clean(&format!("{error:#}"), 500) })?;
        let mut sandbox = Sandbox::new(&component, Arc::clone(&self.no_facts), self.limits)
            .map_err(PluginError::Describe)?;
        let description = sandbox.describe(&exports).map_err(PluginError::Describe)?;
        let rules = metadata::rules(&description, &digest, &wanted, &kinds)?;
        let (offers, contract) = offered(component.component());
        let debug_information = origin::has_debug_information(wasm);
        let path = path.to_owned();
        let about = About { file: path.clone(), bytes, contract, offers, debug_information };
        Ok(Plugin { path, digest, bytes, imports: wanted, about, rules, exports, component })
    }

    fn compiled(&self, wasm: &[u8], digest: &str) -> Result<Component, PluginError> {
        let engine = self.imports.linker.engine();
        self.compiler.vet(wasm, digest, engine, &self.limits)?;
        unbroken(|| Component::from_binary(engine, wasm))
            .map_err(|text| PluginError::Compile { text })?
            .map_err(|error| self.compiler.malformed(wasm, &error))
    }
}

/// What a component is known by.
pub fn digest(wasm: &[u8]) -> String {
    format!("{:x}", Sha256::digest(wasm))
}

fn look_at_header(wasm: &[u8]) -> Result<(), PluginError> {
    const CORE_VERSION: [u8; 4] = [1, 0, 0, 0];
    if !wasm.starts_with(b"\0asm") {
        let found = if wasm.is_empty() {
            "nothing".to_owned()
        } else {
            format!("{:02x?}", &wasm[..wasm.len().min(4)])
        };
        return Err(PluginError::NotWasm { found });
    }
    if wasm.get(4..8) == Some(&CORE_VERSION) {
        return Err(PluginError::CoreModule);
    }
    Ok(())
}

/// The imports of a component as `interface.function`, all of them known.
fn look_at_imports(component: &Component, imports: &Imports) -> Result<BTreeSet<String>, PluginError> {
    let engine = imports.linker.engine();
    let mut wanted = BTreeSet::new();
    for (name, item) in component.component_type().imports(engine) {
        if name.starts_with("wasi:") {
            return Err(PluginError::Wasi { import: clean(name, 100) });
        }
        let Some(short) = contract_interface(name)? else {
            return Err(PluginError::UnknownImport { import: clean(name, 100) });
        };
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            return Err(PluginError::UnknownImport { import: clean(name, 100) });
        };
        for (function, item) in instance.exports(engine) {
            if !matches!(item.ty, ComponentItem::ComponentFunc(_)) {
                continue;
            }
            let import = format!("{short}.{function}");
            if !imports.known.contains(&import) {
                return Err(PluginError::UnknownImport { import: clean(&import, 100) });
            }
            has_type("imports", &import, &item.ty)?;
            wanted.insert(import);
        }
    }
    Ok(wanted)
}

/// The interface's own name if it is one of ours and of a version that we speak.
fn contract_interface(name: &str) -> Result<Option<&str>, PluginError> {
    let Some((short, version)) = name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.split_once('@'))
    else {
        return Ok(None);
    };
    if compatible(version) {
        Ok(Some(short))
    } else {
        Err(PluginError::WrongContract { found: clean(version, 40) })
    }
}

/// Below 1.0 the minor version must be ours; from 1.0 on the major one.
fn compatible(version: &str) -> bool {
    let line = |version: &str| -> Option<(u64, u64)> {
        let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        Some(if major == 0 { (0, minor) } else { (major, 0) })
    };
    line(version).is_some() && line(version) == line(CONTRACT)
}

/// The interfaces of the contract that a component offers, and their version.
fn offered(component: &Component) -> (Vec<String>, String) {
    let exports = component.component_type();
    let names = exports.exports(component.engine()).map(|(name, _)| name);
    let ours = names.filter_map(|name| name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@'));
    let (offers, versions): (Vec<String>, Vec<String>) =
        ours.map(|(name, version)| (clean(name, 60), clean(version, 40))).unzip();
    (offers, versions.into_iter().next().unwrap_or_default())
}

fn look_at_exports(component: &Component) -> Result<(Exports, Vec<RuleKind>), PluginError> {
    let function = |interface_name: &str, name: &str| -> Result<Option<ComponentExportIndex>, PluginError> {
        let instance = component.get_export_index(None, interface(interface_name).as_str());
        let found = instance.and_then(|instance| component.get_export(Some(&instance), name));
        let Some((item, index)) = found else { return Ok(None) };
        has_type("exports", &format!("{interface_name}.{name}"), &item)?;
        Ok(Some(index))
    };
    let judging = |interface_name: &str| -> Result<Option<Judging>, PluginError> {
        let evaluate = function(interface_name, "evaluate")?;
        let explain = function(interface_name, "explain")?;
        Ok(evaluate.zip(explain).map(|(evaluate, explain)| Judging { evaluate, explain }))
    };
    let required = |interface_name: &str, name: &str| {
        function(interface_name, name)?.ok_or_else(|| missing_export(component, interface_name))
    };
    let exports = Exports {
        describe: required("metadata", "describe")?,
        configure: required("settings", "configure")?,
        check: judging("check")?,
        score: judging("score")?,
        claims: function("claims", "claims")?,
    };
    let mut kinds = Vec::new();
    kinds.extend(exports.check.is_some().then_some(RuleKind::Check));
    kinds.extend(exports.score.is_some().then_some(RuleKind::Score));
    if kinds.is_empty() {
        return Err(missing_export(component, "check"));
    }
    Ok((exports, kinds))
}

/// Is what a component has under the name of a function of the contract that function?
fn has_type(way: &'static str, function: &str, item: &ComponentItem) -> Result<(), PluginError> {
    let found = signature::found(item);
    match signature::expected(function) {
        Some(expected) if expected != found => {
            Err(PluginError::WrongType { way, function: function.to_owned(), found, expected })
        }
        _ => Ok(()),
    }
}

/// An export that is not there: is it another version of the contract, or none at all?
fn missing_export(component: &Component, wanted: &str) -> PluginError {
    let engine = component.engine();
    for (name, _) in component.component_type().exports(engine) {
        if let Err(wrong_contract) = contract_interface(name) {
            return wrong_contract;
        }
    }
    PluginError::NoExport { missing: interface(wanted) }
}
