//! What belongs to source, destination and domain together, as columns: the destination's
//! word on the CPU, and what the probes showed. The codes are the contract's.

use super::columns::{Column, Symbols, ragged};
use crate::model::snapshot::{Access, CpuComparison, PairFacts, Reach, StorageProbe};

#[derive(Debug)]
pub struct PairColumns {
    pub cpu: Column<u8>,
    pub cpu_detail: Vec<String>,
    pub reach: Column<u8>,
    pub reach_uri: Vec<String>,
    pub reach_detail: Vec<String>,
}

#[derive(Debug)]
pub struct StorageColumns {
    pub probed: Column<u8>,
    pub offsets: Column<u32>,
    pub disk: Column<u32>,
    pub access: Column<u8>,
    pub pool: Column<u32>,
    pub detail: Vec<String>,
}

impl PairColumns {
    pub fn new(pairs: &[&PairFacts]) -> Self {
        Self {
            cpu: pairs.iter().map(|pair| cpu_code(&pair.cpu)).collect(),
            cpu_detail: pairs.iter().map(|pair| cpu_detail(&pair.cpu)).collect(),
            reach: pairs.iter().map(|pair| reach_code(&pair.reach)).collect(),
            reach_uri: pairs.iter().map(|pair| reach_texts(&pair.reach).0).collect(),
            reach_detail: pairs.iter().map(|pair| reach_texts(&pair.reach).1).collect(),
        }
    }
}

impl StorageColumns {
    pub fn new<'a>(probes: impl Iterator<Item = &'a StorageProbe> + Clone, symbols: &mut Symbols) -> Self {
        let disks_of = |probe: &'a StorageProbe| match probe {
            StorageProbe::NotProbed => &[][..],
            StorageProbe::Probed(disks) => disks.as_slice(),
        };
        let (offsets, disks) = ragged(probes.clone().map(disks_of));
        Self {
            probed: probes.map(|probe| u8::from(matches!(probe, StorageProbe::Probed(_)))).collect(),
            offsets,
            disk: disks.iter().map(|disk| symbols.intern(&disk.disk)).collect(),
            access: disks.iter().map(|disk| access_code(&disk.access)).collect(),
            pool: disks.iter().map(|disk| symbols.intern_option(disk.pool.as_deref())).collect(),
            detail: disks.iter().map(|disk| access_detail(&disk.source, &disk.access)).collect(),
        }
    }
}

fn cpu_code(comparison: &CpuComparison) -> u8 {
    match comparison {
        CpuComparison::NotAsked => 0,
        CpuComparison::Identical => 1,
        CpuComparison::Superset => 2,
        CpuComparison::Incompatible { .. } => 3,
        CpuComparison::Failed { .. } => 4,
    }
}

fn cpu_detail(comparison: &CpuComparison) -> String {
    match comparison {
        CpuComparison::Incompatible { detail } => detail.clone(),
        CpuComparison::Failed { error } => error.clone(),
        _ => String::new(),
    }
}

fn reach_code(reach: &Reach) -> u8 {
    match reach {
        Reach::NotProbed => 0,
        Reach::Reachable { .. } => 1,
        Reach::Unreachable { .. } => 2,
        Reach::SameHost { .. } => 3,
        Reach::Failed { .. } => 4,
    }
}

/// The URI that was tried, and why it failed.
fn reach_texts(reach: &Reach) -> (String, String) {
    match reach {
        Reach::NotProbed => Default::default(),
        Reach::Reachable { uri } | Reach::SameHost { uri } => (uri.clone(), String::new()),
        Reach::Unreachable { uri, error } => (uri.clone(), error.clone()),
        Reach::Failed { error } => (String::new(), error.clone()),
    }
}

fn access_code(access: &Access) -> u8 {
    match access {
        Access::SharedWritable => 1,
        Access::NoPoolAtSource => 2,
        Access::NoPoolAtDestination { .. } => 3,
        Access::PoolInactive { .. } => 4,
        Access::NotWritable { .. } => 5,
        Access::DifferentStorage { .. } => 6,
        Access::VolumeMissing { .. } => 7,
        Access::Failed { .. } => 8,
    }
}

fn access_detail(source: &str, access: &Access) -> String {
    match access {
        Access::NoPoolAtDestination { place } => place.clone(),
        Access::NotWritable { error, .. } | Access::Failed { error } => error.clone(),
        _ => source.to_owned(),
    }
}
