//! A keeper is the process that holds a node's namespaces; to end it is to end the whole node.
//! It prepares the mounts (see keeper.sh) and then only waits. It is not the libvirtd.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::command::eventually;

const SCRIPT: &str = include_str!("keeper.sh");

/// Whether a lab ends with the process that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    WithOwner,
    UntilEnded,
}

#[derive(Debug)]
pub(crate) struct Keeper {
    pub pid: u32,
    /// Held open, never written: when it closes, the keeper ends.
    _lifeline: Option<ChildStdin>,
    child: Child,
}

impl Keeper {
    /// Starts a keeper named `name`; `rest` is the hostname and the images folder of a node.
    pub fn start(name: &str, life: Life, folder: &Path, rest: &[&str]) -> Result<Self> {
        let mode = match life {
            Life::WithOwner => "watch",
            Life::UntilEnded => "keep",
        };
        let log = File::create(folder.join("keeper.log"))?;
        let mut child = Command::new("unshare")
            .args(["--net", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL"])
            .args(["bash", "-c", SCRIPT, name, name, mode])
            .arg(folder)
            .args(rest)
            .arg0(name)
            .env("LC_ALL", "C")
            .stdin(match life {
                Life::WithOwner => Stdio::piped(),
                Life::UntilEnded => Stdio::null(),
            })
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("cannot run unshare")?;
        let lifeline = child.stdin.take();
        Ok(Self { pid: child.id(), _lifeline: lifeline, child })
    }

    pub fn wait_until_ready(&mut self, folder: &Path) -> Result<()> {
        eventually("a node's namespaces", Duration::from_secs(60), || {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(folder.join("keeper.log")).unwrap_or_default();
                bail!("keeper ended with {status}: {log}");
            }
            Ok(folder.join("ready").exists().then_some(()))
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // A keeper without a lifeline is meant to stay.
        if self._lifeline.is_some() {
            end(self.pid);
            let _ = self.child.wait();
        }
    }
}

/// Ends a keeper, and waits until nothing of its node runs any more.
pub(crate) fn end(pid: u32) {
    let mounts = namespace(pid, "mnt");
    kill(pid);
    let Some(mounts) = mounts else { return };
    let _ = eventually("a node's processes to end", Duration::from_secs(10), || {
        let left = processes_in(&mounts);
        left.iter().for_each(|pid| kill(*pid));
        Ok(left.is_empty().then_some(()))
    });
}

pub(crate) fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").trim().starts_with('Z'))
}

pub(crate) fn namespace(pid: u32, kind: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()
}

/// All processes, by the machine's own process ids, that live in a mount namespace.
pub(crate) fn processes_in(mounts: &Path) -> Vec<u32> {
    all_processes()
        .filter(|pid| namespace(*pid, "mnt").as_deref() == Some(mounts))
        .filter(|pid| is_alive(*pid))
        .collect()
}

pub(crate) fn all_processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

pub(crate) fn command_line(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes.split(|b| *b == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Arguments for `nsenter` that go into all of a node's namespaces.
pub(crate) fn enter(pid: u32) -> Vec<String> {
    vec![
        format!("--target={pid}"),
        "--net".into(),
        "--mount".into(),
        "--uts".into(),
        // The keeper's parent made the PID namespace but is not inside it itself.
        format!("--pid=/proc/{pid}/ns/pid_for_children"),
        "--".into(),
    ]
}
