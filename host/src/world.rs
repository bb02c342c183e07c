//! The real world: which adapter stands behind which port, made from the configuration.
//!
//! The only place that knows adapters by name. Everything is made when it is asked for, so
//! that a command touches no more than it needs: `plugin list` opens no journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::controller::{Controller, Error, Jobs, Recorder};
use crate::journal::{MemoryJournal, SqliteJournal};
use crate::migrate::verify::Patience;
use crate::model::policy::Policy;
use crate::model::port::{Evaluate, Hypervisor, HypervisorError, Journal, Records};
use crate::model::record::TakenBy;
use crate::plugin::Plugins;
use crate::plugin::engine::SandboxLimits;
use crate::plugin::error::PluginError;
use crate::plugin::load::Plugin;
use crate::problem::InputError;
use crate::record::redact::Redaction;
use crate::record::replay::Replay;
use crate::reload::RuleSet;
use crate::suite::baseline::Baseline;
use crate::suite::run::Bound;
use crate::suite::{Subject, Suite};

/// The program that runs, even where its file has been replaced by a newer one.
const PROGRAM: &str = "/proc/self/exe";

pub struct World {
    pub config: Config,
}

impl World {
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Every plugin of the configured folders.
    pub fn plugins(&self) -> Result<Plugins, Error> {
        let mut plugins = self.no_plugins()?;
        plugins.load_folders(&self.config.plugin_folders);
        for (path, error) in &plugins.broken {
            tracing::warn!(file = %path.display(), code = error.code(), %error, "not a plugin");
        }
        Ok(plugins)
    }

    /// An engine that has loaded nothing, for looking at one file.
    pub fn no_plugins(&self) -> Result<Plugins, Error> {
        Plugins::guarded(Path::new(PROGRAM), self.cache_folder().as_deref(), SandboxLimits::default())
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

    /// A suite or a recorded decision, with the rules that it is about, every name in it checked.
    /// Plugins come from the suite's own folder, then from `folders`, then, where none are named, from
    /// the configured ones.
    pub fn bind(&self, file: &Path, folders: &[PathBuf]) -> Result<Bound, Error> {
        let folders = if folders.is_empty() { &self.config.plugin_folders[..] } else { folders };
        if file.extension().is_some_and(|extension| extension == "json") {
            return self.bind_record(file, folders);
        }
        let suite = crate::suite::file::load(file)?;
        let mut plugins = self.no_plugins()?;
        let folders: Vec<&Path> =
            std::iter::once(suite.folder()).chain(folders.iter().map(PathBuf::as_path)).collect();
        let mut component = None;
        let policy = match &suite.subject {
            Subject::Plugin(name) => {
                let plugin = one_plugin(&plugins, name, &folders, &suite)?;
                component = Some(plugin.path.clone());
                plugins.add(plugin);
                None
            }
            Subject::Policy(file) => {
                folders.iter().for_each(|folder| plugins.load_folder(folder));
                Some(self.policy(Some(file), &plugins)?)
            }
        };
        bound(suite, Arc::new(plugins), policy, component)
    }

    fn bind_record(&self, file: &Path, folders: &[PathBuf]) -> Result<Bound, Error> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            InputError::new("suite-unreadable", format!("the record cannot be read: {error}")).in_file(file)
        })?;
        let record = crate::record::read::read(&text, file)?;
        let mut plugins = self.no_plugins()?;
        folders.iter().for_each(|folder| plugins.load_folder(folder));
        // Plugins of the same name stand in for those that decided then: that is what is tested.
        let instead = plugins.rules().to_vec();
        let policy = Replay::new(&plugins, None, &instead).policy_of(&record.policy).map_err(|why| {
            let problem = InputError::new(why.code, why.text).in_file(file);
            why.wants.into_iter().fold(problem, InputError::hint)
        })?;
        bound(crate::suite::recorded::suite(file, &record), Arc::new(plugins), Some(policy), None)
    }

    /// A policy with its plugins, proved by its own self-test, or why it is not to be used. What is
    /// proved is what was loaded, whatever becomes of the files meanwhile.
    pub fn rule_set(&self, file: Option<&Path>) -> Result<RuleSet, Error> {
        let file = file.unwrap_or(&self.config.policy);
        let plugins = self.plugins()?;
        let policy = self.policy(Some(file), &plugins)?;
        let used = |plugin: &&Plugin| {
            plugin.rules.iter().any(|rule| policy.rules.iter().any(|used| used.info == *rule))
        };
        let beside = plugins.all().iter().filter(used).map(|plugin| plugin.path.as_path());
        let suites: Vec<PathBuf> = beside
            .chain(std::iter::once(file))
            .map(|subject| subject.with_extension("test.toml"))
            .filter(|suite| suite.is_file())
            .collect();
        let set = RuleSet { policy, evaluate: Arc::new(plugins) };
        let suites = suites.iter().map(|suite| self.bind_to(&set, file, suite));
        set.prove(&suites.collect::<Result<Vec<Bound>, Error>>()?)?;
        Ok(set)
    }

    /// A suite beside a set of rules, about that very set; `own` is the file of its policy.
    fn bind_to(&self, set: &RuleSet, own: &Path, suite: &Path) -> Result<Bound, Error> {
        let suite = crate::suite::file::load(suite)?;
        let is_own = |file: &Path| std::fs::canonicalize(file).ok() == std::fs::canonicalize(own).ok();
        let policy = match &suite.subject {
            Subject::Plugin(_) => None,
            Subject::Policy(file) if is_own(file) => Some(set.policy.clone()),
            Subject::Policy(file) => Some(self.policy_of(file, set.evaluate.as_ref())?),
        };
        bound(suite, Arc::clone(&set.evaluate), policy, None)
    }

    /// A plugin that was changed in memory, by itself; none where it is no plugin any more. It is not
    /// kept, and stops sooner than one that does useful work.
    pub fn changed_plugin(&self, file: &Path, component: &[u8]) -> Option<Box<dyn Evaluate>> {
        let limits = SandboxLimits {
            fuel: 50_000_000,
            time: std::time::Duration::from_secs(5),
            ..SandboxLimits::default()
        };
        let mut plugins = Plugins::empty(None, limits).ok()?;
        plugins.add(plugins.load_bytes(file, component).ok()?);
        Some(Box::new(plugins))
    }

    /// A policy against rules that somebody offers.
    pub fn policy_of(&self, file: &Path, evaluate: &dyn Evaluate) -> Result<Policy, Error> {
        Ok(crate::policy::load(file, evaluate)?)
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
        Err(InputError::new("no-libvirt", "this wayleave was built without libvirt")
            .expected("facts from files: --facts, --xml or --capabilities")
            .hint("a build with the feature `libvirt` (the default) connects to nodes")
            .into())
    }

    /// For moves: what cannot be recorded is not done.
    pub fn controller(&self, policy: Option<&Path>) -> Result<Controller, Error> {
        self.controller_over(Arc::new(self.journal()?), policy)
    }

    /// For decisions that nobody acts on: without a journal they are taken all the same. The error
    /// says why there is none.
    pub fn planner(&self, policy: Option<&Path>) -> Result<(Controller, Option<Error>), Error> {
        match self.journal() {
            Ok(journal) => Ok((self.controller_over(Arc::new(journal), policy)?, None)),
            Err(error) => Ok((self.controller_over(Arc::new(MemoryJournal::new()), policy)?, Some(error))),
        }
    }

    fn controller_over<J: Journal + Records + 'static>(
        &self,
        journal: Arc<J>,
        policy: Option<&Path>,
    ) -> Result<Controller, Error> {
        let plugins = self.plugins()?;
        let policy = self.policy(policy, &plugins)?;
        Ok(Controller {
            jobs: self.jobs_over(Arc::clone(&journal))?,
            recorder: self.recorder_over(journal)?,
            evaluate: Arc::new(plugins),
            inventory: self.config.nodes.clone(),
            policy,
        })
    }

    /// What keeps decisions; it needs no daemon.
    pub fn recorder(&self) -> Result<Recorder, Error> {
        self.recorder_over(Arc::new(self.journal()?))
    }

    fn recorder_over(&self, records: Arc<dyn Records>) -> Result<Recorder, Error> {
        let record = &self.config.record;
        Ok(Recorder {
            records,
            redaction: Redaction::new(&record.redact, &record.redact_text)?,
            keep: record.keep,
            by: self.taken_by(),
        })
    }

    pub fn taken_by(&self) -> TakenBy {
        TakenBy {
            wayleave: env!("CARGO_PKG_VERSION").to_owned(),
            contract: crate::plugin::CONTRACT.to_owned(),
        }
    }

    /// What it takes to look at jobs and end them: no plugin, no policy.
    pub fn jobs(&self) -> Result<Jobs, Error> {
        self.jobs_over(Arc::new(self.journal()?))
    }

    fn jobs_over<J: Journal + Records + 'static>(&self, journal: Arc<J>) -> Result<Jobs, Error> {
        Ok(Jobs {
            hypervisor: self.hypervisor()?,
            records: Arc::clone(&journal) as Arc<dyn Records>,
            journal,
            state_folder: self.config.state_folder.clone(),
            patience: Patience::default(),
        })
    }
}

