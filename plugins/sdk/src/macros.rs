//! The last line of a plugin: which rules it offers. Each macro makes `PLUGIN`, which
//! native code can use, and in a component the exports of one world.

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
