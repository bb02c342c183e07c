//! The command line: every command and option, their help, and what values they take.
//!
//! Parsing only. What a value means beyond its own text (does this node exist, is this
//! parameter known) is for the command that uses it.

pub mod policy;
mod record;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use self::record::{Decision, ExportForm, RecordName, Replay, Since};
use super::help;
use crate::config::{Probe, limit};
use crate::model::job::JobId;
use crate::problem::InputError;

/// Moves running libvirt domains between nodes, tunnelled and live, where the site's
/// own rules permit it.
#[derive(Debug, Parser)]
#[command(name = "wayleave", version, after_help = help::TOP, arg_required_else_help = true, max_term_width = 100)]
pub struct CommandLine {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Read this configuration alone [default: /etc/wayleave/wayleave.toml, then the user's own]
    #[arg(long, global = true, value_name = "FILE", env = "WAYLEAVE_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_name = "FORM", value_enum, default_value_t)]
    pub output: Output,
    /// Say more on stderr; twice: say everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Table,
    /// For programs: stable, with a version and a kind
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Decide where a domain may go, move it there, verify and record it
    Migrate(Box<Migrate>),
    /// Make the same decision and move nothing: every rule on every node, and why
    Plan(Plan),
    /// Judge one node as the destination of a domain, by every rule
    Check(Check),
    /// List the configured nodes with their facts, and whether they answer
    #[command(after_help = help::NODES)]
    Nodes,
    /// See what was recorded, or abort a running move
    #[command(subcommand)]
    Job(Job),
    /// See and explain decisions that were taken, or write them into files
    #[command(subcommand)]
    Decision(Decision),
    /// Take old decisions again, also by a new policy or plugin, and show what changes
    Replay(Replay),
    /// See the rules that plugins offer, or build plugins
    #[command(subcommand)]
    Plugin(Plugin),
    /// Check policies, test them with suites, measure them
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Print the facts that rules see, as JSON
    #[command(subcommand)]
    Facts(Facts),
    /// Find what on this machine or these nodes would stop a move, each with its remedy
    #[command(after_help = help::DOCTOR)]
    Doctor {
        /// Nodes by name or URI [default: all that are configured]
        #[arg(value_name = "NODE")]
        nodes: Vec<String>,
    },
    /// Compile a component from stdin within limits: how plugins are compiled, not for people
    #[command(name = crate::plugin::compile::COMMAND, hide = true)]
    CompileComponent(CompileComponent),
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions { shell: Shell },
}

#[derive(Debug, Args)]
pub struct CompileComponent {
    #[arg(long)]
    pub cache: PathBuf,
    #[arg(long)]
    pub memory_bytes: u64,
    #[arg(long)]
    pub processor_seconds: u64,
}

#[derive(Debug, Args)]
#[command(after_help = help::MIGRATE)]
pub struct Migrate {
    /// Name or UUID of the domain
    #[arg(value_name = "DOMAIN", value_parser = NonEmptyStringValueParser::new())]
    pub domain: String,
    /// The source: a configured node, or a connection URI
    #[arg(long, value_name = "NODE|URI", value_parser = NonEmptyStringValueParser::new())]
    pub from: String,
    /// The destination [default: the one that the policy chooses]
    #[arg(long, value_name = "NODE|URI", value_parser = NonEmptyStringValueParser::new())]
    pub to: Option<String>,
    /// The domain's name at the destination [default: its own]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub dname: Option<String>,
    /// The destination's daemon as the source reaches it [default: worked out, and checked]
    #[arg(long, value_name = "URI", value_parser = NonEmptyStringValueParser::new())]
    pub destination_uri: Option<String>,
    /// A hypervisor parameter; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<NameValue>,
    #[command(flatten)]
    pub limits: LimitOptions,
    #[command(flatten)]
    pub policy: PolicyFile,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LimitOptions {
    /// Abort the transfer after so many seconds [default: 21600, or as configured]
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true)]
    pub destination_timeout: Option<u64>,
    /// Send at most so many MiB/s, or `unlimited` [default: unlimited, or as configured]
    #[arg(long, value_name = "MIB/S|unlimited", allow_negative_numbers = true)]
    pub max_bandwidth: Option<Bandwidth>,
    /// Let the guest stand still at most so many milliseconds [default: 500, or as configured]
    #[arg(long, value_name = "MS", value_parser = downtime, allow_negative_numbers = true)]
    pub downtime: Option<u64>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct PolicyFile {
    /// The policy to judge by [default: as configured]
    #[arg(long = "policy", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Where the facts of a decision come from: live, or a file.
#[derive(Clone, Debug, Args)]
pub struct Subject {
    /// Name or UUID of the domain
    #[arg(value_name = "DOMAIN", required_unless_present = "facts", value_parser = NonEmptyStringValueParser::new())]
    pub domain: Option<String>,
    /// The source: a configured node, or a connection URI
    #[arg(long, value_name = "NODE|URI", required_unless_present = "facts", value_parser = NonEmptyStringValueParser::new())]
    pub from: Option<String>,
    /// Decide from this snapshot, as `facts snapshot` prints it; nothing is connected
    #[arg(long, value_name = "FILE", conflicts_with_all = ["domain", "from", "dname"])]
    pub facts: Option<PathBuf>,
    /// The domain's name at the destination [default: its own]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub dname: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = help::PLAN)]
pub struct Plan {
    #[command(flatten)]
    pub subject: Subject,
    /// Which pairs to probe: `finalists`, `all` or `none` [default: finalists, or as configured]
    #[arg(long, value_name = "PAIRS", value_parser = probe, conflicts_with = "facts")]
    pub probe: Option<Probe>,
    #[command(flatten)]
    pub policy: PolicyFile,
}

#[derive(Debug, Args)]
#[command(after_help = help::CHECK)]
pub struct Check {
    #[command(flatten)]
    pub subject: Subject,
    /// The destination to judge
    #[arg(long, value_name = "NODE|URI", value_parser = NonEmptyStringValueParser::new())]
    pub to: String,
    #[command(flatten)]
    pub policy: PolicyFile,
}

#[derive(Debug, Subcommand)]
pub enum Job {
    /// List jobs, the newest first
    #[command(after_help = help::JOB_LIST)]
    List {
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: usize,
        /// Only jobs that are not concluded
        #[arg(long)]
        open: bool,
    },
    /// Show a job: its request, what happened when, how it ended, and what the nodes show now
    #[command(after_help = help::JOB_SHOW)]
    Show {
        #[arg(value_name = "ID", value_parser = job_id)]
        id: JobId,
    },
    /// Follow a running job until it ends
    #[command(after_help = help::JOB_WATCH)]
    Watch {
        #[arg(value_name = "ID", value_parser = job_id)]
        id: JobId,
    },
    /// Abort a running move; the domain stays on its source
    #[command(after_help = help::JOB_ABORT)]
    Abort {
        #[arg(value_name = "ID", value_parser = job_id)]
        id: JobId,
        /// Why, for the record
        #[arg(long, value_name = "TEXT", default_value = "asked for on the command line")]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// List the rules of all plugins that are found
    #[command(after_help = help::PLUGIN_LIST)]
    List,
    /// Show the rules of one plugin: reasons, settings, imports, digest
    #[command(after_help = help::PLUGIN_INSPECT)]
    Inspect { file: PathBuf },
    /// Write a new plugin project: a worked rule, its cases, a CI workflow
    #[command(after_help = help::PLUGIN_NEW)]
    New {
        /// What the plugin is called: lower-case letters, digits and hyphens
        name: String,
        /// The language that the rule is written in
        #[arg(long, value_name = "LANGUAGE", value_enum)]
        lang: Language,
        /// The folder of the project, new or empty [default: NAME here]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Find what would make plugins be refused, or hard to use, each with its remedy
    #[command(after_help = help::PLUGIN_LINT)]
    Lint {
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// A warning is as bad as an error
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Build plugins from their source folders: Rust, Python, JavaScript or C
    #[command(after_help = help::PLUGIN_BUILD)]
    Build {
        /// Folders of projects, or with projects in them
        #[arg(value_name = "DIR", default_value = ".")]
        folders: Vec<PathBuf>,
        /// Where the components go [default: each into its own folder]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Keep names and source lines, and do not optimise (Rust and C)
        #[arg(long)]
        debug: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Facts {
    /// Facts of a domain, live or from its XML
    #[command(after_help = help::FACTS_DOMAIN)]
    Domain {
        /// Name or UUID of the domain
        #[arg(value_name = "DOMAIN", required_unless_present = "xml", requires = "from")]
        domain: Option<String>,
        /// The node that it is on: configured, or a connection URI
        #[arg(long, value_name = "NODE|URI", required_unless_present = "xml", requires = "domain")]
        from: Option<String>,
        /// Read this domain XML instead; `-` is stdin
        #[arg(long, value_name = "FILE", conflicts_with_all = ["domain", "from"])]
        xml: Option<PathBuf>,
    },
    /// Facts of a node, live or from its capabilities
    #[command(after_help = help::FACTS_NODE)]
    Node {
        /// A configured node, or a connection URI
        #[arg(value_name = "NODE", required_unless_present = "capabilities")]
        node: Option<String>,
        /// Read this host capabilities XML instead; `-` is stdin
        #[arg(long, value_name = "FILE", conflicts_with = "node")]
        capabilities: Option<PathBuf>,
    },
    /// Everything that a decision would look at: the snapshot that `plan --facts` takes
    #[command(after_help = help::FACTS_SNAPSHOT)]
    Snapshot {
        /// Name or UUID of the domain
        #[arg(value_name = "DOMAIN")]
        domain: String,
        /// The source: a configured node, or a connection URI
        #[arg(long, value_name = "NODE|URI")]
        from: String,
        /// Which pairs to probe: `finalists`, `all` or `none`
        #[arg(long, value_name = "PAIRS", value_parser = probe, default_value = "all")]
        probe: Probe,
        /// The domain's name at the destination [default: its own]
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        dname: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    Rust,
    Python,
    Js,
    C,
}

/// `NAME=VALUE`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValue {
    pub name: String,
    pub value: String,
}

impl FromStr for NameValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("a parameter is written NAME=VALUE".to_owned()),
        }
    }
}

/// None: unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth(pub Option<u64>);

impl FromStr for Bandwidth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        limit::bandwidth_text(text).map(Self).map_err(told)
    }
}

fn timeout(text: &str) -> Result<u64, String> {
    limit::destination_timeout(whole(text)?).map_err(told)
}

fn downtime(text: &str) -> Result<u64, String> {
    limit::downtime(whole(text)?).map_err(told)
}

fn probe(text: &str) -> Result<Probe, String> {
    text.parse().map_err(told)
}

fn job_id(text: &str) -> Result<JobId, String> {
    text.parse().map(JobId).map_err(|_| "a job's ID is a number, as `wayleave job list` shows it".to_owned())
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

fn told(error: InputError) -> String {
    match &error.hint {
        Some(hint) => format!("{error}\n  hint: {hint}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
