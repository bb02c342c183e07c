//! `decision`: decisions that were recorded: listed, shown, explained, and written into files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::args::{Decision as Command, ExportForm, Output, RecordName};
use super::super::{Exit, out, render};
use super::replay::Bench;
use super::{Unwritable, print, show, write};
use crate::controller::{Error, Recorder};
use crate::model::policy::Policy;
use crate::model::port::{HypervisorError, Records};
use crate::model::record::{DecisionRecord, Selection};
use crate::problem::InputError;
use crate::record::explain::explain;
use crate::record::minimise::minimise;
use crate::record::read::read;
use crate::record::replay::{Impossible, Replay};
use crate::record::suite;
use crate::world::World;

const UNWRITABLE: Unwritable = ("file-unwritable", "the file");

pub fn decision(world: &World, output: Output, command: Command) -> Result<Exit, Error> {
    match command {
        Command::List { limit, since, domain } => {
            let wanted = Selection { limit: Some(limit), since: since.map(|since| since.0), domain };
            let found = world.recorder()?.records.list(&wanted)?;
            show(output, || render::decision_list(&found), || render::json("decisions", &found))?;
            Ok(Exit::Done)
        }
        Command::Show { decision } => {
            let record = Desk::of(world, &decision)?.record;
            show(output, || render::decision_show(&record), || render::json("record", &record))?;
            Ok(Exit::Done)
        }
        Command::Explain { decision, node } => explained(world, output, &decision, node.as_deref()),
        Command::Export { decision, minimise, form, into } => {
            export(world, &decision, minimise, form, into.as_deref())
        }
    }
}

/// One record, and the store where there is one.
struct Desk {
    recorder: Option<Recorder>,
    record: DecisionRecord,
}

impl Desk {
    fn of(world: &World, name: &RecordName) -> Result<Self, Error> {
        match name {
            RecordName::Id(id) => {
                let recorder = world.recorder()?;
                let text = recorder.records.text(*id)?;
                let record = read(&text, Path::new(&format!("decision {id}")))?;
                Ok(Self { recorder: Some(recorder), record })
            }
            RecordName::File(file) => {
                let record = read(&super::facts::read(file)?, file)?;
                Ok(Self { recorder: world.recorder().ok(), record })
            }
        }
    }

    fn records(&self) -> Option<&dyn Records> {
        self.recorder.as_ref().map(|recorder| recorder.records.as_ref())
    }

    /// With the plugins that took it, wherever they are.
    fn bench<'a>(&'a self, world: &World) -> Result<(Bench<'a>, Policy), Error> {
        let mut bench = Bench::plain(world, self.records())?;
        let wanted: BTreeSet<String> =
            self.record.policy.components().into_iter().map(str::to_owned).collect();
        bench.fetch_missing(&wanted);
        let policy = Replay::new(bench.evaluate(), None, &[]).policy_of(&self.record.policy);
        let policy = policy.map_err(|why| not_again(&self.record, why))?;
        Ok((bench, policy))
    }
}

fn not_again(record: &DecisionRecord, why: Impossible) -> Error {
    let which = record.id.map_or_else(|| "the decision".to_owned(), |id| format!("decision {id}"));
    Error::Hypervisor(HypervisorError {
        code: why.code.to_owned(),
        doing: format!("taking {which} for domain {} again", record.decision.domain),
        text: why.text,
        hint: Some("`wayleave replay` says of every decision whether it can be taken again".to_owned()),
        number: None,
    })
}

fn comes_out_differently() -> Impossible {
    Impossible { code: "record-differs", text: "it comes out differently".to_owned(), wants: None }
}

fn explained(world: &World, output: Output, name: &RecordName, node: Option<&str>) -> Result<Exit, Error> {
    let desk = Desk::of(world, name)?;
    let (bench, policy) = desk.bench(world)?;
    let record = &desk.record;
    let told = explain(record, &policy, bench.evaluate(), node).ok_or_else(|| no_such_node(record, node))?;
    show(output, || render::explanation(record, &told), || render::json("explanation", &told))?;
    Ok(Exit::Done)
}

fn no_such_node(record: &DecisionRecord, node: Option<&str>) -> InputError {
    let node = node.unwrap_or_default();
    let names = || record.decision.candidates.iter().map(|candidate| candidate.node.as_str());
    InputError::new("no-such-node", format!("the decision has no node `{node}`"))
        .hint(format!("nodes: {}", names().collect::<Vec<_>>().join(", ")))
        .hint_nearest(node, names())
}

fn export(
    world: &World,
    name: &RecordName,
    smaller: bool,
    form: ExportForm,
    into: Option<&Path>,
) -> Result<Exit, Error> {
    let desk = Desk::of(world, name)?;
    let record = if smaller { minimised(world, &desk)? } else { desk.record };
    match (form, into) {
        (ExportForm::Record, None) => print(&record.canonical())?,
        (ExportForm::Record, Some(file)) => write(file, &(record.canonical() + "\n"), UNWRITABLE)?,
        (ExportForm::Suite, Some(file)) => {
            let beside = policy_file(file);
            let policy_name = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
            write(&beside, &suite::policy(&record.policy), UNWRITABLE)?;
            write(file, &suite::suite(&record, &policy_name), UNWRITABLE)?;
        }
        (ExportForm::Suite, None) => {
            return Err(InputError::new("suite-needs-file", "a suite is two files, and neither is named")
                .expected("--into FILE")
                .hint("write --into vm1.test.toml; the policy is put beside it")
                .into());
        }
    }
    Ok(Exit::Done)
}

fn minimised(world: &World, desk: &Desk) -> Result<DecisionRecord, Error> {
    let (bench, policy) = desk.bench(world)?;
    let by = world.taken_by();
    let smaller = minimise(&desk.record, &policy, bench.evaluate(), &by)
        .ok_or_else(|| not_again(&desk.record, comes_out_differently()))?;
    out::note(&format!(
        "minimised: nodes {} to {}, facts {} to {}, in {} decisions",
        smaller.nodes.0, smaller.nodes.1, smaller.facts.0, smaller.facts.1, smaller.decisions
    ));
    Ok(smaller.record)
}

/// `web.test.toml` has its policy in `web.policy.toml`.
fn policy_file(suite: &Path) -> PathBuf {
    let name = suite.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".test.toml").or_else(|| name.strip_suffix(".toml")).unwrap_or(&name);
    suite.with_file_name(format!("{stem}.policy.toml"))
}
