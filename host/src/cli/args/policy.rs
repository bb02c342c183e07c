//! The command line of `policy`: checking, testing and rewriting policies and their suites.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use super::super::help;

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Load a policy with its plugins and say what it would do
    #[command(after_help = help::POLICY_CHECK)]
    Check {
        /// [default: as configured]
        file: Option<PathBuf>,
    },
    /// Say what is allowed in a policy and seldom meant
    #[command(after_help = help::POLICY_LINT)]
    Lint {
        /// [default: as configured]
        file: Option<PathBuf>,
        /// Exit with 1 when there is anything to say
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Write policies in one form: order of keys, spaces, empty lines
    #[command(after_help = help::POLICY_FMT)]
    Fmt {
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Change nothing; exit with 1 when something would be changed
        #[arg(long)]
        check: bool,
    },
    /// Say in words what each rule of a policy asks for, and what follows from each answer
    #[command(after_help = help::POLICY_EXPLAIN)]
    Explain {
        /// [default: as configured]
        file: Option<PathBuf>,
        /// Only this rule
        #[arg(long, value_name = "NAME")]
        rule: Option<String>,
    },
    /// Show how two policies differ, and what that changes for a snapshot
    #[command(after_help = help::POLICY_DIFF)]
    Diff {
        was: PathBuf,
        now: PathBuf,
        /// Decide by both from this snapshot too, as `facts snapshot` prints it; may be repeated
        #[arg(long, value_name = "FILE")]
        facts: Vec<PathBuf>,
    },
    /// Hold a policy and its plugins in use, and take over what changes, whole or not at all
    #[command(after_help = help::POLICY_WATCH)]
    Watch {
        /// [default: as configured]
        file: Option<PathBuf>,
        /// Decide from this snapshot whenever another set of rules is in use
        #[arg(long, value_name = "FILE")]
        facts: Option<PathBuf>,
    },
    /// Run suites of cases in the sandbox: no daemon is asked, nothing is moved
    Test(Test),
    /// Show what the cases of suites cost, in fuel and in time
    Bench(Bench),
    /// Change settings, facts and operators of plugins a little: a good suite notices
    Mutate(Mutate),
}

#[derive(Debug, Args)]
pub struct Suites {
    /// Suites, or folders that are searched for `*.test.toml` [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Look for plugins here after the suite's own folder [default: as configured]; may be repeated
    #[arg(long, value_name = "DIR")]
    pub plugins: Vec<PathBuf>,
    /// Only cases whose `SUITE / CASE` fits this regular expression
    #[arg(long, value_name = "REGEX")]
    pub run: Option<String>,
    /// Run so many cases at the same time [default: one a processor]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

#[derive(Debug, Args)]
#[command(after_help = help::POLICY_TEST)]
pub struct Test {
    #[command(flatten)]
    pub suites: Suites,
    /// Only the N-th of M parts of all cases
    #[arg(long, value_name = "N/M")]
    pub shard: Option<Shard>,
    /// How the report is written, to a file with `=FILE`; may be repeated [default: table]
    #[arg(long = "format", value_name = "FORM[=FILE]")]
    pub formats: Vec<ReportForm>,
    /// Show which outcomes of each rule were seen, and which facts were read
    #[arg(long)]
    pub coverage: bool,
    /// Fail when a smaller share of the outcomes was seen, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub min_coverage: Option<f64>,
    /// Write what was found into the suites where something else was expected
    #[arg(long, conflicts_with_all = ["watch", "shard"])]
    pub update: bool,
    /// Run again whenever a suite, a policy or a plugin changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

#[derive(Debug, Args)]
#[command(after_help = help::POLICY_BENCH)]
pub struct Bench {
    #[command(flatten)]
    pub suites: Suites,
    /// Write each suite's fuel beside it: from then on `policy test` fails when a rule gets dearer
    #[arg(long)]
    pub save: bool,
    /// By how many percent a rule may get dearer, for --save [default: 10, or as it was]
    #[arg(long, value_name = "PERCENT", requires = "save")]
    pub growth: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = help::POLICY_MUTATE)]
pub struct Mutate {
    #[command(flatten)]
    pub suites: Suites,
    /// Only this family; may be repeated [default: all]
    #[arg(long = "family", value_name = "FAMILY", value_enum)]
    pub families: Vec<Family>,
    /// At most so many mutants of operators a plugin, drawn by the seed; 0 is all
    #[arg(long, value_name = "NUMBER", default_value_t = 300)]
    pub most: usize,
    /// What a draw begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Fail when a smaller share of the mutants was noticed, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub min_score: Option<f64>,
    /// The folder that plugins were built from [default: the suite's own]
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Family {
    Settings,
    Facts,
    Rules,
    Operators,
}

/// `2/4`: the second of four parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub part: usize,
    pub parts: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match numbers {
            Some((part, parts)) if (1..=parts).contains(&part) => Ok(Self { part, parts }),
            _ => Err("a part is written N/M, with N from 1 to M".to_owned()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportKind {
    /// For people
    Table,
    /// For programs
    Json,
    /// JUnit XML: one test case for each case and rule
    Junit,
    /// The Test Anything Protocol
    Tap,
    /// SARIF, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportForm {
    pub kind: ReportKind,
    /// None: stdout.
    pub file: Option<PathBuf>,
}

impl FromStr for ReportForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = match text.split_once('=') {
            Some((kind, file)) if !file.is_empty() => (kind, Some(PathBuf::from(file))),
            Some(_) => return Err("a file's name was expected after `=`".to_owned()),
            None => (text, None),
        };
        let kind = ReportKind::from_str(kind, false)
            .map_err(|_| "expected table, json, junit, tap, sarif or github".to_owned())?;
        Ok(Self { kind, file })
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}
