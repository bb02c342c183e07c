//! Pieces of text: escaping, wrapping, figures, and the look of a table.

use std::fmt::Write;

use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use jiff::Timestamp;

/// Columns that everything is laid out for.
pub const WIDTH: usize = 100;
/// Longest text that is shown of what others wrote.
const LONGEST: usize = 600;

/// Makes text that came from plugins, domains or daemons safe for a terminal: one line,
/// no control characters, nothing that turns the direction of writing, not endless.
pub fn clean(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (count, c) in text.trim().chars().enumerate() {
        if count == LONGEST {
            safe.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => {
                if !safe.ends_with(' ') {
                    safe.push(' ');
                }
            }
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Control characters, and those that are not seen but change what is.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// Wraps at spaces; the first line begins with `first`, the others with as many spaces.
pub fn wrap(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let room = WIDTH.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let gap = format!("\n{}", " ".repeat(indent));
    format!("{first}{}", lines.join(&gap)).trim_end().to_owned()
}

/// A table without lines: readable, and easy to cut for other programs. The last column
/// is wrapped where it is too long; words of the others stay whole.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = plain(header, rows);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(WIDTH).unwrap_or(100));
    table.set_constraints(vec![ColumnConstraint::ContentWidth; header.len().saturating_sub(1)]);
    drawn(&table)
}

/// The same with nothing wrapped, however wide it gets.
pub fn wide_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    drawn(&plain(header, rows))
}

fn plain(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.force_no_tty();
    table.set_header(header.iter().map(ToString::to_string).collect::<Vec<String>>());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn drawn(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

pub fn millis(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// From one moment to a later one; nothing when the clock went back.
pub fn between(from: Timestamp, to: Timestamp) -> String {
    millis(u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0))
}

pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `1 node`, `2 nodes`
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The first digits of a digest: enough to compare by eye.
pub fn short(digest: &str) -> String {
    clean(digest).chars().take(12).collect()
}

pub fn or_dash(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(clean("vm\u{1b}[31mred\u{7}"), "vm\\u{1b}[31mred\\u{7}");
        assert_eq!(clean("c1 \u{9b}31m"), "c1 \\u{9b}31m");
        assert_eq!(clean("bidi \u{202e}txet"), "bidi \\u{202e}txet");
        assert_eq!(clean("two\r\nlines\t."), "two lines .");
        assert_eq!(clean("größe ノード"), "größe ノード");
        assert_eq!(clean(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
        for c in '\0'..=char::MAX {
            assert!(!clean(&format!("a{c}b")).chars().any(char::is_control), "{c:?}");
        }
    }

    #[test]
    fn figures_read_well() {
        assert_eq!([0, 1023, 1024, 5 << 30].map(bytes), ["0 B", "1023 B", "1.0 KiB", "5.0 GiB"]);
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(
            [0, 999, 1_250, 61_000, 7_260_000].map(millis),
            ["0 ms", "999 ms", "1.2 s", "1 min 1 s", "2 h 1 min"]
        );
    }

    #[test]
    fn wrapping_keeps_the_indent() {
        let text = "word ".repeat(40);
        let wrapped = wrap("    remedy   ", text.trim());
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("             word")));
        assert_eq!(wrap("a ", ""), "a");
    }
}
