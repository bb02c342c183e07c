//! `plugin`: what rules there are, and building them.

use std::path::{Path, PathBuf};

use super::super::args::{Language, Output, Plugin};
use super::super::{Exit, render};
use super::{print, show};
use crate::controller::Error;
use crate::model::port::Evaluate;
use crate::plugin::build::{BuildError, Kind, build_for};
use crate::plugin::project;
use crate::problem::InputError;
use crate::world::{World, unusable};

pub fn plugin(world: &World, output: Output, command: Plugin) -> Result<Exit, Error> {
    match command {
        Plugin::List => list(world, output),
        Plugin::Inspect { file } => inspect(world, output, &file),
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
    show(output, || render::plugin_inspect(file, &plugin.rules), || render::json("rules", &plugin.rules))?;
    Ok(Exit::Done)
}
