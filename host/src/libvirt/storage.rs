//! Is the storage under a domain's disks the destination's too, and can it write there?
//!
//! A path that is the same on both nodes proves nothing: two machines may each have a
//! folder of that name. So, once for each pool that holds disks,
//!
//! ```text
//! create a volume with a random name at the destination -> look for it at the source
//!                                   -> remove it, and look for the disks' own volumes
//! ```
//!
//! The last step is always taken, whatever became of the others. The daemon writes as its
//! own user: whether QEMU's user may write the disks, the probe does not show.

use std::time::Duration;

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::Libvirt;
use super::error::{Result, has_number};
use super::volumes::{self, Held};
use crate::model::domain::{Disk, DomainFacts};
use crate::model::node::{NodeEntry, Pool};
use crate::model::port::HypervisorError;
use crate::model::snapshot::{Access, DiskAccess, StorageProbe};

/// Network file systems may show a new name late: how long to wait before looking again.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1200)];

/// A pool of the source with the disks that lie in it, by their places in the list.
struct Group {
    pool: Pool,
    disks: Vec<usize>,
    volumes: Vec<String>,
}

pub async fn probe(
    libvirt: &Libvirt,
    source: &NodeEntry,
    domain: &DomainFacts,
    destination: &NodeEntry,
) -> StorageProbe {
    let disks: Vec<Disk> = domain.disks.iter().filter(|disk| disk.source.is_some()).cloned().collect();
    let mut answers: Vec<DiskAccess> = disks.iter().map(unanswered).collect();
    let held = match locate_all(libvirt, source, disks).await {
        Ok(held) => held,
        Err(error) => {
            answers.iter_mut().for_each(|answer| answer.access = failed(&error));
            return StorageProbe::Probed(answers);
        }
    };
    for group in groups(held, &mut answers) {
        let probe = PoolProbe { libvirt, source, destination, group: &group };
        for (disk, access) in group.disks.iter().zip(probe.run().await) {
            answers[*disk].access = access;
        }
    }
    StorageProbe::Probed(answers)
}

fn unanswered(disk: &Disk) -> DiskAccess {
    DiskAccess {
        disk: disk.target.clone(),
        source: disk.source.clone().unwrap_or_default(),
        pool: None,
        access: Access::NoPoolAtSource,
    }
}

fn failed(error: &HypervisorError) -> Access {
    Access::Failed { error: error.to_string() }
}

async fn locate_all(
    libvirt: &Libvirt,
    source: &NodeEntry,
    disks: Vec<Disk>,
) -> Result<Vec<Result<Option<Held>>>> {
    let doing = format!("looking for the pools of the disks on {}", source.name);
    let locate =
        move |connection: &Connect| Ok(disks.iter().map(|disk| volumes::locate(connection, disk)).collect());
    libvirt.pool(source).call(&doing, locate).await
}

/// The disks by pool; those that lie in none have their answer already.
fn groups(held: Vec<Result<Option<Held>>>, answers: &mut [DiskAccess]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, held) in held.into_iter().enumerate() {
        match held {
            Ok(None) => {}
            Err(error) => answers[index].access = failed(&error),
            Ok(Some(Held { pool, volume })) => {
                answers[index].pool = Some(pool.name.clone());
                match groups.iter_mut().find(|group| group.pool.name == pool.name) {
                    Some(group) => {
                        group.disks.push(index);
                        group.volumes.push(volume);
                    }
                    None => groups.push(Group { pool, disks: vec![index], volumes: vec![volume] }),
                }
            }
        }
    }
    groups
}

struct PoolProbe<'a> {
    libvirt: &'a Libvirt,
    source: &'a NodeEntry,
    destination: &'a NodeEntry,
    group: &'a Group,
}

/// What became of the volume that the probe created.
enum Sight {
    Seen,
    NotSeen,
    NotWritable(String),
    /// The pool is of a kind in which libvirt creates no volumes.
    NotPossible,
    Failed(HypervisorError),
}

