//! Plugins: WebAssembly components that answer for rules. The only user of wasmtime.
//!
//! ```text
//! file -> load (compile, look, describe) -> Plugin -> Sandbox (fresh, limited) -> codes or scores
//! ```
//!
//! A plugin can do nothing but answer: no WASI is linked, facts come as columns, and
//! fuel, time and memory are bounded. It does not decide anything: see `decide`.

pub mod build;
pub mod columns;
pub mod compile;
mod domain_columns;
pub mod engine;
pub mod error;
mod imports;
pub mod load;
mod metadata;
pub mod mutants;
mod origin;
mod pair_columns;
pub mod project;
pub mod sandbox;
mod signature;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use self::columns::Columns;
use self::compile::{Compiler, Guarded};
use self::engine::{SandboxLimits, TickingEngine};
use self::error::PluginError;
pub use self::imports::CONTRACT;
use self::imports::Imports;
use self::load::{Loader, Plugin};
use self::sandbox::{Judging, Sandbox};
use crate::model::decision::Claim;
use crate::model::policy::{RuleInfo, RuleKind, RuleUse};
use crate::model::port::{Answer, Evaluate, Explained, Fault, Problem, Rows, Sitting};
use crate::model::snapshot::Snapshot;

#[derive(Debug, Error)]
#[error("{doing}")]
pub struct EngineError {
    doing: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Every plugin of some folders.
pub struct Plugins {
    plugins: Vec<Plugin>,
    rules: Vec<RuleInfo>,
    /// Files that are no plugins, with why.
    pub broken: Vec<(PathBuf, PluginError)>,
    loader: Loader,
    // Its epoch must go on as long as a plugin may run.
    _engine: TickingEngine,
}

impl Plugins {
    /// An engine with no plugins yet, which compiles them itself: where their origin is known.
    /// `cache_folder` keeps what was compiled.
    pub fn empty(cache_folder: Option<&Path>, limits: SandboxLimits) -> Result<Self, EngineError> {
        Self::new(cache_folder, Compiler::Here, limits)
    }

    /// One that lets `program`, a wayleave, compile what was not compiled yet, with limits.
    pub fn guarded(
        program: &Path,
        cache_folder: Option<&Path>,
        limits: SandboxLimits,
    ) -> Result<Self, EngineError> {
        let guarded = Guarded::new(program, cache_folder).map_err(|error| EngineError {
            doing: "making a folder for compiled components".to_owned(),
            source: Box::new(error),
        })?;
        let cache_folder = guarded.cache_folder().to_owned();
        Self::new(Some(&cache_folder), Compiler::Child(guarded), limits)
    }

    fn new(
        cache_folder: Option<&Path>,
        compiler: Compiler,
        limits: SandboxLimits,
    ) -> Result<Self, EngineError> {
        let failed = |doing: &str, error: wasmtime::Error| EngineError {
            doing: doing.to_owned(),
            source: error.into_boxed_dyn_error(),
        };
        let engine = TickingEngine::new(cache_folder)
            .map_err(|error| failed("starting the WebAssembly engine", error))?;
        let imports =
            Imports::new(&engine.engine).map_err(|error| failed("linking the contract's imports", error))?;
        let no_facts = Arc::new(Columns::new(&Snapshot::empty()));
        Ok(Self {
            plugins: Vec::new(),
            rules: Vec::new(),
            broken: Vec::new(),
            loader: Loader { imports, limits, compiler, no_facts },
            _engine: engine,
        })
    }

    /// Loads every `.wasm` file of the folders, in the order of their names. A folder that
    /// does not exist has none.
    pub fn load(
        folders: &[PathBuf],
        cache_folder: Option<&Path>,
        limits: SandboxLimits,
    ) -> Result<Self, EngineError> {
        let mut plugins = Self::empty(cache_folder, limits)?;
        plugins.load_folders(folders);
        Ok(plugins)
    }

