//! What labs leave behind when their owners die, and its removal. A lab is alive while its owner
//! holds the lock in its folder, or, when it was made to stay, while its hub is there.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::time::Duration;

use anyhow::Result;

use crate::keeper;
use crate::lab::Record;
use crate::network;
use crate::place::{FOLDER_PREFIX, MARK, NAME_PREFIX, Place};

/// One line for everything that a dead lab has left on this machine: processes (and with them their
/// namespaces), network interfaces, mounts, folders. Living labs are not listed.
pub fn leftovers() -> Vec<String> {
    dead_labs().iter().flat_map(left_of).collect()
}

/// Removes everything that dead labs have left; says what it removed.
pub fn sweep() -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for place in dead_labs() {
        removed.extend(left_of(&place));
        remove_lab(&place);
    }
    Ok(removed)
}

/// Takes away a lab's processes, interface and folder, whoever made it.
pub(crate) fn remove_lab(place: &Place) {
    network::remove_interface(&place.interface());
    for (pid, _) in keepers_of(place) {
        keeper::end(pid);
    }
    commands_of(place).into_iter().for_each(keeper::kill);
    // A process that was just ended may still hold its folder for a moment.
    let _ = crate::command::eventually("a folder to go", Duration::from_secs(5), || {
        let gone = fs::remove_dir_all(&place.folder).is_ok() || !place.folder.exists();
        Ok(gone.then_some(()))
    });
}

fn dead_labs() -> Vec<Place> {
    let mut ids = BTreeSet::new();
    let start = FOLDER_PREFIX.rsplit('/').next().unwrap_or_default();
    let folders = names_in("/tmp").into_iter();
    ids.extend(folders.filter_map(|name| name.strip_prefix(start).map(str::to_owned)));
    let interfaces = names_in("/sys/class/net").into_iter();
    ids.extend(interfaces.filter_map(|name| name.strip_prefix(NAME_PREFIX).map(str::to_owned)));
    ids.extend(keeper::all_processes().filter_map(keeper_id));
    ids.extend(keeper::all_processes().filter_map(mark));
    ids.iter().map(|id| Place::from_id(id)).filter(|place| !is_alive(place)).collect()
}

fn is_alive(place: &Place) -> bool {
    if place.keep_marker().exists() {
        let record = fs::read(place.record()).ok();
        let record = record.and_then(|text| serde_json::from_slice::<Record>(&text).ok());
        return record.is_some_and(|record| {
            let name = place.keeper_name("hub");
            keepers_of(place).contains(&(record.hub, name))
        });
    }
    match File::open(place.lock()) {
        Ok(lock) => matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        // The folder is there before its lock for a moment.
        Err(_) => fs::metadata(&place.folder)
            .and_then(|folder| folder.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|age| age < Duration::from_secs(5))),
    }
}

fn left_of(place: &Place) -> Vec<String> {
    let mut left = Vec::new();
    for (pid, name) in keepers_of(place) {
        left.push(format!("process {pid} {name} with its namespaces"));
    }
    for pid in commands_of(place) {
        left.push(format!(
            "process {pid}, a command run for lab {}: {}",
            place.id,
            keeper::command_line(pid).join(" ")
        ));
    }
    if names_in("/sys/class/net").contains(&place.interface()) {
        left.push(format!("network interface {}", place.interface()));
    }
    let folder = place.folder.to_string_lossy().into_owned();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below = |mount: &&str| **mount == folder || mount.starts_with(&format!("{folder}/"));
    for mount in mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(below) {
        left.push(format!("mount {mount}"));
    }
    if place.folder.exists() {
        left.push(format!("folder {folder}"));
    }
    left
}

/// The id of the lab whose keeper this process is.
fn keeper_id(pid: u32) -> Option<String> {
    let name = keeper_name(pid)?;
    name.strip_prefix(NAME_PREFIX)?.split('-').next().map(str::to_owned)
}

/// Processes outside the nodes that a lab started and that outlived its owner.
fn commands_of(place: &Place) -> Vec<u32> {
    keeper::all_processes().filter(|pid| mark(*pid).is_some_and(|id| id == place.id)).collect()
}

/// The id of the lab in a process's environment.
fn mark(pid: u32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let start = format!("{MARK}=");
    let mut variables = bytes.split(|b| *b == 0).map(String::from_utf8_lossy);
    variables.find_map(|variable| variable.strip_prefix(&start).map(str::to_owned))
}

fn keepers_of(place: &Place) -> Vec<(u32, String)> {
    let named = keeper::all_processes().filter_map(|pid| Some((pid, keeper_name(pid)?)));
    named.filter(|(_, name)| name.starts_with(&place.keeper_name(""))).collect()
}

/// The name of a keeper, which is the program name that it was given.
fn keeper_name(pid: u32) -> Option<String> {
    let name = keeper::command_line(pid).into_iter().next()?;
    (name.starts_with(NAME_PREFIX) && keeper::is_alive(pid)).then_some(name)
}

fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
