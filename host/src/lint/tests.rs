//! What a lint says of rules that have one thing wrong each.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{Severity, Subject, lint};
use crate::model::policy::{Reason, ReasonKind, RuleInfo, RuleKind, RuleUse};
use crate::model::port::{Answer, Evaluate, Explained, Fault, Problem, Rows, Sitting};
use crate::model::snapshot::Snapshot;

/// Rules whose names say how they misbehave.
struct Judges {
    asked: AtomicUsize,
}

impl Evaluate for Judges {
    fn rules(&self) -> &[RuleInfo] {
        &[]
    }

    fn configure(&self, rule: &RuleInfo, _settings: &Value) -> Result<(), Vec<Problem>> {
        match rule.name.as_str() {
            "refuses" => Err(vec![Problem { path: "/limit".to_owned(), message: "too low".to_owned() }]),
            _ => Ok(()),
        }
    }

    fn sit<'a>(&'a self, snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        Box::new(JudgesSitting { judges: self, rows: (0..snapshot.candidates.len()).collect() })
    }
}

struct JudgesSitting<'a> {
    judges: &'a Judges,
    rows: Vec<usize>,
}

impl Sitting for JudgesSitting<'_> {
    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn answer(&self, rule: &RuleUse, _explain: &dyn Fn(usize, u8) -> bool) -> Answer {
        let asked = self.judges.asked.fetch_add(1, Ordering::Relaxed);
        let codes: Vec<u8> = match rule.name.as_str() {
            "forgets" => self.rows.iter().map(|_| (asked % 2) as u8).collect(),
            "counts" => self.rows.iter().map(|row| u8::from(*row < 3)).collect(),
            _ => self.rows.iter().map(|_| 0).collect(),
        };
        let fault = Fault { code: "trap".to_owned(), detail: "no nodes".to_owned() };
        let fails = rule.name == "fails" && self.rows.is_empty();
        let rows = if fails { Err(fault) } else { Ok(Rows::Codes { codes, explained: Explained::new() }) };
        Answer { rows, fuel: 0, reads: Default::default() }
    }

    fn claims(&self, _: &RuleUse, _: usize) -> Result<Vec<crate::model::decision::Claim>, Fault> {
        Ok(Vec::new())
    }
}

fn sound(name: &str) -> RuleInfo {
    let reason = |code: &str, kind| Reason { code: code.to_owned(), kind, text: format!("it is {code}") };
    RuleInfo {
        plugin: "tried".to_owned(),
        plugin_version: "0.1.0".to_owned(),
        plugin_digest: String::new(),
        name: name.to_owned(),
        kind: RuleKind::Check,
        title: "it is tried".to_owned(),
        reasons: vec![reason("too-full", ReasonKind::Reject), reason("not-known", ReasonKind::Unknown)],
        settings_schema: json!({ "type": "object", "additionalProperties": false, "properties": {
            "limit": { "type": "integer", "default": 5, "description": "how many" },
        } }),
        needs: ["nodes.name".to_owned()].into(),
    }
}

fn codes(rule: RuleInfo) -> Vec<String> {
    codes_of(&Subject { rules: &[rule], bytes: 1, bytes_max: 100, debug_information: false })
}

fn codes_of(subject: &Subject<'_>) -> Vec<String> {
    let findings = lint(subject, &Judges { asked: AtomicUsize::new(0) });
    assert!(findings.iter().all(|finding| !finding.text.is_empty() && !finding.fix.is_empty()));
    let grave = |finding: &&super::Finding| finding.severity == Severity::Error;
    assert!(findings.iter().filter(grave).count() <= 1, "one error, not those that follow from it");
    findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn a_sound_rule_has_nothing_wrong() {
    assert_eq!(codes(sound("sound")), Vec::<String>::new());
}

#[test]
fn what_a_rule_does_wrong_is_found_by_trying_it() {
    for (name, code) in [
        ("fails", "faults"),
        ("forgets", "not-deterministic"),
        ("counts", "depends-on-order"),
        ("refuses", "defaults-refused"),
    ] {
        assert_eq!(codes(sound(name)), [code]);
    }
}

#[test]
fn what_a_rule_does_not_say_is_found() {
    let changed = |change: &dyn Fn(&mut RuleInfo)| {
        let mut rule = sound("sound");
        change(&mut rule);
        codes(rule)
    };
    assert_eq!(changed(&|rule| rule.plugin_version.clear()), ["no-version"]);
    assert_eq!(changed(&|rule| rule.title.clear()), ["no-title"]);
    assert_eq!(changed(&|rule| rule.reasons[0].text.clear()), ["reason-without-text"]);
    assert_eq!(
        changed(&|rule| rule.reasons[0].text = rule.reasons[1].text.clone()),
        ["reasons-with-one-text"]
    );
    assert_eq!(changed(&|rule| rule.reasons.clear()), ["never-refuses"]);
    assert_eq!(changed(&|rule| rule.reasons.truncate(1)), ["never-unknown"]);
    assert_eq!(changed(&|rule| rule.needs = ["log.emit".to_owned()].into()), ["asks-for-nothing"]);
    let setting =
        |schema: Value| changed(&|rule| rule.settings_schema["properties"]["limit"] = schema.clone());
    assert_eq!(setting(json!({ "type": "integer", "default": 1 })), ["setting-without-description"]);
    assert_eq!(setting(json!({ "type": "integer", "description": "a" })), ["setting-without-default"]);
    assert_eq!(setting(json!({ "default": 1, "description": "a" })), ["setting-without-type"]);
    let open = json!({ "type": "object" });
    assert_eq!(changed(&|rule| rule.settings_schema = open.clone()), ["settings-schema-open"]);
    let riddle = json!({ "type": "object", "additionalProperties": false, "required": ["key"],
        "properties": { "key": { "type": "string", "description": "a" } } });
    assert_eq!(changed(&|rule| rule.settings_schema = riddle.clone()), ["no-settings-to-try"]);
    let wrong = json!({ "type": "integer", "default": "five", "description": "a" });
    assert_eq!(setting(wrong), ["defaults-refused"]);
}

#[test]
fn a_large_plugin_with_debug_information_is_told_so() {
    let rules = [sound("sound")];
    let subject = Subject { rules: &rules, bytes: 81, bytes_max: 100, debug_information: true };
    assert_eq!(codes_of(&subject), ["nearly-too-large", "debug-information"]);
}
