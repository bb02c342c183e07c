//! Moves as a person orders them: there and back, where the policy chooses, under another name, by a
//! given URI, paused; and orders that are refused before anything moves.

use anyhow::{Context, Result, ensure};
use lab::{Ending, Guest, Lab, Node, RunningGuest, Told, error_told};
use serde_json::Value;

fn succeeded(on: &Node) -> Ending<'_> {
    Ending { kind: "succeeded", code: "ok", on }
}

#[test]
fn there_and_back_and_no_block_is_lost() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (one, other) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").dirtying(64, 20).writing_blocks(), &one)?;
        for (from, to) in [(&one, &other), (&other, &one)] {
            let before = guest.last_tick()?;
            let told = lab.migrate(["web", "--from", from.name(), "--to", to.name()])?;
            lab.assert_told(&guest, &told, &succeeded(to))?;
            ensure!(guest.last_tick()? > before + 5, "the guest stood still");
            assert_eq!(told.text("domain"), "web");
            for figure in ["downtime_ms", "transfer_ms", "transferred_bytes"] {
                ensure!(told.outcome["figures"][figure].as_u64().is_some(), "no {figure}: {}", told.outcome);
            }
            ensure!(to.virsh(["dominfo", "web"])?.contains("Persistent:     yes"), "it was not defined");
            assert_eq!((to.qemu_pids()?.len(), from.qemu_pids()?.len()), (1, 0));
        }
        let jobs = lab.ask("jobs", ["job", "list"])?;
        assert_eq!(jobs.as_array().map(Vec::len), Some(2));
        Ok(())
    })
}

#[test]
fn the_policy_chooses_among_three_and_a_person_may_name_one() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c", "node-d"], |lab| {
        let (chosen, named) = (lab.node("node-d"), lab.node("node-c"));
        lab.set("node-b", "prefer", "yes")?;
        lab.set("node-d", "prefer", "yes")?;
        lab.maintenance("node-b")?;
        let guest = lab.boot(&Guest::ticking("web"), &lab.node("node-a"))?;
        let told = lab.migrate(["web", "--from", "node-a"])?;
        lab.assert_told(&guest, &told, &succeeded(&chosen))?;
        assert_eq!(told.decision["chosen"], "node-d");
        assert_every_rule_on_every_node(&told)?;
        let blocking = |node: &str| {
            let findings = candidate(&told, node)["findings"].as_array().cloned().unwrap_or_default();
            let blocks = findings.into_iter().filter(|finding| finding["effect"] == "blocks");
            blocks.filter_map(|finding| finding["rule"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        ensure!(blocking("node-a").contains(&"same-node".to_owned()), "{:?}", blocking("node-a"));
        assert_eq!(blocking("node-b"), ["not-in-maintenance"]);
        assert_eq!((blocking("node-c"), blocking("node-d")), (vec![], vec![]));
        let stages =
            ["node-a", "node-b", "node-c", "node-d"].map(|node| candidate(&told, node)["stage"].clone());
        assert_eq!(stages, ["rejected", "rejected", "inconclusive", "chosen"]);
        let score = |node: &str| candidate(&told, node)["score"].as_f64().unwrap_or(0.0);
        ensure!(score("node-d") > score("node-c"), "the label decided nothing");

        // A person may want another than the best; the same rules judge it.
        let told = lab.migrate(["web", "--from", "node-d", "--to", "node-c"])?;
        lab.assert_told(&guest, &told, &succeeded(&named))?;
        let told = lab.migrate(["web", "--from", "node-c", "--to", "node-b"])?;
        lab.assert_told(&guest, &told, &Ending { kind: "refused", code: "refused", on: &named })
    })
}

fn candidate<'a>(told: &'a Told, node: &str) -> &'a Value {
    let candidates = told.decision["candidates"].as_array().into_iter().flatten();
    candidates.into_iter().find(|one| one["node"] == node).unwrap_or(&Value::Null)
}

fn assert_every_rule_on_every_node(told: &Told) -> Result<()> {
    let names = |list: &Value, key: &str| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|one| one[key].as_str().map(str::to_owned)).collect()
    };
    let rules = names(&told.decision["rules"], "name");
    ensure!(rules.len() > 10, "only {rules:?}");
    for node in ["node-a", "node-b", "node-c", "node-d"] {
        let judged = names(&candidate(told, node)["findings"], "rule");
        let missing: Vec<&String> = rules.iter().filter(|rule| !judged.contains(rule)).collect();
        ensure!(missing.is_empty(), "{node} was not judged by {missing:?}");
    }
    Ok(())
}

#[test]
fn a_domain_gets_another_name_on_its_way_and_keeps_its_uuid() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let destination = lab.node("node-b");
        let guest = lab.boot(&Guest::ticking("web").writing_blocks(), &lab.node("node-a"))?;
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b", "--dname", "shop"])?;
        lab.assert_told(&guest, &told, &succeeded(&destination))?;
        assert_eq!((told.text("domain"), told.text("domain_uuid")), ("shop", guest.uuid()));
        ensure!(told.text("text").contains("shop"), "the text does not name it: {}", told.text("text"));
        for node in lab.nodes() {
            let names = node.virsh(["list", "--all", "--name"])?;
            ensure!(!names.lines().any(|name| name == "web"), "the old name is still on {}", node.name());
        }
        let finished = lab.wayleave(["migrate", "shop", "--from", "node-b", "--to", "node-a"])?;
        assert_eq!(finished.status, 0, "{}", finished.stderr);
        ensure!(
            finished.stdout.contains("shop") && finished.stdout.contains("node-a"),
            "{}",
            finished.stdout
        );
        lab.assert_runs_only_on(&guest, "shop", &lab.node("node-a"))
    })
}

