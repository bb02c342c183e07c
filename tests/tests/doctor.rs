//! `wayleave doctor` on real nodes: a healthy lab is told to be healthy, and each ailment is found on
//! the node that has it, with its remedy.

use anyhow::{Context, Result, ensure};
use lab::{Lab, value_of_kind};
use serde_json::Value;

/// The exit status, and all that was found to be of this state.
fn found(lab: &Lab, state: &str) -> Result<(i32, Vec<Value>)> {
    let finished = lab.wayleave(["doctor", "--output", "json"])?;
    let all = value_of_kind("ailments", &finished)?;
    let all = all.as_array().context("no list")?.iter().filter(|one| one["state"] == state);
    Ok((finished.status, all.cloned().collect()))
}

/// Only this is bad: on this node, with these words, and a remedy that says the rest. A person is told
/// the same.
fn only_ailment(lab: &Lab, node: &str, text: &str, remedy: &str) -> Result<()> {
    let (status, bad) = found(lab, "bad")?;
    ensure!(status == 3 && bad.len() == 1, "exit code {status}: {bad:#?}");
    let part = |key: &str| bad[0][key].as_str().unwrap_or_default().to_owned();
    ensure!(part("place") == node && part("text").contains(text), "{bad:#?}");
    ensure!(part("remedy").contains(remedy), "{bad:#?}");
    let shown = lab.wayleave(["doctor"])?;
    ensure!(shown.status == 3, "exit code {}", shown.status);
    let shown = shown.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(shown.contains(text) && shown.contains(remedy), "{shown}");
    Ok(())
}

#[test]
fn a_healthy_lab_is_healthy_and_each_ailment_is_found() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let node = lab.node("node-b");
        let (status, bad) = found(lab, "bad")?;
        ensure!(status == 0 && bad.is_empty(), "exit code {status}: {bad:#?}");
        let (_, warnings) = found(lab, "warn")?;
        ensure!(warnings.is_empty(), "{warnings:#?}");

        node.kill_daemon()?;
        only_ailment(lab, "node-b", "node-unreachable", "Is its daemon up")?;
        node.start_daemon()?;

        node.no_storage()?;
        only_ailment(lab, "node-b", "no active storage pool", "virsh pool-define-as, then pool-start")?;
        node.storage_again()?;

        node.take_host_uuid_of(&lab.node("node-a"))?;
        only_ailment(lab, "node-b", "has the host UUID of node-a", "set another `host_uuid`")?;
        Ok(())
    })
}

#[test]
fn a_policy_that_does_not_load_and_a_node_in_maintenance() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        lab.maintenance("node-b")?;
        let (status, warnings) = found(lab, "warn")?;
        ensure!(status == 0 && warnings.len() == 1, "exit code {status}: {warnings:#?}");
        ensure!(warnings[0]["place"] == "node-b" && !warnings[0]["remedy"].is_null(), "{warnings:#?}");
        lab.with_policy("[[rule]]\nuse = \"rechable\"\n")?;
        only_ailment(lab, "this machine", "no plugin offers rule `rechable`", "did you mean `reachable`?")
    })
}
