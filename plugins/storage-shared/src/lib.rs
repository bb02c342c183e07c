//! Rule `storage-shared`: the storage under every disk is shared, and writable at the destination.
//!
//! Judged by what a probe showed: a volume written at one side and looked for at the
//! other. Names and paths of pools that look alike prove nothing. A read-only medium need
//! not be written; where the probe cannot show it, this warns, because the move then fails
//! at its beginning and harms nothing. An empty drive is no storage.

use std::fmt;

use wayleave_sdk::prelude::*;
use wayleave_sdk::{DiskStorage, Kind};

reasons! {
    NO_POOL_AT_SOURCE: reject "no-pool-at-source", "a disk is in no active pool of the source, so nothing shows \
        that the destination has it";
    NO_POOL_AT_DESTINATION: reject "no-pool-at-destination", "the destination has no pool for a disk's place";
    POOL_INACTIVE: reject "pool-inactive", "the destination's pool for a disk is not active";
    NOT_WRITABLE: reject "pool-not-writable", "the destination cannot write to a disk's pool";
    DIFFERENT_STORAGE: reject "different-storage", "the pools of a disk are not the same storage";
    VOLUME_MISSING: reject "volume-missing", "the storage is shared, but the destination does not find a disk on it";
    PROBE_FAILED: unknown "storage-probe-failed", "the storage of a disk could not be probed";
    NOT_PROBED: unknown "storage-not-probed", "the storage of the disks has not been probed yet";
    MEDIUM_NOT_SHOWN: warn "medium-not-shown", "the probe cannot show a read-only medium at the destination";
}

struct StorageShared {
    /// Disks that have a source, and so something to be shown.
    sourced: Vec<Symbol>,
    readonly: Vec<Symbol>,
}

impl Check for StorageShared {
    const NAME: &'static str = "storage-shared";
    const TITLE: &'static str = "the storage under every disk is shared, and writable at the node";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        let targets = domain::disk_target();
        let those = |wanted: Vec<bool>| {
            let disks: Vec<&String> =
                targets.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(disk, _)| disk).collect();
            symbols(&disks)
        };
        let sourced = domain::disk_source().iter().map(|source| !source.is_empty()).collect();
        Self { sourced: those(sourced), readonly: those(domain::disk_readonly()) }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        if self.sourced.is_empty() {
            return pass().measured("no disk with a source");
        }
        let Ok(disks) = node.disks() else { return because(NOT_PROBED) };
        let is_shown = |wanted: &&Symbol| disks.clone().any(|disk| disk.disk() == **wanted);
        let shown = self.sourced.iter().filter(is_shown).count();
        if shown < self.sourced.len() {
            let all = counted(self.sourced.len());
            return because(NOT_PROBED).measured(format_args!("{shown} of {all}"));
        }
        let found = disks.filter_map(|disk| Some((disk, self.reason(disk)?)));
        let worst = found.clone().map(|(_, reason)| reason).min_by_key(|reason| rank(*reason));
        let Some(worst) = worst else {
            return pass().measured(format_args!("{} on shared storage", counted(shown)));
        };
        let named = list(found.map(|(disk, reason)| fmt::from_fn(move |out| told(out, disk, reason))));
        let verdict = because(worst).measured(named).needed("the same storage at both, writable");
        match remedy(worst) {
            Some(remedy) => verdict.remedy(remedy),
            None => verdict,
        }
    }
}

impl StorageShared {
    /// What is wrong with one disk.
    fn reason(&self, disk: DiskStorage<'_>) -> Option<Reason> {
        let access = disk.access();
        if self.readonly.contains(&disk.disk()) {
            return match access {
                Access::SharedWritable | Access::NotWritable => None,
                Access::VolumeMissing => Some(VOLUME_MISSING),
                _ => Some(MEDIUM_NOT_SHOWN),
            };
        }
        match access {
            Access::SharedWritable => None,
            Access::NoPoolAtSource => Some(NO_POOL_AT_SOURCE),
            Access::NoPoolAtDestination => Some(NO_POOL_AT_DESTINATION),
            Access::PoolInactive => Some(POOL_INACTIVE),
            Access::NotWritable => Some(NOT_WRITABLE),
            Access::DifferentStorage => Some(DIFFERENT_STORAGE),
            Access::VolumeMissing => Some(VOLUME_MISSING),
            Access::ProbeFailed => Some(PROBE_FAILED),
        }
    }
}

/// A refusal first, then what is not known, then a warning.
fn rank(reason: Reason) -> u8 {
    match reason.kind() {
        Kind::Reject => 0,
        Kind::Unknown => 1,
        Kind::Warn => 2,
    }
}

/// "1 disk", "2 disks"
fn counted(disks: usize) -> impl fmt::Display {
    fmt::from_fn(move |out| write!(out, "{disks} {}", if disks == 1 { "disk" } else { "disks" }))
}

/// "vda: pool-not-writable (pool images: Permission denied)"
fn told(out: &mut fmt::Formatter<'_>, disk: DiskStorage<'_>, reason: Reason) -> fmt::Result {
    write!(out, "{}: {}", disk.disk(), reason.code())?;
    let name = disk.pool().map(|pool| pool.to_string()).filter(|name| !name.is_empty());
    let pool = name.map(|name| format!("pool {name}"));
    let detail = Some(disk.detail()).filter(|detail| !detail.is_empty());
    match (pool, detail) {
        (None, None) => Ok(()),
        (Some(one), None) | (None, Some(one)) => write!(out, " ({one})"),
        (Some(pool), Some(detail)) => write!(out, " ({pool}: {detail})"),
    }
}

fn remedy(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        NO_POOL_AT_SOURCE => {
            "define and start a pool for the disk's place on the source, and the same on every node"
        }
        NO_POOL_AT_DESTINATION => {
            "define a pool for the same place on the node: virsh pool-define, pool-start"
        }
        POOL_INACTIVE => "start the pool on the node: virsh pool-start",
        NOT_WRITABLE => "mount it writable on the node, or mend its permissions or free space",
        DIFFERENT_STORAGE => "mount the source's storage on the node under this pool",
        VOLUME_MISSING => {
            "refresh the pool on the node: virsh pool-refresh; if it stays away, look at the mount"
        }
        MEDIUM_NOT_SHOWN => {
            "eject it before the move: virsh change-media --eject; or see that the node has it"
        }
        _ => return None,
    })
}

wayleave_sdk::checks!(StorageShared);

#[cfg(test)]
mod tests;
