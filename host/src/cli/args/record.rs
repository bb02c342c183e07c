//! `decision` and `replay`: what they are asked, and how a record is named.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::help;
use crate::model::record::DecisionId;

#[derive(Debug, Subcommand)]
pub enum Decision {
    /// List recorded decisions, the newest first
    #[command(after_help = help::DECISION_LIST)]
    List {
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: usize,
        /// Only those taken since then: a date, a time, or how long ago (7d, 12h)
        #[arg(long, value_name = "DATE")]
        since: Option<Since>,
        /// Only those for this domain
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
    },
    /// Show a decision as it was told then, and what it was taken from
    #[command(after_help = help::DECISION_SHOW)]
    Show {
        #[arg(value_name = "ID|FILE")]
        decision: RecordName,
    },
    /// Say why this node, why not the others, and what is the least that would make them fit
    #[command(after_help = help::DECISION_EXPLAIN)]
    Explain {
        #[arg(value_name = "ID|FILE")]
        decision: RecordName,
        /// Only this node
        #[arg(long, value_name = "NODE")]
        node: Option<String>,
    },
    /// Write a decision into one file, which `policy test` and `replay` take
    #[command(after_help = help::DECISION_EXPORT)]
    Export {
        #[arg(value_name = "ID|FILE")]
        decision: RecordName,
        /// Leave out nodes and facts as long as every verdict that is left stays
        #[arg(long)]
        minimise: bool,
        /// How it is written
        #[arg(long = "as", value_name = "FORM", value_enum, default_value_t)]
        form: ExportForm,
        /// Where it goes [default: stdout]
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// The record itself, in canonical JSON
    #[default]
    Record,
    /// A test suite in TOML, for a person to edit, with its policy beside it
    Suite,
}

#[derive(Debug, Args)]
#[command(after_help = help::REPLAY)]
pub struct Replay {
    /// Recorded decisions, or folders of them
    #[arg(value_name = "PATH", required_unless_present = "since")]
    pub paths: Vec<PathBuf>,
    /// Those that were recorded here since then: a date, a time, or how long ago (7d, 12h)
    #[arg(long, value_name = "DATE")]
    pub since: Option<Since>,
    /// Decide by this policy instead of the recorded ones
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Use this plugin instead of the recorded one of its name; may be repeated
    #[arg(long = "plugin", value_name = "FILE")]
    pub plugins: Vec<PathBuf>,
    /// Changes that are approved, in TOML
    #[arg(long, value_name = "FILE")]
    pub allow: Option<PathBuf>,
}

/// A record in the store, or in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordName {
    Id(DecisionId),
    File(PathBuf),
}

impl FromStr for RecordName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(DecisionId(id)));
        }
        if text.contains(['/', '.']) {
            return Ok(Self::File(PathBuf::from(text)));
        }
        Err("a decision's ID is a number, as `wayleave decision list` shows it; or write its file".to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(pub Timestamp);

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(ago) = ago(text) {
            return Timestamp::now().checked_sub(ago).map(Self).map_err(|error| error.to_string());
        }
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        let time = text.parse::<Timestamp>().ok().or_else(day).map(Self);
        time.ok_or_else(|| {
            "expected a date (2026-11-01), a time (2026-11-01T08:00:00Z), or how long ago (7d, 12h, 30m)"
                .to_owned()
        })
    }
}

fn ago(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let number = i64::from(number);
    match unit {
        'd' => Some(SignedDuration::from_hours(24 * number)),
        'h' => Some(SignedDuration::from_hours(number)),
        'm' => Some(SignedDuration::from_mins(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_several_ways() {
        let at = |text: &str| text.parse::<Since>().map(|since| since.0);
        assert_eq!(at("2026-11-01"), at("2026-11-01T00:00:00Z"));
        let week = Timestamp::now() - SignedDuration::from_hours(168);
        assert!(at("7d").expect("is a time").duration_since(week).abs() < SignedDuration::from_secs(60));
        for text in ["", "d", "yesterday", "7y", "-7d"] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_record_is_a_number_or_a_file() {
        assert_eq!("17".parse(), Ok(RecordName::Id(DecisionId(17))));
        assert_eq!("./17".parse(), Ok(RecordName::File("./17".into())));
        assert_eq!("a.json".parse(), Ok(RecordName::File("a.json".into())));
        assert!("seventeen".parse::<RecordName>().is_err());
    }
}
