//! Rule `memory-room`: the domain's memory fits the node's free memory.
//!
//! Free memory is what the node could give now, less what open jobs have reserved.
//! Memory that huge pages back is set aside at the node already; `numa-fits` judges it.

use wayleave_sdk::prelude::*;

const MIB: u64 = 1 << 20;

settings! {
    pub struct Settings {
        /// Kept free on every node, in MiB.
        reserve_mib: u64 = 256,
        /// What the emulator of one domain takes beside the guest's memory, in MiB.
        overhead_mib: u64 = 65,
    }
}

reasons! {
    SHORT: reject "memory-short", "the node has not enough free memory";
}

pub struct MemoryRoom {
    guest: Known<u64>,
    overhead: u64,
    reserve: u64,
}

impl Check for MemoryRoom {
    const NAME: &'static str = "memory-room";
    const TITLE: &'static str = "the domain's memory fits the node's free memory";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn new(settings: Settings) -> Self {
        let huge: u64 = domain::hugepage_memory().into_iter().fold(0, u64::saturating_add);
        Self {
            guest: domain::memory().map(|memory| memory.saturating_sub(huge)),
            overhead: settings.overhead_mib.saturating_mul(MIB),
            reserve: settings.reserve_mib.saturating_mul(MIB),
        }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let guest = self.guest?;
        let needed = guest.saturating_add(self.overhead).saturating_add(self.reserve);
        let free = node.memory_free()?;
        let verdict = if free < needed {
            let short = (needed - free).div_ceil(MIB);
            because(SHORT).remedy(format_args!("free {short} MiB at the node, or choose another"))
        } else {
            pass()
        };
        verdict.measured(format_args!("{} free", mib(free))).needed(format_args!(
            "{}: the guest's {}, {} for its emulator, {} in reserve",
            mib(needed),
            mib(guest),
            mib(self.overhead),
            mib(self.reserve)
        ))
    }
}
