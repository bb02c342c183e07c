//! Any text as a policy: a policy, or an error with a code and a place in the text.

#![no_main]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use wayleave::model::policy::{RuleInfo, RuleKind};
use wayleave::model::port::{Evaluate, Problem, Sitting};
use wayleave::model::snapshot::Snapshot;
use wayleave::policy::{MANDATORY, parse};

/// Rules without plugins, each with settings of every kind.
struct Offered(Vec<RuleInfo>);

impl Evaluate for Offered {
    fn rules(&self) -> &[RuleInfo] {
        &self.0
    }

    fn configure(&self, _: &RuleInfo, _: &Value) -> Result<(), Vec<Problem>> {
        Ok(())
    }

    fn sit<'a>(&'a self, _: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        unreachable!("a policy is read without facts")
    }
}

static OFFERED: LazyLock<Offered> = LazyLock::new(|| {
    let more = ["memory-room", "spread"];
    Offered(MANDATORY.iter().copied().chain(more).map(info).collect())
});

fn info(name: &str) -> RuleInfo {
    RuleInfo {
        plugin: name.to_owned(),
        plugin_version: "1".to_owned(),
        plugin_digest: name.to_owned(),
        name: name.to_owned(),
        kind: if name == "spread" { RuleKind::Score } else { RuleKind::Check },
        title: name.to_owned(),
        reasons: Vec::new(),
        settings_schema: json!({ "type": "object", "additionalProperties": false, "properties": {
            "reserve_mib": { "type": "integer", "minimum": 0 },
            "ratio": { "type": "number" },
            "names": { "type": "array", "items": { "type": "string", "pattern": "^[a-z]+$" } },
            "strict": { "type": "boolean" },
        } }),
        needs: BTreeSet::new(),
    }
}

fuzz_target!(|text: &str| {
    if let Err(error) = parse(Path::new("fuzzed.toml"), text, &*OFFERED) {
        assert!(!error.code().is_empty());
        let lines = text.lines().count().max(1) + 1;
        assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
    }
});
