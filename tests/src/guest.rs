//! What a test says about a guest before it boots. A description: it runs nothing.

/// A guest that ticks on its console, and does what else it is told.
#[derive(Clone, Debug)]
pub struct Guest {
    pub(crate) name: String,
    pub(crate) memory_mib: u64,
    pub(crate) vcpus: u32,
    pub(crate) tick_ms: u64,
    pub(crate) dirty_mib: Option<(u64, u64)>,
    pub(crate) blocks_every_ms: Option<u64>,
    pub(crate) disk_cache: &'static str,
    pub(crate) usb_hostdev: bool,
    pub(crate) cpu_feature: Option<&'static str>,
    pub(crate) bridge: Option<&'static str>,
    pub(crate) persistent: bool,
    pub(crate) labels: Vec<(String, String)>,
}

impl Guest {
    /// A guest of 256 MiB that ticks ten times a second.
    pub fn ticking(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            memory_mib: 256,
            vcpus: 1,
            tick_ms: 100,
            dirty_mib: None,
            blocks_every_ms: None,
            disk_cache: "none",
            usb_hostdev: false,
            cpu_feature: None,
            bridge: None,
            persistent: true,
            labels: Vec::new(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn tick_every_ms(self, tick_ms: u64) -> Self {
        Self { tick_ms, ..self }
    }

    pub fn with_memory_mib(self, memory_mib: u64) -> Self {
        Self { memory_mib, ..self }
    }

    pub fn with_vcpus(self, vcpus: u32) -> Self {
        Self { vcpus, ..self }
    }

    /// Rewrites a working set at a known rate. The set must fit into the guest's memory.
    pub fn dirtying(self, working_set_mib: u64, mib_per_second: u64) -> Self {
        Self { dirty_mib: Some((working_set_mib, mib_per_second)), ..self }
    }

    /// Has a disk in the shared folder, to which it writes a numbered block every 20 ms, past every
    /// cache; each tick names the last block that the disk acknowledged.
    pub fn writing_blocks(self) -> Self {
        Self { blocks_every_ms: Some(20), ..self }
    }

    /// As `writing_blocks`, with a disk that the node's page cache hides from the other node.
    pub fn writing_blocks_through_cache(self) -> Self {
        Self { disk_cache: "writeback", ..self.writing_blocks() }
    }

    /// Has a USB host device in its running definition. The device itself is absent, and the
    /// definition says that this is allowed (`startupPolicy='optional'`), so the guest boots on
    /// machines without a USB device to give away.
    pub fn with_usb_hostdev(self) -> Self {
        Self { usb_hostdev: true, ..self }
    }

    /// Names a feature that its processor must have wherever it runs.
    pub fn with_cpu_feature(self, feature: &'static str) -> Self {
        Self { cpu_feature: Some(feature), ..self }
    }

    /// Has an interface on a bridge of its node.
    pub fn on_bridge(self, bridge: &'static str) -> Self {
        Self { bridge: Some(bridge), ..self }
    }

    /// Leaves no definition behind when it stops.
    pub fn transient(self) -> Self {
        Self { persistent: false, ..self }
    }

    /// A label of the domain, in its metadata, as the product reads it.
    pub fn labelled(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn disk_name(&self) -> Option<String> {
        self.blocks_every_ms.map(|_| format!("{}.raw", self.name))
    }
}
