//! `policy mutate`: how much of what could go wrong a suite would notice.

use std::path::PathBuf;

use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;

use super::super::super::args::Output;
use super::super::super::args::policy::{Family as Wanted, Mutate};
use super::super::super::{Exit, out, render};
use super::super::show;
use super::{bound, jobs, nothing_run, selection};
use crate::controller::Error;
use crate::mutate::{Family, Fate, Mutant, Work, plan, run, score};
use crate::plugin::mutants::{OwnCode, mutants};
use crate::problem::InputError;
use crate::suite::Subject;
use crate::suite::run::{Bound, run_all};
use crate::world::World;

pub fn mutate(world: &World, output: Output, arguments: &Mutate) -> Result<Exit, Error> {
    let mut suites = bound(world, &arguments.suites)?;
    keep_selected(&mut suites, arguments)?;
    must_pass(&suites, jobs(&arguments.suites))?;
    let mut fates: Vec<Fate> = Vec::new();
    for bound in &suites {
        let mut mutants = plan(bound);
        if let Subject::Plugin(name) = &bound.suite.subject {
            mutants.extend(operators(world, bound, name, arguments)?);
        }
        mutants.retain(|mutant| is_wanted(&arguments.families, mutant.family));
        let bar = ProgressBar::new(mutants.len() as u64);
        fates.extend(run(bound, &mutants, jobs(&arguments.suites), &|| bar.inc(1)));
        bar.finish_and_clear();
    }
    show(output, || render::mutation(&fates), || render::json("mutation", &fates))?;
    let found = score(&fates);
    match arguments.min_score.filter(|least| found < *least) {
        Some(least) => {
            let text = format!("the share of mutants that was noticed is {found:.2}; {least} was asked for");
            out::error(output, "mutation-score-too-low", &text, Some("add cases that notice the survivors"));
            Ok(Exit::Refused)
        }
        None => Ok(Exit::Done),
    }
}

fn keep_selected(suites: &mut Vec<Bound>, arguments: &Mutate) -> Result<(), Error> {
    let selection = selection(&arguments.suites, None)?;
    for bound in suites.iter_mut() {
        let suite = bound.suite.name();
        bound.suite.cases.retain(|case| selection.fits(&suite, &case.name));
    }
    suites.retain(|bound| !bound.suite.cases.is_empty());
    if suites.is_empty() { Err(nothing_run(&arguments.suites).into()) } else { Ok(()) }
}

/// What fails as it stands would notice anything.
fn must_pass(suites: &[Bound], jobs: usize) -> Result<(), InputError> {
    let cases: Vec<_> =
        suites.iter().flat_map(|bound| bound.suite.cases.iter().map(move |case| (bound, case))).collect();
    let reports = run_all(&cases, jobs, |bound, case| bound.run(case));
    reports.iter().find(|report| !report.passed()).map_or(Ok(()), |report| {
        Err(InputError::new("suite-fails", format!("case `{}` fails as it stands", report.case))
            .at(&report.file, report.line, 1)
            .hint("`wayleave policy test` says how; mend it first"))
    })
}

fn is_wanted(families: &[Wanted], family: Family) -> bool {
    let wanted = match family {
        Family::Settings => Wanted::Settings,
        Family::Facts => Wanted::Facts,
        Family::Rules => Wanted::Rules,
        Family::Operators => Wanted::Operators,
    };
    families.is_empty() || families.contains(&wanted)
}

/// Mutants of the plugin's own code. What has none (an interpreter reads it) is told on stderr.
fn operators<'a>(
    world: &'a World,
    bound: &'a Bound,
    plugin: &str,
    arguments: &Mutate,
) -> Result<Vec<Mutant<'a>>, Error> {
    let Some(file) = bound.component.as_deref().filter(|_| is_wanted(&arguments.families, Family::Operators))
    else {
        return Ok(Vec::new());
    };
    let unreadable = |error: std::io::Error| {
        InputError::new("plugin-unreadable", format!("the plugin cannot be read: {error}")).in_file(file)
    };
    let component = std::sync::Arc::new(std::fs::read(file).map_err(unreadable)?);
    let folder = arguments.source.as_deref().unwrap_or(bound.suite.folder());
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let except = ["wayleave", "target"].map(|name| folder.join(name)).into();
    let own = OwnCode { folder: folder.clone(), except, crate_name: plugin.to_owned() };
    let mut found = match mutants(&component, &own) {
        Ok(found) => found,
        Err(error) => {
            out::note(&format!(
                "{}: no operators are changed: {error} ({})",
                bound.suite.name(),
                error.hint()
            ));
            return Ok(Vec::new());
        }
    };
    if arguments.most > 0 && found.len() > arguments.most {
        found.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(arguments.seed));
        found.truncate(arguments.most);
        found.sort_by_key(|mutant| mutant.offset);
    }
    let file: PathBuf = file.to_owned();
    Ok(found
        .into_iter()
        .map(|mutant| {
            let (component, file) = (std::sync::Arc::clone(&component), file.clone());
            let place = mutant.place.as_ref().map(|place| {
                let path = place.file.strip_prefix(&folder).unwrap_or(&place.file);
                format!("{}:{}", path.display(), place.line)
            });
            Mutant {
                family: Family::Operators,
                subject: mutant.function.clone(),
                change: mutant.change.clone(),
                place,
                work: Work::Component(Box::new(move || {
                    world.changed_plugin(&file, &mutant.apply(&component))
                })),
            }
        })
        .collect())
}
