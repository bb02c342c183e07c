//! A lab of real libvirt nodes on one machine, for tests that speak to the product as a user does.
//!
//! Each node is a set of namespaces with a libvirtd of its own; guests are real and tick on a serial
//! console that outlives a move. The lab is not a mock and knows nothing of the product's code:
//! it writes a configuration file and runs the `wayleave` program.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use lab::{Guest, Lab};
//! let lab = Lab::start(["node-a", "node-b"])?;
//! let guest = lab.boot(&Guest::ticking("web"), &lab.node("node-a"))?;
//! let finished = lab.wayleave(["migrate", "web"])?;
//! assert_eq!(finished.status, 0);
//! guest.wait_for_ticks_after(guest.last_tick()?)?;
//! guest.assert_clock_never_went_back();
//! # Ok(()) }
//! ```

mod bench;
mod command;
mod console;
mod decision;
mod domain_xml;
mod guest;
mod image;
mod keeper;
mod lab;
mod leftovers;
mod network;
mod node;
mod node_capabilities;
mod node_faults;
mod node_files;
mod place;
mod product;
mod running;
mod told;
mod watching;

pub use bench::{Measure, Row, compare_with_virsh};
pub use command::{Finished, eventually};
pub use console::Tick;
pub use decision::{Decision, Finding};
pub use guest::Guest;
pub use lab::Lab;
pub use leftovers::{leftovers, sweep};
pub use node::Node;
pub use product::Spawned;
pub use running::RunningGuest;
pub use told::{Ending, Told, error_told, value_of_kind};
pub use watching::Events;
