//! The node that the domain runs on now. Ask in `new`, not in `judge`.

use crate::known::{Cell, Known, Unknown};
use crate::port;

pub use crate::port::source::{label, name};

/// Its daemon's host UUID.
pub fn uuid() -> Known<String> {
    Some(port::source::uuid()).filter(|uuid| !uuid.is_empty()).ok_or(Unknown("source.uuid"))
}

/// Major * 1,000,000 + minor * 1,000 + release.
pub fn hypervisor_version() -> Known<u64> {
    port::source::hypervisor_version().known("source.hypervisor_version")
}
