//! `facts`: what rules see, live or from libvirt's XML. Always JSON: it is for programs
//! and for policies' tests.

use std::io::Read;
use std::path::Path;

use super::super::args::Facts;
use super::super::progress::waiting;
use super::super::{Exit, render};
use super::print;
use crate::controller::{Error, Wish};
use crate::model::node::Gathered;
use crate::problem::InputError;
use crate::world::World;
use crate::xml::XmlError;

pub async fn facts(world: &World, facts: Facts) -> Result<Exit, Error> {
    let text = match facts {
        Facts::Domain { xml: Some(file), .. } => {
            let facts = crate::xml::domain_facts(&read(&file)?).map_err(|error| bad_xml(&file, &error))?;
            render::json("domain", &facts)
        }
        Facts::Domain { domain, from, .. } => {
            let source = world.config.resolve(from.as_deref().unwrap_or_default())?;
            let facts = world.hypervisor()?.domain(&source, domain.as_deref().unwrap_or_default()).await?;
            render::json("domain", &facts)
        }
        Facts::Node { capabilities: Some(file), .. } => {
            let facts = crate::xml::host_facts(&read(&file)?).map_err(|error| bad_xml(&file, &error))?;
            render::json("node", &facts)
        }
        Facts::Node { node, .. } => return live_node(world, node.as_deref().unwrap_or_default()).await,
        Facts::Snapshot { domain, from, probe, dname } => {
            let wish = Wish {
                domain,
                source: world.config.resolve(&from)?,
                to: None,
                destination_name: dname,
                destination_uri: None,
            };
            let controller = world.controller(None)?;
            let (snapshot, _) = waiting("asking the nodes ...", controller.plan(&wish, probe)).await?;
            render::json("snapshot", &snapshot)
        }
    };
    print(&text)?;
    Ok(Exit::Done)
}

async fn live_node(world: &World, node: &str) -> Result<Exit, Error> {
    let entry = world.config.resolve(node)?;
    let facts = super::node::gather(world, &[entry]).await?;
    let reached = facts.iter().all(|node| matches!(node.gathered, Gathered::Facts(_)));
    print(&render::json("node", &facts.first()))?;
    Ok(if reached { Exit::Done } else { Exit::Failed })
}

/// A file's text; `-` is stdin.
pub fn read(file: &Path) -> Result<String, InputError> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    read.map_err(|error| {
        InputError::new("file-unreadable", format!("the file cannot be read: {error}")).in_file(file)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        InputError::new("file-not-text", "the file is no UTF-8 text")
            .in_file(file)
            .found(format!("byte {at}"))
    })
}

/// The error itself says where and what; here it learns which file.
fn bad_xml(file: &Path, error: &XmlError) -> InputError {
    InputError::new(error.code(), crate::problem::chain(error)).in_file(file)
}
