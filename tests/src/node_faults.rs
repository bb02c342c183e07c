//! What can go wrong with a node, on purpose: its links and its storage. Each fault has its undo.

use std::fs;

use anyhow::{Context, Result};

use crate::command::{run, words};
use crate::network::{ip_in, port};
use crate::node::Node;
use crate::node_files::pool_xml;

impl Node {
    /// Pulls the node's cable: neither the controller nor another node reaches it.
    pub fn cut_link(&self) -> Result<()> {
        ip_in(self.hub, &format!("link set {} down", port(self.number)))
    }

    pub fn heal_link(&self) -> Result<()> {
        ip_in(self.hub, &format!("link set {} up", port(self.number)))
    }

    /// Stops all traffic between two nodes; both still speak with everybody else.
    /// New connections from this node fail at once, those from the other are never answered.
    pub fn cannot_reach(&self, other: &Node) -> Result<()> {
        ip_in(self.keeper, &format!("route replace unreachable {}/32", other.address))
    }

    pub fn can_reach(&self, other: &Node) -> Result<()> {
        ip_in(self.keeper, &format!("route delete unreachable {}/32", other.address))
    }

    /// The daemon stands still: it takes connections and answers nothing, as a hung node does.
    pub fn freeze_daemon(&self) -> Result<()> {
        self.signal_daemon("-STOP")
    }

    pub fn thaw_daemon(&self) -> Result<()> {
        self.signal_daemon("-CONT")
    }

    fn signal_daemon(&self, signal: &str) -> Result<()> {
        let pid = self.daemon_pid()?.context("no libvirtd to signal")?;
        run("kill", [signal, &pid.to_string()]).map(drop)
    }

    /// The image folder can be read but not written on this node.
    pub fn storage_read_only(&self) -> Result<()> {
        let images = self.images.display();
        self.run_inside(words(&format!("mount -o remount,ro,bind {images}"))).map(drop)
    }

    pub fn storage_writable(&self) -> Result<()> {
        let images = self.images.display();
        self.run_inside(words(&format!("mount -o remount,rw,bind {images}"))).map(drop)
    }

    /// Another file system at the same path, with files of the same names and sizes but no content:
    /// what a forgotten mount with old copies looks like.
    pub fn different_filesystem(&self) -> Result<()> {
        let images = self.images.display();
        self.run_inside(words(&format!("mount -t tmpfs -o size=64m lab-other {images}")))?;
        // Listed from outside, where the shared folder is still seen.
        for entry in fs::read_dir(&self.images)? {
            let entry = entry?;
            let size = entry.metadata()?.len();
            let path = entry.path();
            self.run_inside(["truncate", &format!("--size={size}"), &path.to_string_lossy()])?;
        }
        self.virsh(["pool-refresh", "images"]).map(drop)
    }

    pub fn same_filesystem(&self) -> Result<()> {
        self.run_inside(["umount", &self.images.to_string_lossy()])?;
        self.virsh(["pool-refresh", "images"]).map(drop)
    }

    /// The node does not know the storage pool at all.
    pub fn no_storage(&self) -> Result<()> {
        self.virsh(["pool-destroy", "images"])?;
        self.virsh(["pool-undefine", "images"]).map(drop)
    }

    pub fn storage_again(&self) -> Result<()> {
        let file = self.folder.join("images.xml");
        fs::write(&file, pool_xml(&self.images))?;
        self.virsh(["pool-define", &file.to_string_lossy()])?;
        self.virsh(["pool-start", "images"]).map(drop)
    }
}
