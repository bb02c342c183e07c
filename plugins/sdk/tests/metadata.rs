//! What a plugin says of itself, and how it takes settings: through the public macros only.

use wayleave_sdk::native::{Site, SiteNode};
use wayleave_sdk::prelude::*;

settings! {
    struct Everything {
        /// Kept free on every node,
        /// in MiB.
        reserve_mib: u64 = 256,
        seats: u32 = 1,
        ratio: f64 = 4.0,
        strict: bool = true,
        label: String = String::from("a \"quoted\" one"),
        exempt: Vec<String> = vec![String::from("alpha")],
    }
}

reasons! {
    SHORT: reject "short", "not enough of it";
    TIGHT: warn "tight", "little would stay";
    STALE: unknown "stale", "measured too long ago";
}

struct Rule {
    reserve: u64,
}

impl Check for Rule {
    const NAME: &'static str = "rule";
    const TITLE: &'static str = "there is enough of it";
    const REASONS: &'static [Reason] = REASONS;
    type Settings = Everything;

    fn problems(settings: &Everything) -> Vec<Problem> {
        let wrong = settings.ratio <= 0.0;
        wrong.then(|| Problem::at("/ratio", "is above 0")).into_iter().collect()
    }

    fn new(settings: Everything) -> Self {
        let _ = (settings.seats, settings.strict, settings.label, settings.exempt);
        Self { reserve: settings.reserve_mib << 20 }
    }

    fn judge(&self, node: Node<'_>) -> Verdict {
        let free = node.memory_free()?;
        let verdict = match free {
            0 => because(STALE),
            free if free < self.reserve => because(SHORT).remedy("free some"),
            free if free < 2 * self.reserve => because(TIGHT),
            _ => pass(),
        };
        verdict.measured(mib(free)).needed(mib(self.reserve))
    }
}

struct Ranking;

impl Score for Ranking {
    const NAME: &'static str = "ranking";
    const TITLE: &'static str = "few processors";
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self
    }

    fn score(&self, node: Node<'_>) -> Known<f32> {
        Ok(1.0 / node.cpus()? as f32).measured(node.cpus()?)
    }
}

wayleave_sdk::checks!(Rule);

mod ranked {
    wayleave_sdk::scores!(super::Ranking);
}

#[test]
fn metadata_is_a_document_with_every_reason_and_every_setting() {
    let told: serde_json::Value = serde_json::from_str(&PLUGIN.describe()).expect("it is JSON");
    assert_eq!(told["name"], "wayleave-sdk");
    assert_eq!(told["contract"], "1.0");
    let rule = &told["rules"][0];
    assert_eq!((&rule["name"], &rule["kind"]), (&"rule".into(), &"check".into()));
    let reasons: Vec<_> = (0..4).map(|place| rule["reasons"][place]["code"].clone()).collect();
    assert_eq!(reasons, ["short", "tight", "stale", "not-known"]);
    assert_eq!(rule["reasons"][3]["kind"], "unknown");
    let schema = &rule["settings_schema"];
    assert_eq!(schema["additionalProperties"], false);
    let reserve = &schema["properties"]["reserve_mib"];
    assert_eq!(reserve["description"], "Kept free on every node, in MiB.");
    assert_eq!((&reserve["type"], &reserve["default"]), (&"integer".into(), &256.into()));
    assert_eq!(schema["properties"]["label"]["default"], "a \"quoted\" one");
    assert_eq!(schema["properties"]["exempt"]["items"]["type"], "string");
    assert_eq!(schema["properties"]["ratio"]["default"], 4.0);
    let told: serde_json::Value = serde_json::from_str(&ranked::PLUGIN.describe()).expect("it is JSON");
    assert_eq!(told["rules"][0]["reasons"], serde_json::json!([]));
}

#[test]
fn every_problem_of_the_settings_is_named_with_its_place() {
    let wrong =
        r#"{"reserve_mib": -1, "strict": "no", "exempt": ["a", 1], "reserved": 1, "seats": 4294967296}"#;
    let problems = PLUGIN.configure("rule", wrong).err().expect("it is wrong");
    let places: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(places, ["/reserve_mib", "/strict", "/exempt", "/reserved", "/seats"]);
    let problems = PLUGIN.configure("rule", r#"{"ratio": 0}"#).err().expect("it is wrong");
    assert_eq!(problems, [Problem::at("/ratio", "is above 0")]);
    assert!(PLUGIN.configure("no-such", "{}").is_err());
}

#[test]
fn one_function_decides_and_explains() {
    let free = |free| SiteNode { memory_free: free, ..SiteNode::named("beta") };
    let nodes = [None, Some(0), Some(1 << 20), Some(300 << 20), Some(1 << 40)].map(free);
    let trial = Site::of(nodes).trial(&PLUGIN, "rule", "{}");
    assert_eq!(trial.codes(), ["not-known", "stale", "short", "tight", "ok"]);
    assert_eq!(trial.numbers(), [4, 3, 1, 2, 0]);
    assert_eq!(trial.explain(0).expect("it is there").measured, "memory_free is not known");
    let words = trial.explain(2).expect("it is there");
    assert_eq!((&*words.measured, &*words.needed, &*words.remedy), ("1 MiB", "256 MiB", "free some"));
    assert_eq!(trial.explain(4).expect("it is there").remedy, "");
    assert!(trial.explain(5).is_err());
    assert_eq!(trial.claims(4), Ok(Vec::new()));
}

#[test]
fn a_score_without_its_fact_is_nothing_and_says_so() {
    let nodes = [SiteNode { cpus: Some(4), ..SiteNode::named("beta") }, SiteNode::named("gamma")];
    let trial = Site::of(nodes).trial(&ranked::PLUGIN, "ranking", "{}");
    assert_eq!(trial.scores(), [0.25, 0.0]);
    assert_eq!(trial.explain(0).expect("it is there").measured, "4");
    assert_eq!(trial.explain(1).expect("it is there").measured, "cpus is not known");
}

/// Fails where it is put into words.
#[derive(Clone)]
struct Mute;

impl std::fmt::Display for Mute {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("words are for explanations")
    }
}

struct Quiet;

impl Check for Quiet {
    const NAME: &'static str = "quiet";
    const TITLE: &'static str = "nothing is put into words while nodes are judged";
    const REASONS: &'static [Reason] = &[];
    type Settings = NoSettings;

    fn new(_: NoSettings) -> Self {
        Self
    }

    fn judge(&self, _: Node<'_>) -> Verdict {
        pass().measured(Mute).needed(format_args!("{Mute}")).remedy(list([Mute]))
    }
}

#[test]
fn judging_many_nodes_formats_nothing() {
    let facts = Site::of([SiteNode::named("beta"), SiteNode::named("gamma")]).facts();
    assert_eq!(wayleave_sdk::native::evaluate::<Quiet>("{}", &facts), Ok(vec![0, 0]));
}