    pub fn load_folders(&mut self, folders: &[PathBuf]) {
        folders.iter().flat_map(|folder| wasm_files(folder)).for_each(|path| self.take_in(path, true));
    }

    /// Takes in a folder's plugins; one whose name is there already stays out.
    pub fn load_folder(&mut self, folder: &Path) {
        wasm_files(folder).into_iter().for_each(|path| self.take_in(path, false));
    }

    fn take_in(&mut self, path: PathBuf, namesakes_too: bool) {
        match self.load_file(&path) {
            Ok(plugin) if namesakes_too || !self.has(&plugin) => self.add(plugin),
            Ok(_) => {}
            Err(error) => self.broken.push((path, error)),
        }
    }

    fn has(&self, plugin: &Plugin) -> bool {
        let name = |plugin: &Plugin| plugin.rules.first().map(|rule| rule.plugin.clone());
        self.plugins.iter().any(|other| name(other) == name(plugin))
    }

    pub fn load_file(&self, path: &Path) -> Result<Plugin, PluginError> {
        self.loader.file(path)
    }

    /// A component that is in memory, as if it had been read from `path`.
    pub fn load_bytes(&self, path: &Path, wasm: &[u8]) -> Result<Plugin, PluginError> {
        self.loader.bytes(path, wasm)
    }

    pub fn add(&mut self, plugin: Plugin) {
        self.rules.extend(plugin.rules.iter().cloned());
        self.plugins.push(plugin);
    }

    pub fn all(&self) -> &[Plugin] {
        &self.plugins
    }

    fn plugin(&self, rule: &RuleInfo) -> Result<&Plugin, Fault> {
        self.plugins.iter().find(|plugin| plugin.digest == rule.plugin_digest).ok_or_else(|| Fault {
            code: "plugin-gone".to_owned(),
            detail: format!("plugin {} is not loaded", rule.plugin),
        })
    }

    /// A fresh sandbox of the rule's plugin; it is not configured yet.
    fn sandbox(&self, rule: &RuleInfo, columns: &Arc<Columns>) -> Result<(Sandbox, &Plugin), Fault> {
        let plugin = self.plugin(rule)?;
        Ok((Sandbox::new(&plugin.component, Arc::clone(columns), self.loader.limits)?, plugin))
    }

    /// One that is this rule with settings that were accepted when the policy was loaded.
    fn ready(&self, rule: &RuleUse, columns: &Arc<Columns>) -> Result<(Sandbox, &Plugin), Fault> {
        let (mut sandbox, plugin) = self.sandbox(&rule.info, columns)?;
        match sandbox.configure(&plugin.exports, &rule.info.name, &rule.settings.to_string())? {
            Ok(()) => Ok((sandbox, plugin)),
            Err(problems) => Err(bad_answer(format!(
                "it now refuses its settings: {}",
                problems.first().map_or("", |problem| &problem.message)
            ))),
        }
    }
}

fn wasm_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    files
}

impl Evaluate for Plugins {
    fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    fn configure(&self, rule: &RuleInfo, settings: &serde_json::Value) -> Result<(), Vec<Problem>> {
        let configured = self.sandbox(rule, &self.loader.no_facts).and_then(|(mut sandbox, plugin)| {
            sandbox.configure(&plugin.exports, &rule.name, &settings.to_string())
        });
        match configured {
            Ok(configured) => configured,
            Err(fault) => Err(vec![Problem {
                path: String::new(),
                message: format!(
                    "the plugin failed while reading its settings: {} ({})",
                    fault.detail, fault.code
                ),
            }]),
        }
    }

    fn sit<'a>(&'a self, snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        Box::new(PluginSitting { plugins: self, columns: Arc::new(Columns::new(snapshot)) })
    }

    /// From its file, unless that was replaced since it was loaded.
    fn component(&self, digest: &str) -> Option<Vec<u8>> {
        let plugin = self.plugins.iter().find(|plugin| plugin.digest == digest)?;
        let wasm = std::fs::read(&plugin.path).ok()?;
        (load::digest(&wasm) == digest).then_some(wasm)
    }
}

