//! Storage pools and volumes of one node: the calls that the storage probe is made of.
//!
//! Each function is one question to, or one act on, one daemon; their order and what it
//! shows is in `storage`.

use virt::connect::Connect;
use virt::storage_pool::StoragePool;
use virt::storage_vol::StorageVol;
use virt::sys;

use super::error::{Doing, Result, has_number};
use super::node::pool_facts;
use crate::model::domain::Disk;
use crate::model::node::Pool;

/// Where a node keeps a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub pool: Pool,
    pub volume: String,
}

/// The active pool that holds a disk, if any does.
pub fn locate(connection: &Connect, disk: &Disk) -> Result<Option<Held>> {
    let doing = format!("looking for the pool of the disk {}", disk.target);
    let Some(source) = disk.source.as_deref().filter(|source| !source.contains('\0')) else {
        return Ok(None);
    };
    match disk.source_type.as_str() {
        "volume" => {
            let Some((pool, volume)) = source.split_once('/') else { return Ok(None) };
            held_by_name(connection, disk.pool.as_deref().unwrap_or(pool), volume, &doing)
        }
        "network" => {
            // libvirt's own volumes have the name at the source for a path, without the protocol.
            let name = source.split_once(':').map_or(source, |(_, name)| name);
            held_by_path(connection, name, &doing)
        }
        "file" | "block" => match held_by_path(connection, source, &doing)? {
            None => held_by_folder(connection, source, &doing),
            held => Ok(held),
        },
        _ => Ok(None),
    }
}

/// None for a pool or volume that is not there.
fn there<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if has_number(&error, sys::VIR_ERR_NO_STORAGE_VOL)
                || has_number(&error, sys::VIR_ERR_NO_STORAGE_POOL) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn held_by_name(connection: &Connect, pool: &str, volume: &str, doing: &str) -> Result<Option<Held>> {
    let Some(pool) = there(StoragePool::lookup_by_name(connection, pool).doing(doing))? else {
        return Ok(None);
    };
    let pool = pool_facts(&pool)?;
    Ok(pool.active.then(|| Held { pool, volume: volume.to_owned() }))
}

fn held_by_path(connection: &Connect, path: &str, doing: &str) -> Result<Option<Held>> {
    let Some(volume) = there(StorageVol::lookup_by_path(connection, path).doing(doing))? else {
        return Ok(None);
    };
    let pool = StoragePool::lookup_by_volume(&volume).doing(doing)?;
    Ok(Some(Held { pool: pool_facts(&pool)?, volume: volume.get_name().doing(doing)? }))
}

/// A pool knows only the files that were there when it was last refreshed, so a newer one
/// is found by the folder it lies in.
fn held_by_folder(connection: &Connect, path: &str, doing: &str) -> Result<Option<Held>> {
    let Some((folder, name)) = path.rsplit_once('/') else { return Ok(None) };
    let pools = all_pools(connection, doing)?;
    let holds =
        |pool: &Pool| pool.active && pool.target_path.as_deref().is_some_and(|path| same(path, folder));
    Ok(pools.into_iter().find(holds).map(|pool| Held { pool, volume: name.to_owned() }))
}

fn all_pools(connection: &Connect, doing: &str) -> Result<Vec<Pool>> {
    let list = connection.list_all_storage_pools(0).doing(doing)?;
    // One that is removed in between is no pool any more.
    Ok(list.iter().filter_map(|pool| pool_facts(pool).ok()).collect())
}

fn same(path: &str, other: &str) -> bool {
    path.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The pool for the same place as `pool`, an active one rather than another.
pub fn counterpart(connection: &Connect, pool: &Pool) -> Result<Option<Pool>> {
    let pools = all_pools(connection, "looking for the pool of the same place")?;
    let mut alike: Vec<Pool> = pools.into_iter().filter(|other| is_of_same_place(other, pool)).collect();
    alike.sort_by_key(|other| !other.active);
    Ok(alike.into_iter().next())
}

/// By where the guest finds its disks; without a path by what the pool is made of.
fn is_of_same_place(one: &Pool, other: &Pool) -> bool {
    match (&one.target_path, &other.target_path) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => one.kind == other.kind && one.source == other.source && one.source.is_some(),
        _ => false,
    }
}

/// What stands for a pool's place in a text.
pub fn place(pool: &Pool) -> String {
    pool.target_path.clone().or_else(|| pool.source.clone()).unwrap_or_else(|| pool.name.clone())
}

fn open_pool(connection: &Connect, pool: &str) -> Result<StoragePool> {
    StoragePool::lookup_by_name(connection, pool).doing(&format!("opening the pool {pool}"))
}

pub fn create_probe(connection: &Connect, pool: &str, name: &str) -> Result<()> {
    let xml = format!(
        "<volume><name>{name}</name><capacity unit='bytes'>4096</capacity><allocation>0</allocation>\
         <target><format type='raw'/></target></volume>"
    );
    let pool = open_pool(connection, pool)?;
    StorageVol::create_xml(&pool, &xml, 0).doing(&format!("creating the volume {name}")).map(drop)
}

/// Whether a volume of another node shows here; if so, it is removed from here too, so that
/// this pool does not go on listing it.
pub fn find_and_remove_probe(connection: &Connect, pool: &str, name: &str) -> Result<bool> {
    let pool = open_pool(connection, pool)?;
    pool.refresh(0).doing("refreshing a pool")?;
    let Some(volume) = there(StorageVol::lookup_by_name(&pool, name).doing("looking for a volume"))? else {
        return Ok(false);
    };
    if let Err(error) = volume.delete(0) {
        // Whoever created it removes it.
        tracing::debug!(volume = name, %error, "a probe volume was not removed from the other side");
    }
    Ok(true)
}

/// Reads the pool anew, removes the probe if it is still there, and tells which of the
/// volumes are missing.
pub fn finish_probe(connection: &Connect, pool: &str, name: &str, volumes: &[String]) -> Result<Vec<bool>> {
    let pool = open_pool(connection, pool)?;
    pool.refresh(0).doing("refreshing a pool")?;
    if let Some(probe) = there(StorageVol::lookup_by_name(&pool, name).doing("looking for a volume"))? {
        probe.delete(0).doing(&format!("removing the volume {name}"))?;
    }
    let missing = |volume: &String| {
        let found = there(StorageVol::lookup_by_name(&pool, volume).doing("looking for a volume"))?;
        Ok(found.is_none())
    };
    volumes.iter().map(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(target_path: Option<&str>, source: Option<&str>) -> Pool {
        Pool {
            name: "p".into(),
            kind: "dir".into(),
            target_path: target_path.map(str::to_owned),
            source: source.map(str::to_owned),
            ..Pool::default()
        }
    }

    #[test]
    fn pools_are_alike_by_place_and_not_by_name() {
        let images = pool(Some("/images"), Some("nfs:/a"));
        assert!(is_of_same_place(&images, &pool(Some("/images/"), None)));
        assert!(!is_of_same_place(&images, &pool(Some("/other"), Some("nfs:/a"))));
        assert!(!is_of_same_place(&images, &pool(None, Some("nfs:/a"))));
        assert!(is_of_same_place(&pool(None, Some("ceph:rbd")), &pool(None, Some("ceph:rbd"))));
        assert!(!is_of_same_place(&pool(None, None), &pool(None, None)));
    }
}
