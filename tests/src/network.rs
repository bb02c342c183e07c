//! The lab's network: a bridge in a namespace of its own (the hub), one cable to every node and one
//! to the machine, so that commands outside reach every node by address. No routing, no names.

use anyhow::Result;

use crate::command::{run, words};
use crate::place::Place;

/// The nodes' cables are numbered as the nodes are; the name of the hub's end.
pub(crate) fn port(number: u8) -> String {
    format!("port{number}")
}

/// Lays the bridge and the cable from the machine into the hub.
pub(crate) fn lay_hub(place: &Place, hub: u32) -> Result<()> {
    ip_in(hub, "link add br0 type bridge forward_delay 0")?;
    ip_in(hub, "link set br0 up")?;
    let outer = place.interface();
    run("ip", words(&format!("link add {outer} type veth peer name control netns {hub}")))?;
    ip_in(hub, "link set control master br0 up")?;
    let address = place.controller_address();
    run("ip", words(&format!("address add {address}/24 dev {outer}")))?;
    run("ip", words(&format!("link set {outer} up")))?;
    Ok(())
}

/// Lays the cable from the hub to a node and gives the node its address.
pub(crate) fn lay_cable(hub: u32, node: u32, number: u8, address: &str) -> Result<()> {
    let port = port(number);
    ip_in(hub, &format!("link add {port} type veth peer name eth0 netns {node}"))?;
    ip_in(hub, &format!("link set {port} master br0 up"))?;
    ip_in(node, &format!("address add {address}/24 dev eth0"))?;
    ip_in(node, "link set eth0 up")
}

/// The namespaces of the nodes go with their processes; the machine's own end goes here.
pub(crate) fn remove_interface(name: &str) {
    let _ = run("ip", ["link", "delete", name]);
}

/// Runs `ip` in the network namespace of a process.
pub(crate) fn ip_in(pid: u32, command: &str) -> Result<()> {
    let target = format!("--target={pid}");
    let mut args = vec![target.as_str(), "--net", "--", "ip"];
    args.extend(command.split_whitespace());
    run("nsenter", args).map(drop)
}
