//! A guest that has booted: its clock and its blocks, wherever it runs now. It is found by what it
//! writes to the shared folder, so reading it needs no node and disturbs none.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::command::eventually;
use crate::console::{self, Tick};

const BLOCK: u64 = 4096;

#[derive(Clone, Debug)]
pub struct RunningGuest {
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) console: PathBuf,
    pub(crate) disk: Option<PathBuf>,
}

impl RunningGuest {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    pub fn disk(&self) -> Option<&Path> {
        self.disk.as_deref()
    }

    /// Everything that its clock has said so far.
    pub fn ticks(&self) -> Result<Vec<Tick>> {
        console::ticks(&self.console)
    }

    /// The number of the last tick; 0 before the first.
    pub fn last_tick(&self) -> Result<u64> {
        Ok(self.ticks()?.last().map_or(0, |tick| tick.number))
    }

    /// Waits until the guest has ticked five times more after `number`, so that it surely runs.
    pub fn wait_for_ticks_after(&self, number: u64) -> Result<u64> {
        self.wait_for_tick(number + 5, Duration::from_secs(30))
    }

    pub fn wait_for_tick(&self, number: u64, limit: Duration) -> Result<u64> {
        eventually(&format!("tick {number} of {}", self.name), limit, || {
            Ok(Some(self.last_tick()?).filter(|last| *last >= number))
        })
    }

    /// Panics when a tick was repeated or went back: then two copies ran, or time was lost.
    #[track_caller]
    pub fn assert_clock_never_went_back(&self) {
        match self.ticks() {
            Ok(ticks) => {
                let step = console::first_step_back(&ticks);
                assert!(step.is_none(), "the clock of {} went back: {step:?}", self.name);
            }
            Err(error) => panic!("the clock of {} cannot be read: {error:#}", self.name),
        }
    }

    /// Proves that every block that the disk had acknowledged is on the image; gives their number.
    /// Blocks that a later round has written over count as there, as the later number shows.
    pub fn blocks_verified(&self) -> Result<u64> {
        let path = self.disk.as_ref().context("this guest writes no blocks")?;
        let last = self.ticks()?.last().map_or(0, |tick| tick.block);
        let disk = File::open(path)?;
        let slots = disk.metadata()?.len() / BLOCK;
        ensure!(slots > 0, "{} is empty", path.display());
        for number in last.saturating_sub(slots - 1).max(1)..=last {
            let found = read_block(&disk, number % slots)?
                .with_context(|| format!("block {number} of {last} is not whole on the disk"))?;
            if found < number || found % slots != number % slots {
                bail!("block {number} of {last} was acknowledged, but the disk has {found}");
            }
        }
        Ok(last)
    }
}

/// The number that both ends of a block agree on.
fn read_block(disk: &File, slot: u64) -> Result<Option<u64>> {
    let mut block = [0u8; BLOCK as usize];
    disk.read_exact_at(&mut block, slot * BLOCK)?;
    let (start, end) = (number_in(&block[..64]), number_in(&block[block.len() - 64..]));
    Ok(start.filter(|_| start == end))
}

fn number_in(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
    text.strip_prefix("block ")?.strip_suffix(" end")?.parse().ok()
}
