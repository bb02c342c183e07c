//! One case at work: its policy, its snapshot, its decision, and how that falls short.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::baseline::Baseline;
use super::coverage::Coverage;
use super::expect::{Failure, RefusalWanted};
use super::properties::Held;
use super::{Case, Subject, Suite};
use crate::decide::{self, judge};
use crate::fixture::Fixture;
use crate::model::decision::{Decision, Verdict};
use crate::model::policy::{Mode, Policy, RuleInfo, RuleUse};
use crate::model::port::Evaluate;
use crate::parallel::each;
use crate::policy::{Refused, accept_settings};
use crate::problem::InputError;

/// A suite with who answers for its rules, and what it is about.
pub struct Bound {
    pub suite: Suite,
    pub evaluate: Arc<dyn Evaluate>,
    /// Of a suite of a policy.
    pub policy: Option<Policy>,
    /// Of a suite of a plugin: its file.
    pub component: Option<PathBuf>,
    pub baseline: Option<Baseline>,
}

/// What stands in the place of something that a case says.
#[derive(Clone, Copy, Default)]
pub struct Varied<'a> {
    pub facts: Option<&'a Fixture>,
    /// By rule, laid over the settings.
    pub settings: Option<&'a Value>,
    pub evaluate: Option<&'a dyn Evaluate>,
    /// A rule of the policy that is to have no effect.
    pub audited: Option<&'a str>,
    /// Whether the built-in properties and the baseline are held too.
    pub properties: bool,
}

/// What was run, as every form of report has it.
pub struct Report {
    pub cases: Vec<CaseReport>,
    pub coverage: Coverage,
    pub time: Duration,
}

impl Report {
    /// How many cases passed, and how many did not.
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.cases.iter().filter(|case| case.passed()).count();
        (passed, self.cases.len() - passed)
    }
}

/// What became of one case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    pub suite: String,
    pub file: PathBuf,
    pub line: usize,
    pub case: String,
    /// Every rule that it was about, in the policy's order.
    pub rules: Vec<RuleReport>,
    /// What no single rule is to blame for.
    pub failures: Vec<Failure>,
    #[serde(skip)]
    pub time: Duration,
    #[serde(skip)]
    pub decision: Option<Decision>,
    #[serde(skip)]
    pub coverage: Coverage,
}

#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    pub rule: String,
    pub fuel: u64,
    pub failures: Vec<Failure>,
}

impl CaseReport {
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.rules.iter().all(|rule| rule.failures.is_empty())
    }

    pub fn all_failures(&self) -> impl Iterator<Item = &Failure> {
        self.rules.iter().flat_map(|rule| &rule.failures).chain(&self.failures)
    }
}

/// Which cases are run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only those whose `suite / case` fits.
    pub run: Option<regex::Regex>,
    /// The n-th of so many parts.
    pub shard: Option<(usize, usize)>,
}

impl Selection {
    pub fn fits(&self, suite: &str, case: &str) -> bool {
        self.run.as_ref().is_none_or(|run| run.is_match(&format!("{suite} / {case}")))
    }

    pub fn of<'a>(&self, suites: &'a [Bound]) -> Vec<(&'a Bound, &'a Case)> {
        let all = suites.iter().flat_map(|bound| bound.suite.cases.iter().map(move |case| (bound, case)));
        let named = all.filter(|(bound, case)| self.fits(&bound.suite.name(), &case.name));
        let of_shard = |place: &usize| self.shard.is_none_or(|(part, parts)| place % parts == part - 1);
        named.enumerate().filter(|(place, _)| of_shard(place)).map(|(_, found)| found).collect()
    }
}

/// Runs cases on some threads; the reports are in the order of the cases.
pub fn run_all(
    cases: &[(&Bound, &Case)],
    jobs: usize,
    run: impl Fn(&Bound, &Case) -> CaseReport + Sync,
) -> Vec<CaseReport> {
    each(cases.len(), jobs, |place| {
        let (bound, case) = cases[place];
        run(bound, case)
    })
}

