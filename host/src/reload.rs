//! Waiting for files to change.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::problem::InputError;

/// Editors and builds write several times; one change is told when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(200);

/// Returns when something in the folders, or one of the files, has changed and been left alone since.
pub async fn changed(watched: &[PathBuf]) -> Result<(), InputError> {
    let failed = |error: notify::Error| {
        InputError::new("cannot-watch", format!("watching for changes failed: {error}"))
    };
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To be read is no change; that nobody listens any more is no error.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = sender.send(());
        }
    })
    .map_err(failed)?;
    for path in watched {
        watcher.watch(path, RecursiveMode::NonRecursive).map_err(failed)?;
    }
    events.recv().await;
    while let Ok(Some(())) = tokio::time::timeout(QUIET, events.recv()).await {}
    Ok(())
}
