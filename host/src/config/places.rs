//! Where files are by default: of the machine for root, of the user (XDG) for anyone else.

use std::path::{Path, PathBuf};

/// The folders of this process's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pub root: bool,
    /// `/etc/wayleave`
    pub system: PathBuf,
    /// `wayleave` in the user's folders for configuration, state and data.
    pub config: Option<PathBuf>,
    pub state: Option<PathBuf>,
    pub data: Option<PathBuf>,
}

impl Places {
    pub fn here() -> Self {
        // A relative path in these variables is to be ignored, says their standard.
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let own = |variable: &str, default: &str| {
            let folder = absolute(variable).or_else(|| Some(home.as_ref()?.join(default)));
            folder.map(|folder| folder.join("wayleave"))
        };
        Self {
            root: rustix::process::geteuid().is_root(),
            system: PathBuf::from("/etc/wayleave"),
            config: own("XDG_CONFIG_HOME", ".config"),
            state: own("XDG_STATE_HOME", ".local/state"),
            data: own("XDG_DATA_HOME", ".local/share"),
        }
    }

    /// The later overrides the earlier.
    pub fn files(&self) -> Vec<PathBuf> {
        let folders = std::iter::once(&self.system).chain(&self.config);
        folders.map(|folder| folder.join("wayleave.toml")).collect()
    }

    pub fn state_folder(&self) -> PathBuf {
        let own = if self.root { None } else { self.state.clone() };
        own.unwrap_or_else(|| PathBuf::from("/var/lib/wayleave"))
    }

    pub fn plugin_folders(&self) -> Vec<PathBuf> {
        let own = if self.root { None } else { self.data.as_deref() };
        let shared = [Path::new("/usr/lib/wayleave/plugins").to_owned(), self.system.join("plugins")];
        own.map(|data| data.join("plugins")).into_iter().chain(shared).collect()
    }

    pub fn policy(&self) -> PathBuf {
        let own = if self.root { None } else { self.config.as_deref() };
        let own = own.map(|config| config.join("policy.toml")).filter(|file| file.exists());
        own.unwrap_or_else(|| self.system.join("policy.toml"))
    }
}