impl Bound {
    /// Every rule and code that a case names is there, or the suite is wrong.
    pub fn check(&self) -> Result<(), InputError> {
        for case in &self.suite.cases {
            let policy = self.policy_of(case, &Varied::default())?;
            // The core's own finding is no rule's.
            let of_rules = case.expected.cells.iter().filter(|cell| cell.rule != decide::REACHED);
            for cell in of_rules {
                let rule = policy.rules.iter().find(|rule| rule.name == cell.rule).ok_or_else(|| {
                    self.problem("no-such-rule", case, format!("no rule `{}` is under test", cell.rule))
                        .hint_nearest(&cell.rule, policy.rules.iter().map(|rule| rule.name.as_str()))
                })?;
                self.check_code(case, &rule.info, cell.want.code.as_deref(), cell.want.verdict)?;
            }
        }
        Ok(())
    }

    /// A code that the rule does not have would never be found; a fault's is not its own.
    fn check_code(
        &self,
        case: &Case,
        info: &RuleInfo,
        code: Option<&str>,
        verdict: Option<Verdict>,
    ) -> Result<(), InputError> {
        const OTHERS: [&str; 10] = [
            "ok",
            "not-gathered",
            "out-of-fuel",
            "out-of-time",
            "out-of-memory",
            "stack-overflow",
            "trap",
            "panic",
            "bad-answer",
            "rule-error",
        ];
        let Some(code) = code.filter(|_| verdict.is_none()) else { return Ok(()) };
        let known = || info.reasons.iter().map(|reason| reason.code.as_str());
        if OTHERS.contains(&code) || known().any(|one| one == code) {
            return Ok(());
        }
        let text = format!("rule `{}` has no reason `{code}`", info.name);
        let codes: Vec<&str> = std::iter::once("ok").chain(known()).collect();
        let verdicts = Verdict::ALL.map(Verdict::word);
        let expected = format!("{}; or a verdict: {}", codes.join(", "), verdicts.join(", "));
        Err(self
            .problem("no-such-code", case, text)
            .expected(expected)
            .hint_nearest(code, known().chain(verdicts)))
    }

    fn problem(&self, code: &'static str, case: &Case, text: String) -> InputError {
        InputError::new(code, format!("case `{}`: {text}", case.name)).at(&self.suite.path, case.line, 1)
    }

    /// The policy that a case is judged by, under a variation of it.
    pub fn policy_of(&self, case: &Case, varied: &Varied<'_>) -> Result<Policy, InputError> {
        match (&self.suite.subject, &self.policy) {
            (Subject::Policy(_), Some(policy)) => self.whole_policy(policy, case, varied),
            (Subject::Policy(file), None) => Err(self.problem(
                "policy-unreadable",
                case,
                format!("no policy was read from {}", file.display()),
            )),
            (Subject::Plugin(plugin), _) => {
                let name = case.rule.as_deref().unwrap_or_default();
                let rules = varied.evaluate.unwrap_or(self.evaluate.as_ref()).rules();
                let own = || rules.iter().filter(|rule| rule.plugin == *plugin);
                let info = own().find(|rule| rule.name == name).ok_or_else(|| {
                    self.problem("no-such-rule", case, format!("plugin `{plugin}` has no rule `{name}`"))
                        .hint_nearest(name, own().map(|rule| rule.name.as_str()))
                })?;
                let mut settings = case.settings.clone();
                lay_over(&mut settings, varied.settings.and_then(|over| over.get(name)));
                Ok(of_one_rule(info.clone(), settings))
            }
        }
    }

    fn whole_policy(&self, policy: &Policy, case: &Case, varied: &Varied<'_>) -> Result<Policy, InputError> {
        let mut policy = policy.clone();
        let named = case.settings.as_object().into_iter().flat_map(serde_json::Map::keys);
        for name in named {
            if !policy.rules.iter().any(|rule| rule.name == *name) {
                return Err(self
                    .problem(
                        "no-such-rule",
                        case,
                        format!("settings of rule `{name}`, which the policy does not use"),
                    )
                    .hint_nearest(name, policy.rules.iter().map(|rule| rule.name.as_str())));
            }
        }
        for rule in &mut policy.rules {
            lay_over(&mut rule.settings, case.settings.get(&rule.name));
            lay_over(&mut rule.settings, varied.settings.and_then(|over| over.get(&rule.name)));
            if varied.audited == Some(&rule.name) {
                rule.mode = Mode::Audit;
            }
        }
        Ok(policy)
    }

