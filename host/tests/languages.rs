//! The same rules in four languages: what they declare, find, say and claim is the same, and
//! thousands of nodes stay within the limits. Run by `tests/languages`, which builds them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stderr, reason = "figures, for whoever runs it by hand")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wayleave::model::domain::DomainFacts;
use wayleave::model::node::{Gathered, HostFacts, PagePool};
use wayleave::model::policy::{Mode, OnFault, RuleInfo, RuleUse};
use wayleave::model::port::{Answer, Evaluate, Rows};
use wayleave::model::snapshot::{
    Access, CpuComparison, DiskAccess, PairFacts, Reach, SiteData, Snapshot, StorageProbe, Table,
};
use wayleave::plugin::Plugins;
use wayleave::plugin::engine::SandboxLimits;

const LANGUAGES: [&str; 4] = ["rust", "python", "js", "c"];
/// Of the rule `everything`: see host/tests/data/languages.
const PARTS: [&str; 12] = [
    "node",
    "pair",
    "cells",
    "residents",
    "networks",
    "domain",
    "devices",
    "numa",
    "site",
    "settings",
    "needing",
    "nothing",
];

/// The plugins of each language, from the folder that the script built them into.
static PLUGINS: LazyLock<Vec<Plugins>> = LazyLock::new(|| {
    let folder = std::env::var_os("WAYLEAVE_LANGUAGES");
    let folder =
        PathBuf::from(folder.expect("run tests/languages: it builds the plugins and says where they are"));
    let cache = support::scratch("compiled");
    let load = |language: &&str| {
        let folders = [folder.join(language)];
        let plugins = Plugins::load(&folders, Some(&cache), SandboxLimits::default()).unwrap();
        assert!(plugins.broken.is_empty(), "{language}: {:?}", plugins.broken);
        assert_eq!(plugins.rules().len(), 3, "{language}");
        plugins
    };
    LANGUAGES.iter().map(load).collect()
});

/// One rule as each language has it.
fn rule(name: &str) -> impl Iterator<Item = (&'static str, &'static Plugins, &'static RuleInfo)> {
    LANGUAGES.into_iter().zip(PLUGINS.iter()).map(move |(language, plugins)| {
        let found = plugins.rules().iter().find(|rule| rule.name == name);
        (language, plugins, found.unwrap_or_else(|| panic!("{language} has no rule {name}")))
    })
}

fn used(info: &RuleInfo, settings: Value) -> RuleUse {
    RuleUse {
        name: info.name.clone(),
        info: info.clone(),
        mode: Mode::Enforce,
        on_fault: OnFault::Reject,
        weight: 1.0,
        settings,
        mandatory: false,
    }
}

fn answer(plugins: &Plugins, info: &RuleInfo, settings: Value, snapshot: &Snapshot) -> Answer {
    plugins.sit(snapshot).answer(&used(info, settings), &|_, _| true)
}

/// Asks the rule in each language and expects of all what the first one says.
fn same_everywhere(name: &str, settings: &Value, snapshot: &Snapshot) -> Rows {
    let mut first: Option<Rows> = None;
    for (language, plugins, info) in rule(name) {
        let rows = answer(plugins, info, settings.clone(), snapshot).rows;
        let rows = rows.unwrap_or_else(|fault| panic!("{language}, {settings}: {fault:?}"));
        match &first {
            None => first = Some(rows),
            Some(first) => assert_eq!(&rows, first, "{language}, {settings}"),
        }
    }
    first.unwrap()
}

fn host(snapshot: &mut Snapshot, candidate: usize) -> &mut HostFacts {
    match &mut snapshot.candidates[candidate].node.gathered {
        Gathered::Facts(host) => host,
        Gathered::Unreachable { .. } => panic!("it has facts"),
    }
}

