//! The real world: which adapter stands behind which port, made from the configuration.
//!
//! The only place that knows adapters by name. Everything is made when it is asked for, so
//! that a command touches no more than it needs: `plugin list` opens no journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::controller::{Controller, Error, Jobs};
use crate::journal::SqliteJournal;
use crate::migrate::verify::Patience;
use crate::model::policy::Policy;
use crate::model::port::{Hypervisor, HypervisorError};
use crate::plugin::Plugins;
use crate::plugin::engine::SandboxLimits;

pub struct World {
    pub config: Config,
}

impl World {
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Every plugin of the configured folders.
    pub fn plugins(&self) -> Result<Plugins, Error> {
        let plugins = Plugins::load(
            &self.config.plugin_folders,
            self.cache_folder().as_deref(),
            SandboxLimits::default(),
        )
        .map_err(|error| broken("plugin-engine", &error))?;
        for (path, error) in &plugins.broken {
            tracing::warn!(file = %path.display(), code = error.code(), %error, "not a plugin");
        }
        Ok(plugins)
    }

    /// An engine that has loaded nothing, for looking at one file.
    pub fn no_plugins(&self) -> Result<Plugins, Error> {
        Plugins::empty(self.cache_folder().as_deref(), SandboxLimits::default())
            .map_err(|error| broken("plugin-engine", &error))
    }

    /// Compiled components are kept where only the service user can write; without such a
    /// place they are compiled each time.
    fn cache_folder(&self) -> Option<PathBuf> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = self.config.state_folder.join("compiled");
        match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
            Ok(()) => Some(folder),
            Err(error) => {
                tracing::debug!(folder = %folder.display(), %error, "compiled plugins are not kept");
                None
            }
        }
    }

    pub fn policy(&self, file: Option<&Path>, plugins: &Plugins) -> Result<Policy, Error> {
        let file = file.unwrap_or(&self.config.policy);
        let policy = crate::policy::load(file, plugins);
        Ok(policy.map_err(|error| {
            if error.code() != "no-such-rule" || plugins.broken.is_empty() {
                return error;
            }
            let files: Vec<String> = plugins
                .broken
                .iter()
                .map(|(path, error)| format!("{} ({}: {error})", path.display(), error.code()))
                .collect();
            error.hint(format!("these files could not be loaded: {}", files.join("; ")))
        })?)
    }

    pub fn journal(&self) -> Result<SqliteJournal, Error> {
        Ok(SqliteJournal::open(&self.config.state_folder)?)
    }

    #[cfg(feature = "libvirt")]
    pub fn hypervisor(&self) -> Result<Arc<dyn Hypervisor>, Error> {
        let options = crate::libvirt::Options {
            connect_timeout: std::time::Duration::from_secs(self.config.connect_timeout_s),
            ..crate::libvirt::Options::default()
        };
        Ok(Arc::new(crate::libvirt::Libvirt::new(options)))
    }

    #[cfg(not(feature = "libvirt"))]
    pub fn hypervisor(&self) -> Result<Arc<dyn Hypervisor>, Error> {
        Err(crate::problem::InputError::new("no-libvirt", "this wayleave was built without libvirt")
            .expected("facts from files: --facts, --xml or --capabilities")
            .hint("a build with the feature `libvirt` (the default) connects to nodes")
            .into())
    }

    pub fn controller(&self, policy: Option<&Path>) -> Result<Controller, Error> {
        let plugins = self.plugins()?;
        let policy = self.policy(policy, &plugins)?;
        Ok(Controller {
            jobs: self.jobs()?,
            evaluate: Arc::new(plugins),
            inventory: self.config.nodes.clone(),
            policy,
        })
    }

    /// What it takes to look at jobs and end them: no plugin, no policy.
    pub fn jobs(&self) -> Result<Jobs, Error> {
        Ok(Jobs {
            hypervisor: self.hypervisor()?,
            journal: Arc::new(self.journal()?),
            state_folder: self.config.state_folder.clone(),
            patience: Patience::default(),
        })
    }
}

fn broken(code: &str, error: &dyn std::error::Error) -> Error {
    Error::Hypervisor(HypervisorError {
        code: code.to_owned(),
        doing: error.to_string(),
        text: error.source().map(ToString::to_string).unwrap_or_default(),
        hint: None,
        number: None,
    })
}
