//! Refusals for what nodes on one kernel cannot differ in: architecture, NUMA cells, huge pages, the
//! processor's model. The nodes are captured facts, read by the product from the capabilities of such
//! machines and decided on with `plan --facts`; nothing is connected.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use lab::{Decision, Lab};
use serde_json::{Value, json};

const GIB: u64 = 1 << 30;

/// A node made from `tests/data/capabilities/FILE.xml`.
fn captured(lab: &Lab, name: &str, file: &str) -> Result<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/capabilities");
    let file = folder.join(file).with_extension("xml");
    let mut facts = lab.ask("node", ["facts", "node", "--capabilities", &*file.to_string_lossy()])?;
    facts["driver"] = json!("QEMU");
    // What only a live daemon tells: all memory and all pages are free, unless a test says less.
    facts["memory_free_bytes"] = facts["memory_total_bytes"].clone();
    for cell in facts["cells"].as_array_mut().context("no cells")? {
        cell["memory_free_bytes"] = cell["memory_total_bytes"].clone();
        for pages in cell["pages"].as_array_mut().into_iter().flatten() {
            pages["free"] = pages["total"].clone();
        }
    }
    let uri = format!("qemu+tcp://{name}/system");
    Ok(
        json!({ "name": name, "uri": uri, "labels": {}, "maintenance": false, "gathered": { "facts": facts } }),
    )
}

/// Facts of a domain, read by the product from its XML.
fn domain(lab: &Lab, xml: &str) -> Result<Value> {
    let file = lab.config().with_file_name("domain.xml");
    fs::write(&file, xml)?;
    let mut facts = lab.ask("domain", ["facts", "domain", "--xml", &*file.to_string_lossy()])?;
    facts["state"] = json!("running");
    Ok(facts)
}

/// The decision, as programs and as people see it. Each candidate comes with what its own libvirt
/// answered when it compared the guest's processor.
fn decide(
    lab: &mut Lab,
    domain: Value,
    source: Value,
    candidates: &[(Value, Value)],
) -> Result<(Decision, String)> {
    let candidate = |(node, cpu): &(Value, Value)| {
        let reach = json!({ "reachable": { "uri": node["uri"] } });
        json!({ "node": node, "pair": { "cpu": cpu, "reach": reach, "storage": { "probed": [] } } })
    };
    let candidates: Vec<Value> = candidates.iter().map(candidate).collect();
    let snapshot = json!({
        "taken_at": "2026-01-02T03:04:05Z",
        "domain": domain,
        "destination_name": domain["name"],
        "source": source,
        "candidates": candidates,
    });
    let file = lab.config().with_file_name("snapshot.json");
    fs::write(&file, snapshot.to_string())?;
    lab.with_policy("[[rule]]\nuse = \"machine-known\"\n[[rule]]\nuse = \"numa-fits\"\n")?;
    let plan = ["plan", "--facts", &file.to_string_lossy()].map(str::to_owned);
    let shown = lab.wayleave(&plan)?;
    let told = lab.wayleave(plan.iter().map(String::as_str).chain(["--output", "json"]))?;
    ensure!(shown.status == told.status, "{} and {}: {}", shown.status, told.status, told.stderr);
    let decision = Decision::of(&told)?;
    ensure!(told.status == i32::from(decision.chosen().is_none()), "exit code {}", told.status);
    Ok((decision, shown.stdout))
}

/// The one reason that keeps a node out, told to people with all that belongs to it.
fn refused(
    (decision, table): &(Decision, String),
    node: &str,
    rule: &str,
    code: &str,
) -> Result<lab::Finding> {
    ensure!(decision.blocking(node)? == [code], "{node}: {:?}", decision.blocking(node)?);
    let finding = decision.finding(node, rule)?;
    finding.assert_told_in(table)?;
    ensure!(!finding.measured.is_empty() && !finding.needed.is_empty(), "why? {finding:?}");
    Ok(finding)
}

fn guest_xml(arch: &str, machine: &str, more: &str) -> String {
    format!(
        "<domain type='kvm'><name>web</name><uuid>26f39c1b-c9f7-47f6-a790-895f4da0ef91</uuid>
        <memory unit='GiB'>16</memory><vcpu>4</vcpu>
        <os><type arch='{arch}' machine='{machine}'>hvm</type></os>{more}</domain>"
    )
}

#[test]
fn captured_facts_machines_of_another_architecture() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let guest = domain(lab, &guest_xml("aarch64", "virt-8.2", ""))?;
        let source = captured(lab, "kunpeng-1", "kunpeng-920")?;
        let mut second = captured(lab, "kunpeng-2", "kunpeng-920")?;
        second["gathered"]["facts"]["uuid"] = json!("7c7e7c52-1a3c-11ea-9d3a-c4b8b4a3f2d1");
        let candidates = [
            (captured(lab, "xeon", "xeon-2-sockets")?, json!("not-asked")),
            (captured(lab, "power", "power9")?, json!("not-asked")),
            (second, json!("identical")),
        ];
        let decided = decide(lab, guest, source, &candidates)?;
        assert_eq!(decided.0.chosen(), Some("kunpeng-2"));
        for (node, arch) in [("xeon", "x86_64"), ("power", "ppc64le")] {
            let finding = decided.0.finding(node, "cpu-compatible")?;
            assert_eq!(finding.code, "architecture-differs");
            assert_eq!((&*finding.measured, &*finding.needed), (arch, "aarch64"));
            assert_eq!(decided.0.blocking(node)?, ["architecture-differs", "machine-not-offered"]);
        }
        Ok(())
    })
}

