//! A whole rule in one declaration, and the last line of a plugin: which rules it offers.
//! That one makes `PLUGIN`, which native code can use, and in a component the exports of one
//! world.

/// A check whose settings are all that it keeps: declares the type, its settings, its reasons
/// and its [`Check`](crate::Check). For one that keeps more, implement the trait.
///
/// ```
/// use wayleave_sdk::prelude::*;
///
/// check! {
///     /// the node has enough free memory
///     MemoryRoom = "memory-room";
///     settings {
///         /// Kept free on every node, in MiB.
///         reserve_mib: u64 = 256,
///     }
///     reasons {
///         SHORT: reject "memory-short", "not enough free memory";
///     }
///     judge(self, node) {
///         let (free, needed) = (node.memory_free()?, self.reserve_mib << 20);
///         let verdict = if free < needed { because(SHORT) } else { pass() };
///         verdict.measured(mib(free)).needed(mib(needed))
///     }
/// }
///
/// wayleave_sdk::checks!(MemoryRoom);
/// ```
///
/// The settings may be left out. One module holds one rule.
#[macro_export]
macro_rules! check {
    (
        #[doc = $title:literal]
        $Rule:ident = $name:literal;
        $(settings { $($setting:tt)* })?
        reasons { $($reason:tt)* }
        judge($this:ident, $node:ident) $judge:block
    ) => {
        $crate::__rule!($Rule { $($($setting)*)? });
        $crate::reasons! { $($reason)* }

        impl $crate::Check for $Rule {
            const NAME: &'static str = $name;
            const TITLE: &'static str = $title.trim_ascii();
            const REASONS: &'static [$crate::Reason] = REASONS;
            type Settings = Self;

            fn new(settings: Self) -> Self {
                settings
            }

            fn judge(&$this, $node: $crate::Node<'_>) -> $crate::Verdict $judge
        }
    };
}

/// A score whose settings are all that it keeps, declared as with [`check!`](crate::check!).
///
/// ```
/// use wayleave_sdk::prelude::*;
///
/// score! {
///     /// much memory is free
///     MemoryFree = "memory-free";
///     score(self, node) {
///         let (free, total) = (node.memory_free()?, node.memory_total()?);
///         Ok(free as f32 / total.max(1) as f32).measured(mib(free))
///     }
/// }
///
/// wayleave_sdk::scores!(MemoryFree);
/// ```
#[macro_export]
macro_rules! score {
    (
        #[doc = $title:literal]
        $Rule:ident = $name:literal;
        $(settings { $($setting:tt)* })?
        score($this:ident, $node:ident) $score:block
    ) => {
        $crate::__rule!($Rule { $($($setting)*)? });

        impl $crate::Score for $Rule {
            const NAME: &'static str = $name;
            const TITLE: &'static str = $title.trim_ascii();
            type Settings = Self;

            fn new(settings: Self) -> Self {
                settings
            }

            fn score(&$this, $node: $crate::Node<'_>) -> $crate::Known<f32> $score
        }
    };
}

/// A rule's type, which is its settings.
#[doc(hidden)]
#[macro_export]
macro_rules! __rule {
    ($Rule:ident {}) => {
        pub struct $Rule;

        impl $crate::Settings for $Rule {
            fn schema() -> String {
                $crate::NoSettings::schema()
            }

            fn parse(json: &str) -> Result<Self, Vec<$crate::Problem>> {
                $crate::NoSettings::parse(json).map(|_| Self)
            }
        }
    };
    ($Rule:ident { $($setting:tt)+ }) => {
        $crate::settings! { pub struct $Rule { $($setting)+ } }
    };
}

/// Offers checks: `checks!(MemoryRoom, CpuRoom);`
#[macro_export]
macro_rules! checks {
    ($($rule:ty),+ $(,)?) => {
        $crate::offer!([$($crate::Offer::check::<$rule>()),+], check::export_check);
    };
}

/// Offers checks of which some take claims.
#[macro_export]
macro_rules! checks_with_claims {
    ($($rule:ty),+ $(,)?) => {
        $crate::offer!([$($crate::Offer::check::<$rule>()),+], check::export_check, claims::export_claims);
    };
}

/// Offers scores: `scores!(Spread);`
#[macro_export]
macro_rules! scores {
    ($($rule:ty),+ $(,)?) => {
        $crate::offer!([$($crate::Offer::score::<$rule>()),+], score::export_score);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! offer {
    ([$($offer:expr),+], $($part:ident::$export:ident),+) => {
        /// What this plugin offers.
        pub static PLUGIN: $crate::Plugin = $crate::Plugin {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            rules: &[$($offer),+],
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Offered;

            impl $crate::export::Offers for Offered {
                fn plugin() -> &'static $crate::Plugin {
                    &PLUGIN
                }
            }

            type Component = $crate::export::Exported<Offered>;
            $crate::bindings::always::export_always!(Component with_types_in $crate::bindings::always);
            $($crate::bindings::$part::$export!(Component with_types_in $crate::bindings::$part);)+
        };
    };
}
