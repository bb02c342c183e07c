//! `plugin`: what rules there are, and building them.

use std::path::{Path, PathBuf};

use super::super::args::{Language, Output, Plugin};
use super::super::{Exit, render};
use super::{print, show};
use crate::controller::Error;
use crate::lint::{self, Finding, Severity};
use crate::model::port::Evaluate;
use crate::plugin::build::{BuildError, Kind, build_for};
use crate::plugin::engine::SandboxLimits;
use crate::plugin::error::PluginError;
use crate::plugin::project;
use crate::problem::InputError;
use crate::world::{World, unusable};

pub fn plugin(world: &World, output: Output, command: Plugin) -> Result<Exit, Error> {
    match command {
        Plugin::List => list(world, output),
        Plugin::Inspect { file } => inspect(world, output, &file),
        Plugin::Lint { files, deny_warnings } => lint(world, output, &files, deny_warnings),
        Plugin::New { name, lang, into } => new(output, &name, lang, into),
        Plugin::Build { folders, into, debug } => {
            let kind = if debug { Kind::Debug } else { Kind::Release };
            for folder in &folders {
                let into = into.as_deref().unwrap_or(folder);
                let built = build_for(folder, into, kind).map_err(|error| unbuilt(&error))?;
                let names: Vec<String> = built.iter().map(|path| path.display().to_string()).collect();
                print(&names.join("\n"))?;
            }
            Ok(Exit::Done)
        }
    }
}

fn new(output: Output, name: &str, lang: Language, into: Option<PathBuf>) -> Result<Exit, Error> {
    let folder = into.unwrap_or_else(|| PathBuf::from(name));
    let language = match lang {
        Language::Rust => project::Language::Rust,
        Language::Python => project::Language::Python,
        Language::Js => project::Language::JavaScript,
        Language::C => project::Language::C,
    };
    project::create(name, language, &folder).map_err(|error| {
        let problem = InputError::new(error.code(), crate::problem::chain(&error));
        error.hint().into_iter().fold(problem, InputError::hint)
    })?;
    let steps = language.first_steps();
    let described = serde_json::json!({ "name": name, "folder": folder, "first_steps": steps });
    show(output, || render::plugin_new(name, &folder, steps), || render::json("project", &described))?;
    Ok(Exit::Done)
}

fn unbuilt(error: &BuildError) -> InputError {
    let problem = InputError::new(error.code(), crate::problem::chain(error));
    error.hint().into_iter().fold(problem, InputError::hint)
}

fn list(world: &World, output: Output) -> Result<Exit, Error> {
    let plugins = world.plugins()?;
    show(output, || render::rules(plugins.rules()), || render::json("rules", &plugins.rules()))?;
    for (path, error) in &plugins.broken {
        let problem = unusable(path, error);
        super::out::error(output, problem.code(), &problem.to_string(), problem.hint.as_deref());
    }
    Ok(if plugins.broken.is_empty() { Exit::Done } else { Exit::Usage })
}

fn inspect(world: &World, output: Output, file: &Path) -> Result<Exit, Error> {
    let plugin = world.no_plugins()?.load_file(file).map_err(|error| unusable(file, &error))?;
    show(
        output,
        || render::plugin_inspect(&plugin.about, &plugin.rules),
        || render::plugin_inspect_json(&plugin.about, &plugin.rules),
    )?;
    Ok(Exit::Done)
}

/// Looks at every file before it says how bad it is: one that cannot be read hides no other.
fn lint(world: &World, output: Output, files: &[PathBuf], deny_warnings: bool) -> Result<Exit, Error> {
    let mut linted = Vec::new();
    let mut unreadable = false;
    for file in files {
        let mut plugins = world.no_plugins()?;
        match plugins.load_file(file) {
            Ok(plugin) => {
                let subject = lint::Subject {
                    rules: &plugin.rules.clone(),
                    bytes: plugin.bytes,
                    bytes_max: SandboxLimits::default().component_bytes,
                    debug_information: plugin.about.debug_information,
                };
                plugins.add(plugin);
                linted.push((file.clone(), lint::lint(&subject, &plugins)));
            }
            Err(error @ PluginError::Read(_)) => {
                let problem = unusable(file, &error);
                super::out::error(output, problem.code(), &problem.to_string(), None);
                unreadable = true;
            }
            Err(error) => linted.push((file.clone(), vec![refused(&error)])),
        }
    }
    show(output, || render::lint(&linted), || render::lint_json(&linted))?;
    let worst = linted.iter().flat_map(|(_, findings)| findings).map(|finding| finding.severity).min();
    Ok(match worst {
        _ if unreadable => Exit::Usage,
        Some(Severity::Error) => Exit::Refused,
        Some(Severity::Warning) if deny_warnings => Exit::Refused,
        _ => Exit::Done,
    })
}

/// What does not load has one finding: why.
fn refused(error: &PluginError) -> Finding {
    let fix = error.hint().unwrap_or("see what its description must be in plugins/README.md");
    Finding::new(Severity::Error, error.code(), crate::problem::chain(error), fix)
}
