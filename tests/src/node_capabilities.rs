//! A node that is made to be another machine than it is. With one emulator for all nodes, what
//! QEMU can do libvirt asks once and writes into its cache; here the cache is made to say less, and
//! from then on the daemon itself answers as that of a node with an older QEMU or processor does.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::node::Node;

impl Node {
    /// The emulator knows no such machine type.
    pub fn without_machine(&self, machine: &str) -> Result<()> {
        let element = format!("name='{machine}'");
        self.cache_without(|line| (line.contains("<machine ") && line.contains(&element)).then(String::new))
    }

    /// The processor, as the emulator makes it, lacks a feature.
    pub fn without_cpu_feature(&self, feature: &str) -> Result<()> {
        let element = format!("<property name='{feature}' ");
        self.cache_without(|line| {
            line.contains(&element).then(|| format!("    {element}type='boolean' value='false'/>"))
        })
    }

    /// The node calls itself by another's UUID, as a machine that was cloned does.
    pub fn take_host_uuid_of(&self, other: &Node) -> Result<()> {
        let line = |text: &str| text.lines().find(|line| line.starts_with("host_uuid")).map(str::to_owned);
        let file = |node: &Node| node.folder.join("etc/libvirt/libvirtd.conf");
        let theirs = line(&fs::read_to_string(file(other))?).context("the other node has no host_uuid")?;
        let own = fs::read_to_string(file(self))?;
        let mine = line(&own).context("the node has no host_uuid")?;
        self.kill_daemon()?;
        fs::write(file(self), own.replace(&mine, &theirs))?;
        self.start_daemon()
    }

    /// Restarts the daemon on a cache in which the lines that `instead` answers for are replaced.
    fn cache_without(&self, instead: impl Fn(&str) -> Option<String>) -> Result<()> {
        // It asks QEMU only when somebody asks it.
        self.virsh(["capabilities"])?;
        self.kill_daemon()?;
        let mut replaced = 0;
        for entry in fs::read_dir(self.folder.join("var/cache/libvirt/qemu/capabilities"))? {
            let file = entry?.path();
            let mut text = String::new();
            for line in fs::read_to_string(&file)?.lines() {
                let new = instead(line);
                replaced += usize::from(new.is_some());
                text += &new.unwrap_or_else(|| line.to_owned());
                text += "\n";
            }
            fs::write(&file, text)?;
        }
        ensure!(replaced > 0, "nothing of the kind was in libvirt's cache on {}", self.name);
        self.start_daemon()
    }
}
