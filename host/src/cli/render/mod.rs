//! Values as text for stdout: tables for people, JSON for programs.
//!
//! Functions from values to `String`; nothing here prints, asks the time or looks at
//! the terminal. No colours: the words alone say it. Whatever others wrote (plugins,
//! domains, daemons) goes through `text::clean`.

mod decision;
mod findings;
mod job;
#[cfg(test)]
mod job_samples;
mod json;
mod lint;
mod matrix;
mod mutation;
mod nodes;
mod outcome;
mod plugin;
mod policy_words;
mod record;
mod replay;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
pub mod text;

pub use decision::{answer as decision_answer, decision};
pub use job::{Controller, job_list, job_show};
pub use json::{json, json_error, json_warning};
pub use lint::{lint, lint_json};
pub use mutation::mutation;
pub use nodes::{ailments, nodes};
pub use outcome::outcome;
pub use plugin::{plugin_inspect, plugin_inspect_json, plugin_new, policy, rules};
pub use policy_words::{advice, changed_verdicts, policy_diff, policy_in_words, policy_tree};
pub use record::{decision_list, decision_show, explanation};
pub use replay::{rate, replay};
pub mod report;

/// An error for people: what, then how to mend it.
pub fn error(code: &str, message: &str, hint: Option<&str>) -> String {
    trouble("error", code, message, hint)
}

pub fn warning(code: &str, message: &str, hint: Option<&str>) -> String {
    trouble("warning", code, message, hint)
}

fn trouble(what: &str, code: &str, message: &str, hint: Option<&str>) -> String {
    let mut shown = format!("{what}[{}]: {}\n", text::clean(code), text::clean(message));
    if let Some(hint) = hint {
        shown += &format!("hint: {}\n", text::clean(hint));
    }
    shown
}