/// A suite with who answers for its rules; every rule and code that it names is there.
fn bound(
    suite: Suite,
    evaluate: Arc<dyn Evaluate>,
    policy: Option<Policy>,
    component: Option<PathBuf>,
) -> Result<Bound, Error> {
    let baseline = Baseline::load(&suite.path)?;
    let bound = Bound { suite, evaluate, policy, component, baseline };
    bound.check()?;
    Ok(bound)
}

/// A file that is no plugin, in words.
pub fn unusable(file: &Path, error: &PluginError) -> InputError {
    let problem = InputError::new(error.code(), crate::problem::chain(error)).in_file(file);
    error.hint().into_iter().fold(problem, InputError::hint)
}

/// The component `NAME.wasm` from the first folder that has it.
fn one_plugin(plugins: &Plugins, name: &str, folders: &[&Path], suite: &Suite) -> Result<Plugin, InputError> {
    let missing = |text: String| InputError::new("no-such-plugin", text).in_file(&suite.path);
    let files = folders.iter().map(|folder| folder.join(format!("{name}.wasm")));
    let Some(file) = files.into_iter().find(|file| file.is_file()) else {
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        return Err(missing(format!("plugin `{name}` was not found"))
            .expected(format!("{name}.wasm in {}", folders.join(" or in ")))
            .hint(format!(
                "build it: `wayleave plugin build {}`; or say where it is with --plugins",
                folders[0]
            )));
    };
    let plugin = plugins.load_file(&file).map_err(|error| unusable(&file, &error))?;
    if plugin.rules.iter().any(|rule| rule.plugin != name) {
        let found = plugin.rules.first().map_or("", |rule| &rule.plugin);
        return Err(missing(format!("{} is another plugin", file.display())).found(found).expected(name));
    }
    Ok(plugin)
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
