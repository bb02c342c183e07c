//! Running the product: its configuration file, and `wayleave` as a command. The lab knows the
//! product by these two alone.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::command::Finished;
use crate::node::Node;
use crate::place::{MARK, Place, cache_folder, repository};

/// What the configuration says of a node beyond its address.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeSettings {
    pub labels: Vec<(String, String)>,
    pub maintenance: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub policy: PathBuf,
    pub plugin_folders: Vec<PathBuf>,
    /// Text that a test adds before the nodes.
    pub extra: String,
    pub nodes: Vec<NodeSettings>,
}

impl Product {
    pub fn with_defaults(nodes: usize) -> Self {
        let rack = |number: usize| vec![("rack".to_owned(), number.to_string())];
        Self {
            policy: repository().join("policies/default.toml"),
            plugin_folders: vec![repository().join("target/plugins")],
            extra: String::new(),
            nodes: (1..=nodes)
                .map(|number| NodeSettings { labels: rack(number), maintenance: false })
                .collect(),
        }
    }

    pub fn write_config(&self, place: &Place, nodes: &[Node]) -> Result<PathBuf> {
        let mut text = format!(
            "state_folder = {:?}\nplugin_folders = {:?}\npolicy = {:?}\n{}",
            place.folder.join("state"),
            self.plugin_folders,
            self.policy,
            self.extra,
        );
        for (node, settings) in nodes.iter().zip(&self.nodes) {
            let label = |(key, value): &(String, String)| format!("{key:?} = {value:?}");
            let labels: Vec<String> = settings.labels.iter().map(label).collect();
            text += &format!(
                "\n[[node]]\nname = {:?}\nuri = {:?}\naddress = {:?}\nlabels = {{ {} }}\nmaintenance = {}\n",
                node.name(),
                node.uri(),
                node.address(),
                labels.join(", "),
                settings.maintenance,
            );
        }
        let file = config_file(place);
        fs::write(&file, text)?;
        share_compiled_plugins(&place.folder.join("state"))?;
        Ok(file)
    }
}

/// Each lab has a state folder of its own, but plugins are compiled once for all of them.
fn share_compiled_plugins(state: &Path) -> Result<()> {
    let compiled = cache_folder()?.join("compiled");
    fs::create_dir_all(&compiled)?;
    DirBuilder::new().recursive(true).mode(0o700).create(state)?;
    let link = state.join("compiled");
    if !link.exists() {
        std::os::unix::fs::symlink(compiled, link)?;
    }
    Ok(())
}

pub(crate) fn config_file(place: &Place) -> PathBuf {
    place.folder.join("wayleave.toml")
}

/// The program under test: WAYLEAVE_BIN, or what `cargo build --release` made.
pub(crate) fn program() -> PathBuf {
    if let Some(given) = std::env::var_os("WAYLEAVE_BIN") {
        return given.into();
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    target.join("release/wayleave")
}

/// A `wayleave` that may still be running. Its output goes to files, so it never waits for a reader.
#[derive(Debug)]
pub struct Spawned {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    start: Instant,
}

impl Spawned {
    pub(crate) fn start(place: &Place, args: Vec<OsString>) -> Result<Self> {
        let runs = place.folder.join("runs");
        fs::create_dir_all(&runs)?;
        let number = fs::read_dir(&runs)?.count();
        let (stdout, stderr) = (runs.join(format!("{number}.out")), runs.join(format!("{number}.err")));
        let program = program();
        let child = Command::new(&program)
            .arg("--config")
            .arg(config_file(place))
            .args(args)
            .env(MARK, &place.id)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .spawn()
            .with_context(|| format!("cannot run {}; build it or set WAYLEAVE_BIN", program.display()))?;
        Ok(Self { child, stdout, stderr, start: Instant::now() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout_so_far(&self) -> String {
        text_of(&self.stdout)
    }

    pub fn stderr_so_far(&self) -> String {
        text_of(&self.stderr)
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::INT)?)
    }

    /// Holds it where it is, until `go_on`.
    pub fn stop(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }

    pub fn go_on(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::CONT)?)
    }

    /// Asks it to end, as the machine's shutdown does.
    pub fn terminate(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::TERM)?)
    }

    /// Kills it with SIGKILL, as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for its end; fails when that takes longer than `limit`.
    pub fn finish_within(mut self, limit: Duration) -> Result<Finished> {
        // Asked often, as the time that it took is measured.
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.start.elapsed() > limit {
                bail!("wayleave still ran after {limit:?}\n{}{}", self.stderr_so_far(), self.stdout_so_far());
            }
            thread::sleep(Duration::from_millis(1));
        };
        Ok(Finished {
            status: status.code().unwrap_or(-1),
            stdout: self.stdout_so_far(),
            stderr: self.stderr_so_far(),
            took: self.start.elapsed(),
        })
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text_of(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}
