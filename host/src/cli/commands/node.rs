//! `nodes` and `doctor`: the inventory with its facts, and what would stop a move.

use super::super::args::Output;
use super::super::progress::waiting;
use super::super::{Exit, render};
use super::show;
use crate::controller::doctor::{Ailment, Health, examine};
use crate::controller::{Error, ask_nodes};
use crate::model::node::{NodeEntry, NodeFacts};
use crate::world::World;

const HERE: &str = "this machine";

pub async fn nodes(world: &World, output: Output) -> Result<Exit, Error> {
    let nodes = gather(world, &world.config.nodes).await?;
    show(output, || render::nodes(&nodes), || render::json("nodes", &nodes))?;
    Ok(Exit::Done)
}

pub async fn gather(world: &World, entries: &[NodeEntry]) -> Result<Vec<NodeFacts>, Error> {
    let hypervisor = world.hypervisor()?;
    Ok(waiting("asking the nodes ...", ask_nodes(&hypervisor, entries)).await)
}

pub async fn doctor(world: &World, output: Output, nodes: &[String]) -> Result<Exit, Error> {
    let entries = match nodes {
        [] => world.config.nodes.clone(),
        named => named.iter().map(|name| world.config.resolve(name)).collect::<Result<_, _>>()?,
    };
    let mut found = examine_here(world);
    if entries.is_empty() {
        found.push(Ailment::bad(
            HERE,
            "no nodes are configured",
            "list them as [[node]] tables in the configuration",
        ));
    } else {
        match gather(world, &entries).await {
            Ok(facts) => found.extend(examine(&facts)),
            Err(error) => found.push(Ailment::bad(HERE, error.to_string(), error.hint().unwrap_or_default())),
        }
    }
    show(output, || render::ailments(&found), || render::json("ailments", &found))?;
    let worst = found.iter().map(|one| one.state).max();
    Ok(if worst == Some(Health::Bad) { Exit::Failed } else { Exit::Done })
}

/// This machine: configuration, plugins, policy, state folder.
fn examine_here(world: &World) -> Vec<Ailment> {
    let config = &world.config;
    let files: Vec<String> = config.files.iter().map(|file| file.display().to_string()).collect();
    let mut found = vec![match files.as_slice() {
        [] => Ailment::warn(HERE, "no configuration was found", "write /etc/wayleave/wayleave.toml"),
        files => Ailment::ok(HERE, format!("configuration: {}", files.join(", "))),
    }];
    match world.journal() {
        Ok(_) => {
            found.push(Ailment::ok(HERE, format!("the journal in {} opens", config.state_folder.display())))
        }
        Err(error) => {
            found.push(Ailment::bad(HERE, crate::problem::chain(&error), error.hint().unwrap_or_default()))
        }
    }
    let plugins = match world.plugins() {
        Ok(plugins) => plugins,
        Err(error) => {
            found.push(Ailment::bad(
                HERE,
                crate::problem::chain(&error),
                "this build cannot run plugins here",
            ));
            return found;
        }
    };
    for (path, error) in &plugins.broken {
        let text = format!("{}: {} ({})", path.display(), crate::problem::chain(error), error.code());
        found.push(Ailment::warn(HERE, text, error.hint().unwrap_or("remove the file, or build it again")));
    }
    match world.policy(None, &plugins) {
        Ok(policy) => {
            found.push(Ailment::ok(
                HERE,
                format!("policy {} with {} rules loads", policy.name, policy.rules.len()),
            ));
        }
        Err(error) => found.push(Ailment::bad(HERE, error.to_string(), error.hint().unwrap_or_default())),
    }
    found
}
