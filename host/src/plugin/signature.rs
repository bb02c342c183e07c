//! Types of the contract's functions, and of a component's own, in the same words: those of WIT,
//! without the names of parameters, which nobody compares.
//!
//! That a component's functions have the right names says nothing of what they take and answer. Of
//! an import the linker would say so, in words of its own; of an export nobody would before a rule is
//! asked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use wasmtime::component::types::{ComponentFunc, ComponentItem, Type as Found};
use wit_parser::{Function, FunctionKind, Resolve, Type, TypeDefKind};

const CONTRACT: &str = include_str!("../../../plugins/wit/policy.wit");
/// More than any type of the contract needs. One of a component may go on for gigabytes.
const BYTES_MAX: usize = 400;

/// The type that `interface.function` has in the contract.
pub fn expected(function: &str) -> Option<&'static str> {
    static TYPES: LazyLock<BTreeMap<String, String>> = LazyLock::new(contract);
    TYPES.get(function).map(String::as_str)
}

fn contract() -> BTreeMap<String, String> {
    let mut resolve = Resolve::default();
    // It is a part of this program, and a test reads it.
    let Ok(_) = resolve.push_str("policy.wit", CONTRACT) else { return BTreeMap::new() };
    let mut types = BTreeMap::new();
    for (_, interface) in &resolve.interfaces {
        for function in interface.functions.values() {
            let name = interface.name.as_deref().unwrap_or_default();
            types.insert(format!("{name}.{}", function.name), of_contract(&resolve, function));
        }
    }
    types
}

/// What a component has under a name.
pub fn found(item: &ComponentItem) -> String {
    let other = match item {
        ComponentItem::ComponentFunc(function) => return of_component(function),
        ComponentItem::ComponentInstance(_) => "an instance",
        ComponentItem::Component(_) => "a component",
        ComponentItem::CoreFunc(_) | ComponentItem::Module(_) => "a part of its core",
        ComponentItem::Type(_) | ComponentItem::Resource(_) => "a type",
    };
    other.to_owned()
}

fn of_contract(resolve: &Resolve, function: &Function) -> String {
    let mut words = Words::default();
    let name = |words: &mut Words, one: &Type| words.of_contract(resolve, one);
    let start = if function.kind == FunctionKind::AsyncFreestanding { "async func(" } else { "func(" };
    words.row(start, function.params.iter(), ")", |words, parameter| name(words, &parameter.ty));
    words.row_of_one(" -> ", function.result.as_ref(), name);
    words.0
}

fn of_component(function: &ComponentFunc) -> String {
    let mut words = Words::default();
    let start = if function.async_() { "async func(" } else { "func(" };
    words.row(start, function.params(), ")", |words, (_, one)| words.of_component(&one));
    words.row_of_one(" -> ", function.results().next(), |words, one| words.of_component(&one));
    words.0
}

/// A text that stops growing.
#[derive(Default)]
struct Words(String);

impl Words {
    fn say(&mut self, text: &str) {
        let text = super::sandbox::clean(text, BYTES_MAX.saturating_sub(self.0.len()));
        self.0.push_str(&text);
    }

    fn row<T>(
        &mut self,
        start: &str,
        each: impl Iterator<Item = T>,
        end: &str,
        mut name: impl FnMut(&mut Self, T),
    ) {
        self.say(start);
        for (place, one) in each.enumerate() {
            if self.0.len() >= BYTES_MAX {
                return;
            }
            self.say(if place == 0 { "" } else { ", " });
            name(self, one);
        }
        self.say(end);
    }

    fn row_of_one<T>(&mut self, start: &str, one: Option<T>, name: impl FnMut(&mut Self, T)) {
        if one.is_some() {
            self.row(start, one.into_iter(), "", name);
        }
    }

    fn result<T>(&mut self, ok: Option<T>, error: Option<T>, name: impl Fn(&mut Self, T)) {
        let all = match (ok, error) {
            (None, None) => return self.say("result"),
            (ok, None) => vec![ok],
            (ok, error) => vec![ok, error],
        };
        self.row("result<", all.into_iter(), ">", |words, one| match one {
            Some(one) => name(words, one),
            None => words.say("_"),
        });
    }

    fn of_contract(&mut self, resolve: &Resolve, one: &Type) {
        let name = |words: &mut Self, one: &Type| words.of_contract(resolve, one);
        let plain = match one {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext => "error-context",
            Type::Id(id) => match &resolve.types[*id].kind {
                TypeDefKind::Type(one) => return name(self, one),
                TypeDefKind::List(one) => return self.row("list<", [one].into_iter(), ">", name),
                TypeDefKind::Option(one) => return self.row("option<", [one].into_iter(), ">", name),
                TypeDefKind::Result(one) => return self.result(one.ok.as_ref(), one.err.as_ref(), name),
                TypeDefKind::Record(record) => {
                    return self.row("record { ", record.fields.iter(), " }", |words, field| {
                        words.say(&format!("{}: ", field.name));
                        name(words, &field.ty);
                    });
                }
                // The contract has none of these.
                other => other.as_str(),
            },
        };
        self.say(plain);
    }

    fn of_component(&mut self, one: &Found) {
        let name = |words: &mut Self, one: Found| words.of_component(&one);
        let plain = match one {
            Found::List(one) => return self.row("list<", [one.ty()].into_iter(), ">", name),
            Found::Option(one) => return self.row("option<", [one.ty()].into_iter(), ">", name),
            Found::Result(one) => return self.result(one.ok(), one.err(), name),
            Found::Record(record) => {
                return self.row("record { ", record.fields(), " }", |words, field| {
                    words.say(field.name);
                    words.say(": ");
                    name(words, field.ty);
                });
            }
            Found::Tuple(tuple) => return self.row("tuple<", tuple.types(), ">", name),
            Found::Bool => "bool",
            Found::U8 => "u8",
            Found::U16 => "u16",
            Found::U32 => "u32",
            Found::U64 => "u64",
            Found::S8 => "s8",
            Found::S16 => "s16",
            Found::S32 => "s32",
            Found::S64 => "s64",
            Found::Float32 => "f32",
            Found::Float64 => "f64",
            Found::Char => "char",
            Found::String => "string",
            // The contract has none of these: what is in them does not matter.
            Found::Variant(_) => "variant",
            Found::Enum(_) => "enum",
            Found::Flags(_) => "flags",
            Found::Own(_) => "own",
            Found::Borrow(_) => "borrow",
            Found::Map(_) => "map",
            Found::FixedLengthList(_) => "fixed-length list",
            Found::Future(_) => "future",
            Found::Stream(_) => "stream",
            Found::ErrorContext => "error-context",
        };
        self.say(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_contract_is_told() {
        let types = contract();
        assert!(types.len() > 90, "{} functions", types.len());
        assert_eq!(types["clock.taken-at"], "func() -> u64");
        assert_eq!(types["log.emit"], "func(u8, string)");
        assert_eq!(types["domain.label"], "func(string) -> option<string>");
        let configured = "func(string, string) -> result<_, list<record { path: string, message: string }>>";
        assert_eq!(types["settings.configure"], configured);
        for (function, text) in &types {
            // A word for what is not unfolded would be the same for all of its kind.
            let shortened = ["variant", "enum", "flags", "own", "borrow", "tuple"];
            assert!(!shortened.iter().any(|kind| text.contains(kind)), "{function}: {text}");
            assert!(text.starts_with("func(") && text.len() < BYTES_MAX, "{function}: {text}");
        }
    }
}