#[test]
fn the_uri_that_the_source_is_to_call_is_taken_and_checked() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        let order = |uri: &str| {
            ["web", "--from", "node-a", "--to", "node-b", "--destination-uri", uri].map(str::to_owned)
        };
        for uri in ["qemu+tcp://127.0.0.1/system", "qemu+tcp://localhost/system"] {
            refused_as_input(lab, &order(uri), "destination-is-source", uri)?;
        }
        refused_as_input(lab, &order("qemu+ssh://node-b/system"), "unsupported-transport", "qemu+ssh")?;
        // Only the source can tell that these lead to itself; and that one leads to a third node.
        let wrong = [source.uri(), "qemu+tcp://node-a/system".to_owned(), lab.node("node-c").uri()];
        for uri in wrong {
            let told = lab.migrate(order(&uri))?;
            lab.assert_told(&guest, &told, &Ending { kind: "refused", code: "refused", on: &source })
                .with_context(|| format!("--destination-uri {uri}"))?;
            let findings = candidate(&told, "node-b")["findings"].to_string();
            ensure!(findings.contains(&uri), "the refusal does not name {uri}: {findings}");
        }
        let right = "qemu+tcp://node-b/system";
        let told = lab.migrate(order(right))?;
        lab.assert_told(&guest, &told, &succeeded(&destination))?;
        let events = lab.job(told.job)?["events"].to_string();
        ensure!(events.contains(right), "the record does not name the URI");
        Ok(())
    })
}

/// One clear message, exit status 2, and nothing moved or recorded.
fn refused_as_input(lab: &Lab, order: &[String], code: &str, named: &str) -> Result<()> {
    let finished = lab.spawn_migrate(order)?.finish_within(std::time::Duration::from_secs(60))?;
    let (told, text) = error_told(&finished)?;
    ensure!(finished.status == 2 && told == code, "exit code {}: {}", finished.status, finished.stderr);
    ensure!(text.contains(named), "{named} is not named in {text}");
    let jobs = lab.ask("jobs", ["job", "list"])?;
    ensure!(jobs.as_array().is_some_and(Vec::is_empty), "a job was recorded: {jobs}");
    Ok(())
}

#[test]
fn parameters_that_a_tunnel_cannot_carry_are_refused_by_name_before_anything_moves() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let guest = lab.boot(&Guest::ticking("web"), &lab.node("node-a"))?;
        let refuse = |parameter: &str, code: &str| {
            let order =
                ["web", "--from", "node-a", "--to", "node-b", "--param", parameter].map(str::to_owned);
            let name = parameter.split('=').next().unwrap_or_default();
            refused_as_input(lab, &order, code, name).with_context(|| parameter.to_owned())
        };
        for parameter in [
            "parallel=true",
            "parallel.connections=4",
            "migrate_disks=vda",
            "non_shared_disk=true",
            "tls=true",
            "tls.destination=node-b",
            "postcopy=true",
            "bandwidth.postcopy=5",
            "migrate_uri=tcp://node-b",
            "listen_address=0.0.0.0",
            "zerocopy=true",
            "compression.mt.threads=2",
            "no_such_parameter=1",
            "AUTO_CONVERGE=true",
        ] {
            refuse(parameter, "no-support")?;
        }
        for parameter in ["auto_converge.initial=many", "auto_converge.initial=100", "compression=mt"] {
            refuse(parameter, "bad-value")?;
        }
        lab.assert_runs_only_on(&guest, "web", &lab.node("node-a"))
    })
}

#[test]
fn a_paused_guest_stays_paused_and_a_transient_one_transient() -> Result<()> {
    Lab::run(["node-a", "node-b"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web").transient(), &source)?;
        source.virsh(["suspend", "web"])?;
        let stopped_at = guest.last_tick()?;
        let told = lab.migrate(["web", "--from", "node-a", "--to", "node-b"])?;
        lab.assert_answer(&guest, &told, &succeeded(&destination))?;
        assert_eq!(destination.domain_state("web")?.as_deref(), Some("paused"));
        assert_eq!(source.domain_state("web")?, None);
        ensure!(guest.last_tick()? <= stopped_at + 1, "a paused guest ran");
        resumed_by_hand(lab, &guest, &told, &destination)
    })
}

fn resumed_by_hand(lab: &Lab, guest: &RunningGuest, told: &Told, node: &Node) -> Result<()> {
    node.virsh(["resume", guest.name()])?;
    lab.assert_told(guest, told, &succeeded(node))?;
    ensure!(node.virsh(["dominfo", guest.name()])?.contains("Persistent:     no"), "it was defined");
    Ok(())
}
