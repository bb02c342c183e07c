//! The baseline: the rules compiled in, over the columns that the sandbox copies from.

use std::collections::BTreeMap;
use std::sync::Arc;

use wayleave::model::policy::{Policy, RuleKind, RuleUse};
use wayleave::model::port::{Answer, Rows};
use wayleave::model::snapshot::Snapshot;
use wayleave::plugin::columns::Columns;
use wayleave_sdk::Plugin;
use wayleave_sdk::native::{self, Facts, Trial};

pub type SharedFacts = Arc<Facts>;

static PLUGINS: [&Plugin; 8] = [
    &cpu_compatible::PLUGIN,
    &identity_free::PLUGIN,
    &machine_known::PLUGIN,
    &not_in_maintenance::PLUGIN,
    &prefer_label::PLUGIN,
    &room::PLUGIN,
    &same_node::PLUGIN,
    &spread::PLUGIN,
];

/// Asks every rule, each configured for this decision.
pub fn ask(policy: &Policy, facts: &SharedFacts) -> Vec<Answer> {
    policy.rules.iter().map(|rule| answer(rule, facts)).collect()
}

fn answer(rule: &RuleUse, facts: &SharedFacts) -> Answer {
    let plugin = PLUGINS.iter().find(|plugin| plugin.name == rule.info.plugin).unwrap();
    let trial = Trial::new(plugin, &rule.info.name, &rule.settings.to_string(), Arc::clone(facts)).unwrap();
    let explained = Default::default();
    let rows = match rule.info.kind {
        RuleKind::Check => Rows::Codes { codes: trial.numbers(), explained },
        RuleKind::Score => Rows::Scores { scores: trial.scores(), explained },
    };
    Answer { rows: Ok(rows), fuel: 0, reads: Vec::new() }
}

/// The same columns under the names of the SDK. Those that none of these rules reads are left out.
pub fn facts(snapshot: &Snapshot) -> SharedFacts {
    let columns = Columns::new(snapshot);
    let mut symbols = native::Symbols::default();
    for number in 1.. {
        let text = columns.symbols.text(number);
        if text.is_empty() {
            break;
        }
        assert_eq!(symbols.intern(&text), number);
    }
    let (nodes, domain) = (&columns.nodes, &columns.domain);
    Arc::new(Facts {
        symbols,
        nodes: native::NodeColumns {
            count: u32::try_from(columns.rows.len()).unwrap(),
            name: nodes.name.clone(),
            uuid: nodes.uuid.clone(),
            driver: nodes.driver.clone(),
            arch: nodes.arch.clone(),
            memory_total: nodes.memory_total.clone(),
            memory_free: nodes.memory_free.clone(),
            maintenance: nodes.maintenance.clone(),
            machine_known: nodes.machine_known.clone(),
            labels: BTreeMap::from([("prefer".to_owned(), columns.node_labels("prefer"))]),
            ..native::NodeColumns::default()
        },
        cpu: native::CpuColumns { comparison: columns.pairs.cpu.clone(), detail: Vec::new() },
        residents: native::ResidentColumns {
            offsets: columns.residents.offsets.clone(),
            name: columns.residents.name.clone(),
            uuid: columns.residents.uuid.clone(),
            active: columns.residents.active.clone(),
            ..native::ResidentColumns::default()
        },
        source: native::SourceFacts {
            name: columns.source.name.clone(),
            uuid: columns.source.uuid.clone(),
            ..native::SourceFacts::default()
        },
        domain: native::DomainFacts {
            destination_name: domain.destination_name.clone(),
            uuid: domain.uuid.clone(),
            hypervisor: domain.hypervisor.clone(),
            arch: domain.arch.clone(),
            machine: domain.machine.clone(),
            memory: domain.memory,
            ..native::DomainFacts::default()
        },
        ..Facts::default()
    })
}
