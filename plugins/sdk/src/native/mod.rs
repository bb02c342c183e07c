//! The same rules outside a component: for tests of a plugin, and as the baseline that
//! the core measures its sandbox against.
//!
//! `Facts` is a table in memory with the columns of the contract; `Site` makes one from
//! rows that a person can write. A `Trial` is one rule at work on them.

mod facts;
pub mod port;
mod site;

use std::cell::RefCell;
use std::sync::Arc;

pub use facts::{
    CellColumns, CpuColumns, DomainFacts, Facts, NetworkColumns, NodeColumns, ReachColumns, ResidentColumns,
    SourceFacts, StorageColumns, Symbols,
};
pub use site::{Disk, DiskProbe, MachineCell, Neighbour, Site, SiteNode};

use crate::plugin::{Offer, Plugin, Rule};
use crate::{Check, Claim, Explained, Problem};

thread_local! {
    static FACTS: RefCell<Option<Arc<Facts>>> = const { RefCell::new(None) };
}

/// Lets rules on this thread see these facts while `work` runs.
pub fn with_facts<T>(facts: &Arc<Facts>, work: impl FnOnce() -> T) -> T {
    let outer = FACTS.replace(Some(Arc::clone(facts)));
    let answer = work();
    FACTS.set(outer);
    answer
}

/// One code a node, from one check.
pub fn evaluate<R: Check>(settings: &str, facts: &Arc<Facts>) -> Result<Vec<u8>, Vec<Problem>> {
    let rule = Offer::check::<R>().configure(settings)?;
    Ok(with_facts(facts, || rule.codes()))
}

/// One rule of a plugin, at work on some facts.
pub struct Trial {
    offer: &'static Offer,
    rule: Box<dyn Rule>,
    facts: Arc<Facts>,
}

impl Trial {
    pub fn new(plugin: &Plugin, rule: &str, settings: &str, facts: Arc<Facts>) -> Result<Self, Vec<Problem>> {
        let found = plugin.offer(rule).ok_or_else(|| vec![Problem::at("", format!("no rule {rule:?}"))])?;
        Ok(Self { offer: found, rule: found.configure(settings)?, facts })
    }

    /// One number a node, as a component would answer.
    pub fn numbers(&self) -> Vec<u8> {
        with_facts(&self.facts, || self.rule.codes())
    }

    /// One reason code a node; `ok` where it passes.
    pub fn codes(&self) -> Vec<&'static str> {
        let numbers = self.numbers().into_iter();
        numbers.map(|number| self.offer.reason(number).unwrap_or("a number that is nobody's")).collect()
    }

    pub fn scores(&self) -> Vec<f32> {
        with_facts(&self.facts, || self.rule.scores())
    }

    pub fn explain(&self, node: usize) -> Result<Explained, String> {
        with_facts(&self.facts, || self.rule.explain(node))
    }

    pub fn claims(&self, node: usize) -> Result<Vec<Claim>, String> {
        with_facts(&self.facts, || self.rule.claims(node))
    }
}
