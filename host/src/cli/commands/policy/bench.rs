//! `policy bench`: what cases cost, and the baseline that `policy test` holds them to.

use std::time::Duration;

use super::super::super::args::Output;
use super::super::super::args::policy::Bench;
use super::super::super::{Exit, out, render};
use super::super::show;
use super::{bound, nothing_run, selection};
use crate::controller::Error;
use crate::suite::Case;
use crate::suite::baseline::Baseline;
use crate::suite::run::{Bound, CaseReport, Varied};
use crate::world::World;

/// How often each case is timed; the median is told.
const ROUNDS: usize = 9;

pub fn bench(world: &World, output: Output, arguments: &Bench) -> Result<Exit, Error> {
    let suites = bound(world, &arguments.suites)?;
    let cases = selection(&arguments.suites, None)?.of(&suites);
    if cases.is_empty() {
        return Err(nothing_run(&arguments.suites).into());
    }
    // One after the other: they would slow each other down.
    let reports: Vec<CaseReport> = cases.iter().map(|(bound, case)| timed(bound, case)).collect();
    show(
        output,
        || render::report::costs(&reports),
        || render::json("costs", &render::report::cost_rows(&reports)),
    )?;
    if arguments.save {
        for bound in &suites {
            let own = || reports.iter().filter(|report| report.file == bound.suite.path);
            // A part of the cases is laid over what was saved of the others.
            let mut baseline =
                bound.baseline.clone().unwrap_or_else(|| Baseline::of(std::iter::empty(), None));
            baseline.growth_percent_max = arguments.growth.unwrap_or(baseline.growth_percent_max);
            baseline.fuel.retain(|name, _| bound.suite.cases.iter().any(|case| case.name == *name));
            baseline.fuel.extend(Baseline::of(own(), None).fuel);
            out::note(&format!("saved: {}", baseline.save(&bound.suite)?.display()));
        }
    }
    Ok(Exit::Done)
}

/// The decision alone, without the built-in properties.
fn timed(bound: &Bound, case: &Case) -> CaseReport {
    let run = || {
        let start = std::time::Instant::now();
        let report = bound.run_varied(case, &Varied::default());
        (start.elapsed(), report)
    };
    let mut times: Vec<Duration> = (1..ROUNDS).map(|_| run().0).collect();
    let (last, mut report) = run();
    times.push(last);
    times.sort();
    report.time = times[times.len() / 2];
    report
}
