//! A plugin that wishes ill: each rule misbehaves in its own way, and the description can be
//! made to. It speaks the contract without the SDK's rules, which would not let it do this.
//!
//! The tests patch some texts of the built component: those here that are marked.

#![cfg(target_family = "wasm")]

mod answers;
mod description;
mod resources;

use std::cell::RefCell;

use wayleave_sdk::bindings::always::exports::wayleave::policy::{metadata, settings};
use wayleave_sdk::bindings::check::exports::wayleave::policy::check;
use wayleave_sdk::bindings::claims::exports::wayleave::policy::claims;
use wayleave_sdk::bindings::facts::wayleave::policy::{clock, log, nodes};
use wayleave_sdk::bindings::score::exports::wayleave::policy::score;
use wayleave_sdk::bindings::{always, check as check_part, claims as claims_part, score as score_part};

struct Hostile;

thread_local! {
    static RULE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn rule() -> String {
    RULE.with_borrow(Clone::clone)
}

/// How many answers are due.
fn due() -> usize {
    nodes::count() as usize
}

impl metadata::Guest for Hostile {
    fn describe() -> String {
        description::describe()
    }
}

impl settings::Guest for Hostile {
    fn configure(rule: String, _settings: String) -> Result<(), Vec<settings::Problem>> {
        std::panic::set_hook(Box::new(|info| log::panic(&info.to_string())));
        let deciding = due() > 0;
        if rule == "refuses-settings-late" && deciding {
            let message = "\u{1b}[31mnot any more\u{1b}[0m".to_owned();
            return Err(vec![settings::Problem { path: String::new(), message }]);
        }
        if rule == "panics-in-configure" && deciding {
            panic!("configured once too often");
        }
        RULE.set(rule);
        Ok(())
    }
}

impl check::Guest for Hostile {
    fn evaluate() -> Result<Vec<u8>, String> {
        // Asked for so that there is an import whose name the tests can patch.
        let _ = clock::taken_at();
        answers::codes(&rule())
    }

    fn explain(_node: u32) -> Result<check::Explained, String> {
        let words = answers::words(&rule())?;
        Ok(check::Explained { measured: words.clone(), needed: words.clone(), remedy: words })
    }
}

impl claims::Guest for Hostile {
    fn claims(_node: u32) -> Result<Vec<claims::Claim>, String> {
        let claims = answers::claims(&rule())?.into_iter();
        Ok(claims.map(|resource| claims::Claim { resource, amount: 1, limit: 1 }).collect())
    }
}

impl score::Guest for Hostile {
    fn evaluate() -> Result<Vec<f32>, String> {
        answers::scores(&rule())
    }

    fn explain(_node: u32) -> Result<score::Explained, String> {
        let words = answers::words(&rule())?;
        Ok(score::Explained { measured: words.clone(), needed: words.clone(), remedy: words })
    }
}

always::export_always!(Hostile with_types_in always);
check_part::export_check!(Hostile with_types_in check_part);
claims_part::export_claims!(Hostile with_types_in claims_part);
score_part::export_score!(Hostile with_types_in score_part);
