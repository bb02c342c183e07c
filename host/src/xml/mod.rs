//! Facts from libvirt's XML: domains, capabilities of a node, storage pools.
//!
//! Text in, plain data of `model` out; the only user of `roxmltree`. Nothing here
//! speaks to a daemon, reads a file or judges what it finds. Every hypervisor and
//! architecture that libvirt knows is read, and what a definition does not say is
//! left unsaid, except where libvirt itself has a fixed default (its `KiB`, its
//! `disk`, its read-only CD-ROM): there the default is the fact.
//!
//! The text may come from anywhere, so everything is bounded (`limits`), nothing
//! recurses, and a value that libvirt would never write is an error with a place.

mod capabilities;
mod cpu;
mod devices;
mod disk;
mod domain;
mod edit;
mod element;
mod error;
mod hostdev;
mod metadata;
mod numa;
mod pool;
#[cfg(test)]
mod tests;
mod values;

pub use capabilities::host_facts;
pub use domain::domain_facts;
pub use edit::{cpu_element, with_other_memory};
pub use error::{Place, XmlError};
pub use pool::pool_facts;

/// The namespace of our own element in a domain's `<metadata>`.
pub const LABELS_NAMESPACE: &str = "https://wayleave.dev/domain/1";

/// What a text may cost at most. Beyond them is an error, save for foreign metadata,
/// which is left out (see `metadata`).
pub mod limits {
    /// As much as libvirt's own protocol lets a text be.
    pub const TEXT_BYTES: usize = 4 * 1024 * 1024;
    pub const NODES: u32 = 1_000_000;
    /// Namespace declarations: the parser's cost grows with their square.
    pub const NAMESPACES: usize = 1_024;
    /// Attributes of one element: likewise.
    pub const ATTRIBUTES: usize = 10_000;
    /// Processor and cell numbers are below this; libvirt's own are below 16,384.
    pub const CPU_NUMBER: u32 = 65_536;
    /// Members of all sets of one text together: 4,096 virtual processors, each
    /// pinned to 1,024.
    pub const SET_MEMBERS: usize = 4_194_304;
    /// Foreign metadata: this many labels, in document order.
    pub const FOREIGN_LABELS: usize = 256;
    pub const FOREIGN_KEY_BYTES: usize = 256;
    pub const FOREIGN_VALUE_BYTES: usize = 1_024;
    pub const FOREIGN_DEPTH: usize = 16;
}
