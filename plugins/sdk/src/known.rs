//! Facts that may not be known. A missing fact is never a pass: it travels up with `?`
//! and becomes the verdict "unknown" by itself.

use crate::symbol::Symbol;

/// The name of a fact that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown(pub &'static str);

/// A fact, or the name of what is not known.
pub type Known<T> = Result<T, Unknown>;

/// Plain values of a column, of which one says "not known".
pub trait Cell: Copy {
    fn is_known(self) -> bool;

    #[inline]
    fn known(self, fact: &'static str) -> Known<Self> {
        if self.is_known() { Ok(self) } else { Err(Unknown(fact)) }
    }
}

impl Cell for u8 {
    #[inline]
    fn is_known(self) -> bool {
        self != u8::MAX
    }
}

impl Cell for u32 {
    #[inline]
    fn is_known(self) -> bool {
        self != u32::MAX
    }
}

impl Cell for u64 {
    #[inline]
    fn is_known(self) -> bool {
        self != u64::MAX
    }
}

impl Cell for Symbol {
    #[inline]
    fn is_known(self) -> bool {
        self != Symbol::NONE
    }
}
