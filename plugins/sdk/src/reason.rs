//! Why a rule says what it says: reasons, declared once with the rule, and the verdict
//! that names one of them.

use crate::known::Known;

/// One answer of a rule that is not a plain pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    number: u8,
    kind: Kind,
    code: &'static str,
    text: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Reject,
    Warn,
    /// Something that the rule needs is not known: the node is neither taken nor refused for it.
    Unknown,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
        }
    }
}

impl Reason {
    /// Use [`reasons!`](crate::reasons): it numbers them.
    pub const fn reject(number: u8, code: &'static str, text: &'static str) -> Self {
        Self { number, kind: Kind::Reject, code, text }
    }

    /// Use [`reasons!`](crate::reasons): it numbers them.
    pub const fn warn(number: u8, code: &'static str, text: &'static str) -> Self {
        Self { number, kind: Kind::Warn, code, text }
    }

    /// Use [`reasons!`](crate::reasons): it numbers them.
    pub const fn unknown(number: u8, code: &'static str, text: &'static str) -> Self {
        Self { number, kind: Kind::Unknown, code, text }
    }

    pub const fn code(self) -> &'static str {
        self.code
    }

    pub const fn kind(self) -> Kind {
        self.kind
    }

    pub const fn text(self) -> &'static str {
        self.text
    }
}

/// What a check found at one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    code: u8,
}

impl Finding {
    pub(crate) const fn code(self) -> u8 {
        self.code
    }
}

/// The answer of a check: a finding, or the fact that it misses.
pub type Verdict = Known<Finding>;

/// The node is fine.
#[inline]
pub const fn pass() -> Verdict {
    Ok(Finding { code: 0 })
}

/// The node is refused, warned of, or held back, as the reason's kind says.
#[inline]
pub const fn because(reason: Reason) -> Verdict {
    Ok(Finding { code: reason.number })
}

/// Declares the reasons of a rule: a constant each, and `REASONS` with all of them.
///
/// ```
/// wayleave_sdk::reasons! {
///     SHORT: reject "memory-short", "not enough free memory";
///     TIGHT: warn "memory-tight", "little would stay free";
///     STALE: unknown "memory-stale", "what is free was measured too long ago";
/// }
/// assert_eq!(REASONS[1].code(), "memory-tight");
/// ```
///
/// The kinds are `reject`, `warn` and `unknown`. Codes are for ever; texts may change.
#[macro_export]
macro_rules! reasons {
    ($($name:ident: $kind:ident $code:literal, $text:literal;)*) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types, dead_code)]
        #[repr(u8)]
        enum ReasonNumber { NONE_ $(, $name)* }
        $(const $name: $crate::Reason = $crate::Reason::$kind(ReasonNumber::$name as u8, $code, $text);)*
        const REASONS: &[$crate::Reason] = &[$($name),*];
    };
}
