//! The site's table: one row a licence. Texts only become numbers and names here.

use std::fmt;

use wayleave_sdk::{site, site::DataError};

/// One licence for the product.
pub struct Row {
    /// Its place in the table, from 1.
    pub number: usize,
    /// Names of nodes; empty: every node.
    pub nodes: Vec<String>,
    /// None: not counted.
    pub seats: Option<u64>,
}

impl fmt::Display for Row {
    /// "row 2 (alpha beta, 3 seats)"
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = if self.nodes.is_empty() { "every node".to_owned() } else { self.nodes.join(" ") };
        match self.seats {
            Some(seats) => write!(out, "row {} ({nodes}, {})", self.number, counted(seats)),
            None => write!(out, "row {} ({nodes})", self.number),
        }
    }
}

/// "1 seat", "2 seats"
pub fn counted(seats: u64) -> impl fmt::Display {
    fmt::from_fn(move |out| write!(out, "{seats} {}", if seats == 1 { "seat" } else { "seats" }))
}

/// The rows of one product, or why they cannot be had. Columns `nodes` and `seats` may
/// be absent: then every row covers every node, and none is counted.
pub fn rows(table: &str, product: &str) -> Result<Vec<Row>, String> {
    let told = |error: DataError| error.to_string();
    let products = site::column(table, "product").map_err(told)?;
    let nodes = site::optional_column(table, "nodes", products.len()).map_err(told)?;
    let seats = site::optional_column(table, "seats", products.len()).map_err(told)?;
    let all = products.iter().zip(nodes).zip(seats).enumerate();
    all.filter(|(_, ((name, _), _))| name.trim() == product)
        .map(|(place, ((_, nodes), seats))| row(place + 1, &nodes, seats.trim()))
        .collect()
}

fn row(number: usize, nodes: &str, seats: &str) -> Result<Row, String> {
    let seats = match seats {
        "" => None,
        seats => match seats.parse() {
            Ok(seats) => Some(seats),
            Err(_) => return Err(format!("row {number} has {seats:?} seats, which is no number")),
        },
    };
    Ok(Row { number, nodes: nodes.split_whitespace().map(str::to_owned).collect(), seats })
}
