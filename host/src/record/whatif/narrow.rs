//! From a change that goes as far as it can to the least of its kind that does the same.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::moves::{Move, Target, Values};
use super::{How, Search, Step};
use crate::model::policy::Policy;

#[derive(Clone)]
pub struct Narrowed {
    pub change: Move,
    how: How,
    rank: usize,
}

impl Narrowed {
    /// What is less to ask for comes first.
    pub fn cost(&self) -> (usize, How, Reverse<usize>, String) {
        // The deeper, the less of the facts is changed.
        let place = self.change.place();
        (self.rank, self.how, Reverse(place.matches('.').count()), place)
    }

    pub fn step(&self, facts: &Value, policy: &Policy) -> Step {
        Step {
            place: self.change.place(),
            how: self.how,
            to: self.change.value().clone(),
            was: self.change.current(facts, policy),
        }
    }
}

/// Numbers between what is and what is enough: the first one that is enough. It frees the same
/// rules; `beside` are changes that are made with it.
pub fn narrow(
    search: &mut Search<'_>,
    target: &Target,
    extreme: &Move,
    beside: &[&Move],
    frees: &BTreeSet<usize>,
) -> Narrowed {
    let how = match (&target.values, extreme) {
        (_, Move::Without { .. }) => How::Without,
        (_, Move::Append { .. }) => How::Add,
        (Values::Numbers { now, .. }, _) => {
            let far = target.number(extreme.value()).unwrap_or(0);
            if far >= *now { How::AtLeast } else { How::AtMost }
        }
        _ => How::Be,
    };
    let Values::Numbers { now, .. } = target.values else {
        return Narrowed { change: extreme.clone(), how, rank: target.rank };
    };
    let mut enough = target.number(extreme.value()).unwrap_or(now);
    let mut short = now;
    while enough.abs_diff(short) > 1 {
        let middle = enough.midpoint(short);
        let change = target.with_number(middle);
        let mut changes = vec![&change];
        changes.extend(beside);
        if search.frees(&changes).is_superset(frees) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    Narrowed { change: target.with_number(enough), how, rank: target.rank }
}

/// A number as it stands in facts, settings or a cell.
pub fn written(number: u64, scale: u64, as_text: bool) -> Value {
    match (scale, as_text) {
        (1, false) => json!(number),
        (1, true) => json!(number.to_string()),
        (scale, _) => json!(number as f64 / scale as f64),
    }
}
