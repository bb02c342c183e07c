//! Tools of others: where they are, whether they are new enough, and how they are run.
//!
//! What a tool prints goes to stderr: stdout is data. A tool that is missing is named with
//! the command that installs it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::BuildError;

/// A program that somebody else made.
#[derive(Clone, Copy)]
pub struct Tool {
    pub name: &'static str,
    /// Its file in one of the folders, the first that is there.
    pub programs: &'static [&'static str],
    pub needed: &'static str,
    pub install: &'static str,
}

impl Tool {
    /// The program: in the project's own folders first, then in those of `PATH`.
    pub fn find(&self, own_folders: &[PathBuf]) -> Result<PathBuf, BuildError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let named = env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty());
        let folders: Vec<PathBuf> = own_folders.iter().cloned().chain(named).collect();
        let places =
            self.programs.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        places
            .filter(|place| is_program(place))
            .find_map(|place| std::path::absolute(place).ok())
            .ok_or_else(|| self.missing(format!("no `{}` in PATH", self.programs[0])))
    }

    pub fn missing(&self, text: String) -> BuildError {
        BuildError::ToolMissing { tool: self.name, text, install: self.install.to_owned() }
    }

    /// Asks the program for its version, and refuses one that is too old.
    pub fn expect_version(&self, program: &Path) -> Result<(), BuildError> {
        let output = Command::new(program)
            .arg("--version")
            .output()
            .map_err(|source| BuildError::Run { tool: self.name, source })?;
        if !output.status.success() {
            // A shim of a version manager is there although the tool is not.
            return Err(self.missing(format!("{} does not work", program.display())));
        }
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(found) = version_in(&told) else { return Ok(()) };
        if older(&found, self.needed) {
            let install = self.install.to_owned();
            return Err(BuildError::ToolTooOld { tool: self.name, found, needed: self.needed, install });
        }
        Ok(())
    }

    /// Runs a command of the tool in a folder; what it prints goes to stderr.
    pub fn run(&self, command: &mut Command, folder: &Path) -> Result<(), BuildError> {
        command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
        let status = command.status().map_err(|source| BuildError::Run { tool: self.name, source })?;
        if status.success() {
            return Ok(());
        }
        Err(BuildError::Tool { tool: self.name, folder: folder.to_owned(), status, hint: None })
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// The first word that looks like a version, as in "Debian clang version 14.0.6".
fn version_in(text: &str) -> Option<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    let versions = words.map(|word| word.trim_matches('.')).filter(|word| word.contains('.'));
    versions.map(str::to_owned).next()
}

fn older(found: &str, needed: &str) -> bool {
    let numbers =
        |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    numbers(found) < numbers(needed)
}

#[cfg(test)]
mod tests {
    use super::{older, version_in};

    #[test]
    fn versions_are_found_and_compared_by_their_numbers() {
        assert_eq!(version_in("Debian clang version 14.0.6\nTarget: x86_64"), Some("14.0.6".to_owned()));
        assert_eq!(version_in("v20.20.2"), Some("20.20.2".to_owned()));
        assert_eq!(version_in("componentize-py 0.25.1"), Some("0.25.1".to_owned()));
        assert_eq!(version_in("no number"), None);
        assert!(older("9.0.1", "14"));
        assert!(!older("14.0.6", "14"));
        assert!(older("0.9.12", "0.25"));
    }
}
