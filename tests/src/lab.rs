//! The lab itself: it starts the nodes, boots guests, runs the product, and takes all of it away.
//!
//! Life: claimed (a folder and a lock) -> kept up (namespaces, network) -> running (daemons answer)
//! -> gone. Dropping it ends it from any of these; so does the end of the process that made it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::command::{Finished, eventually};
use crate::domain_xml::{Surroundings, domain_xml};
use crate::guest::Guest;
use crate::image::Image;
use crate::keeper::{Keeper, Life};
use crate::leftovers;
use crate::network;
use crate::node::Node;
use crate::node_files;
use crate::place::{Place, cache_folder};
use crate::product::{Product, Spawned, config_file};
use crate::running::RunningGuest;

#[derive(Debug)]
pub struct Lab {
    pub(crate) place: Place,
    image: Image,
    nodes: Vec<Node>,
    product: Product,
    keepers: Vec<Keeper>,
    /// Held while the lab lives, so that sweeping leaves it alone. None for a reopened lab.
    lock: Option<File>,
    life: Life,
}

/// What another process needs to use a lab that it did not make.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub hub: u32,
    pub nodes: Vec<(String, u32)>,
}

impl Lab {
    /// Starts a lab with nodes of these names, which ends with this value or with this process.
    pub fn start<const N: usize>(names: [&str; N]) -> Result<Self> {
        let (place, lock) = Place::claim_free()?;
        Self::set_up(place, lock, &names, Life::WithOwner)
    }

    /// Starts the one lab that outlives the command; `Lab::demo()` finds it again.
    pub fn start_demo(names: &[&str]) -> Result<Self> {
        leftovers::sweep()?;
        let (place, lock) = Place::claim_demo()?;
        Self::set_up(place, lock, names, Life::UntilEnded)
    }

    /// Runs a test in a lab of its own; when the test fails, shows what the daemons logged.
    pub fn run<const N: usize>(names: [&str; N], test: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut lab = Self::start(names)?;
        let result = test(&mut lab);
        if result.is_err() {
            lab.show_logs();
        }
        result
    }

    /// The lab that `start_demo` left running.
    pub fn demo() -> Result<Self> {
        let place = Place::from_id(crate::place::DEMO);
        let text = fs::read(place.record()).context("there is no demo lab; start it with: lab up")?;
        let record: Record = serde_json::from_slice(&text)?;
        let image = Image::ready(&cache_folder()?)?;
        let numbered = (1u8..).zip(&record.nodes);
        let nodes: Vec<Node> = numbered
            .map(|(number, (name, keeper))| Node::new(&place, &image, number, name, (*keeper, record.hub)))
            .collect();
        let product = Product::with_defaults(nodes.len());
        Ok(Self { place, image, nodes, product, keepers: vec![], lock: None, life: Life::UntilEnded })
    }

    fn set_up(place: Place, lock: File, names: &[&str], life: Life) -> Result<Self> {
        ensure!((1..=200).contains(&names.len()), "a lab has 1 to 200 nodes");
        let image = Image::ready(&cache_folder()?)?;
        let product = Product::with_defaults(names.len());
        // From here on, dropping the half-made lab takes away what is there.
        let mut lab = Self { place, image, nodes: vec![], product, keepers: vec![], lock: Some(lock), life };
        let made = lab.prepare(names).and_then(|()| lab.start_daemons());
        if let Err(error) = made {
            lab.show_logs();
            lab.end();
            return Err(error.context("cannot start the lab"));
        }
        Ok(lab)
    }

