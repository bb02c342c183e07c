//! What a rule is: a check, which lets a node through or not, or a score, which ranks it.

use crate::known::Known;
use crate::node::Node;
use crate::reason::{Reason, Verdict};
use crate::settings::{Problem, Settings};

/// A rule that lets a node through or not.
pub trait Check: Sized + 'static {
    /// Kebab-case, for ever.
    const NAME: &'static str;
    /// One line for a person: what holds where the rule passes.
    const TITLE: &'static str;
    /// `REASONS`, as [`reasons!`](crate::reasons) makes it.
    const REASONS: &'static [Reason];
    /// What a policy can set, as [`settings!`](crate::settings!) makes it; `NoSettings` if nothing.
    type Settings: Settings;

    /// What is wrong with settings that fit the schema. No facts can be asked for here.
    fn problems(_settings: &Self::Settings) -> Vec<Problem> {
        Vec::new()
    }

    /// Once a decision, before the first node: keep what is the same for every node.
    fn new(settings: Self::Settings) -> Self;

    fn judge(&self, node: Node<'_>) -> Verdict;

    /// What the move must hold while it runs. Asked for the chosen node only.
    fn claims(&self, _node: Node<'_>) -> Known<Vec<Claim>> {
        Ok(Vec::new())
    }
}

/// A rule that ranks nodes.
pub trait Score: Sized + 'static {
    /// Kebab-case, for ever.
    const NAME: &'static str;
    /// One line for a person: what scores high.
    const TITLE: &'static str;
    /// What a policy can set, as [`settings!`](crate::settings!) makes it; `NoSettings` if nothing.
    type Settings: Settings;

    /// What is wrong with settings that fit the schema. No facts can be asked for here.
    fn problems(_settings: &Self::Settings) -> Vec<Problem> {
        Vec::new()
    }

    /// Once a decision, before the first node: keep what is the same for every node.
    fn new(settings: Self::Settings) -> Self;

    /// From 0 to 1, higher is better; anything else is a fault of the rule.
    /// A fact that is not known scores 0, and the explanation names it.
    fn score(&self, node: Node<'_>) -> Known<f32>;
}

/// Something countable that the move must hold while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub resource: String,
    pub amount: u64,
    /// How much of it all open jobs together may hold.
    pub limit: u64,
}
