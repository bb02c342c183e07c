//! How a job ended, loud where somebody must look.

use super::text::{bytes, clean, millis, wrap};
use crate::model::job::{Figures, Outcome, OutcomeKind};

pub fn outcome(outcome: &Outcome) -> String {
    let domain = clean(&outcome.domain);
    let place = match &outcome.runs_on {
        Some(node) => format!("{domain} runs on {}.", clean(node)),
        None => format!("Where {domain} runs could not be shown."),
    };
    let code = if outcome.kind == OutcomeKind::Succeeded {
        String::new()
    } else {
        format!(" [{}]", clean(&outcome.code))
    };
    let mut shown = wrap("", &format!("{}{code}: {place}", outcome.kind.to_string().to_uppercase())) + "\n";
    if !outcome.text.is_empty() {
        shown += &(wrap("  ", &clean(&outcome.text)) + "\n");
    }
    if let Some(figures) = &outcome.figures {
        shown += &told(figures);
    }
    if outcome.kind == OutcomeKind::Uncertain {
        shown += &wrap(
            "  ! ",
            &format!(
                "Do not start or resume {domain} anywhere before you have looked: two running copies destroy its disks."
            ),
        );
        shown.push('\n');
    }
    if !outcome.look_at.is_empty() {
        shown += "  Look at:\n";
        for place in &outcome.look_at {
            shown += &(wrap("    - ", &clean(place)) + "\n");
        }
    }
    shown + &format!("  UUID {}\n", outcome.domain_uuid)
}

fn told(figures: &Figures) -> String {
    let told: Vec<String> = [
        figures.downtime_ms.map(|ms| format!("downtime {}", millis(ms))),
        figures.transfer_ms.map(|ms| format!("transfer {}", millis(ms))),
        figures.transferred_bytes.map(|sent| format!("{} sent", bytes(sent))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if told.is_empty() { String::new() } else { format!("  {}\n", told.join(", ")) }
}
