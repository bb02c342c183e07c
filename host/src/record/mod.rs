//! What is done with decisions after they were taken: kept without secrets, taken again,
//! explained, made small. Pure: the store is behind the port `Records`.
//!
//! ```text
//! decision ─redact─▶ record ─┬─replay──▶ the same bytes, or what differs
//!                            ├─whatif──▶ the smallest change that lets a node take the domain
//!                            └─minimise▶ a record of few facts that says the same
//! ```

pub mod allow;
pub mod changes;
pub mod compare;
pub mod explain;
pub mod minimise;
pub mod pattern;
pub mod read;
pub mod redact;
#[cfg(test)]
mod redact_tests;
pub mod replay;
pub mod suite;
pub mod whatif;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::redact::{Cleared, Redaction};
use crate::decide::decide;
use crate::model::decision::{Candidate, Decision, Finding};
use crate::model::policy::Policy;
use crate::model::port::Evaluate;
use crate::model::record::{DecisionRecord, Purpose, RecordedPolicy, TakenBy, VERSION, canonical};
use crate::model::snapshot::Snapshot;
use crate::problem::InputError;

/// A decision that was taken, with everything that it was taken from.
#[derive(Clone, Copy)]
pub struct Taken<'a> {
    pub purpose: Purpose,
    pub policy: &'a Policy,
    pub snapshot: &'a Snapshot,
    pub decision: &'a Decision,
    pub evaluate: &'a dyn Evaluate,
}

pub fn digest(decision: &Decision) -> String {
    format!("{:x}", Sha256::digest(canonical(decision)))
}

/// Makes the record. Where something was redacted the decision is taken once more from the facts as
/// they are recorded: that is the one that a replay gives, and no secret can be in its words.
pub fn record(taken: Taken<'_>, by: &TakenBy, redaction: &Redaction) -> Result<DecisionRecord, InputError> {
    let mut cleared = redaction.clear(taken.snapshot, &RecordedPolicy::from(taken.policy))?;
    let decision = if cleared.redacted.is_empty() {
        taken.decision.clone()
    } else {
        let policy = with_settings(taken.policy, &cleared.policy);
        let again = decide(&policy, &cleared.snapshot, taken.evaluate);
        let scrubbed = scrub(taken.decision, &cleared, redaction);
        if says_the_same(&again, &scrubbed) {
            again
        } else {
            cleared.redacted.decides_otherwise = true;
            scrubbed
        }
    };
    Ok(DecisionRecord {
        version: VERSION,
        id: None,
        at: Timestamp::now(),
        by: by.clone(),
        purpose: taken.purpose,
        policy: cleared.policy,
        snapshot: cleared.snapshot,
        decision_digest: digest(&decision),
        decision,
        redacted: cleared.redacted,
    })
}

fn with_settings(policy: &Policy, recorded: &RecordedPolicy) -> Policy {
    let mut policy = policy.clone();
    for (rule, recorded) in policy.rules.iter_mut().zip(&recorded.rules) {
        rule.settings.clone_from(&recorded.settings);
    }
    policy
}

/// The decision as it was taken, without the secrets of its facts.
fn scrub(decision: &Decision, cleared: &Cleared, redaction: &Redaction) -> Decision {
    let scrub = |text: &mut String| *text = cleared.scrub(redaction, text);
    let mut decision = decision.clone();
    [&mut decision.domain, &mut decision.source].into_iter().for_each(scrub);
    decision.chosen.iter_mut().for_each(scrub);
    decision.domain_uuid =
        decision.domain_uuid.and_then(|uuid| cleared.scrub(redaction, &uuid.to_string()).parse().ok());
    decision.claims.iter_mut().for_each(|claim| scrub(&mut claim.resource));
    for candidate in &mut decision.candidates {
        scrub(&mut candidate.node);
        for finding in &mut candidate.findings {
            scrub(&mut finding.text);
            let words = [&mut finding.measured, &mut finding.needed, &mut finding.remedy];
            words.into_iter().flatten().for_each(scrub);
        }
    }
    decision
}

/// The same choice and claims, and every verdict with its code and score: all but words and fuel.
fn says_the_same(one: &Decision, other: &Decision) -> bool {
    let finding = |one: &Finding, other: &Finding| {
        (&one.rule, one.verdict, one.effect, &one.code, one.score)
            == (&other.rule, other.verdict, other.effect, &other.code, other.score)
    };
    let candidate = |one: &Candidate, other: &Candidate| {
        (&one.node, one.stage, one.score) == (&other.node, other.stage, other.score)
            && one.findings.len() == other.findings.len()
            && one.findings.iter().zip(&other.findings).all(|(one, other)| finding(one, other))
    };
    (&one.chosen, &one.claims) == (&other.chosen, &other.claims)
        && one.candidates.len() == other.candidates.len()
        && one.candidates.iter().zip(&other.candidates).all(|(one, other)| candidate(one, other))
}
