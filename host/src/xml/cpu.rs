//! `<cpu>`: the processor that a guest asks for, and the one that a node has.

use super::element::Element;
use super::error::XmlError;
use crate::model::domain::{CpuFacts, CpuFeature, Topology};
use crate::model::node::HostCpu;

pub(super) fn of_guest(root: Element<'_>) -> Result<CpuFacts, XmlError> {
    let Some(cpu) = root.child("cpu") else { return Ok(CpuFacts::default()) };
    let model = cpu.content_of("model");
    // A model without a mode is how definitions said `custom` before there were modes.
    let mode = cpu.said("mode").or_else(|| model.as_ref().map(|_| "custom".to_owned()));
    Ok(CpuFacts {
        mode,
        model,
        fallback: cpu.child("model").and_then(|model| model.said("fallback")),
        vendor: cpu.content_of("vendor"),
        check: cpu.said("check"),
        migratable: cpu.switch("migratable")?,
        topology: topology(cpu)?,
        features: features(cpu)?,
    })
}

pub(super) fn of_node(cpu: Element<'_>) -> Result<HostCpu, XmlError> {
    Ok(HostCpu {
        model: cpu.content_of("model"),
        vendor: cpu.content_of("vendor"),
        microcode: cpu.child("microcode").and_then(|microcode| microcode.said("version")),
        topology: topology(cpu)?,
        features: features(cpu)?,
    })
}

/// Dies and clusters came later than the rest: where there are none, there is one.
fn topology(cpu: Element<'_>) -> Result<Option<Topology>, XmlError> {
    let Some(topology) = cpu.child("topology") else { return Ok(None) };
    let count = |name: &str| -> Result<u32, XmlError> { Ok(topology.number(name)?.unwrap_or(1)) };
    Ok(Some(Topology {
        sockets: count("sockets")?,
        dies: count("dies")?,
        clusters: count("clusters")?,
        cores: count("cores")?,
        threads: count("threads")?,
    }))
}

fn features(cpu: Element<'_>) -> Result<Vec<CpuFeature>, XmlError> {
    let feature = |element: Element<'_>| {
        Ok(CpuFeature {
            name: element.said("name").ok_or_else(|| element.missing("`name`"))?,
            policy: element.said("policy").unwrap_or_else(|| "require".to_owned()),
        })
    };
    cpu.children("feature").map(feature).collect()
}
