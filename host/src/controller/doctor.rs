//! What on these nodes would stop a migration, each with the remedy.
//!
//! Looks at nodes one by one, and at nothing that belongs to one domain: for that there
//! are `plan` and `check`.

use serde::Serialize;

use crate::migrate::destination::destination_uri;
use crate::model::node::{Gathered, HostFacts, NodeFacts};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// `this machine`, or a node.
    pub place: String,
    pub state: Health,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Ok,
    /// A move may work all the same.
    Warn,
    /// Would stop a move.
    Bad,
}

impl Ailment {
    pub fn ok(place: &str, text: impl Into<String>) -> Self {
        Self { place: place.to_owned(), state: Health::Ok, text: text.into(), remedy: None }
    }

    pub fn warn(place: &str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: Health::Warn, remedy: Some(remedy.into()), ..Self::ok(place, text) }
    }

    pub fn bad(place: &str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: Health::Bad, remedy: Some(remedy.into()), ..Self::ok(place, text) }
    }
}

/// Every node by itself, then the nodes together.
pub fn examine(nodes: &[NodeFacts]) -> Vec<Ailment> {
    let mut found: Vec<Ailment> = nodes.iter().flat_map(examine_node).collect();
    found.extend(same_identity(nodes));
    found.extend(pools_in_common(nodes));
    found
}

fn examine_node(node: &NodeFacts) -> Vec<Ailment> {
    let place = node.name();
    let host = match &node.gathered {
        Gathered::Facts(host) => host,
        Gathered::Unreachable { code, error } => {
            let remedy = format!(
                "does `virsh -c {} list` answer? Is its daemon up, is its port open?",
                node.entry.uri
            );
            return vec![Ailment::bad(place, format!("does not answer ({code}): {error}"), remedy)];
        }
    };
    let mut found = vec![Ailment::ok(place, format!("answers at {}", node.entry.uri))];
    found.extend(examine_driver(place, host));
    found.push(match destination_uri(&node.entry, None) {
        Ok(uri) => Ailment::ok(place, format!("other nodes reach it as {uri}")),
        Err(error) => Ailment::bad(
            place,
            format!("cannot be a destination: {error}"),
            error.hint.as_deref().unwrap_or("give the node an `address` in the configuration"),
        ),
    });
    if host.pools.iter().any(|pool| pool.active) {
        let pools: Vec<&str> =
            host.pools.iter().filter(|pool| pool.active).map(|pool| pool.name.as_str()).collect();
        found.push(Ailment::ok(place, format!("active storage pools: {}", pools.join(", "))));
    } else {
        let remedy =
            "define the shared folder as a storage pool there: virsh pool-define-as, then pool-start";
        found.push(Ailment::bad(
            place,
            "has no active storage pool, so no disk can be shown to be shared",
            remedy,
        ));
    }
    if node.entry.maintenance {
        found.push(Ailment::warn(
            place,
            "is in maintenance",
            "remove `maintenance` in the configuration when it is over",
        ));
    }
    found
}

fn examine_driver(place: &str, host: &HostFacts) -> Vec<Ailment> {
    let mut found = Vec::new();
    match host.driver.as_deref() {
        Some("QEMU") | None => {}
        Some(driver) => found.push(Ailment::bad(
            place,
            format!("its driver is {driver}, and only QEMU's moves a domain tunnelled"),
            "use a qemu+tcp or qemu+tls URI",
        )),
    }
    if host.hostname.as_deref().is_some_and(|name| name == "localhost" || name.starts_with("localhost.")) {
        found.push(Ailment::warn(place, "calls itself localhost", "give it a host name of its own"));
    }
    if host.uuid.is_none() {
        found.push(Ailment::bad(place, "has no host UUID", "set `host_uuid` in its libvirtd.conf"));
    }
    found
}

/// Machines that were cloned share a UUID, and libvirt takes them for one and the same.
fn same_identity(nodes: &[NodeFacts]) -> Vec<Ailment> {
    let mut found = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(uuid) = node.host().and_then(|host| host.uuid) else { continue };
        let twin = nodes[..index].iter().find(|other| other.host().and_then(|host| host.uuid) == Some(uuid));
        if let Some(twin) = twin {
            found.push(Ailment::bad(
                node.name(),
                format!("has the host UUID of {}: libvirt takes the two for one machine", twin.name()),
                "set another `host_uuid` in its libvirtd.conf (uuidgen), and restart the daemon",
            ));
        }
    }
    found
}

/// A pool that only one node has holds no disk that could move.
fn pools_in_common(nodes: &[NodeFacts]) -> Vec<Ailment> {
    let reached: Vec<(&str, &HostFacts)> =
        nodes.iter().filter_map(|node| Some((node.name(), node.host()?))).collect();
    if reached.len() < 2 {
        return Vec::new();
    }
    let paths = |host: &HostFacts| -> Vec<String> {
        host.pools.iter().filter(|pool| pool.active).filter_map(|pool| pool.target_path.clone()).collect()
    };
    let lonely = |(index, (_, host)): &(usize, &(&str, &HostFacts))| {
        let others = reached.iter().enumerate().filter(|(other, _)| other != index);
        let theirs: Vec<String> = others.flat_map(|(_, (_, host))| paths(host)).collect();
        !host.pools.is_empty() && !paths(host).iter().any(|path| theirs.contains(path))
    };
    reached
        .iter()
        .enumerate()
        .filter(lonely)
        .map(|(_, (name, _))| {
            Ailment::warn(
                name,
                "has no storage pool at a place where another node has one too",
                "mount the shared storage at the same path everywhere, and define a pool on it",
            )
        })
        .collect()
}
