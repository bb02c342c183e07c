//! What the sandbox costs: one decision of eight rules, each of another plugin, beside the
//! very same rule code compiled in, over the same columns.
//!
//! ```text
//! cargo bench --profile release -p wayleave
//! ```
//!
//! `native` and `sandbox` end with the same ranked rows; `decide` is the whole of it, with
//! the explanations that a person reads. `rules alone` in the table leaves weighing and
//! ranking out, which both forms do alike. Each sandboxed rule gets a fresh instance for each
//! decision, configured again, as the native one is. A table of medians stands at the end.

#![allow(clippy::print_stdout, reason = "the table is the result")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says where")]

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "decide/native.rs"]
mod native;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use wayleave::decide::{ask_briefly, decide, rank, weigh};
use wayleave::model::policy::Policy;
use wayleave::model::port::{Answer, Evaluate, Rows, Sitting};
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::Plugins;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const RULES: [&str; 8] = [
    "same-node",
    "cpu-compatible",
    "not-in-maintenance",
    "identity-free",
    "machine-known",
    "memory-room",
    "spread",
    "prefer-label",
];

fn main() {
    let plugins = support::plugins();
    let policy = policy(&plugins);
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let cases: Vec<Case<'_>> = SIZES.map(|nodes| Case::new(nodes, &policy, &plugins)).into();
    for case in &cases {
        case.agree();
        let mut group = criterion.benchmark_group("decide");
        let id = |form: &str| BenchmarkId::new(form, case.nodes);
        group.bench_function(id("native"), |bencher| bencher.iter(|| case.native()));
        group.bench_function(id("sandbox"), |bencher| bencher.iter(|| case.sandbox()));
        group.bench_function(id("decide"), |bencher| bencher.iter(|| case.decide()));
        group.finish();
    }
    criterion.final_summary();
    let alone = ["--test", "--list", "--profile-time"];
    if std::env::args().all(|argument| !alone.contains(&argument.as_str())) {
        print_table(&cases);
    }
}

/// Exactly these rules, with the settings of a usual policy.
fn policy(plugins: &Plugins) -> Policy {
    let uses = RULES.map(|rule| format!("[[rule]]\nuse = \"{rule}\"\n")).concat();
    let mut policy = wayleave::policy::parse(Path::new("bench.toml"), &uses, plugins).unwrap();
    policy.rules.retain(|rule| RULES.contains(&rule.name.as_str()));
    assert_eq!(policy.rules.len(), RULES.len());
    policy
}

/// One size, everything made that is made once for a decision whatever answers it.
struct Case<'a> {
    nodes: usize,
    policy: &'a Policy,
    plugins: &'a Plugins,
    snapshot: &'a Snapshot,
    sitting: Box<dyn Sitting + 'a>,
    facts: native::SharedFacts,
}

impl<'a> Case<'a> {
    fn new(nodes: usize, policy: &'a Policy, plugins: &'a Plugins) -> Self {
        // Lives as long as the program.
        let snapshot: &'a Snapshot = Box::leak(Box::new(support::fleet::fleet(nodes)));
        let facts = native::facts(snapshot);
        Self { nodes, policy, plugins, snapshot, sitting: plugins.sit(snapshot), facts }
    }

    fn ranked(&self, answers: &[Answer]) -> Vec<usize> {
        let rows = self.sitting.rows();
        let standings = weigh(self.policy, answers, rows.len());
        rank(&standings, |row| self.snapshot.candidates[rows[row]].node.name())
    }

    fn native(&self) -> Vec<usize> {
        self.ranked(black_box(&native::ask(self.policy, &self.facts)))
    }

    fn sandbox(&self) -> Vec<usize> {
        self.ranked(black_box(&ask_briefly(self.policy, self.sitting.as_ref())))
    }

    fn decide(&self) -> Option<String> {
        decide(self.policy, self.snapshot, self.plugins).chosen
    }

    /// What is compared does the same.
    fn agree(&self) {
        let native = native::ask(self.policy, &self.facts);
        let sandbox = ask_briefly(self.policy, self.sitting.as_ref());
        for ((rule, native), sandbox) in self.policy.rules.iter().zip(&native).zip(&sandbox) {
            let same = match (native.rows.as_ref().unwrap(), sandbox.rows.as_ref().unwrap()) {
                (Rows::Codes { codes: one, .. }, Rows::Codes { codes: other, .. }) => one == other,
                (Rows::Scores { scores: one, .. }, Rows::Scores { scores: other, .. }) => one == other,
                _ => false,
            };
            assert!(same, "rule {} answers differently in the sandbox", rule.name);
        }
        assert!(self.ranked(&native).len() > self.nodes / 4, "most nodes should be fit");
    }
}

/// Medians of rounds in which all forms take turns, so that a noisy machine is noisy to all.
fn print_table(cases: &[Case<'_>]) {
    println!("\nOne decision, {} rules of as many plugins, fresh instances; medians", RULES.len());
    println!(
        "{:>7} {:>12} {:>12} {:>7} {:>12} {:>14}",
        "nodes", "native", "sandbox", "ratio", "rules alone", "with words"
    );
    let mut medians: BTreeMap<usize, Duration> = BTreeMap::new();
    for case in cases {
        let rounds = (200_000 / case.nodes).clamp(40, 400);
        let mut times = [(); 5].map(|()| Vec::new());
        for round in 0..rounds {
            times[0].push(timed(|| case.native()));
            times[1].push(timed(|| case.sandbox()));
            times[2].push(timed(|| native::ask(case.policy, &case.facts)));
            times[3].push(timed(|| ask_briefly(case.policy, case.sitting.as_ref())));
            if round % 4 == 0 {
                times[4].push(timed(|| case.decide()));
            }
        }
        let [native, sandbox, rules_native, rules_sandbox, whole] = times.map(median);
        let ratio =
            |one: Duration, other: Duration| format!("{:.2}x", one.as_secs_f64() / other.as_secs_f64());
        println!(
            "{:>7} {:>12} {:>12} {:>7} {:>12} {:>14}",
            case.nodes,
            milliseconds(native),
            milliseconds(sandbox),
            ratio(sandbox, native),
            ratio(rules_sandbox, rules_native),
            milliseconds(whole),
        );
        medians.insert(case.nodes, sandbox);
    }
    let growth = medians[&10_000].as_secs_f64() / medians[&1_000].as_secs_f64();
    println!("sandbox, 10,000 nodes against 1,000: {growth:.1}x");
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}
