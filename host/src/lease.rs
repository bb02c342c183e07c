//! A controller's hold on a job: other processes on this machine can see whether it lives.
//!
//! A lock on `<state>/jobs/<id>.lock`, which the kernel drops with the process however
//! that ends. It is no record: the journal alone says what happened.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::model::job::JobId;

/// A look by `is_held` holds the lock for a moment: a taker tries this often.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    /// Locked as long as it is open.
    _file: File,
}

impl Lease {
    /// Takes the lease of a job; none when another controller has it.
    pub fn take(state_folder: &Path, job: JobId) -> io::Result<Option<Self>> {
        let path = path(state_folder, job);
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        for _ in 0..TRIES {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)?;
            match file.try_lock() {
                // A holder that ended may have removed the very file that we locked.
                Ok(()) if is_same(&file, &path)? => {
                    file.set_len(0)?;
                    writeln!(file, "{}", std::process::id())?;
                    return Ok(Some(Self { path, _file: file }));
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Is some controller at work on this job?
    pub fn is_held(state_folder: &Path, job: JobId) -> io::Result<bool> {
        let file = match File::open(path(state_folder, job)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // While still locked, so that nobody can have taken it meanwhile. A file that
        // stays behind is harmless: what counts is the lock.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn path(state_folder: &Path, job: JobId) -> PathBuf {
    state_folder.join("jobs").join(format!("{job}.lock"))
}

fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says so by failing")]
mod tests {
    use super::*;

    #[test]
    fn one_controller_has_a_job_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let job = JobId(7);
        assert!(!Lease::is_held(folder.path(), job).unwrap());
        let lease = Lease::take(folder.path(), job).unwrap().unwrap();
        assert!(Lease::is_held(folder.path(), job).unwrap());
        assert!(Lease::take(folder.path(), job).unwrap().is_none());
        assert!(!Lease::is_held(folder.path(), JobId(8)).unwrap());
        drop(lease);
        assert!(!Lease::is_held(folder.path(), job).unwrap());
        assert_eq!(std::fs::read_dir(folder.path().join("jobs")).unwrap().count(), 0);
        assert!(Lease::take(folder.path(), job).unwrap().is_some());
    }

    #[test]
    fn a_file_left_behind_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("jobs")).unwrap();
        std::fs::write(folder.path().join("jobs/7.lock"), "1\n").unwrap();
        assert!(!Lease::is_held(folder.path(), JobId(7)).unwrap());
        assert!(Lease::take(folder.path(), JobId(7)).unwrap().is_some());
    }

    #[test]
    fn among_many_takers_never_two_hold_it() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (holders, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let Some(lease) = Lease::take(folder.path(), JobId(1)).unwrap() else { continue };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two controllers hold one job");
                        taken.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            }
        });
        assert!(taken.load(Ordering::SeqCst) > 0);
    }
}
