//! A guest's clock as its serial console shows it. Reads text; starts nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// One line `tick N uptime SECONDS block B` of a guest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    pub number: u64,
    /// Seconds since the guest booted, by the guest's own clock.
    pub uptime: f64,
    /// The last block that its disk had acknowledged; 0 when it writes none.
    pub block: u64,
}

pub(crate) fn ticks(console: &Path) -> Result<Vec<Tick>> {
    let bytes = fs::read(console).with_context(|| format!("no console {}", console.display()))?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

/// A line that is not complete yet does not count.
fn parse(text: &str) -> Vec<Tick> {
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Tick> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["tick", number, "uptime", uptime, "block", block] = words[..] else { return None };
    Some(Tick { number: number.parse().ok()?, uptime: uptime.parse().ok()?, block: block.parse().ok()? })
}

/// The first pair of ticks that one running copy cannot have printed, if there is one.
pub(crate) fn first_step_back(ticks: &[Tick]) -> Option<(Tick, Tick)> {
    ticks
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .find(|(one, next)| next.number <= one.number || next.uptime < one.uptime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_line_is_no_tick() {
        let text = "noise\r\ntick 1 uptime 0.500 block 0\r\ntick 2 upti";
        assert_eq!(parse(text), [Tick { number: 1, uptime: 0.5, block: 0 }]);
    }

    #[test]
    fn a_repeated_tick_is_a_step_back() {
        let tick = |number, uptime| Tick { number, uptime, block: 0 };
        assert!(first_step_back(&[tick(1, 0.1), tick(2, 0.2)]).is_none());
        assert!(first_step_back(&[tick(1, 0.1), tick(1, 0.2)]).is_some());
        assert!(first_step_back(&[tick(1, 0.2), tick(2, 0.1)]).is_some());
    }
}
