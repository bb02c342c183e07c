//! Rule `licence`: a licence of the site covers the domain at the destination.
//!
//! The site's table has one row a licence: a product, the nodes it covers, and how many
//! domains may run under it. The domain names its product in a label; without the label
//! it needs none.
//!
//! A live domain takes a seat of every row that covers its node. So a move between two
//! nodes of one row takes no new seat, and a row that covers every node never runs out
//! by a move. Elsewhere the move claims a seat: the core holds it while the job runs, so
//! that two moves do not take the last one together.

mod seat;
mod table;

use wayleave_sdk::prelude::*;

use crate::seat::{Seat, Seats};

settings! {
    struct Settings {
        /// The site data with the columns product, nodes and seats.
        table: String = String::from("licences"),
        /// The label of a domain that names the product it needs.
        label: String = String::from("licence"),
    }
}

reasons! {
    UNKNOWN_PRODUCT: reject "licence-unknown", "the site's table has no licence for the product";
    NOT_FOR_NODE: reject "licence-not-for-node", "no licence for the product covers the node";
    SPENT: reject "licence-seats-spent", "every licence that covers the node has all its seats taken";
    NOT_COUNTED: unknown "licence-seats-not-known", "the seats in use cannot be counted";
    NO_DATA: unknown "licence-data-unavailable", "the site's table cannot be had";
}

struct Licence {
    /// None: the domain needs no licence.
    product: Option<String>,
    table: String,
    seats: Result<Seats, String>,
}

impl Check for Licence {
    const NAME: &'static str = "licence";
    const TITLE: &'static str = "a licence of the site covers the domain at the node";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Settings;

    fn new(settings: Settings) -> Self {
        let Settings { table, label } = settings;
        let product = domain::label(&label).filter(|product| !product.is_empty());
        let rows = match &product {
            Some(product) => table::rows(&table, product),
            None => Ok(Vec::new()),
        };
        let seats = rows.map(|rows| Seats::new(rows, &label, product.as_deref().unwrap_or_default()));
        Self { product, table, seats }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let Some(product) = &self.product else {
            return pass().measured("the domain needs none");
        };
        let needed = format_args!("a licence for {product}");
        let seats = match &self.seats {
            Ok(seats) => seats,
            Err(error) => {
                return because(NO_DATA).measured(format_args!("{}: {error}", self.table)).needed(needed);
            }
        };
        let rows = || list(seats.rows());
        match seats.seat(node) {
            Seat::Uncounted(row) => pass().measured(format_args!("{}, not counted", row)).needed(needed),
            Seat::Kept(row) => pass().measured(format_args!("{}, kept by the move", row)).needed(needed),
            Seat::Taken { row, taken, seats } => pass()
                .measured(format_args!("{row}: {taken} of {} taken", table::counted(seats)))
                .needed(format_args!("a seat for {product}")),
            Seat::NoRow => because(UNKNOWN_PRODUCT).measured("no row").needed(needed).remedy(format_args!(
                "add a row for {product} to the site's table {}, or mend the domain's label",
                self.table
            )),
            Seat::OtherNodes => because(NOT_FOR_NODE).measured(rows()).needed(needed).remedy(format_args!(
                "choose a node that a licence for {product} covers, or add {} to one",
                node.name()
            )),
            Seat::Spent => {
                because(SPENT).measured(rows()).needed(format_args!("a seat for {product}")).remedy(
                    format_args!("stop a domain with {product} on the nodes of the licence, or buy seats"),
                )
            }
            Seat::NotCounted(nodes) => because(NOT_COUNTED)
                .measured(format_args!("nothing tells what runs on {}", list(&nodes)))
                .needed(format_args!("a seat for {product}"))
                .remedy("bring the node back, or take its name from the licence's row"),
        }
    }

    fn claims(&self, node: Node<'_>) -> Known<Vec<Claim>> {
        let (Some(product), Ok(seats)) = (&self.product, &self.seats) else { return Ok(Vec::new()) };
        match seats.seat(node) {
            Seat::Taken { row, taken, seats } => Ok(vec![Claim {
                resource: format!("licence/{product}/{}", row.number),
                amount: 1,
                limit: seats - taken,
            }]),
            Seat::NotCounted(_) => Err(Unknown("licence seats")),
            _ => Ok(Vec::new()),
        }
    }
}

wayleave_sdk::checks_with_claims!(Licence);

#[cfg(test)]
mod tests;
