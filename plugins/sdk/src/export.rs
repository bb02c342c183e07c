//! A plugin as a component: its exports, and the text of a panic.
//!
//! An instance answers for one decision: configured once, then asked. Its facts are
//! fetched once and never again, so the core makes a fresh instance for the next.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic;

use crate::bindings::always::exports::wayleave::policy::{metadata, settings};
use crate::bindings::check::exports::wayleave::policy::check;
use crate::bindings::claims::exports::wayleave::policy::claims;
use crate::bindings::score::exports::wayleave::policy::score;
use crate::plugin::{Plugin, Rule};
use crate::port;

/// Implemented by what `checks!` and its siblings expand to.
pub trait Offers {
    fn plugin() -> &'static Plugin;
}

/// The exports of a plugin.
pub struct Exported<P>(PhantomData<P>);

thread_local! {
    static RULE: RefCell<Option<Box<dyn Rule>>> = const { RefCell::new(None) };
}

fn with_rule<T>(ask: impl FnOnce(&dyn Rule) -> T) -> Result<T, String> {
    RULE.with_borrow(|rule| match rule {
        Some(rule) => Ok(ask(rule.as_ref())),
        None => Err("configure was not called".to_owned()),
    })
}

/// A trap says nothing of why; this does.
fn forward_panics() {
    panic::set_hook(Box::new(|info| port::log::panic(&info.to_string())));
}

impl<P: Offers> metadata::Guest for Exported<P> {
    fn describe() -> String {
        forward_panics();
        P::plugin().describe()
    }
}

impl<P: Offers> settings::Guest for Exported<P> {
    fn configure(rule: String, settings: String) -> Result<(), Vec<settings::Problem>> {
        forward_panics();
        let rule = P::plugin().configure(&rule, &settings).map_err(|problems| {
            let problems = problems.into_iter();
            let told = problems.map(|one| settings::Problem { path: one.path, message: one.message });
            told.collect::<Vec<_>>()
        })?;
        RULE.set(Some(rule));
        Ok(())
    }
}

impl<P: Offers> check::Guest for Exported<P> {
    fn evaluate() -> Result<Vec<u8>, String> {
        with_rule(|rule| rule.codes())
    }

    fn explain(node: u32) -> Result<check::Explained, String> {
        let words = with_rule(|rule| rule.explain(node as usize))??;
        Ok(check::Explained { measured: words.measured, needed: words.needed, remedy: words.remedy })
    }
}

impl<P: Offers> claims::Guest for Exported<P> {
    fn claims(node: u32) -> Result<Vec<claims::Claim>, String> {
        let claims = with_rule(|rule| rule.claims(node as usize))??.into_iter();
        let told =
            claims.map(|one| claims::Claim { resource: one.resource, amount: one.amount, limit: one.limit });
        Ok(told.collect())
    }
}

impl<P: Offers> score::Guest for Exported<P> {
    fn evaluate() -> Result<Vec<f32>, String> {
        with_rule(|rule| rule.scores())
    }

    fn explain(node: u32) -> Result<score::Explained, String> {
        let words = with_rule(|rule| rule.explain(node as usize))??;
        Ok(score::Explained { measured: words.measured, needed: words.needed, remedy: words.remedy })
    }
}
