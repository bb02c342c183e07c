//! A Python project: componentize-py, with an entry module that joins the author's module
//! `plugin` to the SDK in the project's folder `wayleave`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::BuildError;
use super::manifest::{self, Named};
use super::tools::Tool;
use super::world::{Contract, Offer, Source, Spelling};
use super::{work_folder, write_component};

const COMPONENTIZE: Tool = Tool {
    name: "componentize-py",
    programs: &["componentize-py"],
    needed: "0.25.1",
    install: "pip install componentize-py==0.25.1",
};

const ENTRY: &str = "wayleave_entry";

pub fn build(project: &Path, into: &Path) -> Result<PathBuf, BuildError> {
    let named = manifest::python(project)?;
    let source = Source::read(project, &["py"], Spelling::Snake)?;
    let offer = source.offer()?;
    let mut contract = Contract::read(project)?;
    contract.cut_down(offer, &source);
    let tool = COMPONENTIZE.find(&environments(project))?;
    COMPONENTIZE.expect_version(&tool)?;

    let work = work_folder()?;
    let write = |name: &str, text: &str| {
        let path = work.path().join(name);
        fs::write(&path, text).map_err(|error| BuildError::write(&path, error))
    };
    write("policy.wit", &contract.print()?)?;
    write(&format!("{ENTRY}.py"), &entry(&named, offer))?;
    let built = work.path().join("plugin.wasm");
    let mut command = Command::new(tool);
    command.args(["--quiet", "--world", offer.world(), "--wit-path"]).arg(work.path().join("policy.wit"));
    command.args(["componentize", "--stub-wasi", "--output"]).arg(&built);
    command.arg("--python-path").arg(work.path()).arg("--python-path").arg(project).arg(ENTRY);
    // Nothing of the build stays in the project's folder, or gets into the component by chance.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONHASHSEED", "0");
    COMPONENTIZE.run(&mut command, project)?;
    let component = fs::read(&built).map_err(|error| BuildError::read(&built, error))?;
    write_component(into, &named.name, &component)
}

/// Where a project keeps tools of its own.
fn environments(project: &Path) -> Vec<PathBuf> {
    let active = env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let own = [".venv", "venv"].map(|name| project.join(name));
    active.into_iter().chain(own).map(|folder| folder.join("bin")).collect()
}

fn entry(named: &Named, offer: Offer) -> String {
    let exports = match offer {
        Offer::Checks => "Check",
        Offer::ChecksWithClaims => "Check, Claims",
        Offer::Scores => "Score",
    };
    format!(
        "import wayleave.export\n\
         from wayleave.export import Metadata, Settings, {exports}\n\
         \n\
         wayleave.export.offer({name:?}, {version:?})\n\
         \n\
         import plugin\n",
        name = named.name,
        version = named.version,
    )
}