#[test]
fn captured_facts_an_older_processor_and_an_older_emulator() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let cpu = "<cpu mode='custom' match='exact'><model>Cascadelake-Server-noTSX</model></cpu>";
        let guest = domain(lab, &guest_xml("x86_64", "pc-q35-8.2", cpu))?;
        let source = captured(lab, "xeon-1", "xeon-2-sockets")?;
        let answer = "Host CPU does not provide required features: avx512f, avx512vnni, pku";
        let mut newer_emulator = captured(lab, "old-cpu", "xeon-2-sockets-old")?;
        newer_emulator["gathered"]["facts"]["guests"] = source["gathered"]["facts"]["guests"].clone();
        let candidates = [
            (newer_emulator, json!({ "incompatible": { "detail": answer } })),
            (captured(lab, "old-emulator", "xeon-2-sockets-old")?, json!("superset")),
        ];
        let decided = decide(lab, guest, source, &candidates)?;
        let finding = refused(&decided, "old-cpu", "cpu-compatible", "cpu-incompatible")?;
        assert_eq!(finding.measured, answer);
        let finding = refused(&decided, "old-emulator", "machine-known", "machine-not-offered")?;
        assert_eq!(finding.needed, "pc-q35-8.2");
        Ok(())
    })
}

#[test]
fn captured_facts_numa_cells_pinned_processors_and_huge_pages() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let bound = "<memoryBacking><hugepages><page size='1' unit='GiB'/></hugepages></memoryBacking>
            <vcpu cpuset='17,19,21,23'>4</vcpu><cputune><vcpupin vcpu='0' cpuset='17'/></cputune>
            <numatune><memory mode='strict' nodeset='1'/></numatune>";
        let xml = guest_xml("x86_64", "pc-q35-8.2", bound).replacen("<vcpu>4</vcpu>", "", 1);
        let guest = domain(lab, &xml)?;
        let source = captured(lab, "xeon-1", "xeon-2-sockets")?;
        let mut second = captured(lab, "xeon-2", "xeon-2-sockets")?;
        second["gathered"]["facts"]["uuid"] = json!("31393735-3235-4d32-4d30-343031304433");
        let mut crowded = second.clone();
        crowded["name"] = json!("crowded");
        crowded["gathered"]["facts"]["cells"][1]["pages"][2]["free"] = json!(15);
        let mut narrow = second.clone();
        narrow["name"] = json!("narrow");
        narrow["gathered"]["facts"]["cells"][1]["cpus"] = json!([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]);
        let one_cell = captured(lab, "one-cell", "epyc-1-socket")?;
        let candidates = [one_cell, narrow, crowded, second].map(|node| (node, json!("superset")));
        let decided = decide(lab, guest, source, &candidates)?;
        assert_eq!(decided.0.chosen(), Some("xeon-2"));
        let finding = refused(&decided, "one-cell", "numa-fits", "cell-missing")?;
        assert_eq!((&*finding.measured, &*finding.needed), ("no cell 1", "cells 1"));
        let finding = refused(&decided, "narrow", "numa-fits", "pinned-cpu-missing")?;
        ensure!(finding.measured.contains("no processor 23"), "{finding:?}");
        let finding = refused(&decided, "crowded", "numa-fits", "huge-pages-short")?;
        assert_eq!((&*finding.measured, &*finding.needed), ("15 pages of 1048576 KiB free", "16 pages"));
        Ok(())
    })
}

#[test]
fn captured_facts_cells_that_are_numbered_otherwise_or_full() -> Result<()> {
    Lab::run(["node-a"], |lab| {
        let bound = "<numatune><memory mode='strict' nodeset='0,8'/></numatune>";
        let guest = domain(lab, &guest_xml("ppc64le", "pseries-8.2", bound))?;
        let source = captured(lab, "power-1", "power9")?;
        let mut second = captured(lab, "power-2", "power9")?;
        second["gathered"]["facts"]["uuid"] = json!("f0e9f0a3-4b1f-4ac9-9ae5-6c2f1f7b0d59");
        let mut full = second.clone();
        full["name"] = json!("full");
        for cell in [0, 1] {
            full["gathered"]["facts"]["cells"][cell]["memory_free_bytes"] = json!(7 * GIB);
        }
        let mut renumbered = second.clone();
        renumbered["name"] = json!("renumbered");
        renumbered["gathered"]["facts"]["cells"][1]["id"] = json!(1);
        let candidates = [full, renumbered, second].map(|node| (node, json!("identical")));
        let decided = decide(lab, guest, source, &candidates)?;
        assert_eq!(decided.0.chosen(), Some("power-2"));
        let finding = refused(&decided, "full", "numa-fits", "cell-memory-short")?;
        assert_eq!((&*finding.measured, &*finding.needed), ("14336 MiB free in cells 0, 8", "16384 MiB"));
        let finding = refused(&decided, "renumbered", "numa-fits", "cell-missing")?;
        assert_eq!(finding.measured, "no cell 8");
        Ok(())
    })
}
