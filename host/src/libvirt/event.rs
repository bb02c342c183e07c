//! libvirt's event loop in this process: one thread that never ends.
//!
//! It serves keepalive only: without it a client never learns that a node was cut off.
//! It must be registered before the first connection is opened, so opening one asks
//! for it. No events of domains are subscribed to.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

static STARTED: OnceLock<bool> = OnceLock::new();

/// Starts the loop once; false when this process has to do without.
pub fn start() -> bool {
    *STARTED.get_or_init(|| {
        // The library prints every error on stderr otherwise.
        virt::error::clear_error_callback();
        match virt::event::event_register_default_impl() {
            Ok(()) => thread::Builder::new().name("libvirt-events".into()).spawn(run).is_ok(),
            Err(error) => {
                tracing::warn!(%error, "no libvirt event loop: a node that is cut off is noticed late");
                false
            }
        }
    })
}

fn run() {
    loop {
        if let Err(error) = virt::event::event_run_default_impl() {
            tracing::debug!(%error, "libvirt event loop");
            thread::sleep(Duration::from_secs(1));
        }
    }
}
