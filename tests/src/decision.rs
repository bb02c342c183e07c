//! What was decided, read from the product's JSON: every rule on every node. And the proof of a
//! refusal: told by each command, the same for people, and nothing moved or left behind.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::Finished;
use crate::lab::Lab;
use crate::node::Node;
use crate::running::RunningGuest;
use crate::told::{Told, value_of_kind};

/// A decision of `plan`, `check` or `migrate`.
#[derive(Clone, Debug)]
pub struct Decision {
    value: Value,
}

/// What one rule said of one node. What it did not say is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    pub rule: String,
    pub verdict: String,
    pub effect: String,
    pub code: String,
    pub text: String,
    pub measured: String,
    pub needed: String,
    pub remedy: String,
}

impl Decision {
    /// As `plan` and `check` print it.
    pub fn of(finished: &Finished) -> Result<Self> {
        Ok(Self { value: value_of_kind("decision", finished)? })
    }

    /// As `migrate` prints it within its job.
    pub fn told(told: &Told) -> Self {
        Self { value: told.decision.clone() }
    }

    pub fn chosen(&self) -> Option<&str> {
        self.value["chosen"].as_str()
    }

    /// The names of all nodes that were judged.
    pub fn nodes(&self) -> Vec<&str> {
        self.candidates().filter_map(|one| one["node"].as_str()).collect()
    }

    pub fn stage(&self, node: &str) -> Result<String> {
        Ok(text(&self.candidate(node)?["stage"]))
    }

    pub fn finding(&self, node: &str, rule: &str) -> Result<Finding> {
        let found = self.findings(node)?.into_iter().find(|one| one.rule == rule);
        found.with_context(|| format!("no rule {rule} judged {node}: {:#}", self.value))
    }

    /// The reason codes that keep a node out, in the order of the rules.
    pub fn blocking(&self, node: &str) -> Result<Vec<String>> {
        let blocks = self.findings(node)?.into_iter().filter(|one| one.effect == "blocks");
        Ok(blocks.map(|one| one.code).collect())
    }

    fn candidates(&self) -> impl Iterator<Item = &Value> {
        self.value["candidates"].as_array().into_iter().flatten()
    }

    fn candidate(&self, node: &str) -> Result<&Value> {
        let found = self.candidates().find(|one| one["node"] == node);
        found.with_context(|| format!("{node} was not judged: {:#}", self.value))
    }

    fn findings(&self, node: &str) -> Result<Vec<Finding>> {
        let findings = self.candidate(node)?["findings"].as_array();
        Ok(findings.into_iter().flatten().map(Finding::of).collect())
    }
}

impl Finding {
    fn of(value: &Value) -> Self {
        let part = |name: &str| text(&value[name]);
        Self {
            rule: part("rule"),
            verdict: part("verdict"),
            effect: part("effect"),
            code: part("code"),
            text: part("text"),
            measured: part("measured"),
            needed: part("needed"),
            remedy: part("remedy"),
        }
    }

    /// A person reads the code, the rule, and what was measured, needed and can be done.
    pub fn assert_told_in(&self, table: &str) -> Result<()> {
        let shown = comparable(table);
        let heading = format!("REJECT {} (rule {})", self.code, self.rule);
        for part in [&heading, &self.text, &self.measured, &self.needed, &self.remedy] {
            ensure!(shown.contains(&comparable(part)), "not told: {part:?} in {table}");
        }
        Ok(())
    }
}

impl Lab {
    /// This rule keeps the guest from the node, for this reason, by the word of `check` and of
    /// `migrate`, to programs or to people; no job, claim or probe is left. Says nothing of where
    /// the guest is. Gives the codes of all reasons too.
    pub fn refusal(
        &self,
        guest: &RunningGuest,
        (from, to): (&Node, &str),
        (rule, code): (&str, &str),
    ) -> Result<(Finding, Vec<String>)> {
        let pair = [guest.name(), "--from", from.name(), "--to", to];
        let told = self.migrate(pair)?;
        ensure!(told.status == 1 && told.text("kind") == "refused", "{:#}{}", told.outcome, told.stderr);
        ensure!(told.text("runs_on") == from.name(), "told to run elsewhere: {:#}", told.outcome);
        let decision = Decision::told(&told);
        let node = decision.nodes().first().map_or_else(String::new, |node| (*node).to_owned());
        let blocking = decision.blocking(&node)?;
        let finding = decision.finding(&node, rule)?;
        ensure!(finding.code == code && finding.verdict == "reject", "not by {rule}: {finding:?}");
        ensure!(!finding.measured.is_empty() && !finding.needed.is_empty(), "why? {finding:?}");

        let shown = self.wayleave(["check"].iter().chain(&pair))?;
        ensure!(shown.status == 1, "check ended with {}: {}", shown.status, shown.stderr);
        finding.assert_told_in(&shown.stdout)?;
        ensure!(from.job_line(guest.name(), "Job type")?.as_deref() == Some("None"), "libvirt has a job");
        self.assert_nothing_is_held()?;
        Ok((finding, blocking))
    }

    /// As `refusal`, for this reason alone, and the guest runs on at its source and nowhere else.
    pub fn assert_refused(
        &self,
        guest: &RunningGuest,
        (from, to): (&Node, &Node),
        reason: (&str, &str),
    ) -> Result<Finding> {
        let (finding, blocking) = self.refusal(guest, (from, to.name()), reason)?;
        ensure!(blocking == [reason.1], "not {} alone: {blocking:?}", reason.1);
        self.assert_runs_only_on(guest, guest.name(), from)?;
        Ok(finding)
    }
}

/// Without the places where a table breaks its lines, and without what differs from one look to the
/// next: free memory, the name of a probe.
fn comparable(text: &str) -> String {
    let has_digit = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let words = text.split_whitespace().map(|word| if has_digit(word) { "#" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
