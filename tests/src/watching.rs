//! Watching a domain on one node as libvirt tells it: what its running move has sent, and lifecycle
//! events as they come. It only looks.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::node::Node;

/// A `virsh event` that runs until it is dropped.
#[derive(Debug)]
pub struct Events {
    child: Child,
    said: PathBuf,
}

impl Node {
    /// One line of `virsh domjobinfo`, such as `Auto converge throttle`; None without one.
    pub fn job_line(&self, domain: &str, key: &str) -> Result<Option<String>> {
        let said = self.try_virsh(["domjobinfo", domain])?.stdout;
        let value = |line: &str| Some(line.trim().strip_prefix(key)?.strip_prefix(':')?.trim().to_owned());
        Ok(said.lines().find_map(value))
    }

    /// What the move that leaves this node has sent so far; None while none does.
    pub fn sent_mib(&self, domain: &str) -> Result<Option<f64>> {
        if self.job_line(domain, "Operation")?.as_deref() != Some("Outgoing migration") {
            return Ok(None);
        }
        self.job_line(domain, "Data processed")?.map(|text| mib(&text)).transpose()
    }

    /// Begins to watch the domains of this node, those that are yet to come as well. It is ready a
    /// moment later, and says nothing when it is.
    pub fn watch_events(&self) -> Result<Events> {
        let number = fs::read_dir(&self.folder)?.count();
        let said = self.folder.join(format!("events-{number}"));
        let child = Command::new("env")
            .args([&self.mark, "LC_ALL=C", "stdbuf", "-oL", "virsh", "--quiet", "--connect", &self.uri()])
            .args(["event", "--event", "lifecycle", "--loop", "--timestamp"])
            .stdin(Stdio::null())
            .stdout(File::create(&said)?)
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run virsh event")?;
        Ok(Events { child, said })
    }
}

impl Events {
    /// Waits, asking a thousand times a second, for the event of this beginning, as `Suspended`.
    pub fn wait_for(&self, domain: &str, event: &str, limit: Duration) -> Result<()> {
        let start = Instant::now();
        let wanted = format!("'{domain}': {event}");
        while !self.so_far().contains(&wanted) {
            if start.elapsed() > limit {
                bail!("waited {limit:?} in vain for {wanted}; there was\n{}", self.so_far());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub fn so_far(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// virsh shows `12.500 MiB`.
fn mib(text: &str) -> Result<f64> {
    let mut words = text.split_whitespace();
    let number: f64 = words.next().context("no number")?.parse()?;
    Ok(match words.next() {
        Some("B") => number / 1024.0 / 1024.0,
        Some("KiB") => number / 1024.0,
        Some("MiB") => number,
        Some("GiB") => number * 1024.0,
        unit => bail!("{text:?} has the unit {unit:?}"),
    })
}