fn domain_of(file: &str) -> DomainFacts {
    let path = support::repository().join("host/tests/data/xml").join(file);
    wayleave::xml::domain_facts(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A few nodes with every kind of fact, known and not known, large and odd.
fn site() -> Snapshot {
    let mut site = support::fleet::fleet(8);
    let nothing = HostFacts { uuid: None, hostname: None, ..HostFacts::default() };
    *host(&mut site, 2) = nothing;
    site.candidates[2].pair = PairFacts::default();
    let odd = host(&mut site, 3);
    odd.memory_free_bytes = Some(0);
    odd.memory_total_bytes = Some((1 << 53) - 1);
    odd.cpus = Some(3_000_000_000);
    odd.hostname = Some("na\u{ef}ve \"host\" \\ \u{1f980}".to_owned());
    for cell in &mut odd.cells {
        cell.pages = vec![PagePool { size_bytes: 2 << 20, total: 512, free: Some(u64::from(cell.id) * 7) }];
    }
    host(&mut site, 4).cells[1].memory_free_bytes = None;
    host(&mut site, 4).residents[2].labels.insert("licence".to_owned(), "oracle-ee".to_owned());
    host(&mut site, 5).residents.clear();
    let disk = |name: &str, access| DiskAccess {
        disk: name.to_owned(),
        source: String::new(),
        pool: Some("images".to_owned()),
        access,
    };
    site.candidates[5].pair = PairFacts {
        cpu: CpuComparison::Failed { error: "no answer".to_owned() },
        reach: Reach::Unreachable { uri: "qemu+tcp://six/system".to_owned(), error: "refused".to_owned() },
        storage: StorageProbe::Probed(vec![
            disk("vda", Access::NotWritable { pool: "images".to_owned(), error: "full".to_owned() }),
            DiskAccess { pool: None, ..disk("vdb", Access::NoPoolAtSource) },
            disk("vdc", Access::Failed { error: "timeout".to_owned() }),
        ]),
    };
    site.candidates[6].pair.reach = Reach::SameHost { uri: "qemu:///system".to_owned() };
    let seats = ["4", "", "12"].map(str::to_owned).to_vec();
    let product = ["oracle-ee", "sql", ""].map(str::to_owned).to_vec();
    let columns = BTreeMap::from([("product".to_owned(), product), ("seats".to_owned(), seats)]);
    site.site_data.insert("licences".to_owned(), SiteData::Table(Table { rows: 3, columns }));
    let one = Table { rows: 0, columns: BTreeMap::from([("product".to_owned(), Vec::new())]) };
    site.site_data.insert("empty".to_owned(), SiteData::Table(one));
    let denied = SiteData::Unavailable { code: "denied".to_owned(), error: "no".to_owned() };
    site.site_data.insert("secret".to_owned(), denied);
    site
}

#[test]
fn the_rules_declare_the_same() {
    for name in ["everything", "few-domains", "ranking"] {
        let (_, _, first) = rule(name).next().unwrap();
        for (language, _, info) in rule(name) {
            assert_eq!(info.kind, first.kind, "{language}");
            assert_eq!(info.title, first.title, "{language}");
            assert_eq!(info.reasons, first.reasons, "{language}");
            assert_eq!(info.settings_schema, first.settings_schema, "{language}");
        }
    }
}

/// Least privilege: what a rule does not name, the core does not gather for it.
#[test]
fn a_component_imports_what_its_source_asks_for() {
    for (language, _, info) in rule("few-domains") {
        for spared in ["storage.", "reach.", "cpu.", "networks.", "cells.", "site-data.", "nodes.memory"] {
            let needed = info.needs.iter().find(|need| need.starts_with(spared));
            assert!(needed.is_none(), "{language} imports {needed:?}");
        }
        for asked in ["nodes.cpus", "residents.active", "residents.offsets"] {
            assert!(info.needs.contains(asked), "{language} does not import {asked}");
        }
    }
}

#[test]
fn every_fact_is_the_same_in_every_language() {
    let domains = ["kvm-full.xml", "kvm-aarch64.xml", "xen-pv.xml", "lxc.xml"].map(domain_of);
    for domain in domains.into_iter().chain([support::fleet::domain(), DomainFacts::default()]) {
        let snapshot = Snapshot { domain, ..site() };
        for part in PARTS {
            let tables = json!(["licences", "empty", "secret", "nowhere"]);
            let settings = json!({"part": part, "tables": tables, "share": 0.25, "page_size": 2 << 20});
            let Rows::Codes { codes, explained } = same_everywhere("everything", &settings, &snapshot) else {
                panic!("it is a check")
            };
            assert_eq!(explained.len(), 8);
            let shown = explained.values().filter(|words| words.measured.is_some()).count();
            assert!(part == "nothing" || shown > 0 || codes.iter().all(|code| *code == 1), "{part}");
        }
    }
}

#[test]
fn the_worked_rule_finds_the_same() {
    for per_cpu in [0, 1, 4, u64::from(u32::MAX)] {
        let settings = json!({"domains_per_cpu": per_cpu});
        let mut crowded = site();
        host(&mut crowded, 1).cpus = Some(2);
        let Rows::Codes { codes, .. } = same_everywhere("few-domains", &settings, &crowded) else {
            panic!("it is a check")
        };
        assert_eq!(codes[2], 2, "nothing is known of the third node");
    }
}

#[test]
fn scores_are_the_same() {
    let Rows::Scores { scores, .. } = same_everywhere("ranking", &json!({}), &site()) else {
        panic!("it is a score")
    };
    assert!(scores[0] > 0.0 && scores[2] == 0.0, "{scores:?}");
}

#[test]
fn claims_are_the_same() {
    let snapshot = site();
    let claims = rule("everything").map(|(language, plugins, info)| {
        let sitting = plugins.sit(&snapshot);
        let of = |row| sitting.claims(&used(info, json!({})), row);
        let known = of(0).unwrap();
        assert_eq!((known[0].resource.as_str(), known[0].limit), ("slot/node00001", 64), "{language}");
        let unknown = of(2).unwrap_err();
        assert_eq!((unknown.code.as_str(), unknown.detail.as_str()), ("rule-error", "cpus is not known"));
        of(3).unwrap()
    });
    let claims: Vec<_> = claims.collect();
    assert!(claims.iter().all(|claim| claim == &claims[0]), "{claims:?}");
}

#[test]
fn wrong_settings_are_refused_alike() {
    for settings in [
        json!({"part": 7, "share": "much", "refuse": 1, "tables": "licences", "page_size": -1}),
        json!({"a/b~c": 1, "page_size": 1.5}),
        json!({"share": 1.5}),
        json!({"tables": ["a", 2]}),
        json!([]),
    ] {
        let problems = rule("everything").map(|(language, plugins, info)| {
            let mut problems = plugins.configure(info, &settings).expect_err(language);
            problems.sort_by(|one, other| one.path.cmp(&other.path));
            problems
        });
        let problems: Vec<_> = problems.collect();
        assert!(problems.iter().all(|one| one == &problems[0]), "{settings}: {problems:#?}");
    }
}

#[test]
fn what_goes_wrong_in_a_rule_is_a_fault_that_says_why() {
    for (language, plugins, info) in rule("everything") {
        let fault = answer(plugins, info, json!({"part": "panic"}), &site()).rows.unwrap_err();
        assert!(fault.detail.contains("it was to fail"), "{language}: {fault:?}");
        assert!(["panic", "rule-error"].contains(&fault.code.as_str()), "{language}: {fault:?}");
    }
}

#[test]
fn thousands_of_nodes_stay_within_the_limits() {
    let limits = SandboxLimits::default();
    for nodes in [1_000, 10_000] {
        let fleet = support::fleet::fleet(nodes);
        for (language, plugins, info) in rule("few-domains") {
            let sitting = plugins.sit(&fleet);
            let rule = used(info, json!({}));
            let mut fastest = Duration::MAX;
            let mut fuel = 0;
            for _ in 0..5 {
                let started = Instant::now();
                let answer = sitting.answer(&rule, &|_, _| false);
                fastest = fastest.min(started.elapsed());
                assert!(answer.rows.is_ok(), "{language}: {:?}", answer.rows);
                fuel = answer.fuel;
            }
            let given = limits.fuel + limits.fuel_per_row * nodes as u64;
            let share = fuel as f64 * 100.0 / given as f64;
            eprintln!(
                "{language:<7} {nodes:>6} nodes {fastest:>10.1?}  fuel {fuel:>11}, {share:.1} % of what it has"
            );
            assert!(fuel < given / 2, "{language} uses more than half of its fuel");
        }
    }
}
