//! One node of the lab: where to reach it, its libvirt, and starting and killing its daemon.
//! The faults that can be done to a node are in node_faults.rs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::command::{Finished, eventually, finish, run};
use crate::image::Image;
use crate::keeper;
use crate::place::{MARK, Place};

/// What every libvirtd in a lab complains of without harm.
const NOISE: [&str; 6] = [
    "virCgroup",
    "cgroup.controllers",
    "udevGetDMIData",
    "dmidecode",
    "virHostCPUGetCPUID",
    "high-privileges",
];

/// A handle; cloning it does not make another node.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) number: u8,
    pub(crate) address: String,
    pub(crate) folder: PathBuf,
    pub(crate) images: PathBuf,
    pub(crate) keeper: u32,
    pub(crate) hub: u32,
    pub(crate) preload: Option<PathBuf>,
    pub(crate) mark: String,
}

impl Node {
    pub(crate) fn new(
        place: &Place,
        image: &Image,
        number: u8,
        name: &str,
        (keeper, hub): (u32, u32),
    ) -> Self {
        Self {
            name: name.to_owned(),
            number,
            address: place.address(number),
            folder: place.node_folder(name),
            images: place.images(),
            keeper,
            hub,
            preload: image.shared_shim.clone(),
            mark: format!("{MARK}={}", place.id),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// How the controller, and the other nodes, connect to this node's libvirt.
    pub fn uri(&self) -> String {
        format!("qemu+tcp://{}/system", self.address)
    }

    /// Runs virsh against this node from outside, as a person would; fails when virsh fails.
    pub fn virsh<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Result<String> {
        let args: Vec<String> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let shown = args.join(" ");
        self.try_virsh(args)?.expect_ok().with_context(|| format!("virsh on {}: {shown}", self.name))
    }

    /// As `virsh`, for commands whose failure is the point.
    pub fn try_virsh<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Result<Finished> {
        // Marked, so that a client which outlives the lab's owner is found by sweeping.
        let mut all = vec![self.mark.clone()];
        all.extend(["virsh", "--quiet", "--connect", &self.uri()].map(str::to_owned));
        all.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        finish("env", all)
    }

    /// A domain's state in libvirt's words, or None when this node does not know the domain.
    pub fn domain_state(&self, domain: &str) -> Result<Option<String>> {
        let finished = self.try_virsh(["domstate", domain])?;
        if finished.ok() {
            return Ok(Some(finished.stdout.trim().to_owned()));
        }
        // A domain that is not there differs from a node that does not answer.
        let known = self.virsh(["list", "--all", "--name"])?;
        ensure!(!known.lines().any(|name| name == domain), "virsh domstate {domain}: {}", finished.stderr);
        Ok(None)
    }

    pub fn runs(&self, domain: &str) -> Result<bool> {
        Ok(self.domain_state(domain)?.as_deref() == Some("running"))
    }

    /// Runs a program inside the node: its network, its files, its processes.
    pub fn run_inside<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Result<String> {
        let mut args = keeper::enter(self.keeper);
        args.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        run("nsenter", args)
    }

    /// Starts libvirtd and returns before it answers.
    pub(crate) fn launch_daemon(&self) -> Result<()> {
        let mut words = Vec::new();
        if let Some(shim) = &self.preload {
            words.extend(["env".to_owned(), format!("LD_PRELOAD={}", shim.display())]);
        }
        words.extend(["libvirtd", "--daemon", "--listen"].map(str::to_owned));
        self.run_inside(words).map(drop).context("cannot start libvirtd")
    }

    pub(crate) fn wait_for_daemon(&self) -> Result<()> {
        eventually(&format!("libvirt on {}", self.name), Duration::from_secs(60), || {
            Ok(self.try_virsh(["pool-info", "images"])?.ok().then_some(()))
        })
        .with_context(|| self.log_end())
    }

    /// Starts libvirtd and waits until it answers.
    pub fn start_daemon(&self) -> Result<()> {
        self.launch_daemon()?;
        eventually(&format!("libvirt on {}", self.name), Duration::from_secs(60), || {
            Ok(self.try_virsh(["list"])?.ok().then_some(()))
        })
        .with_context(|| self.log_end())
    }

    /// Kills libvirtd with SIGKILL. Guests live on, as they do on a real node.
    pub fn kill_daemon(&self) -> Result<()> {
        let pid = self.daemon_pid()?.context("no libvirtd to kill")?;
        keeper::kill(pid);
        eventually("libvirtd to be gone", Duration::from_secs(10), || {
            Ok(self.daemon_pid()?.is_none().then_some(()))
        })
    }

    /// By the machine's process numbers, as are all process numbers here.
    pub fn daemon_pid(&self) -> Result<Option<u32>> {
        Ok(self
            .processes()?
            .into_iter()
            .find(|pid| keeper::command_line(*pid).first().is_some_and(|word| word.ends_with("libvirtd"))))
    }

    /// The QEMU processes of guests; not those that libvirt starts to ask what QEMU can do.
    pub fn qemu_pids(&self) -> Result<Vec<u32>> {
        let is_guest = |pid: &u32| {
            let words = keeper::command_line(*pid);
            words.first().is_some_and(|word| word.contains("qemu-system"))
                && words.iter().any(|word| word.starts_with("guest="))
        };
        Ok(self.processes()?.into_iter().filter(is_guest).collect())
    }

    /// Kills the QEMU processes of all guests on this node.
    pub fn kill_qemu(&self) -> Result<()> {
        self.qemu_pids()?.into_iter().for_each(keeper::kill);
        Ok(())
    }

    fn processes(&self) -> Result<Vec<u32>> {
        let mounts = keeper::namespace(self.keeper, "mnt").context("the node is gone")?;
        Ok(keeper::processes_in(&mounts))
    }

    /// The last lines of the daemon's log.
    pub fn log_end(&self) -> String {
        let log = self.folder.join("var/log/libvirt/libvirtd.log");
        format!("--- log of libvirtd on {}\n{}", self.name, last_lines(&log, 25))
    }
}

fn last_lines(file: &Path, count: usize) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let is_news = |line: &&str| !line.is_empty() && !NOISE.iter().any(|noise| line.contains(noise));
    let lines: Vec<&str> = text.lines().filter(is_news).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
