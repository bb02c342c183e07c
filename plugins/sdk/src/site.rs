//! Data of the site that the policy declares: tables of text, frozen for the decision.

use std::fmt;

use crate::port;

/// Why a column of site data cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataError {
    /// The policy does not declare the table.
    Undeclared,
    /// Its file is not there.
    Missing,
    /// Its file cannot be understood.
    Invalid,
    /// Its file may not be read.
    Denied,
    /// The table does not have the column.
    NoSuchColumn,
    /// A case of a later contract.
    Other,
}

/// One column of a table, one text a row.
pub fn column(table: &str, column: &str) -> Result<Vec<String>, DataError> {
    port::site_data::column(table, column).map_err(|code| match code.as_str() {
        "undeclared" => DataError::Undeclared,
        "missing" => DataError::Missing,
        "invalid" => DataError::Invalid,
        "denied" => DataError::Denied,
        "no-such-column" => DataError::NoSuchColumn,
        _ => DataError::Other,
    })
}

/// A column that a table may lack: then every cell of it is empty.
pub fn optional_column(table: &str, name: &str, rows: usize) -> Result<Vec<String>, DataError> {
    match column(table, name) {
        Err(DataError::NoSuchColumn) => Ok(vec![String::new(); rows]),
        answer => answer,
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Undeclared => "not declared by the policy",
            Self::Missing => "the file is not there",
            Self::Invalid => "the file cannot be understood",
            Self::Denied => "the file may not be read",
            Self::NoSuchColumn => "a column is missing",
            Self::Other => "not available",
        })
    }
}
