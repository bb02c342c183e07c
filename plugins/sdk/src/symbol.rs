//! Interned texts: equal texts are equal numbers, so that comparing names of thousands
//! of nodes costs a comparison of integers. A symbol lives for one decision.

use std::fmt;

use crate::port;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol of no text, and of every text that occurs in no fact.
    pub const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub fn text(self) -> String {
        port::symbols::texts(&[self.0]).pop().unwrap_or_default()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

/// The symbol of a text. Look it up once, in `new`, and compare in `judge`.
pub fn symbol(text: &str) -> Symbol {
    symbols(&[text]).pop().unwrap_or(Symbol::NONE)
}

/// The symbols of several texts, in their order.
pub fn symbols<T: AsRef<str>>(texts: &[T]) -> Vec<Symbol> {
    let texts: Vec<String> = texts.iter().map(|text| text.as_ref().to_owned()).collect();
    port::symbols::lookup(&texts).into_iter().map(Symbol).collect()
}
