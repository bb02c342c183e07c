//! Where facts come from: the imports of the contract in a component, and a table
//! in memory (see `native`) anywhere else. Both offer the same modules of functions,
//! so that everything above is one code.

#[cfg(target_family = "wasm")]
pub use crate::bindings::facts::wayleave::policy::{
    cells, clock, cpu, domain, log, networks, nodes, reach, residents, site_data, source, storage, symbols,
};
#[cfg(not(target_family = "wasm"))]
pub use crate::native::port::{
    cells, clock, cpu, domain, log, networks, nodes, reach, residents, site_data, source, storage, symbols,
};

/// One column of facts.
#[cfg(target_family = "wasm")]
pub type Data<T> = Vec<T>;
/// One column of facts, shared with the table it comes from.
#[cfg(not(target_family = "wasm"))]
pub type Data<T> = std::sync::Arc<[T]>;
