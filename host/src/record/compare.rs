//! Where two decisions on the same facts part: in their choice and claims, in what rules found, in how
//! far nodes came. What of that is worth telling, and in which words, is for who asked.

use crate::model::decision::{Candidate, Decision, Finding, Stage};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference<'a> {
    Choice,
    /// The same choice, which is to hold other things.
    Claims,
    /// A node that is judged no more.
    NotJudged {
        node: &'a str,
    },
    /// Verdict, code, effect or score; not words, which not every node of a large fleet gets. None: the
    /// rule was not asked.
    Finding {
        node: &'a str,
        rule: &'a str,
        was: Option<&'a Finding>,
        now: Option<&'a Finding>,
    },
    Stage {
        node: &'a str,
        was: Stage,
        now: Stage,
    },
}

/// Node by node: rules that were asked, then those that are new, then the node as a whole.
pub fn differences<'a>(was: &'a Decision, now: &'a Decision) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    if was.chosen != now.chosen {
        found.push(Difference::Choice);
    } else if was.claims != now.claims {
        found.push(Difference::Claims);
    }
    for before in &was.candidates {
        let node = before.node.as_str();
        let Some(after) = now.candidate(node) else {
            found.push(Difference::NotJudged { node });
            continue;
        };
        let gone_or_other = before.findings.iter().filter_map(|was| {
            let now = of_rule(after, &was.rule);
            let same = now.is_some_and(|now| alike(was, now));
            (!same).then_some(Difference::Finding { node, rule: &was.rule, was: Some(was), now })
        });
        let is_new = |now: &&Finding| of_rule(before, &now.rule).is_none();
        let new = after.findings.iter().filter(is_new);
        let new = new.map(|now| Difference::Finding { node, rule: &now.rule, was: None, now: Some(now) });
        found.extend(gone_or_other.chain(new));
        if before.stage != after.stage {
            found.push(Difference::Stage { node, was: before.stage, now: after.stage });
        }
    }
    found
}

fn alike(one: &Finding, other: &Finding) -> bool {
    let answer = |one: &'_ Finding| (one.verdict, one.effect, one.score);
    answer(one) == answer(other) && one.code == other.code
}

fn of_rule<'a>(candidate: &'a Candidate, rule: &str) -> Option<&'a Finding> {
    candidate.findings.iter().find(|finding| finding.rule == rule)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decision(chosen: Option<&str>, candidates: Value) -> Decision {
        let empty = json!({
            "taken_at": "2026-01-01T00:00:00Z", "domain": "web", "domain_uuid": null, "source": "a",
            "policy": "p", "policy_digest": "", "rules": [], "claims": [], "chosen": chosen,
            "candidates": candidates,
        });
        serde_json::from_value(empty).expect("it is a decision")
    }

    fn candidate(node: &str, stage: &str, findings: &[Value]) -> Value {
        json!({ "node": node, "stage": stage, "score": null, "findings": findings })
    }

    fn room(verdict: &str, effect: &str, measured: &str) -> Value {
        let code = if verdict == "pass" { "ok" } else { "short" };
        json!({
            "rule": "room", "verdict": verdict, "effect": effect, "code": code, "text": "",
            "measured": measured,
        })
    }

    #[test]
    fn words_alone_are_no_difference_and_an_effect_is_one() {
        let of = |finding| decision(None, json!([candidate("b", "rejected", &[finding])]));
        let told = of(room("reject", "blocks", "4 GiB"));
        assert_eq!(differences(&told, &of(room("reject", "blocks", ""))), []);
        let warned = of(room("reject", "warns", "4 GiB"));
        let [Difference::Finding { node: "b", rule: "room", was: Some(was), now: Some(now) }] =
            differences(&told, &warned)[..]
        else {
            panic!("one finding")
        };
        assert_eq!((was, now), (&told.candidates[0].findings[0], &warned.candidates[0].findings[0]));
    }

    #[test]
    fn rules_that_are_gone_stand_before_those_that_are_new_and_the_node_last() {
        let score = |rule, score| json!({ "rule": rule, "verdict": "pass", "effect": "none", "code": "ok", "text": "", "score": score });
        let was = decision(
            Some("b"),
            json!([
                candidate("b", "chosen", &[score("same", 0.5), score("gone", 0.5), score("other", 0.5)]),
                candidate("c", "eligible", &[]),
            ]),
        );
        let now = decision(
            None,
            json!([candidate(
                "b",
                "eligible",
                &[score("new", 0.1), score("other", 0.6), score("same", 0.5)]
            )]),
        );
        let told: Vec<String> = differences(&was, &now)
            .into_iter()
            .map(|one| match one {
                Difference::Finding { node, rule, was, now } => {
                    format!(
                        "{node} {rule} {:?} {:?}",
                        was.and_then(|one| one.score),
                        now.and_then(|one| one.score)
                    )
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "Choice",
                "b gone Some(0.5) None",
                "b other Some(0.5) Some(0.6)",
                "b new None Some(0.1)",
                "Stage { node: \"b\", was: Chosen, now: Eligible }",
                "NotJudged { node: \"c\" }",
            ]
        );
    }
}