    fn prepare(&mut self, names: &[&str]) -> Result<()> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        for folder in [self.place.images(), self.place.consoles(), self.place.node_folder("hub")] {
            fs::create_dir_all(folder)?;
        }
        let hub = self.keep("hub", &[])?;
        let images = self.place.images();
        for (number, name) in (1u8..).zip(&names) {
            node_files::write(&self.place, &self.image, number, &names)?;
            let keeper = self.keep(name, &[name, &images.to_string_lossy()])?;
            let node = Node::new(&self.place, &self.image, number, name, (keeper, hub));
            self.nodes.push(node);
        }
        let parts = std::iter::once("hub").chain(names.iter().map(String::as_str));
        for (keeper, part) in self.keepers.iter_mut().zip(parts) {
            keeper.wait_until_ready(&self.place.node_folder(part))?;
        }
        network::lay_hub(&self.place, hub)?;
        for node in &self.nodes {
            network::lay_cable(hub, node.keeper, node.number, node.address())?;
        }
        let nodes = self.nodes.iter().map(|node| (node.name.clone(), node.keeper)).collect();
        fs::write(self.place.record(), serde_json::to_vec(&Record { hub, nodes })?)?;
        if self.life == Life::UntilEnded {
            File::create(self.place.keep_marker())?;
        }
        self.product.write_config(&self.place, &self.nodes).map(drop)
    }

    fn keep(&mut self, part: &str, rest: &[&str]) -> Result<u32> {
        let name = self.place.keeper_name(part);
        let keeper = Keeper::start(&name, self.life, &self.place.node_folder(part), rest)?;
        let pid = keeper.pid;
        self.keepers.push(keeper);
        Ok(pid)
    }

    fn start_daemons(&self) -> Result<()> {
        thread::scope(|scope| {
            let start = |node: &Node| node.launch_daemon().and_then(|()| node.wait_for_daemon());
            let starting: Vec<_> = self.nodes.iter().map(|node| scope.spawn(move || start(node))).collect();
            starting.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }

    pub fn id(&self) -> &str {
        &self.place.id
    }

    /// A handle on the node of this name; panics when the lab has none, as that is a slip of the test.
    #[track_caller]
    pub fn node(&self, name: &str) -> Node {
        match self.nodes.iter().find(|node| node.name == name) {
            Some(node) => node.clone(),
            None => panic!("the lab has no node {name}"),
        }
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The folder that is the same on every node.
    pub fn images(&self) -> PathBuf {
        self.place.images()
    }

    /// Boots a guest on a node and waits for its first tick.
    pub fn boot(&self, guest: &Guest, node: &Node) -> Result<RunningGuest> {
        let running = self.place_guest(guest)?;
        let machine = canonical_machine(node, self.image.kvm)?;
        let surroundings = Surroundings {
            image: &self.image,
            machine: &machine,
            images: &self.place.images(),
            consoles: &self.place.consoles(),
        };
        let file = self.place.folder.join(format!("{}.xml", guest.name));
        fs::write(&file, domain_xml(guest, &surroundings))?;
        let file = file.to_string_lossy();
        if guest.persistent {
            node.virsh(["define", &file])?;
            node.virsh(["start", &guest.name])?;
        } else {
            node.virsh(["create", &file])?;
        }
        let uuid = node.virsh(["domuuid", &guest.name])?.trim().to_owned();
        running.wait_for_tick(1, Duration::from_secs(60))?;
        Ok(RunningGuest { uuid, ..running })
    }

    /// Makes the guest's files, new and empty.
    fn place_guest(&self, guest: &Guest) -> Result<RunningGuest> {
        let console = self.place.consoles().join(format!("{}.log", guest.name));
        File::create(&console)?;
        let disk = guest.disk_name().map(|name| self.place.images().join(name));
        if let Some(disk) = &disk {
            File::create(disk)?.set_len(64 << 20)?;
        }
        Ok(RunningGuest { name: guest.name.clone(), uuid: String::new(), console, disk })
    }

    /// A guest of this lab that was booted earlier, perhaps by another process.
    pub fn guest(&self, name: &str) -> Result<RunningGuest> {
        let console = self.place.consoles().join(format!("{name}.log"));
        ensure!(console.exists(), "the lab has no guest {name}");
        let disk = Some(self.place.images().join(format!("{name}.raw"))).filter(|disk| disk.exists());
        let uuid = self.nodes.iter().find_map(|node| node.virsh(["domuuid", name]).ok());
        let uuid = uuid.unwrap_or_default().trim().to_owned();
        Ok(RunningGuest { name: name.to_owned(), uuid, console, disk })
    }

    /// The names of all nodes on which a domain runs, by libvirt's word. Asks only nodes that answer.
    pub fn where_runs(&self, domain: &str) -> Vec<String> {
        let runs = self.nodes.iter().filter(|node| node.runs(domain).unwrap_or(false));
        runs.map(|node| node.name.clone()).collect()
    }

    /// Waits until a domain runs on this node and on no other.
    pub fn wait_until_runs_only_on(&self, domain: &str, node: &Node) -> Result<()> {
        eventually(&format!("{domain} on {}", node.name), Duration::from_secs(60), || {
            Ok((self.where_runs(domain) == [node.name.clone()]).then_some(()))
        })
    }

    /// Uses this policy instead of the default one.
    pub fn with_policy(&mut self, toml: &str) -> Result<()> {
        let file = self.place.folder.join("policy.toml");
        fs::write(&file, toml)?;
        self.product.policy = file;
        self.rewrite_config()
    }

    /// Looks for plugins in this folder too.
    pub fn add_plugin_folder(&mut self, folder: &Path) -> Result<()> {
        self.product.plugin_folders.push(folder.to_owned());
        self.rewrite_config()
    }

    /// Adds top-level settings to the product's configuration.
    pub fn with_settings(&mut self, toml: &str) -> Result<()> {
        self.product.extra = format!("{}\n", toml.trim_end());
        self.rewrite_config()
    }

    /// Sets a label of a node in the product's configuration.
    pub fn set(&mut self, node: &str, label: &str, value: &str) -> Result<()> {
        let index = self.index(node);
        let labels = &mut self.product.nodes[index].labels;
        labels.retain(|(key, _)| key != label);
        labels.push((label.to_owned(), value.to_owned()));
        self.rewrite_config()
    }

    /// Says in the product's configuration that a node is in maintenance.
    pub fn maintenance(&mut self, node: &str) -> Result<()> {
        let index = self.index(node);
        self.product.nodes[index].maintenance = true;
        self.rewrite_config()
    }

    fn index(&self, node: &str) -> usize {
        usize::from(self.node(node).number) - 1
    }

    fn rewrite_config(&self) -> Result<()> {
        self.product.write_config(&self.place, &self.nodes).map(drop)
    }

    /// The product's configuration file, as passed with `--config`.
    pub fn config(&self) -> PathBuf {
        config_file(&self.place)
    }

    /// Runs `wayleave --config FILE ARGS` to its end, ten minutes at most.
    pub fn wayleave<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Finished> {
        self.spawn_wayleave(args)?.finish_within(Duration::from_secs(600))
    }

    /// Starts `wayleave --config FILE ARGS` and leaves it running.
    pub fn spawn_wayleave<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Spawned> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Spawned::start(&self.place, args)
    }

    /// Shows the last lines of every daemon's log on stderr.
    #[allow(clippy::print_stderr)]
    pub fn show_logs(&self) {
        for node in &self.nodes {
            eprintln!("{}", node.log_end());
        }
    }

    /// Ends the lab now, kept or not.
    pub fn end(mut self) {
        self.keepers.clear();
        self.lock = None;
        leftovers::remove_lab(&self.place);
        self.life = Life::UntilEnded;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_logs();
        }
        if self.life == Life::WithOwner {
            network::remove_interface(&self.place.interface());
            self.keepers.clear();
            leftovers::remove_lab(&self.place);
        }
    }
}

/// The name that libvirt gives to the newest q35 machine, as it would stand in the running domain.
fn canonical_machine(node: &Node, kvm: bool) -> Result<String> {
    let kind = if kvm { "kvm" } else { "qemu" };
    let text = node.virsh(["domcapabilities", "--machine", "q35", "--virttype", kind])?;
    let machine = text.split("<machine>").nth(1).and_then(|rest| rest.split('<').next());
    Ok(machine.context("libvirt names no q35 machine")?.to_owned())
}
