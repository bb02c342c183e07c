//! `policy test`: runs suites and tells what became of every case.

use std::path::PathBuf;
use std::time::Instant;

use super::super::super::args::Output;
use super::super::super::args::policy::{ReportForm, ReportKind, Test};
use super::super::super::{Exit, out, render};
use super::super::{print, write};
use super::{bound, jobs, nothing_run, selection};
use crate::controller::Error;
use crate::problem::InputError;
use crate::reload::Watch;
use crate::suite::Subject;
use crate::suite::coverage::Coverage;
use crate::suite::run::{Bound, CaseReport, Report, run_all};
use crate::suite::update::update;
use crate::world::World;

pub async fn test(world: &World, output: Output, arguments: &Test) -> Result<Exit, Error> {
    if !arguments.watch {
        return once(world, output, arguments).map(|(exit, _)| exit);
    }
    loop {
        let watched = match once(world, output, arguments) {
            Ok((_, watched)) => watched,
            // What is being edited may be broken for a moment.
            Err(error) => {
                let text = crate::problem::chain(&error);
                out::error(output, error.code(), &text, error.hint().as_deref());
                arguments.suites.paths.iter().chain(&arguments.suites.plugins).cloned().collect()
            }
        };
        let mut watch = Watch::new(&watched)?;
        tokio::select! {
            () = watch.changed() => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
        }
    }
}

/// One run of everything; also what a change of would ask for another run.
fn once(world: &World, output: Output, arguments: &Test) -> Result<(Exit, Vec<PathBuf>), Error> {
    let start = Instant::now();
    let suites = bound(world, &arguments.suites)?;
    let shard = arguments.shard.map(|shard| (shard.part, shard.parts));
    let cases = selection(&arguments.suites, shard)?.of(&suites);
    if cases.is_empty() {
        return Err(nothing_run(&arguments.suites).into());
    }
    let reports = run_all(&cases, jobs(&arguments.suites), |bound, case| bound.run(case));
    let mut coverage = Coverage::default();
    for report in &reports {
        coverage.add(&report.coverage);
    }
    for bound in &suites {
        declare(&mut coverage, bound)?;
    }
    let report = Report { cases: reports, coverage, time: start.elapsed() };
    tell(output, arguments, &report)?;
    let updated = arguments.update && rewrite(&suites, &report.cases)?;
    let too_little = arguments.min_coverage.filter(|least| report.coverage.share() < *least);
    if let Some(least) = too_little {
        let (seen, all) = report.coverage.outcomes();
        let text =
            format!("{seen} of {all} outcomes were seen, less than the share of {least} that was asked for");
        out::error(output, "coverage-too-low", &text, Some("--coverage shows which are missing"));
    }
    let passed = updated || report.cases.iter().all(CaseReport::passed);
    let exit = if passed && too_little.is_none() { Exit::Done } else { Exit::Refused };
    Ok((exit, suites.iter().flat_map(watched).collect()))
}

/// Every rule of a suite's plugin is under test, whether a case is about it or not; what cannot be
/// brought about is not missing.
fn declare(coverage: &mut Coverage, bound: &Bound) -> Result<(), InputError> {
    let wrong = |text: String| InputError::new("wrong-unreachable", text).in_file(&bound.suite.path);
    let rules = bound.evaluate.rules();
    if let Subject::Plugin(plugin) = &bound.suite.subject {
        rules.iter().filter(|rule| rule.plugin == *plugin).for_each(|rule| coverage.declare(rule));
    }
    for (name, outcomes) in &bound.suite.unreachable {
        let rule = rules.iter().find(|rule| rule.name == *name);
        let rule = rule.ok_or_else(|| wrong(format!("no rule `{name}` is under test")))?;
        for outcome in outcomes {
            coverage.leave_out(rule, outcome).map_err(wrong)?;
        }
    }
    Ok(())
}

fn watched(bound: &Bound) -> Vec<PathBuf> {
    let policy = match &bound.suite.subject {
        Subject::Policy(policy) => Some(crate::suite::parent(policy).to_owned()),
        Subject::Plugin(_) => None,
    };
    std::iter::once(bound.suite.folder().to_owned()).chain(policy).collect()
}

fn tell(output: Output, arguments: &Test, report: &Report) -> Result<(), Error> {
    let standard = match output {
        Output::Table => ReportKind::Table,
        Output::Json => ReportKind::Json,
    };
    let standard = [ReportForm { kind: standard, file: None }];
    let forms = if arguments.formats.is_empty() { &standard[..] } else { &arguments.formats };
    for form in forms {
        let text = match form.kind {
            ReportKind::Table => render::report::table(report, arguments.coverage),
            ReportKind::Json => render::report::json(report),
            ReportKind::Junit => render::report::junit(report),
            ReportKind::Tap => render::report::tap(report),
            ReportKind::Sarif => render::report::sarif(report),
            ReportKind::Github => render::report::github(report),
        };
        match &form.file {
            Some(file) => write(file, &text, ("report-unwritable", "the report"))?,
            None => print(&text)?,
        }
    }
    Ok(())
}

/// True: nothing fails any more.
fn rewrite(suites: &[Bound], reports: &[CaseReport]) -> Result<bool, Error> {
    let mut all = true;
    for bound in suites {
        let own: Vec<&CaseReport> = reports.iter().filter(|report| report.file == bound.suite.path).collect();
        let updated = update(bound, &own)?;
        for (case, changes) in &updated.cases {
            out::note(&format!("updated: {} / {case}", bound.suite.name()));
            changes.iter().for_each(|change| out::note(&format!("  {change}")));
        }
        for case in &updated.left {
            out::note(&format!("not updated, look at it: {} / {case}", bound.suite.name()));
        }
        all &= updated.left.is_empty();
    }
    Ok(all)
}
