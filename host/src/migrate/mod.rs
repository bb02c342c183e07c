//! The act: where the source must call, the transfer, and what both nodes show afterwards.
//!
//! The phases are put in order by `controller::migration`; nothing here decides whether
//! a domain may move.

pub mod conclude;
pub mod destination;
pub mod parameters;
pub mod transfer;
pub mod verify;
