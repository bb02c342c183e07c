//! One fresh instance of one plugin: configured once, asked, thrown away.
//!
//! Everything that can go wrong in here is a `Fault` with a stable code; which limit
//! was hit is recorded where it is hit, never read out of a message.

use std::sync::Arc;

use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Lower,
};
use wasmtime::{ResourceLimiter, Result, Store, Trap};

use super::columns::Columns;
use super::engine::SandboxLimits;
use crate::model::port::{Explanation, Fault, Problem};

/// What the store of a sandbox holds.
pub struct State {
    pub columns: Arc<Columns>,
    /// A mark for each import that was called: see `Imports::called`.
    pub called: u128,
    memory: MemoryLimit,
    log_bytes_left: usize,
    panic: Option<String>,
}

/// All memories and tables of a component together: it may have several of each.
#[derive(Debug)]
struct MemoryLimit {
    bytes_left: usize,
    /// Pointers, not bytes: a generous count that no rule comes near.
    elements_left: usize,
    hit: bool,
}

impl MemoryLimit {
    fn new(bytes: usize) -> Self {
        Self { bytes_left: bytes, elements_left: 100_000, hit: false }
    }
}

/// Takes the growth from what is left, or says that it was too much.
fn grant(left: &mut usize, hit: &mut bool, now: usize, wanted: usize) -> bool {
    let granted = left.checked_sub(wanted.saturating_sub(now));
    *hit |= granted.is_none();
    *left = granted.unwrap_or(*left);
    granted.is_some()
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, now: usize, wanted: usize, _most: Option<usize>) -> Result<bool> {
        Ok(grant(&mut self.bytes_left, &mut self.hit, now, wanted))
    }

    fn table_growing(&mut self, now: usize, wanted: usize, _most: Option<usize>) -> Result<bool> {
        Ok(grant(&mut self.elements_left, &mut self.hit, now, wanted))
    }

    fn memories(&self) -> usize {
        // Each reserves addresses, however small it is.
        16
    }

    fn tables(&self) -> usize {
        64
    }

    fn instances(&self) -> usize {
        64
    }
}

impl State {
    pub fn log(&mut self, level: u8, message: &str) {
        let message = clean(message, self.log_bytes_left);
        self.log_bytes_left -= message.len();
        if message.is_empty() {
            return;
        }
        match level {
            0 => tracing::error!(target: "plugin", "{message}"),
            1 => tracing::warn!(target: "plugin", "{message}"),
            2 => tracing::info!(target: "plugin", "{message}"),
            _ => tracing::debug!(target: "plugin", "{message}"),
        }
    }

    pub fn panicked(&mut self, message: &str) {
        self.panic = Some(clean(message, 2000));
    }
}

