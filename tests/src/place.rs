//! Where a lab lives: its id, its number (hence its subnet), its folder, and the lock of its owner.
//! Only names and paths; nothing here starts or stops anything.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result, bail};

/// Everything that a lab leaves in the file system is below folders with this beginning.
pub(crate) const FOLDER_PREFIX: &str = "/tmp/wayleave-lab-";
/// Every keeper process and every network interface of a lab has a name with this beginning.
pub(crate) const NAME_PREFIX: &str = "wl-";
/// Names the lab in the environment of every command that a lab runs outside its nodes.
pub(crate) const MARK: &str = "WAYLEAVE_LAB";
/// The id of the lab that outlives the command which made it.
pub(crate) const DEMO: &str = "demo";

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub id: String,
    pub number: u8,
    pub folder: PathBuf,
}

impl Place {
    /// Takes a free number for a new lab. Making the folder is what claims it.
    pub fn claim_free() -> Result<(Self, File)> {
        let first = process::id() % 254;
        for step in 0..254 {
            let number = u8::try_from((first + step) % 254 + 1)?;
            if let Some(claimed) = Self::claim(number.to_string(), number)? {
                return Ok(claimed);
            }
        }
        bail!("no free number for a lab: all 254 folders {FOLDER_PREFIX}* are there")
    }

    pub fn claim_demo() -> Result<(Self, File)> {
        Self::claim(DEMO.into(), 0)?.context("the demo lab is there already")
    }

    fn claim(id: String, number: u8) -> Result<Option<(Self, File)>> {
        let place = Self::of(id, number);
        match fs::create_dir(&place.folder) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Ok(None),
            made => made.with_context(|| format!("cannot make {}", place.folder.display()))?,
        }
        let lock = File::create(place.lock())?;
        lock.lock()?;
        Ok(Some((place, lock)))
    }

    /// A place by its id alone; the demo lab is number 0, the others are named by their number.
    pub fn from_id(id: &str) -> Self {
        Self::of(id.to_owned(), id.parse().unwrap_or(0))
    }

    fn of(id: String, number: u8) -> Self {
        let folder = PathBuf::from(format!("{FOLDER_PREFIX}{id}"));
        Self { id, number, folder }
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.join("owner.lock")
    }

    /// Written last when a lab is made to outlive its maker, so that sweeping leaves it alone.
    pub fn keep_marker(&self) -> PathBuf {
        self.folder.join("keep")
    }

    pub fn record(&self) -> PathBuf {
        self.folder.join("lab.json")
    }

    /// The same directory, at the same path, for every node: the lab's shared storage.
    pub fn images(&self) -> PathBuf {
        self.folder.join("images")
    }

    /// Apart from the images, so that storage faults do not silence a guest's clock.
    pub fn consoles(&self) -> PathBuf {
        self.folder.join("consoles")
    }

    pub fn node_folder(&self, node: &str) -> PathBuf {
        self.folder.join("nodes").join(node)
    }

    pub fn keeper_name(&self, part: &str) -> String {
        format!("{NAME_PREFIX}{}-{part}", self.id)
    }

    /// The machine's own end of the cable into the lab.
    pub fn interface(&self) -> String {
        format!("{NAME_PREFIX}{}", self.id)
    }

    /// 198.18.0.0/15 is set aside for tests of network devices, so nobody lives there.
    pub fn address(&self, host: u8) -> String {
        format!("198.18.{}.{host}", self.number)
    }

    pub fn controller_address(&self) -> String {
        self.address(254)
    }
}

/// The root of the repository, two steps above this crate's sources.
pub(crate) fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// Where the kernel was unpacked by `tests/setup`, and where the built guest image is kept.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("wayleave-lab"))
}
