//! Recorded decisions: a list, one in full, and why it came out as it did.

use serde_json::Value;

use super::decision::{answer, decision};
use super::findings;
use super::text::{bytes, clean, count, table, time, wide_table, wrap};
use crate::model::decision::Stage;
use crate::model::record::{DecisionRecord, Summary};
use crate::record::explain::{Explanation, NotChosen, Term};
use crate::record::whatif::{Answer, How, Step};

/// Of a value that is no number and no word.
const LONGEST: usize = 60;

pub fn decision_list(found: &[Summary]) -> String {
    if found.is_empty() {
        return "No recorded decisions.\n".to_owned();
    }
    let row = |one: &Summary| {
        vec![
            one.id.map_or("-".to_owned(), |id| id.to_string()),
            time(one.at),
            one.purpose.to_string(),
            clean(&one.domain),
            clean(&one.source),
            one.chosen.as_deref().map_or("-".to_owned(), clean),
            match one.inconclusive {
                0 => format!("{} of {}", one.eligible, one.nodes),
                open => format!("{} of {}, {open} open", one.eligible, one.nodes),
            },
            clean(&one.policy),
        ]
    };
    let header = ["id", "taken", "for", "domain", "from", "to", "eligible", "policy"];
    wide_table(&header, found.iter().map(row))
}

pub fn decision_show(record: &DecisionRecord) -> String {
    format!("{}\n{}", decision(&record.decision), origin(record))
}

fn origin(record: &DecisionRecord) -> String {
    let which = record.id.map_or("A decision".to_owned(), |id| format!("Decision {id}"));
    let mut told = format!(
        "{which}, taken {} for {} by wayleave {}, contract {}.",
        time(record.at),
        record.purpose,
        clean(&record.by.wayleave),
        clean(&record.by.contract)
    );
    let redacted = &record.redacted;
    if !redacted.is_empty() {
        let paths: Vec<String> = redacted.paths.iter().map(|path| clean(path)).collect();
        told += &format!(" Redacted: {} at {}.", count(redacted.values, "value"), paths.join(", "));
    }
    if redacted.decides_otherwise {
        told += " What was redacted is what it rested on: it cannot be taken again.";
    }
    wrap("", &told) + "\n"
}

pub fn explanation(record: &DecisionRecord, told: &Explanation) -> String {
    let mut parts = vec![answer(&record.decision)];
    if let (Some(chosen), false) = (&told.chosen, told.terms.is_empty()) {
        parts.push(scores(chosen, told.runner_up.as_deref(), &told.terms));
    }
    parts.extend(told.nodes.iter().map(|node| not_chosen(record, node)));
    if told.more > 0 {
        parts.push(format!(
            "{} not explained here: `--node NODE` explains one.\n",
            count(told.more, "more node")
        ));
    }
    parts.push(origin(record));
    parts.join("\n")
}

fn scores(chosen: &str, runner_up: Option<&str>, terms: &[Term]) -> String {
    let (chosen, next) = (clean(chosen), runner_up.map(clean));
    let row = |name: String, mine: f64, other: Option<f64>| {
        let mut row = vec![name, format!("{mine:.3}")];
        row.extend(other.map(|other| format!("{other:.3}")));
        row.extend(other.map(|other| format!("{:+.3}", mine - other)));
        row
    };
    let each = terms
        .iter()
        .map(|term| row(format!("{} (x{})", clean(&term.rule), term.weight), term.chosen, term.runner_up));
    let sum = row(
        "sum".to_owned(),
        terms.iter().map(|term| term.chosen).sum(),
        next.as_ref().map(|_| terms.iter().filter_map(|term| term.runner_up).sum()),
    );
    let mut header = vec!["score", chosen.as_str()];
    if let Some(next) = &next {
        header.extend([next.as_str(), "difference"]);
    }
    let title = match &next {
        Some(next) => format!("Why {chosen} and not {next}, the next best\n"),
        None => format!("Why {chosen}: no other node is eligible\n"),
    };
    title + &table(&header, each.chain([sum]))
}

fn not_chosen(record: &DecisionRecord, told: &NotChosen) -> String {
    let Some(candidate) = record.decision.candidate(&told.node) else { return String::new() };
    if matches!(told.stage, Stage::Eligible | Stage::Chosen) {
        let score = told.score.map(|score| format!(", score {score:.3}")).unwrap_or_default();
        let what = if told.stage == Stage::Chosen { "chosen" } else { "eligible, and another one is better" };
        return format!("{}: {what}{score}\n", clean(&told.node));
    }
    let reasons = findings::of_candidate(candidate);
    let help = match &told.what_if {
        Some(answer) => ways(answer),
        None if record.redacted.decides_otherwise => {
            "  => what it was judged by was redacted: nothing can be tried\n".to_owned()
        }
        None => "  => its daemon told nothing: an answer of it comes first\n".to_owned(),
    };
    reasons + &help
}

fn ways(answer: &Answer) -> String {
    let place = format!("nodes.{}.", answer.node);
    let told = |way: &[Step]| way.iter().map(|one| step(one, &place)).collect::<Vec<_>>().join(", and ");
    match answer.ways.as_slice() {
        [] => wrap("  => ", "no single or double change of facts or settings makes it fit") + "\n",
        [way] => wrap("  => ", &format!("it fits if {}", told(way))) + "\n",
        [way, others @ ..] => {
            let mut shown = wrap("  => ", &format!("it fits if {}", told(way))) + "\n";
            for way in others {
                shown += &(wrap("     or if ", &told(way)) + "\n");
            }
            shown
        }
    }
}

fn step(step: &Step, of_node: &str) -> String {
    let place = clean(step.place.strip_prefix(of_node).unwrap_or(&step.place));
    let value = |value: &Value| figure(&step.place, value);
    let was = match &step.was {
        Some(was) => format!(" (it is {})", value(was)),
        None if matches!(step.how, How::Without | How::Add) => String::new(),
        None => " (it is not known)".to_owned(),
    };
    match step.how {
        How::AtLeast => format!("{place} is at least {}{was}", value(&step.to)),
        How::AtMost => format!("{place} is at most {}{was}", value(&step.to)),
        How::Be => format!("{place} is {}{was}", value(&step.to)),
        How::Add => format!("{place} has {} too", value(&step.to)),
        How::Without => format!("there is no {place} ({})", value(&step.to)),
    }
}

fn figure(place: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if place.ends_with("_bytes") => {
            let size = number.as_u64().unwrap_or(0);
            if size < 1024 { format!("{size} B") } else { format!("{size} ({})", bytes(size)) }
        }
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => clean(text),
        Value::Object(fields) => match (fields.get("name").and_then(Value::as_str), fields.len()) {
            (Some(name), _) => {
                let kind = fields.get("kind").and_then(Value::as_str).map(|kind| format!("{kind} "));
                format!("{}{}", clean(&kind.unwrap_or_default()), clean(name)).trim().to_owned()
            }
            // A case by its word.
            (None, 1) => fields.keys().next().map(|word| clean(word)).unwrap_or_default(),
            (None, _) => short(&value.to_string()),
        },
        other => short(&other.to_string()),
    }
}

/// A list can be long; the JSON has it whole.
fn short(text: &str) -> String {
    let text = clean(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