/// A text of a plugin, fit for a terminal: no control characters, nothing invisible that
/// turns the line around, at most so many bytes.
pub fn clean(text: &str, bytes_max: usize) -> String {
    let mut cleaned = String::new();
    for character in text.chars() {
        let hidden =
            matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        let character = if character.is_control() || hidden { ' ' } else { character };
        if cleaned.len() + character.len_utf8() > bytes_max {
            break;
        }
        cleaned.push(character);
    }
    cleaned
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct WireProblem {
    path: String,
    message: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct WireExplained {
    measured: String,
    needed: String,
    remedy: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub struct WireClaim {
    pub resource: String,
    pub amount: u64,
    pub limit: u64,
}

/// Where in a component its exported functions are.
#[derive(Clone)]
pub struct Exports {
    pub describe: ComponentExportIndex,
    pub configure: ComponentExportIndex,
    pub check: Option<Judging>,
    pub score: Option<Judging>,
    pub claims: Option<ComponentExportIndex>,
}

#[derive(Clone)]
pub struct Judging {
    pub evaluate: ComponentExportIndex,
    pub explain: ComponentExportIndex,
}

pub struct Sandbox {
    store: Store<State>,
    instance: Instance,
    limits: SandboxLimits,
    fuel_given: u64,
}

impl Sandbox {
    pub fn new(
        component: &InstancePre<State>,
        columns: Arc<Columns>,
        limits: SandboxLimits,
    ) -> Result<Self, Fault> {
        let rows = columns.rows.len();
        let state = State {
            columns,
            called: 0,
            memory: MemoryLimit::new(limits.memory_bytes),
            log_bytes_left: limits.log_bytes,
            panic: None,
        };
        let mut store = Store::new(component.engine(), state);
        store.limiter(|state| &mut state.memory);
        let fuel_given = limits.fuel.saturating_add(limits.fuel_per_row.saturating_mul(rows as u64));
        store.set_fuel(fuel_given).map_err(|error| broken(&error))?;
        store.set_epoch_deadline(limits.ticks());
        store.epoch_deadline_trap();
        store.set_hostcall_fuel(limits.answer_bytes + 64 * rows);
        let instance = match component.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Err(fault(store.data(), &limits, &error)),
        };
        Ok(Self { store, instance, limits, fuel_given })
    }

    pub fn called(&self) -> u128 {
        self.store.data().called
    }

    pub fn fuel_used(&self) -> u64 {
        self.fuel_given.saturating_sub(self.store.get_fuel().unwrap_or(0))
    }

    fn call<P, R>(&mut self, function: &ComponentExportIndex, parameters: P) -> Result<R, Fault>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let function =
            self.instance.get_typed_func::<P, R>(&mut self.store, function).map_err(|error| Fault {
                code: "wrong-contract".to_owned(),
                detail: clean(&format!("an exported function has another type: {error:#}"), 500),
            })?;
        function
            .call(&mut self.store, parameters)
            .map_err(|error| fault(self.store.data(), &self.limits, &error))
    }

    pub fn describe(&mut self, exports: &Exports) -> Result<String, Fault> {
        let (text,) = self.call(&exports.describe, ())?;
        Ok(text)
    }

    /// Makes this instance the rule `name` with these settings.
    pub fn configure(
        &mut self,
        exports: &Exports,
        name: &str,
        settings: &str,
    ) -> Result<Result<(), Vec<Problem>>, Fault> {
        let (answer,): (Result<(), Vec<WireProblem>>,) = self.call(&exports.configure, (name, settings))?;
        Ok(answer.map_err(|problems| {
            problems
                .into_iter()
                .map(|one| Problem { path: clean(&one.path, 200), message: clean(&one.message, 500) })
                .collect()
        }))
    }

    pub fn evaluate<T>(&mut self, judging: &Judging) -> Result<Vec<T>, Fault>
    where
        (Result<Vec<T>, String>,): ComponentNamedList + Lift,
    {
        let (answer,): (Result<Vec<T>, String>,) = self.call(&judging.evaluate, ())?;
        answer.map_err(|text| refused_to_answer(&text))
    }

    pub fn explain(&mut self, judging: &Judging, row: u32) -> Result<Explanation, Fault> {
        let (answer,): (Result<WireExplained, String>,) = self.call(&judging.explain, (row,))?;
        let explained = answer.map_err(|text| refused_to_answer(&text))?;
        let text = |text: String| Some(clean(&text, 1000)).filter(|text| !text.is_empty());
        Ok(Explanation {
            measured: text(explained.measured),
            needed: text(explained.needed),
            remedy: text(explained.remedy),
        })
    }

    pub fn claims(&mut self, claims: &ComponentExportIndex, row: u32) -> Result<Vec<WireClaim>, Fault> {
        let (answer,): (Result<Vec<WireClaim>, String>,) = self.call(claims, (row,))?;
        answer.map_err(|text| refused_to_answer(&text))
    }
}

fn refused_to_answer(text: &str) -> Fault {
    Fault { code: "rule-error".to_owned(), detail: clean(text, 500) }
}

fn broken(error: &wasmtime::Error) -> Fault {
    Fault { code: "sandbox".to_owned(), detail: clean(&format!("{error:#}"), 500) }
}

/// Which limit or trap ended a call.
fn fault(state: &State, limits: &SandboxLimits, error: &wasmtime::Error) -> Fault {
    let (code, detail) = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => ("out-of-fuel", "it used all its fuel: does it loop?".to_owned()),
        Some(Trap::Interrupt) => ("out-of-time", format!("it ran for more than {:?}", limits.time)),
        _ if state.memory.hit => {
            ("out-of-memory", format!("it wanted more than {} MiB", limits.memory_bytes >> 20))
        }
        Some(Trap::StackOverflow) => ("stack-overflow", "its calls are nested too deeply".to_owned()),
        trap => match (&state.panic, trap) {
            (Some(panic), _) => ("panic", panic.clone()),
            (None, Some(trap)) => ("trap", trap.to_string()),
            (None, None) => ("bad-answer", clean(&error.root_cause().to_string(), 500)),
        },
    };
    Fault { code: code.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_limit() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.memory_growing(0, 60, None).expect("it answers"));
        assert!(!limit.memory_growing(0, 60, None).expect("it answers"), "a second memory");
        assert!(limit.hit);
        assert!(limit.memory_growing(60, 100, None).expect("it answers"), "what is left can still be had");
        assert!(!limit.memory_growing(100, 101, None).expect("it answers"));
    }

    #[test]
    fn a_text_is_cleaned_and_cut_between_characters() {
        assert_eq!(clean("a\u{1b}[1mb\r\n\u{202e}", 100), "a [1mb   ");
        assert_eq!(clean("äöü", 5), "äö");
        assert_eq!(clean("abc", 0), "");
    }
}
