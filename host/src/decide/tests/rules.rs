//! Rules without plugins: what they answer is a function of the rule's and the node's names.

use serde_json::json;

use crate::model::decision::Claim;
use crate::model::node::{Gathered, NodeEntry, NodeFacts};
use crate::model::policy::{Mode, OnFault, Policy, Reason, ReasonKind, RuleInfo, RuleKind, RuleUse};
use crate::model::port::{Answer, Evaluate, Explanation, Fault, Problem, Rows, Sitting};
use crate::model::snapshot::{CandidateFacts, PairFacts, Snapshot};

/// A snapshot with candidates of these names.
pub struct Site {
    pub snapshot: Snapshot,
}

impl Site {
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut snapshot = Snapshot::empty();
        snapshot.domain.name = "web".to_owned();
        snapshot.candidates = names.into_iter().map(candidate).collect();
        Self { snapshot }
    }

    pub fn silence(&mut self, name: &str) {
        let silent = Gathered::Unreachable { code: "no-answer".to_owned(), error: "timed out".to_owned() };
        for candidate in self.snapshot.candidates.iter_mut().filter(|one| one.node.name() == name) {
            candidate.node.gathered = silent.clone();
        }
    }

    pub fn policy(&self, rules: impl IntoIterator<Item = RuleUse>) -> Policy {
        Policy {
            name: "test".to_owned(),
            digest: "0".to_owned(),
            rules: rules.into_iter().collect(),
            data: Default::default(),
        }
    }
}

pub fn candidate(name: &str) -> CandidateFacts {
    let entry = NodeEntry {
        name: name.to_owned(),
        uri: format!("test://{name}/"),
        address: None,
        labels: Default::default(),
        maintenance: false,
    };
    let gathered = Gathered::Facts(Box::default());
    CandidateFacts { node: NodeFacts { entry, gathered }, pair: PairFacts::default() }
}

/// An enforced rule. Code 1 rejects, 2 warns, 3 does not know.
pub fn rule(name: &str, kind: RuleKind) -> RuleUse {
    let reason = |code: &str, kind| Reason { code: code.to_owned(), kind, text: format!("it says {code}") };
    let reasons = vec![
        reason("no-room", ReasonKind::Reject),
        reason("tight", ReasonKind::Warn),
        reason("not-known", ReasonKind::Unknown),
    ];
    let info = RuleInfo {
        plugin: "plain".to_owned(),
        plugin_version: "1".to_owned(),
        plugin_digest: "1".to_owned(),
        name: name.to_owned(),
        kind,
        title: String::new(),
        reasons: if kind == RuleKind::Check { reasons } else { Vec::new() },
        settings_schema: json!({}),
        needs: Default::default(),
    };
    RuleUse {
        name: name.to_owned(),
        info,
        mode: Mode::Enforce,
        on_fault: OnFault::Reject,
        weight: 1.0,
        settings: json!({}),
        mandatory: false,
    }
}

type OfRule = Box<dyn Fn(&str) -> Option<Fault> + Send + Sync>;
type OfNode<T> = Box<dyn Fn(&str, &str) -> T + Send + Sync>;

/// Answers for every rule; each function gets the rule's name and the node's.
pub struct Plain {
    pub code: OfNode<u8>,
    pub score: OfNode<f32>,
    pub claims: OfNode<Result<u64, Fault>>,
    pub fault: OfRule,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            code: Box::new(|_, _| 0),
            score: Box::new(|_, _| 0.0),
            claims: Box::new(|_, _| Ok(0)),
            fault: Box::new(|_| None),
        }
    }
}

pub fn answering(
    score: impl Fn(&str) -> f32 + Send + Sync + 'static,
    code: impl Fn(&str) -> u8 + Send + Sync + 'static,
) -> Plain {
    Plain {
        code: Box::new(move |_, node| code(node)),
        score: Box::new(move |_, node| score(node)),
        ..Plain::default()
    }
}

pub fn scoring(score: impl Fn(&str, &str) -> f32 + Send + Sync + 'static) -> Plain {
    Plain { score: Box::new(score), ..Plain::default() }
}

pub fn claiming(claims: impl Fn(&str) -> Result<u64, Fault> + Send + Sync + 'static) -> Plain {
    Plain { claims: Box::new(move |_, node| claims(node)), ..Plain::default() }
}

/// Every rule fails.
pub fn broken() -> Plain {
    Plain { fault: Box::new(|_| Some(out_of_fuel())), ..Plain::default() }
}

pub fn out_of_fuel() -> Fault {
    Fault { code: "out-of-fuel".to_owned(), detail: "it used all its fuel".to_owned() }
}

impl Evaluate for Plain {
    fn rules(&self) -> &[RuleInfo] {
        &[]
    }

    fn configure(&self, _rule: &RuleInfo, _settings: &serde_json::Value) -> Result<(), Vec<Problem>> {
        Ok(())
    }

    fn sit<'a>(&'a self, snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        let answers = |(_, candidate): &(usize, &CandidateFacts)| candidate.node.host().is_some();
        let rows = snapshot.candidates.iter().enumerate().filter(answers).map(|(index, _)| index).collect();
        Box::new(Seated { plain: self, snapshot, rows })
    }
}

struct Seated<'a> {
    plain: &'a Plain,
    snapshot: &'a Snapshot,
    rows: Vec<usize>,
}

impl Seated<'_> {
    fn name(&self, row: usize) -> &str {
        self.snapshot.candidates[self.rows[row]].node.name()
    }
}

impl Sitting for Seated<'_> {
    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn answer(&self, rule: &RuleUse, explain: &dyn Fn(usize, u8) -> bool) -> Answer {
        if let Some(fault) = (self.plain.fault)(&rule.name) {
            return Answer { rows: Err(fault), fuel: 1, reads: Vec::new() };
        }
        let names = || (0..self.rows.len()).map(|row| self.name(row));
        let words = |row: usize| {
            let measured = Some(format!("{} on {}", rule.name, self.name(row)));
            (row, Explanation { measured, ..Explanation::default() })
        };
        let rows = match rule.info.kind {
            RuleKind::Check => {
                let codes: Vec<u8> = names().map(|name| (self.plain.code)(&rule.name, name)).collect();
                let shown = (0..codes.len()).filter(|row| explain(*row, codes[*row]));
                let explained = shown.map(words).collect();
                Rows::Codes { codes, explained }
            }
            RuleKind::Score => {
                let scores = names().map(|name| (self.plain.score)(&rule.name, name)).collect();
                let shown = (0..self.rows.len()).filter(|row| explain(*row, 0));
                Rows::Scores { scores, explained: shown.map(words).collect() }
            }
        };
        Answer { rows: Ok(rows), fuel: 1, reads: Vec::new() }
    }

    fn claims(&self, rule: &RuleUse, row: usize) -> Result<Vec<Claim>, Fault> {
        let amount = (self.plain.claims)(&rule.name, self.name(row))?;
        let resource = format!("seat/{}", self.name(row));
        let claim = Claim { rule: rule.name.clone(), resource, amount, limit: 9 };
        Ok(if amount == 0 { Vec::new() } else { vec![claim] })
    }
}