    /// Runs one case as it stands, and holds the built-in properties.
    pub fn run(&self, case: &Case) -> CaseReport {
        let start = Instant::now();
        let mut report = self.run_varied(case, &Varied { properties: true, ..Varied::default() });
        report.time = start.elapsed();
        report
    }

    /// Runs a case with something else in the place of what it says.
    pub fn run_varied(&self, case: &Case, varied: &Varied<'_>) -> CaseReport {
        let mut report = self.empty_report(case);
        let facts = varied.facts.unwrap_or(&case.facts);
        let evaluate = varied.evaluate.unwrap_or(self.evaluate.as_ref());
        let (policy, snapshot) = match (self.policy_of(case, varied), facts.snapshot()) {
            (Ok(policy), Ok(snapshot)) => (policy, snapshot),
            (Err(error), _) => return broken(report, &error.to_string()),
            (_, Err(error)) => return broken(report, &error.to_string()),
        };
        let refused = policy.rules.iter().find_map(|rule| {
            let refused = accept_settings(&rule.info, &rule.settings, evaluate).err()?;
            Some((rule.name.clone(), refused))
        });
        report.failures.extend(settings_failure(case, refused.as_ref()));
        for rule in &policy.rules {
            report.coverage.declare(&rule.info);
        }
        if refused.is_some() {
            return report;
        }
        let (decision, answers) = judge(&policy, &snapshot, evaluate);
        report.coverage.see(&policy, &decision, &answers);
        let mut failures = case.expected.hold(&decision);
        if varied.properties {
            let held = Held { policy: &policy, facts, snapshot: &snapshot, decision: &decision, evaluate };
            failures.extend(held.hold(&case.skipped));
            failures.extend(self.baseline.iter().flat_map(|baseline| baseline.hold(&case.name, &decision)));
        }
        report.rules = decision
            .rules
            .iter()
            .map(|rule| RuleReport { rule: rule.name.clone(), fuel: rule.fuel, failures: Vec::new() })
            .collect();
        for failure in failures {
            let rule = report.rules.iter_mut().find(|rule| Some(&rule.rule) == failure.rule.as_ref());
            rule.map_or(&mut report.failures, |rule| &mut rule.failures).push(failure);
        }
        report.decision = Some(decision);
        report
    }

    fn empty_report(&self, case: &Case) -> CaseReport {
        CaseReport {
            suite: self.suite.name(),
            file: self.suite.path.clone(),
            line: case.line,
            case: case.name.clone(),
            rules: Vec::new(),
            failures: Vec::new(),
            time: Duration::ZERO,
            decision: None,
            coverage: Coverage::default(),
        }
    }
}

fn lay_over(settings: &mut Value, over: Option<&Value>) {
    if let Some(over) = over {
        crate::fixture::merge(settings, over);
    }
}

/// What is to happen to the settings, and did not.
fn settings_failure(case: &Case, refused: Option<&(String, Refused)>) -> Option<Failure> {
    let wanted = case.expected.settings_refused.as_ref();
    let found = match (refused, wanted) {
        (None, None) => return None,
        (Some((_, Refused::Settings(problem))), Some(wanted)) if wanted.fits(problem) => return None,
        (Some((rule, Refused::Settings(problem))), _) => {
            format!("refused by {rule} at {:?}: {}", problem.path, problem.message)
        }
        (Some((rule, Refused::Schema(text))), _) => format!("refused: {rule} has a wrong schema: {text}"),
        (None, Some(_)) => "taken".to_owned(),
    };
    let expected = wanted.map_or_else(|| "settings taken".to_owned(), RefusalWanted::in_words);
    let found = format!("settings {found}");
    Some(Failure {
        kind: "settings",
        rule: refused.map(|(rule, _)| rule.clone()),
        node: None,
        expected,
        found,
    })
}

fn broken(mut report: CaseReport, text: &str) -> CaseReport {
    let (expected, found) = ("a case that can be run".to_owned(), text.to_owned());
    report.failures.push(Failure { kind: "case", rule: None, node: None, expected, found });
    report
}

/// A policy of one rule that is enforced.
pub fn of_one_rule(info: RuleInfo, settings: Value) -> Policy {
    let rule = RuleUse::enforced(info, settings);
    Policy { name: rule.name.clone(), digest: String::new(), rules: vec![rule], data: BTreeMap::new() }
}
