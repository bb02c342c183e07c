//! A plugin: the rules it offers, what it says of them, and one of them at work.
//!
//! Everything here is the same in a component and in a native test; `export` and
//! `native` only bring it in touch with the core and with a table in memory.

use std::cell::OnceCell;

use crate::columns::Columns;
use crate::details::{Explained, explained};
use crate::json;
use crate::known::{Known, Unknown};
use crate::node::Node;
use crate::port;
use crate::reason::{Finding, Reason};
use crate::rule::{Check, Claim, Score};
use crate::settings::{Problem, Settings};

/// The contract that this SDK speaks.
pub const CONTRACT: &str = "1.0";

/// The reason that every check has beside its own.
const NOT_KNOWN: Reason = Reason::unknown(0, "not-known", "a fact that the rule needs is not known");

/// What `checks!` and its siblings make.
pub struct Plugin {
    pub name: &'static str,
    pub version: &'static str,
    pub rules: &'static [Offer],
}

/// One rule that a plugin offers.
pub struct Offer {
    pub name: &'static str,
    kind: &'static str,
    title: &'static str,
    reasons: &'static [Reason],
    schema: fn() -> String,
    configure: Configure,
}

type Configure = fn(&str) -> Result<Box<dyn Rule>, Vec<Problem>>;

/// A rule with its settings. It asks for facts when it is first put to work.
pub trait Rule {
    /// One code a node.
    fn codes(&self) -> Vec<u8> {
        Vec::new()
    }

    /// One score a node.
    fn scores(&self) -> Vec<f32> {
        Vec::new()
    }

    fn explain(&self, node: usize) -> Result<Explained, String>;

    fn claims(&self, _node: usize) -> Result<Vec<Claim>, String> {
        Ok(Vec::new())
    }
}

impl Plugin {
    /// The metadata document.
    pub fn describe(&self) -> String {
        json::object([
            ("name", json::quoted(self.name)),
            ("version", json::quoted(self.version)),
            ("contract", json::quoted(CONTRACT)),
            ("rules", json::array(self.rules.iter().map(Offer::describe))),
        ])
    }

    pub fn offer(&self, rule: &str) -> Option<&'static Offer> {
        self.rules.iter().find(|offer| offer.name == rule)
    }

    /// One of its rules with settings as JSON.
    pub fn configure(&self, rule: &str, settings: &str) -> Result<Box<dyn Rule>, Vec<Problem>> {
        match self.offer(rule) {
            Some(offer) => offer.configure(settings),
            None => Err(vec![Problem::at("", format!("{} has no rule {rule:?}", self.name))]),
        }
    }
}

impl Offer {
    pub const fn check<R: Check>() -> Self {
        Self {
            name: R::NAME,
            kind: "check",
            title: R::TITLE,
            reasons: R::REASONS,
            schema: R::Settings::schema,
            configure: |settings| {
                let settings = parsed(settings, R::problems)?;
                Ok(Box::new(CheckAtWork::<R> { work: Work::new(settings) }))
            },
        }
    }

    pub const fn score<R: Score>() -> Self {
        Self {
            name: R::NAME,
            kind: "score",
            title: R::TITLE,
            reasons: &[],
            schema: R::Settings::schema,
            configure: |settings| {
                let settings = parsed(settings, R::problems)?;
                Ok(Box::new(ScoreAtWork::<R> { work: Work::new(settings) }))
            },
        }
    }

    pub fn configure(&self, settings: &str) -> Result<Box<dyn Rule>, Vec<Problem>> {
        (self.configure)(settings)
    }

    /// The reason code that answers a number: `ok` for 0; none: the number is nobody's.
    pub fn reason(&self, code: u8) -> Option<&'static str> {
        let place = usize::from(code);
        match place.checked_sub(1) {
            None => Some("ok"),
            Some(place) if place == self.reasons.len() => Some(NOT_KNOWN.code()),
            Some(place) => self.reasons.get(place).map(|reason| reason.code()),
        }
    }

    fn describe(&self) -> String {
        let always = (self.kind == "check").then_some(&NOT_KNOWN);
        let reasons = self.reasons.iter().chain(always).map(|reason| {
            json::object([
                ("code", json::quoted(reason.code())),
                ("kind", json::quoted(reason.kind().name())),
                ("text", json::quoted(reason.text())),
            ])
        });
        json::object([
            ("name", json::quoted(self.name)),
            ("kind", json::quoted(self.kind)),
            ("title", json::quoted(self.title)),
            ("reasons", json::array(reasons)),
            ("settings_schema", (self.schema)()),
        ])
    }
}

fn parsed<S: Settings>(json: &str, problems: fn(&S) -> Vec<Problem>) -> Result<S, Vec<Problem>> {
    let settings = S::parse(json)?;
    match problems(&settings) {
        none if none.is_empty() => Ok(settings),
        some => Err(some),
    }
}

/// A rule that is made from its settings when facts are there to be asked for.
struct Work<S, R> {
    settings: std::cell::Cell<Option<S>>,
    rule: OnceCell<R>,
    columns: Columns,
}

impl<S, R> Work<S, R> {
    fn new(settings: S) -> Self {
        Self {
            settings: std::cell::Cell::new(Some(settings)),
            rule: OnceCell::new(),
            columns: Columns::default(),
        }
    }

    fn rule(&self, make: fn(S) -> R) -> &R {
        self.rule.get_or_init(|| make(self.settings.take().expect("a rule is made once")))
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..port::nodes::count() as usize).map(|row| Node { columns: &self.columns, row })
    }

    fn node(&self, row: usize) -> Result<Node<'_>, String> {
        self.nodes().nth(row).ok_or_else(|| format!("there is no node {row}"))
    }
}

struct CheckAtWork<R: Check> {
    work: Work<R::Settings, R>,
}

impl<R: Check> Rule for CheckAtWork<R> {
    fn codes(&self) -> Vec<u8> {
        let rule = self.work.rule(R::new);
        let not_known = R::REASONS.len() as u8 + 1;
        self.work.nodes().map(|node| rule.judge(node).map_or(not_known, Finding::code)).collect()
    }

    fn explain(&self, node: usize) -> Result<Explained, String> {
        let rule = self.work.rule(R::new);
        let node = self.work.node(node)?;
        let (answer, words) = explained(|| rule.judge(node));
        Ok(completed(answer, words))
    }

    fn claims(&self, node: usize) -> Result<Vec<Claim>, String> {
        let rule = self.work.rule(R::new);
        let node = self.work.node(node)?;
        rule.claims(node).map_err(|Unknown(fact)| format!("{fact} is not known"))
    }
}

struct ScoreAtWork<R: Score> {
    work: Work<R::Settings, R>,
}

impl<R: Score> Rule for ScoreAtWork<R> {
    fn scores(&self) -> Vec<f32> {
        let rule = self.work.rule(R::new);
        self.work.nodes().map(|node| rule.score(node).unwrap_or(0.0)).collect()
    }

    fn explain(&self, node: usize) -> Result<Explained, String> {
        let rule = self.work.rule(R::new);
        let node = self.work.node(node)?;
        let (answer, words) = explained(|| rule.score(node));
        Ok(completed(answer, words))
    }
}

/// An answer that no rule put into words, because a fact was missing.
fn completed<T>(answer: Known<T>, mut words: Explained) -> Explained {
    if let (Err(Unknown(fact)), true) = (answer, words.measured.is_empty()) {
        words.measured = format!("{fact} is not known");
    }
    words
}
