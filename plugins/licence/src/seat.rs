//! Who sits where: what a move to a node would take of the licences that cover it.

use std::cell::OnceCell;

use wayleave_sdk::prelude::*;

use crate::table::Row;

/// What a move to one node means for the domain's licence. The first that lets it run wins.
pub enum Seat<'a> {
    /// A licence that is not counted covers the node.
    Uncounted(&'a Row),
    /// A licence covers source and node: the domain sits under it already.
    Kept(&'a Row),
    /// The move takes a seat that is free.
    Taken { row: &'a Row, taken: u64, seats: u64 },
    /// No licence for the product at all.
    NoRow,
    /// No licence covers the node.
    OtherNodes,
    /// All seats are taken.
    Spent,
    /// Seats seem free, but nothing tells what runs on these nodes.
    NotCounted(Vec<String>),
}

/// The seats of one product.
pub struct Seats {
    rows: Vec<Row>,
    counts: Vec<Counted>,
    label: ResidentLabel,
    product: Symbol,
    /// Counts leave it out wherever it is: it would not sit twice.
    domain: Symbol,
    source: String,
}

/// One row with what is the same for every node.
struct Counted {
    nodes: Vec<Symbol>,
    in_use: OnceCell<InUse>,
}

struct InUse {
    taken: u64,
    /// Nodes of the row of which nobody knows what runs there.
    silent: Vec<String>,
}

impl Seats {
    pub fn new(rows: Vec<Row>, label: &str, product: &str) -> Self {
        let counts = rows.iter().map(|row| Counted { nodes: symbols(&row.nodes), in_use: OnceCell::new() });
        Self {
            counts: counts.collect(),
            rows,
            label: ResidentLabel::new(label),
            product: symbol(product),
            domain: domain::uuid().map_or(Symbol::NONE, |uuid| symbol(&uuid)),
            source: source::name(),
        }
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn seat(&self, node: Node<'_>) -> Seat<'_> {
        if self.rows.is_empty() {
            return Seat::NoRow;
        }
        let covering =
            || self.rows.iter().zip(&self.counts).filter(|(_, counted)| counted.covers(node.name()));
        if covering().next().is_none() {
            return Seat::OtherNodes;
        }
        if let Some((row, _)) = covering().find(|(row, _)| row.seats.is_none()) {
            return Seat::Uncounted(row);
        }
        if let Some((row, _)) = covering().find(|(row, _)| self.covers_source(row)) {
            return Seat::Kept(row);
        }
        let mut silent = Vec::new();
        for (row, counted) in covering() {
            let in_use = counted.in_use.get_or_init(|| self.count(row, counted, node));
            let seats = row.seats.unwrap_or(0);
            match (in_use.taken < seats, in_use.silent.is_empty()) {
                (true, true) => return Seat::Taken { row, taken: in_use.taken, seats },
                (true, false) => silent.extend(in_use.silent.iter().cloned()),
                (false, _) => {}
            }
        }
        if silent.is_empty() { Seat::Spent } else { Seat::NotCounted(silent) }
    }

    fn covers_source(&self, row: &Row) -> bool {
        row.nodes.is_empty() || row.nodes.contains(&self.source)
    }

    /// Live domains of the product on the row's nodes. The source is none of them here:
    /// a row that covers it takes no new seat.
    fn count(&self, row: &Row, counted: &Counted, node: Node<'_>) -> InUse {
        let mut in_use = InUse { taken: 0, silent: Vec::new() };
        let mut met = vec![false; row.nodes.len()];
        for candidate in node.candidates() {
            let Some(place) = counted.nodes.iter().position(|name| *name == candidate.name()) else {
                continue;
            };
            met[place] = true;
            match self.sitting(candidate) {
                Ok(taken) => in_use.taken += taken,
                Err(_) => in_use.silent.push(row.nodes[place].clone()),
            }
        }
        let unmet = row.nodes.iter().zip(met).filter(|(_, met)| !met).map(|(name, _)| name.clone());
        in_use.silent.extend(unmet);
        in_use
    }

    fn sitting(&self, node: Node<'_>) -> Known<u64> {
        let mut sitting = 0;
        for resident in node.residents() {
            let same_product = self.label.of(resident) == Some(self.product);
            if same_product && resident.uuid() != self.domain && resident.active()? {
                sitting += 1;
            }
        }
        Ok(sitting)
    }
}

impl Counted {
    fn covers(&self, node: Symbol) -> bool {
        self.nodes.is_empty() || self.nodes.contains(&node)
    }
}
