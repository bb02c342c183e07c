//! A new plugin project: a worked rule, its cases, the SDK and the contract, in one of four
//! languages. Everything is inside this program; no network is asked.
//!
//! The templates under `plugins/templates` are a plugin of their own called `few-domains`;
//! a new project is that with another name. It is written beside its place and moved there
//! whole. What builds it is `build`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};
use thiserror::Error;

use super::metadata::kebab;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/templates");
static SDK_RUST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/sdk");
static SDK_PYTHON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/sdk-python");
static SDK_JS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/sdk-js");
static SDK_C: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/sdk-c");
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/wit");
const WORKSPACE: &str = include_str!("../../../Cargo.toml");

/// What the templates call their plugin.
const TEMPLATE_NAME: &str = "few-domains";
/// Ends the name of a file that is not to be taken for what it is before it is in a project: the suite,
/// whose plugin is not built here.
const TEMPLATE_SUFFIX: &str = ".template";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    C,
}

#[derive(Debug, Error)]
pub enum ProjectError {
    #[error("{0}")]
    BadName(String),
    #[error("{} is there already and not empty", .0.display())]
    Taken(PathBuf),
    #[error("writing {}", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the SDK's own manifest: {0}")]
    Manifest(String),
}

impl ProjectError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadName(_) => "bad-plugin-name",
            Self::Taken(_) => "folder-not-empty",
            Self::Write { .. } => "project-unwritable",
            Self::Manifest(_) => "internal",
        }
    }

    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BadName(_) => Some("as in few-domains"),
            Self::Taken(_) => Some("choose another folder with --into"),
            Self::Write { .. } | Self::Manifest(_) => None,
        }
    }
}

impl Language {
    /// Its folder among the templates.
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "js",
            Self::C => "c",
        }
    }

    /// What is typed in a new project, in this order, before `wayleave plugin build`.
    pub fn first_steps(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["rustup target add wasm32-unknown-unknown", "cargo test"],
            Self::Python => {
                &["python3 -m venv .venv", ".venv/bin/pip install --requirement requirements.txt"]
            }
            Self::JavaScript => &["npm install"],
            Self::C => &["apt install clang lld"],
        }
    }
}

/// Writes a project called `name` into `folder`, which is new or empty.
pub fn create(name: &str, language: Language, folder: &Path) -> Result<(), ProjectError> {
    kebab(name).map_err(ProjectError::BadName)?;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(ProjectError::Taken(folder.to_owned()));
    }
    let place = std::path::absolute(folder).map_err(|error| unwritten(folder, error))?;
    let parent = place.parent().unwrap_or(&place);
    fs::create_dir_all(parent).map_err(|error| unwritten(parent, error))?;
    let beside = tempfile::Builder::new()
        .prefix(".wayleave-new-")
        .tempdir_in(parent)
        .map_err(|error| unwritten(parent, error))?;
    let project = beside.path().join("project");
    write_project(&project, name, language)?;
    fs::rename(&project, &place).map_err(|error| unwritten(folder, error))
}

fn unwritten(path: &Path, source: io::Error) -> ProjectError {
    ProjectError::Write { path: path.to_owned(), source }
}

fn write_project(project: &Path, name: &str, language: Language) -> Result<(), ProjectError> {
    let named = |text: &str| text.replace(TEMPLATE_NAME, name);
    for part in ["all", language.folder()] {
        let template = TEMPLATES.get_dir(part).expect("the folder is among the templates");
        write_all(template, template.path(), project, &named)?;
    }
    let own = project.join("wayleave");
    write_sdk(&CONTRACT, &own.join("wit"))?;
    match language {
        Language::Rust => {
            write_sdk(&SDK_RUST, &own.join("sdk"))?;
            let manifest = stand_alone(SDK_RUST.get_file("Cargo.toml"))?;
            write(&own.join("sdk/Cargo.toml"), &manifest)
        }
        Language::Python => write_sdk(&SDK_PYTHON, &own),
        Language::JavaScript => write_sdk(&SDK_JS, &own),
        Language::C => write_sdk(&SDK_C, &own),
    }
}

fn write_sdk(sdk: &Dir<'_>, into: &Path) -> Result<(), ProjectError> {
    write_all(sdk, sdk.path(), into, &str::to_owned)
}

