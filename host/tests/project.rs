//! `plugin new` and `plugin build` as a person meets them: what is written, what is refused,
//! and what is said when a tool is not there. What the tools make is for `tests/languages`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Told {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs a command line in a folder, with these folders of tools and no other.
fn run(folder: &Path, tools: &Path, line: &str) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_wayleave"))
        .args(line.split(' '))
        .current_dir(folder)
        .env_clear()
        .env("PATH", tools)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Told {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A tool that says what it is told to.
fn tool(tools: &Path, name: &str, says: &str) {
    let path = tools.join(name);
    fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_project_is_written_and_its_first_steps_are_told() {
    let home = folder();
    for (language, source, step) in [
        ("rust", "src/lib.rs", "cargo test"),
        ("python", "plugin.py", "python3 -m venv .venv"),
        ("js", "plugin.js", "npm install"),
        ("c", "plugin.c", "apt install clang lld"),
    ] {
        let line = format!("plugin new many-disks --lang {language} --into at/{language}");
        let told = run(home.path(), home.path(), &line);
        assert_eq!((told.status, told.stderr.as_str()), (0, ""), "{language}");
        assert!(told.stdout.contains(&format!("cd at/{language}\n  ")), "{}", told.stdout);
        assert!(told.stdout.contains(step), "{}", told.stdout);
        assert!(told.stdout.ends_with("wayleave plugin build\n  wayleave policy test\n"), "{}", told.stdout);
        let source = fs::read_to_string(home.path().join("at").join(language).join(source)).unwrap();
        assert!(source.contains("many-disks"), "{source}");
    }
    let json = run(home.path(), home.path(), "plugin new a --lang c --output json");
    let told: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(told["kind"], "project");
    assert!(home.path().join("a/plugin.c").is_file());
}

#[test]
fn what_cannot_be_written_is_refused_and_nothing_is_left() {
    let home = folder();
    let full = home.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "kept").unwrap();
    for (line, code) in [
        ("plugin new Few --lang c", "bad-plugin-name"),
        ("plugin new full --lang c", "folder-not-empty"),
        ("plugin new few --lang c --into full/mine/deeper", "project-unwritable"),
    ] {
        let told = run(home.path(), home.path(), line);
        assert_eq!(told.status, 2, "{line}: {}", told.stderr);
        assert!(told.stderr.contains(&format!("error[{code}]")), "{line}: {}", told.stderr);
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(full.join("mine")).unwrap(), "kept");
}

#[test]
fn a_missing_tool_is_named_with_the_command_that_installs_it() {
    let (home, tools) = (folder(), folder());
    for (language, missing, install) in [
        ("python", "componentize-py", "pip install"),
        ("js", "Node.js", "apt install nodejs npm"),
        ("c", "clang", "apt install clang lld"),
        ("rust", "cargo", "rustup"),
    ] {
        run(home.path(), tools.path(), &format!("plugin new a --lang {language} --into {language}"));
        let told = run(home.path(), tools.path(), &format!("plugin build {language}"));
        assert_eq!(told.status, 2, "{}", told.stderr);
        assert!(
            told.stderr.contains(&format!("error[tool-missing]: {missing} is not here")),
            "{}",
            told.stderr
        );
        assert!(told.stderr.contains(install), "{}", told.stderr);
    }
    tool(tools.path(), "node", "v20.1.0");
    let told = run(home.path(), tools.path(), "plugin build js");
    assert!(told.stderr.contains("npm --prefix js install"), "{}", told.stderr);
    tool(tools.path(), "clang", "Debian clang version 14.0.6\nwasm32 - WebAssembly 32-bit");
    let told = run(home.path(), tools.path(), "plugin build c");
    assert!(told.stderr.contains("wasm-ld is not here"), "{}", told.stderr);
}

#[test]
fn a_tool_that_is_too_old_is_refused() {
    let (home, tools) = (folder(), folder());
    tool(tools.path(), "clang", "clang version 9.0.1");
    tool(tools.path(), "componentize-py", "componentize-py 0.13.4");
    tool(tools.path(), "node", "v18.20.4");
    for (language, words) in [
        ("c", "clang 9.0.1 is too old; 14 or newer was expected"),
        ("python", "componentize-py 0.13.4 is too old; 0.25.1 or newer was expected"),
        ("js", "Node.js 18.20.4 is too old; 20 or newer was expected"),
    ] {
        run(home.path(), tools.path(), &format!("plugin new a --lang {language} --into {language}"));
        let told = run(home.path(), tools.path(), &format!("plugin build {language}"));
        assert!(told.stderr.contains(&format!("error[tool-too-old]: {words}")), "{}", told.stderr);
    }
    tool(tools.path(), "clang", "Apple clang version 15.0.0");
    let told = run(home.path(), tools.path(), "plugin build c");
    assert!(told.stderr.contains("does not compile for WebAssembly"), "{}", told.stderr);
}

#[test]
fn a_folder_that_cannot_be_built_says_why() {
    let (home, tools) = (folder(), folder());
    let build = || run(home.path(), tools.path(), "plugin build c");
    let refused = |told: Told, code: &str| {
        assert_eq!(told.status, 2, "{}", told.stderr);
        assert!(told.stderr.contains(&format!("error[{code}]")), "{}", told.stderr);
    };
    refused(run(home.path(), tools.path(), "plugin build"), "no-plugin-project");
    run(home.path(), tools.path(), "plugin new a --lang c --into c");
    let project = home.path().join("c");
    let source = fs::read_to_string(project.join("plugin.c")).unwrap();
    fs::write(project.join("plugin.c"), source.replace("CHECKS(", "OTHERS(")).unwrap();
    refused(build(), "plugin-offers-nothing");
    fs::write(project.join("plugin.c"), format!("{source}SCORES(&a);\n")).unwrap();
    refused(build(), "plugin-offers-nothing");
    fs::write(project.join("plugin.c"), source).unwrap();
    fs::remove_dir_all(project.join("wayleave")).unwrap();
    refused(build(), "plugin-sdk-missing");
    fs::write(project.join("plugin.toml"), "name = \"Not A Name\"\nversion = \"1\"\n").unwrap();
    refused(build(), "plugin-bad-manifest");
    fs::write(project.join("plugin.toml"), "name = ").unwrap();
    refused(build(), "plugin-bad-manifest");
}
