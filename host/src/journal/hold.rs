//! What open jobs hold, and whether there is more: the rule that every store applies.
//!
//! Stores differ in where they keep holdings, never in this arithmetic.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::trouble::Trouble;
use crate::model::decision::Claim;
use crate::model::job::{Event, JobId, Room};
use crate::model::port::ClaimTaken;

/// Are there enough of all claims beside what other jobs hold?
///
/// Claims of one resource add up. A claim of nothing is always granted.
pub fn granted(
    claims: &[Claim],
    held_by_others: impl Fn(&str) -> Result<Vec<(JobId, u64)>, Trouble>,
) -> Result<Result<(), ClaimTaken>, Trouble> {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.amount > 0) {
        let others = held_by_others(&claim.resource)?;
        let here = taken.entry(&claim.resource).or_default();
        let held = others.iter().fold(*here, |sum, (_, amount)| sum.saturating_add(*amount));
        if held.checked_add(claim.amount).is_none_or(|all| all > claim.limit) {
            let holders = others.into_iter().map(|(job, _)| job).collect();
            return Ok(Err(ClaimTaken { claim: claim.clone(), held, holders }));
        }
        *here = here.saturating_add(claim.amount);
    }
    Ok(Ok(()))
}

pub fn sum(rooms: impl IntoIterator<Item = Room>) -> Room {
    rooms.into_iter().fold(Room::default(), |sum, room| Room {
        memory_bytes: sum.memory_bytes.saturating_add(room.memory_bytes),
        vcpus: sum.vcpus.saturating_add(room.vcpus),
    })
}

/// What is older than this is too old.
pub fn cutoff(days: u32) -> Option<Timestamp> {
    Timestamp::now().checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

/// `Opened` and `Reserved` are written by the calls that give them their meaning.
pub fn may_append(event: &Event) -> Result<(), Trouble> {
    match event {
        Event::Opened { .. } => Err(Trouble::Misuse("`Opened` is written by `open`")),
        Event::Reserved { .. } => Err(Trouble::Misuse("`Reserved` is written by `reserve`")),
        _ => Ok(()),
    }
}