/// Writes the files of an embedded folder, with their texts and names changed.
fn write_all(
    folder: &Dir<'_>,
    top: &Path,
    into: &Path,
    changed: &dyn Fn(&str) -> String,
) -> Result<(), ProjectError> {
    for entry in folder.entries() {
        let inside = entry.path().strip_prefix(top).unwrap_or(entry.path());
        match entry {
            // Tests of the SDK itself, and what an interpreter left beside it.
            DirEntry::Dir(dir) if dir.path().ends_with("tests") || dir.path().ends_with("__pycache__") => {}
            DirEntry::Dir(dir) => write_all(dir, top, into, changed)?,
            DirEntry::File(file) => {
                let inside = inside.to_string_lossy();
                let name = changed(inside.strip_suffix(TEMPLATE_SUFFIX).unwrap_or(&inside));
                let text = file.contents_utf8().unwrap_or_default();
                write(&into.join(name), &changed(text))?;
            }
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), ProjectError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| unwritten(path, error))
}

/// The manifest of the Rust SDK outside of its workspace: what it inherits is written out,
/// and what only its own tests need is left out.
fn stand_alone(manifest: Option<&include_dir::File<'_>>) -> Result<String, ProjectError> {
    let read = |text: &str| {
        toml::from_str::<toml::Table>(text).map_err(|error| ProjectError::Manifest(error.to_string()))
    };
    let workspace = read(WORKSPACE)?;
    let mut own = read(manifest.and_then(include_dir::File::contents_utf8).unwrap_or_default())?;
    own.remove("lints");
    own.remove("dev-dependencies");
    let shared = |section: &str| workspace.get("workspace").and_then(|all| all.get(section)).cloned();
    let (package, dependencies) = (shared("package"), shared("dependencies"));
    for (section, value) in &mut own {
        write_out(value, if section == "package" { package.as_ref() } else { dependencies.as_ref() });
    }
    toml::to_string(&own).map_err(|error| ProjectError::Manifest(error.to_string()))
}

/// Puts the workspace's value in the place of each `{ workspace = true }`.
fn write_out(value: &mut toml::Value, shared: Option<&toml::Value>) {
    let Some(table) = value.as_table_mut() else { return };
    for (key, value) in table {
        let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        match shared.and_then(|shared| shared.get(key)).filter(|_| inherited) {
            Some(of_workspace) => *value = of_workspace.clone(),
            None => write_out(value, shared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 4] = [Language::Rust, Language::Python, Language::JavaScript, Language::C];

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("it is a folder").flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn a_project_has_its_own_name_everywhere_and_nothing_else_is_left() {
        for language in LANGUAGES {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let project = folder.path().join("deeper/many-disks");
            create("many-disks", language, &project).expect("it is written");
            for file in ["many-disks.test.toml", "README.md", ".gitignore", ".github/workflows/ci.yml"] {
                assert!(project.join(file).is_file(), "{language:?} has no {file}");
            }
            assert!(project.join("wayleave/wit/policy.wit").is_file());
            for file in files(&project).iter().filter(|file| !file.starts_with(project.join("wayleave"))) {
                let text = fs::read_to_string(file).expect("it is text");
                assert!(!text.contains(TEMPLATE_NAME), "{}", file.display());
                assert!(!file.to_string_lossy().ends_with(TEMPLATE_SUFFIX), "{}", file.display());
            }
            let beside = fs::read_dir(folder.path().join("deeper")).expect("it is there").count();
            assert_eq!(beside, 1, "something is left beside the project");
        }
    }

    #[test]
    fn the_sdk_of_a_rust_project_needs_no_workspace() {
        let manifest = stand_alone(SDK_RUST.get_file("Cargo.toml")).expect("it can be written out");
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen"), "{manifest}");
        assert!(!manifest.contains("serde_json"), "{manifest}");
    }

    #[test]
    fn an_empty_folder_is_taken_and_a_full_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        create("a", Language::C, folder.path()).expect("it is empty");
        let taken = create("a", Language::C, folder.path()).expect_err("it is full");
        assert_eq!(taken.code(), "folder-not-empty");
    }

    #[test]
    fn a_name_is_a_plugin_name() {
        for name in ["", "Few", "few_domains", "1few", "few/domains", "../few", "few domains"] {
            let error = create(name, Language::C, Path::new("never-written")).expect_err("it is no name");
            assert_eq!(error.code(), "bad-plugin-name", "{name:?}");
        }
        assert!(!Path::new("never-written").exists());
    }
}
