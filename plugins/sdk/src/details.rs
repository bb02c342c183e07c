//! The words of an answer: what was measured, what was needed, what would help.
//!
//! A rule says them in the same function that decides. They are written down only
//! while one node is being explained to a person; in the hot path each costs one
//! look at a flag, and nothing is formatted.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Display};

use crate::known::Known;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    pub measured: String,
    pub needed: String,
    pub remedy: String,
}

thread_local! {
    static EXPLAINING: Cell<bool> = const { Cell::new(false) };
    static WORDS: RefCell<Explained> = const {
        RefCell::new(Explained { measured: String::new(), needed: String::new(), remedy: String::new() })
    };
}

/// Says more about an answer.
pub trait Details: Sized {
    /// What the rule saw, as in "2048 MiB free".
    #[must_use]
    fn measured(self, value: impl Display) -> Self;

    /// What it wanted to see, as in "4096 MiB".
    #[must_use]
    fn needed(self, value: impl Display) -> Self;

    /// What a person can do about it: an imperative, a command if there is one.
    #[must_use]
    fn remedy(self, value: impl Display) -> Self;
}

impl<T> Details for Known<T> {
    #[inline]
    fn measured(self, value: impl Display) -> Self {
        if is_explaining() {
            note(|words| &mut words.measured, &value);
        }
        self
    }

    #[inline]
    fn needed(self, value: impl Display) -> Self {
        if is_explaining() {
            note(|words| &mut words.needed, &value);
        }
        self
    }

    #[inline]
    fn remedy(self, value: impl Display) -> Self {
        if is_explaining() {
            note(|words| &mut words.remedy, &value);
        }
        self
    }
}

/// Bytes as whole MiB, rounded down.
pub fn mib(bytes: u64) -> impl Display {
    fmt::from_fn(move |formatter| write!(formatter, "{} MiB", bytes >> 20))
}

/// Things in a row: "a, b, c".
pub fn list<I>(items: I) -> impl Display
where
    I: IntoIterator + Clone,
    I::Item: Display,
{
    fmt::from_fn(move |formatter| {
        for (place, item) in items.clone().into_iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(formatter, "{separator}{item}")?;
        }
        Ok(())
    })
}

#[inline]
fn is_explaining() -> bool {
    EXPLAINING.with(Cell::get)
}

#[cold]
fn note(part: fn(&mut Explained) -> &mut String, value: &dyn Display) {
    // Formatted before the words are borrowed: a `Display` may itself judge something.
    let text = value.to_string();
    WORDS.with_borrow_mut(|words| *part(words) = text);
}

/// Runs a judgement with the flag up and returns its words.
pub(crate) fn explained<T>(judge: impl FnOnce() -> Known<T>) -> (Known<T>, Explained) {
    WORDS.take();
    EXPLAINING.set(true);
    let answer = judge();
    EXPLAINING.set(false);
    (answer, WORDS.take())
}
