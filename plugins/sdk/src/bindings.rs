//! The contract as Rust: what `wit-bindgen` makes of `plugins/wit/policy.wit`.
//!
//! Nothing else in a plugin speaks the component ABI. `facts` holds the imports. The other
//! modules hold one part of the exports each, with the macro that emits it: a plugin is
//! `always` and what else it offers, which together are one of the contract's worlds.

#![allow(unsafe_code, reason = "the component ABI is raw pointers; every line here is generated")]
#![allow(clippy::all, reason = "generated code")]

pub mod facts {
    wit_bindgen::generate!({ path: "../wit", world: "facts" });
}

pub mod always {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package wayleave:sdk-always;
            world always {
                export wayleave:policy/metadata@1.0.0;
                export wayleave:policy/settings@1.0.0;
            }
        ",
        world: "wayleave:sdk-always/always",
        pub_export_macro: true,
        export_macro_name: "export_always",
    });
}

pub mod check {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package wayleave:sdk-check;
            world check { export wayleave:policy/check@1.0.0; }
        ",
        world: "wayleave:sdk-check/check",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_check",
    });
}

pub mod claims {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package wayleave:sdk-claims;
            world claims { export wayleave:policy/claims@1.0.0; }
        ",
        world: "wayleave:sdk-claims/claims",
        pub_export_macro: true,
        export_macro_name: "export_claims",
    });
}

pub mod score {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package wayleave:sdk-score;
            world score { export wayleave:policy/score@1.0.0; }
        ",
        world: "wayleave:sdk-score/score",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_score",
    });
}
