//! A replay for the person who must decide whether the change may go out.

use std::time::Duration;

use super::text::{clean, count, wide_table, wrap};
use crate::cli::commands::Report;
use crate::record::changes::Change;

/// More rows than this are no table that anybody reads; the JSON has them all.
const ROWS: usize = 200;

pub fn replay(report: &Report) -> String {
    let mut parts = vec![answer(report)];
    if !report.changes.is_empty() {
        let rows = report.changes.iter().take(ROWS).map(row);
        let mut shown = wide_table(&["decision", "domain", "node", "rule", "was", "now", "why"], rows);
        if let Some(more) = report.changes.len().checked_sub(ROWS).filter(|more| *more > 0) {
            shown += &format!("  and {}; `--output json` has them all\n", count(more, "more change"));
        }
        parts.push(shown);
    }
    if !report.impossible.is_empty() {
        let told = report.impossible.iter().map(|one| {
            let text = one.text.strip_prefix(&format!("{}: ", one.place)).unwrap_or(&one.text);
            wrap("  ", &format!("{} [{}]: {}", clean(&one.place), clean(&one.code), clean(text))) + "\n"
        });
        parts.push(format!("Could not be taken again:\n{}", told.collect::<String>()));
    }
    parts.join("\n")
}

fn answer(report: &Report) -> String {
    let allowed = report.changes.iter().filter(|change| change.allowed.is_some()).count();
    let mut told = format!(
        "{} taken again: {} the same, {} changed",
        count(report.decisions, "decision"),
        report.same,
        report.changed
    );
    if !report.impossible.is_empty() {
        told += &format!(", {} could not be taken again", report.impossible.len());
    }
    told.push('.');
    if !report.changes.is_empty() {
        told += &format!(" {}, {allowed} of them approved.", count(report.changes.len(), "change"));
    }
    wrap("", &told) + "\n"
}

fn row(change: &Change) -> Vec<String> {
    let why = match &change.allowed {
        Some(reason) if change.why.is_empty() => format!("approved: {reason}"),
        Some(reason) => format!("{} (approved: {reason})", change.why),
        None => change.why.clone(),
    };
    vec![
        change.decision.map_or("-".to_owned(), |id| id.to_string()),
        clean(&change.domain),
        change.node.as_deref().map_or("-".to_owned(), clean),
        clean(&change.rule),
        clean(&change.was),
        clean(&change.now),
        clean(&why),
    ]
}

/// How fast it went.
pub fn rate(decisions: usize, taken: Duration) -> String {
    let seconds = taken.as_secs_f64().max(0.001);
    let rate = decisions as f64 / seconds;
    format!("{} in {seconds:.2} s, {rate:.0} a second", count(decisions, "decision"))
}