struct PluginSitting<'a> {
    plugins: &'a Plugins,
    columns: Arc<Columns>,
}

impl PluginSitting<'_> {
    fn rows_of(
        &self,
        sandbox: &mut Sandbox,
        plugin: &Plugin,
        rule: &RuleUse,
        explain: &dyn Fn(usize, u8) -> bool,
    ) -> Result<Rows, Fault> {
        match rule.info.kind {
            RuleKind::Check => {
                let judging = exported(plugin.exports.check.as_ref())?;
                let codes: Vec<u8> = sandbox.evaluate(judging)?;
                self.expect_length(codes.len())?;
                if let Some(code) = codes.iter().find(|code| usize::from(**code) > rule.info.reasons.len()) {
                    return Err(bad_answer(format!("it answered code {code}, which it does not declare")));
                }
                let explained = self.explanations(sandbox, judging, |row| explain(row, codes[row]))?;
                Ok(Rows::Codes { codes, explained })
            }
            RuleKind::Score => {
                let judging = exported(plugin.exports.score.as_ref())?;
                let scores: Vec<f32> = sandbox.evaluate(judging)?;
                self.expect_length(scores.len())?;
                if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score)) {
                    return Err(bad_answer(format!("it answered a score of {score}; 0 to 1 was expected")));
                }
                let explained = self.explanations(sandbox, judging, |row| explain(row, 0))?;
                Ok(Rows::Scores { scores, explained })
            }
        }
    }

    fn expect_length(&self, found: usize) -> Result<(), Fault> {
        let expected = self.columns.rows.len();
        if found == expected {
            Ok(())
        } else {
            Err(bad_answer(format!("it answered {found} rows; {expected} were expected")))
        }
    }

    fn explanations(
        &self,
        sandbox: &mut Sandbox,
        judging: &Judging,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Explained, Fault> {
        let rows = (0..self.columns.rows.len()).filter(|row| wanted(*row));
        let explain = |row| Ok((row, sandbox.explain(judging, u32::try_from(row).unwrap_or(u32::MAX))?));
        rows.map(explain).collect()
    }
}

impl Sitting for PluginSitting<'_> {
    fn rows(&self) -> &[usize] {
        &self.columns.rows
    }

    fn answer(&self, rule: &RuleUse, explain: &dyn Fn(usize, u8) -> bool) -> Answer {
        match self.plugins.ready(rule, &self.columns) {
            Ok((mut sandbox, plugin)) => {
                let rows = self.rows_of(&mut sandbox, plugin, rule, explain);
                let reads = self.plugins.loader.imports.called(sandbox.called());
                Answer { rows, fuel: sandbox.fuel_used(), reads }
            }
            Err(fault) => Answer { rows: Err(fault), fuel: 0, reads: Vec::new() },
        }
    }

    fn claims(&self, rule: &RuleUse, row: usize) -> Result<Vec<Claim>, Fault> {
        // Most rules claim nothing, and need no sandbox to say so.
        let Some(claims) = &self.plugins.plugin(&rule.info)?.exports.claims else { return Ok(Vec::new()) };
        let (mut sandbox, _) = self.plugins.ready(rule, &self.columns)?;
        let claims = sandbox.claims(claims, u32::try_from(row).unwrap_or(u32::MAX))?;
        Ok(claims
            .into_iter()
            .map(|claim| Claim {
                rule: rule.name.clone(),
                resource: sandbox::clean(&claim.resource, 200),
                amount: claim.amount,
                limit: claim.limit,
            })
            .collect())
    }
}

fn exported(judging: Option<&Judging>) -> Result<&Judging, Fault> {
    judging.ok_or_else(|| bad_answer("it does not export what its rule needs".to_owned()))
}

fn bad_answer(detail: String) -> Fault {
    Fault { code: "bad-answer".to_owned(), detail }
}
