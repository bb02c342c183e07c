//! A C project: bindings are made here, clang compiles them with the SDK and the author's
//! files, wasm-ld links. Freestanding: the SDK brings the little of a C library that is
//! needed, so no sysroot is asked for and nothing of WASI is imported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wit_bindgen_c::Opts;

use super::error::BuildError;
use super::manifest::{self, Named};
use super::tools::Tool;
use super::world::{Contract, Offer, Source, Spelling};
use super::{Kind, component_of, work_folder, write_component};

const CLANG: Tool = Tool {
    name: "clang",
    programs: &[
        "clang", "clang-22", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17", "clang-16",
        "clang-15", "clang-14",
    ],
    needed: "14",
    install: "apt install clang lld",
};

const WASM_LD: Tool = Tool {
    name: "wasm-ld",
    programs: &[
        "wasm-ld",
        "wasm-ld-22",
        "wasm-ld-21",
        "wasm-ld-20",
        "wasm-ld-19",
        "wasm-ld-18",
        "wasm-ld-17",
        "wasm-ld-16",
        "wasm-ld-15",
        "wasm-ld-14",
    ],
    needed: "14",
    install: "apt install lld",
};

/// The name that the bindings give the contract's world, whichever it is.
const WORLD: &str = "contract";

struct Compiler<'a> {
    clang: &'a Path,
    project: &'a Path,
    work: &'a Path,
    named: &'a Named,
    offer: Offer,
}

pub fn build(project: &Path, into: &Path, kind: Kind) -> Result<PathBuf, BuildError> {
    let named = manifest::c(project)?;
    let source = Source::read(project, &["c"], Spelling::C)?;
    let offer = source.offer()?;
    let contract = Contract::read(project)?;
    let clang = CLANG.find(&[])?;
    CLANG.expect_version(&clang)?;
    expect_webassembly(&clang)?;
    let wasm_ld = WASM_LD.find(&[])?;
    WASM_LD.expect_version(&wasm_ld)?;

    let work = work_folder()?;
    let component_type = write_bindings(contract, offer, work.path())?;
    let compiler = Compiler { clang: &clang, project, work: work.path(), named: &named, offer };
    let mut objects = vec![component_type];
    objects.push(compiler.compile_sdk(&work.path().join(format!("{WORLD}.c")), 0)?);
    for (number, file) in (1..).zip(sdk(project)?) {
        objects.push(compiler.compile_sdk(&file, number)?);
    }
    for (number, file) in (1000..).zip(&source.files) {
        objects.push(compiler.compile_own(file, number, kind)?);
    }
    let core = work.path().join("core.wasm");
    link(&wasm_ld, &objects, &core, project, kind)?;
    let core = fs::read(&core).map_err(|error| BuildError::read(&core, error))?;
    write_component(into, &named.name, &component_of(&named.name, &core)?)
}

/// Some builds of clang know their own machine only.
fn expect_webassembly(clang: &Path) -> Result<(), BuildError> {
    let output = Command::new(clang)
        .arg("--print-targets")
        .output()
        .map_err(|source| BuildError::Run { tool: CLANG.name, source })?;
    if String::from_utf8_lossy(&output.stdout).contains("wasm32") {
        return Ok(());
    }
    Err(CLANG.missing(format!("{} does not compile for WebAssembly", clang.display())))
}

/// Writes `contract.h`, `contract.c` and the object that says what the component's type is.
fn write_bindings(mut contract: Contract, offer: Offer, into: &Path) -> Result<PathBuf, BuildError> {
    let failed = |text: String| BuildError::Encode { name: "the bindings".to_owned(), text };
    let world = contract
        .resolve
        .select_world(&[contract.package], Some(offer.world()))
        .map_err(|error| failed(format!("{error:#}")))?;
    let mut files = Default::default();
    let options = Opts { rename_world: Some(WORLD.to_owned()), ..Opts::default() };
    options
        .build()
        .generate(&mut contract.resolve, world, &mut files)
        .map_err(|error| failed(format!("{error:#}")))?;
    for (name, bytes) in files.iter() {
        let path = into.join(name);
        fs::write(&path, bytes).map_err(|error| BuildError::write(&path, error))?;
    }
    Ok(into.join(format!("{WORLD}_component_type.o")))
}

fn sdk(project: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let folder = project.join("wayleave/src");
    let entries = fs::read_dir(folder).map_err(|_| BuildError::NoSdk(project.to_owned()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect();
    files.sort();
    Ok(files)
}

impl Compiler<'_> {
    /// The SDK and the bindings, always optimised: nobody looks for a fault of a rule there.
    fn compile_sdk(&self, file: &Path, number: usize) -> Result<PathBuf, BuildError> {
        self.compile(file, number, &["-O2", "-DNDEBUG"])
    }

    fn compile_own(&self, file: &Path, number: usize, kind: Kind) -> Result<PathBuf, BuildError> {
        // From the project's folder, so that names in messages and debug information are short.
        let file = file.strip_prefix(self.project).unwrap_or(file);
        let warnings = ["-Wall", "-Wextra"];
        let optimised: &[&str] = match kind {
            Kind::Release => &["-O2", "-DNDEBUG"],
            Kind::Debug => &["-O0", "-gline-tables-only"],
        };
        self.compile(file, number, &[&warnings, optimised].concat())
    }

    fn compile(&self, file: &Path, number: usize, options: &[&str]) -> Result<PathBuf, BuildError> {
        let object = self.work.join(format!("{number}.o"));
        let include = std::path::absolute(self.project.join("wayleave/include"));
        let include = include.map_err(|error| BuildError::read(self.project, error))?;
        let mut command = Command::new(self.clang);
        command.args(["--target=wasm32-unknown-unknown", "-std=gnu17", "-ffreestanding", "-nostdlibinc"]);
        command.args(["-mbulk-memory", "-fno-exceptions", "-ffunction-sections", "-fdata-sections"]);
        command.arg("-isystem").arg(include).arg("-isystem").arg(self.work);
        command.arg(format!("-DWAYLEAVE_NAME=\"{}\"", self.named.name));
        command.arg(format!("-DWAYLEAVE_VERSION={:?}", self.named.version));
        command.arg(format!("-DWAYLEAVE_{}", self.offer.world().replace('-', "_").to_uppercase()));
        command.args(options).arg("-c").arg(absolute_unless_own(file, self.project)).arg("-o").arg(&object);
        CLANG.run(command.current_dir(self.project), self.project)?;
        Ok(object)
    }
}

fn absolute_unless_own(file: &Path, project: &Path) -> PathBuf {
    if file.is_relative() && project.join(file).is_file() {
        return file.to_owned();
    }
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

fn link(
    wasm_ld: &Path,
    objects: &[PathBuf],
    core: &Path,
    project: &Path,
    kind: Kind,
) -> Result<(), BuildError> {
    let mut command = Command::new(wasm_ld);
    // Running out of stack is to be a trap, not writing over data.
    command.args(["--no-entry", "--gc-sections", "--stack-first", "-z", "stack-size=131072"]);
    command.args(match kind {
        Kind::Release => ["--strip-debug", "-O2"].as_slice(),
        Kind::Debug => &[],
    });
    command.args(objects).arg("-o").arg(core);
    WASM_LD.run(&mut command, project)
}
