//! A JavaScript project: jco of the project's own `node_modules`, with an entry module that
//! joins the author's `plugin.js` to the SDK in the project's folder `wayleave`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::BuildError;
use super::manifest::{self, Named};
use super::tools::Tool;
use super::world::{Contract, Offer, Source, Spelling};
use super::{work_folder, write_component};

const NODE: Tool =
    Tool { name: "Node.js", programs: &["node", "nodejs"], needed: "20", install: "apt install nodejs npm" };

const JCO: Tool = Tool { name: "jco", programs: &["jco"], needed: "1.35", install: "npm install" };

pub fn build(project: &Path, into: &Path) -> Result<PathBuf, BuildError> {
    let named = manifest::javascript(project)?;
    let source = Source::read(project, &["js", "mjs"], Spelling::Camel)?;
    let offer = source.offer()?;
    let mut contract = Contract::read(project)?;
    let imports = contract.cut_down(offer, &source);
    let node = NODE.find(&[])?;
    NODE.expect_version(&node)?;
    let jco = JCO.find(&[project.join("node_modules/.bin")]).map_err(|error| in_project(error, project))?;
    JCO.expect_version(&jco).map_err(|error| in_project(error, project))?;

    let work = work_folder()?;
    let write = |name: &str, text: &str| {
        let path = work.path().join(name);
        fs::write(&path, text).map_err(|error| BuildError::write(&path, error))
    };
    write("policy.wit", &contract.print()?)?;
    for file in source.files.iter().chain(&sdk(project)?) {
        let inside = file.strip_prefix(project).unwrap_or(file);
        let copy = work.path().join(inside);
        let parent = copy.parent().unwrap_or(work.path());
        fs::create_dir_all(parent)
            .and_then(|()| fs::copy(file, &copy))
            .map_err(|error| BuildError::write(&copy, error))?;
    }
    write("wayleave-entry.js", &entry(&named, offer, &imports, &contract.version()))?;
    let built = work.path().join("plugin.wasm");
    let mut command = Command::new(jco);
    command.args(["componentize", "wayleave-entry.js", "--wit", "policy.wit", "--world-name", offer.world()]);
    command.args(["--backend", "qjs", "--backend-qjs-stub-wasi", "--backend-qjs-disable-async"]);
    command.arg("--out").arg(&built).current_dir(work.path());
    JCO.run(&mut command, project)?;
    let component = fs::read(&built).map_err(|error| BuildError::read(&built, error))?;
    write_component(into, &named.name, &component)
}

/// The command that installs the tool, in words that can be pasted.
fn in_project(error: BuildError, project: &Path) -> BuildError {
    let command = format!("npm --prefix {} install", project.display());
    match error {
        BuildError::ToolMissing { tool, .. } => BuildError::ToolMissing {
            tool,
            text: "neither in the project's node_modules nor in PATH".to_owned(),
            install: command,
        },
        BuildError::ToolTooOld { tool, found, needed, .. } => {
            BuildError::ToolTooOld { tool, found, needed, install: command }
        }
        other => other,
    }
}

fn sdk(project: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let folder = project.join("wayleave");
    let entries = fs::read_dir(&folder).map_err(|_| BuildError::NoSdk(project.to_owned()))?;
    let files = entries.flatten().map(|entry| entry.path());
    Ok(files.filter(|path| path.extension().is_some_and(|ending| ending == "js")).collect())
}

fn entry(named: &Named, offer: Offer, imports: &[String], version: &str) -> String {
    let exports = match offer {
        Offer::Checks => "check",
        Offer::ChecksWithClaims => "check, claims",
        Offer::Scores => "score",
    };
    let mut text = String::new();
    let mut names = Vec::new();
    for import in imports {
        let name = Spelling::Camel.name(import);
        text += &format!("import * as {name} from \"wayleave:policy/{import}@{version}\";\n");
        names.push(name);
    }
    text + &format!(
        "import {{ connect }} from \"./wayleave/facts.js\";\n\
         import {{ called }} from \"./wayleave/export.js\";\n\
         import \"./plugin.js\";\n\
         connect({{ {names} }});\n\
         called({name:?}, {version:?});\n\
         export {{ metadata, settings, {exports} }} from \"./wayleave/export.js\";\n",
        names = names.join(", "),
        name = named.name,
        version = named.version,
    )
}
