//! A node whose emulator can do less than its neighbours', on one machine with one emulator. What
//! QEMU can do libvirt asks once and writes into its cache; here the cache is made to say less, and
//! from then on the daemon itself answers as that of a node with an older QEMU or processor does.

use std::fs;

use anyhow::{Result, ensure};

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
