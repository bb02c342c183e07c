//! Opening a connection to a daemon, within a time-out where the transport lets us.
//!
//! libvirt itself has no connect time-out: a node that swallows packets holds its
//! caller for minutes. So a TCP or TLS daemon is dialled first, and libvirt is called
//! only when somebody answers. Not here: who uses the connection, and on which thread.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use virt::connect::Connect;

use super::error::{Doing, Result, of_ours, recoded};
use super::event;

/// A silent peer is given up after about 30 s: five probes and a grace period.
const KEEPALIVE_INTERVAL_S: i32 = 5;
const KEEPALIVE_COUNT: u32 = 5;

pub fn open(uri: &str, timeout: Duration) -> Result<Connect> {
    let doing = format!("connecting to {uri}");
    if uri.contains('\0') {
        return Err(of_ours("bad-value", doing, "the URI has a NUL character inside"));
    }
    let keepalive = event::start();
    dial(uri, timeout, &doing)?;
    let connection = Connect::open(Some(uri)).doing(&doing).map_err(|error| match error.code.as_str() {
        "node-auth" | "denied" => error,
        _ => recoded(error, "node-unreachable"),
    })?;
    if keepalive && let Err(error) = connection.set_keep_alive(KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT) {
        tracing::debug!(uri, %error, "no keepalive on this connection");
    }
    Ok(connection)
}

/// Fails when nobody accepts a connection; says nothing of who does.
fn dial(uri: &str, timeout: Duration, doing: &str) -> Result<()> {
    let Some((host, port)) = endpoint(uri) else { return Ok(()) };
    let unreachable = |text: String| of_ours("node-unreachable", doing, text);
    let addresses = (host, port).to_socket_addrs().map_err(|error| unreachable(error.to_string()))?;
    let mut last = unreachable(format!("{host} has no address"));
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                last = of_ours("node-timeout", doing, format!("{address} did not answer within {timeout:?}"));
            }
            Err(error) => last = unreachable(format!("{address}: {error}")),
        }
    }
    Err(last)
}

/// Host and port of a daemon that is called by TCP or TLS; none for other transports.
fn endpoint(uri: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = uri.split_once("://")?;
    let default_port = match scheme.split_once('+') {
        Some((_, "tcp")) => 16509,
        Some((_, "tls")) => 16514,
        Some(_) => return None,
        // A host without a transport means TLS to a libvirt daemon.
        None if matches!(scheme, "qemu" | "xen" | "lxc" | "ch" | "bhyve" | "vz") => 16514,
        None => return None,
    };
    let (host, port) = authority(rest);
    if host.is_empty() {
        return None;
    }
    match port {
        "" => Some((host, default_port)),
        port => Some((host, port.parse().ok()?)),
    }
}

/// Host and port, either of them possibly empty, of what follows `://`.
fn authority(rest: &str) -> (&str, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').unwrap_or("")),
        None => place.split_once(':').unwrap_or((place, "")),
    }
}

/// The host that a URI names; none for a local one.
pub fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    Some(authority(rest).0).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_dialled_is_dialled() {
        assert_eq!(endpoint("qemu+tcp://node-a/system"), Some(("node-a", 16509)));
        assert_eq!(endpoint("qemu+tcp://root@node-a:17000/system?x=1"), Some(("node-a", 17000)));
        assert_eq!(endpoint("qemu+tls://[fd00::1]/system"), Some(("fd00::1", 16514)));
        assert_eq!(endpoint("qemu+tls://[fd00::1]:99/system"), Some(("fd00::1", 99)));
        assert_eq!(endpoint("qemu://node-a/system"), Some(("node-a", 16514)));
        assert_eq!(endpoint("qemu+ssh://node-a/system"), None);
        assert_eq!(endpoint("qemu:///system"), None);
        assert_eq!(endpoint("qemu+tcp:///system"), None);
        assert_eq!(endpoint("test:///default"), None);
        assert_eq!(endpoint("esx://node-a/"), None);
    }

    #[test]
    fn the_host_of_any_uri() {
        assert_eq!(host("qemu+ssh://user@node-a:22/system"), Some("node-a"));
        assert_eq!(host("qemu:///system"), None);
    }
}