impl PoolProbe<'_> {
    /// An answer for each disk of the group.
    async fn run(&self) -> Vec<Access> {
        let all = |access: Access| vec![access; self.group.disks.len()];
        let pool = match self.counterpart().await {
            Ok(Some(pool)) if pool.active => pool.name,
            Ok(Some(pool)) => return all(Access::PoolInactive { pool: pool.name }),
            Ok(None) => return all(Access::NoPoolAtDestination { place: volumes::place(&self.group.pool) }),
            Err(error) => return all(failed(&error)),
        };
        let name = format!(".wayleave-probe-{}", Uuid::new_v4());
        let sight = self.sight(&pool, &name).await;
        let missing = self.finish(&pool, &name).await;
        if let Err(error) = &missing {
            let (node, volume) = (&self.destination.name, &name);
            tracing::warn!(node, pool, volume, %error, "a probe volume may be left there");
        }
        self.conclude(&pool, sight, missing)
    }

    async fn counterpart(&self) -> Result<Option<Pool>> {
        let pool = self.group.pool.clone();
        let doing = format!("looking for the pool of {} on {}", volumes::place(&pool), self.destination.name);
        let find = move |connection: &Connect| volumes::counterpart(connection, &pool);
        self.libvirt.pool(self.destination).call(&doing, find).await
    }

    async fn sight(&self, pool: &str, name: &str) -> Sight {
        let doing = format!("creating a volume in the pool {pool} on {}", self.destination.name);
        let (in_pool, volume) = (pool.to_owned(), name.to_owned());
        let create = move |connection: &Connect| volumes::create_probe(connection, &in_pool, &volume);
        if let Err(error) = self.libvirt.pool(self.destination).call(&doing, create).await {
            return not_created(error);
        }
        match self.is_seen(name).await {
            Ok(true) => Sight::Seen,
            Ok(false) => Sight::NotSeen,
            Err(error) => Sight::Failed(error),
        }
    }

    async fn is_seen(&self, name: &str) -> Result<bool> {
        let mut waits = LOOK_AGAIN.into_iter();
        loop {
            let (pool, volume) = (self.group.pool.name.clone(), name.to_owned());
            let doing = format!("looking for a volume in the pool {pool} on {}", self.source.name);
            let look = move |connection: &Connect| volumes::find_and_remove_probe(connection, &pool, &volume);
            if self.libvirt.pool(self.source).call(&doing, look).await? {
                return Ok(true);
            }
            match waits.next() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(false),
            }
        }
    }

    async fn finish(&self, pool: &str, name: &str) -> Result<Vec<bool>> {
        let doing = format!("reading the pool {pool} on {}", self.destination.name);
        let (pool, name, volumes) = (pool.to_owned(), name.to_owned(), self.group.volumes.clone());
        let finish = move |connection: &Connect| volumes::finish_probe(connection, &pool, &name, &volumes);
        self.libvirt.pool(self.destination).call(&doing, finish).await
    }

    fn conclude(&self, pool: &str, sight: Sight, missing: Result<Vec<bool>>) -> Vec<Access> {
        let pool = pool.to_owned();
        let all = |access: Access| vec![access; self.group.disks.len()];
        let each = |there: Access| match &missing {
            Err(error) => all(failed(error)),
            Ok(missing) => missing
                .iter()
                .map(
                    |missing| {
                        if *missing { Access::VolumeMissing { pool: pool.clone() } } else { there.clone() }
                    },
                )
                .collect(),
        };
        match sight {
            Sight::Seen => each(Access::SharedWritable),
            Sight::NotSeen => all(Access::DifferentStorage { pool: pool.clone() }),
            Sight::NotWritable(error) => all(Access::NotWritable { pool: pool.clone(), error }),
            Sight::NotPossible => {
                let kind = &self.group.pool.kind;
                each(Access::Failed {
                    error: format!("in a pool of the kind {kind} no volume can be created to see"),
                })
            }
            Sight::Failed(error) => all(failed(&error)),
        }
    }
}

fn not_created(error: HypervisorError) -> Sight {
    match error.code.as_str() {
        "no-support" => Sight::NotPossible,
        // The daemon's own errors of rights and of reaching it say nothing of the storage.
        "denied" | "busy" | "bad-answer" | "internal" => Sight::Failed(error),
        code if code.starts_with("node-") || code == "connection-lost" => Sight::Failed(error),
        _ if has_number(&error, sys::VIR_ERR_NO_STORAGE_POOL) => Sight::Failed(error),
        _ => Sight::NotWritable(error.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::error::of_ours;

    fn disk(target: &str) -> Disk {
        Disk { target: target.into(), source: Some(format!("/images/{target}")), ..Disk::default() }
    }

    fn held(pool: &str, volume: &str) -> Result<Option<Held>> {
        let pool = Pool { name: pool.into(), ..Pool::default() };
        Ok(Some(Held { pool, volume: volume.into() }))
    }

    #[test]
    fn a_pool_is_probed_once_for_all_its_disks() {
        let mut answers: Vec<DiskAccess> =
            ["vda", "vdb", "vdc", "vdd"].map(disk).iter().map(unanswered).collect();
        let broken = Err(of_ours("node-timeout", "looking", "no answer"));
        let located = vec![held("images", "vda"), Ok(None), held("images", "vdc"), broken];
        let groups = groups(located, &mut answers);
        assert_eq!(groups.len(), 1);
        assert_eq!((&groups[0].disks, groups[0].volumes.len()), (&vec![0, 2], 2));
        assert_eq!((&answers[1].pool, &answers[1].access), (&None, &Access::NoPoolAtSource));
        assert_eq!(answers[2].pool.as_deref(), Some("images"));
        assert!(matches!(answers[3].access, Access::Failed { .. }));
    }

    #[test]
    fn only_an_error_of_the_storage_says_that_it_cannot_be_written() {
        let sight = |code| not_created(of_ours(code, "creating", "why"));
        assert!(matches!(sight("libvirt-error"), Sight::NotWritable(text) if text == "why"));
        assert!(matches!(sight("no-support"), Sight::NotPossible));
        for code in ["node-timeout", "node-auth", "connection-lost", "denied"] {
            assert!(matches!(sight(code), Sight::Failed(_)), "{code}");
        }
    }
}
