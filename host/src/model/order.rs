//! An order to the hypervisor: one move with everything it needs, already validated.

use serde::{Deserialize, Serialize};

/// The three settings of a move. All of them act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest the transfer may take before it is aborted.
    pub destination_timeout_s: u64,
    /// None: unlimited.
    pub bandwidth_mib_s_max: Option<u64>,
    pub downtime_ms_max: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MigrationOrder {
    pub domain: String,
    /// The destination daemon as the source's daemon must call it.
    pub destination_uri: String,
    /// A new name at the destination.
    pub destination_name: Option<String>,
    pub limits: Limits,
    /// The source keeps a definition: define it at the destination, undefine it here.
    pub persistent: bool,
    pub parameters: Vec<Parameter>,
}

/// A typed hypervisor parameter, as the second argument of libvirt's typed list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: ParameterValue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterValue {
    Text(String),
    Int(i32),
    Ullong(u64),
    /// Not a typed parameter of libvirt but one of its flags.
    Flag(bool),
}
