//! A recorded decision as a suite of one case: its facts, and its whole matrix as what is expected.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::expect::{Cell, ClaimWanted, Expected, Want};
use super::{Case, Subject, Suite};
use crate::fixture::Fixture;
use crate::model::decision::{Decision, Finding};
use crate::model::record::DecisionRecord;

/// The suite that a record is. Words are not expected: they may get better, and large fleets are not
/// explained in full.
pub fn suite(path: &Path, record: &DecisionRecord) -> Suite {
    let number = record.id.map(|id| format!(" {id}")).unwrap_or_default();
    let decision = &record.decision;
    let case = Case {
        name: format!("decision{number}: {} from {}", decision.domain, decision.source),
        line: 1,
        rule: None,
        settings: Value::Object(serde_json::Map::new()),
        facts: Fixture::of(&record.snapshot),
        expected: expected(decision),
        skipped: Vec::new(),
        from_each: true,
    };
    let subject = Subject::Policy(path.to_owned());
    Suite { path: path.to_owned(), subject, cases: vec![case], unreachable: BTreeMap::new() }
}

fn expected(decision: &Decision) -> Expected {
    let cells = decision.candidates.iter().flat_map(|candidate| {
        candidate.findings.iter().map(|finding| Cell {
            rule: finding.rule.clone(),
            node: candidate.node.clone(),
            want: want(finding),
        })
    });
    let claims = decision.claims.iter().map(|claim| ClaimWanted {
        resource: claim.resource.clone(),
        amount: claim.amount,
        limit: claim.limit,
    });
    Expected {
        cells: cells.collect(),
        chosen: Some(decision.chosen.clone()),
        claims: Some(claims.collect()),
        tolerance: Expected::TOLERANCE,
        ..Expected::default()
    }
}

fn want(finding: &Finding) -> Want {
    Want {
        verdict: Some(finding.verdict),
        effect: Some(finding.effect),
        code: Some(finding.code.clone()),
        score: finding.score,
        ..Want::default()
    }
}
