//! The inventory: every configured node with its facts, or why it gave none.

use super::text::{bytes, clean, count, or_dash, wide_table, wrap};
use crate::controller::doctor::{Ailment, Health};
use crate::model::node::{Gathered, HostFacts, NodeFacts};

pub fn nodes(nodes: &[NodeFacts]) -> String {
    if nodes.is_empty() {
        return "No nodes are configured. Add [[node]] entries to the configuration.\n".to_owned();
    }
    let rows = nodes.iter().map(|node| {
        let mut row = vec![clean(node.name()), state(node).to_owned()];
        row.extend(node.host().map_or_else(|| vec!["-".to_owned(); 5], figures));
        row.push(clean(&node.entry.uri));
        row
    });
    let header = ["node", "state", "arch", "cpus", "memory free", "domains", "libvirt", "uri"];
    let mut shown = wide_table(&header, rows);
    for node in nodes {
        if let Gathered::Unreachable { code, error } = &node.gathered {
            shown += "\n";
            shown +=
                &wrap("", &format!("{}: no answer [{}]: {}", clean(node.name()), clean(code), clean(error)));
            shown += &format!("\n  see `wayleave doctor {}`\n", clean(node.name()));
        }
    }
    for node in nodes.iter().filter(|node| !node.entry.labels.is_empty()) {
        let labels = node.entry.labels.iter().map(|(key, value)| format!("{}={}", clean(key), clean(value)));
        shown += "\n";
        shown +=
            &wrap(&format!("{} has the labels ", clean(node.name())), &labels.collect::<Vec<_>>().join(" "));
    }
    shown.trim_end().to_owned() + "\n"
}

fn state(node: &NodeFacts) -> &'static str {
    match (&node.gathered, node.entry.maintenance) {
        (Gathered::Unreachable { .. }, _) => "NO ANSWER",
        (Gathered::Facts(_), true) => "maintenance",
        (Gathered::Facts(_), false) => "up",
    }
}

fn figures(host: &HostFacts) -> Vec<String> {
    let memory = match (host.memory_free_bytes, host.memory_total_bytes) {
        (Some(free), Some(total)) => format!("{} of {}", bytes(free), bytes(total)),
        (Some(free), None) => bytes(free),
        (None, Some(total)) => format!("? of {}", bytes(total)),
        (None, None) => "-".to_owned(),
    };
    let active = host.residents.iter().filter(|resident| resident.state.is_active()).count();
    let version = host
        .libvirt_version
        .map(|version| format!("{}.{}.{}", version / 1_000_000, version / 1_000 % 1_000, version % 1_000));
    vec![
        or_dash(host.arch.as_deref().map(clean)),
        or_dash(host.cpus.map(|cpus| cpus.to_string())),
        memory,
        format!("{active} of {}", host.residents.len()),
        or_dash(version),
    ]
}

/// What a doctor found: the worst first, each with its remedy.
pub fn ailments(found: &[Ailment]) -> String {
    let mut sorted: Vec<&Ailment> = found.iter().collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.state));
    let bad = found.iter().filter(|one| one.state == Health::Bad).count();
    let mut shown = match bad {
        0 => "Nothing found that would stop a migration.\n".to_owned(),
        bad => format!("{} that would stop a migration.\n", count(bad, "thing")),
    };
    for one in sorted {
        let state = match one.state {
            Health::Bad => "BAD ",
            Health::Warn => "warn",
            Health::Ok => "ok  ",
        };
        shown += &wrap(&format!("{state}  {}: ", clean(&one.place)), &clean(&one.text));
        shown.push('\n');
        if let Some(remedy) = &one.remedy {
            shown += &wrap("        remedy: ", &clean(remedy));
            shown.push('\n');
        }
    }
    shown
}
