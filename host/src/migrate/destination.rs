//! The destination's address as the source sees it.
//!
//! In a peer-to-peer move the source's daemon connects to the destination's. What it must
//! call is worked out here from the inventory, or taken as given, and refused where it
//! plainly leads back to where it came from. Whether it can really be reached is for the
//! probe to say, which asks the source itself.

use std::net::{IpAddr, ToSocketAddrs};

use crate::model::node::NodeEntry;
use crate::problem::InputError;
use crate::uri::Uri;

/// The URI for the source's daemon: as given, or from the node's entry.
pub fn destination_uri(destination: &NodeEntry, given: Option<&str>) -> Result<String, InputError> {
    let text = match given {
        Some(uri) => uri.to_owned(),
        None => worked_out(destination)?,
    };
    let uri = Uri::parse(&text)?;
    refuse_other_transports(&uri, &text)?;
    refuse_loopback(&uri, &text)?;
    Ok(text)
}

/// From the inventory: its `address` in the place of the host that we ourselves call.
fn worked_out(destination: &NodeEntry) -> Result<String, InputError> {
    if let Some(address) = destination.address.as_deref().filter(|address| address.contains("://")) {
        return Ok(address.to_owned());
    }
    let own = Uri::parse(&destination.uri)?;
    let Some(host) = destination.address.as_deref().or(own.host) else {
        return Err(InputError::new(
            "no-destination-address",
            format!("how the source reaches node {} is not known", destination.name),
        )
        .found(format!("uri = \"{}\" and no `address`", destination.uri))
        .hint("give the node an `address` in the configuration, or use --destination-uri"));
    };
    let transport = if own.transport == Some("tls") { "tls" } else { "tcp" };
    let path = if own.path.len() > 1 { own.path } else { "/system" };
    // The port is that of the transport that we ourselves use.
    let keeps_port = destination.address.is_none() && matches!(own.transport, Some("tcp" | "tls"));
    let port = own.port.filter(|_| keeps_port).map(|port| format!(":{port}")).unwrap_or_default();
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{host}]"),
        _ => host.to_owned(),
    };
    Ok(format!("{}+{transport}://{host}{port}{path}", own.driver))
}

/// Daemon to daemon it is TCP or TLS: anything else needs keys of a person.
fn refuse_other_transports(uri: &Uri<'_>, text: &str) -> Result<(), InputError> {
    if matches!(uri.transport, Some("tcp" | "tls")) {
        return Ok(());
    }
    Err(InputError::new("unsupported-transport", "the daemons cannot tunnel over this transport")
        .found(format!("`{text}`"))
        .expected("qemu+tcp:// or qemu+tls://"))
}

/// A name that resolves to a loopback address is, for the source, the source itself.
fn refuse_loopback(uri: &Uri<'_>, text: &str) -> Result<(), InputError> {
    let host = uri.host.unwrap_or_default();
    let loops = host.eq_ignore_ascii_case("localhost")
        || match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || address.is_unspecified(),
            // A name that does not resolve here may resolve at the source: the probe asks there.
            Err(_) => {
                let mut resolved = (host, 0).to_socket_addrs().into_iter().flatten().peekable();
                resolved.peek().is_some() && resolved.all(|address| address.ip().is_loopback())
            }
        };
    if !loops && !host.is_empty() {
        return Ok(());
    }
    Err(InputError::new("destination-is-source", "for the source, this address is the source itself")
        .found(format!("`{text}`"))
        .expected("the destination's address on the network that the nodes share")
        .hint("give the node an `address` in the configuration, or use --destination-uri"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(uri: &str, address: Option<&str>) -> NodeEntry {
        NodeEntry {
            name: "b".to_owned(),
            uri: uri.to_owned(),
            address: address.map(str::to_owned),
            labels: Default::default(),
            maintenance: false,
        }
    }

    #[test]
    fn the_address_stands_in_for_the_host() {
        let cases = [
            ("qemu+tcp://10.0.0.2/system", None, "qemu+tcp://10.0.0.2/system"),
            ("qemu+tcp://10.0.0.2:1234/system", None, "qemu+tcp://10.0.0.2:1234/system"),
            ("qemu+ssh://root@b.example/system", None, "qemu+tcp://b.example/system"),
            ("qemu+tls://b.example/system?no_verify=1", None, "qemu+tls://b.example/system"),
            ("qemu:///system", Some("192.0.2.7"), "qemu+tcp://192.0.2.7/system"),
            ("qemu+unix:///system?socket=/run/x", Some("192.0.2.7"), "qemu+tcp://192.0.2.7/system"),
            ("qemu+tls://b/system", Some("2001:db8::7"), "qemu+tls://[2001:db8::7]/system"),
            ("qemu+tcp://b/system", Some("qemu+tls://192.0.2.7/system"), "qemu+tls://192.0.2.7/system"),
        ];
        for (uri, address, expected) in cases {
            let found = destination_uri(&node(uri, address), None);
            assert_eq!(found.as_deref().ok(), Some(expected), "{uri} {address:?}");
        }
    }

    #[test]
    fn what_leads_back_or_cannot_tunnel_is_refused() {
        let code = |uri, given| destination_uri(&node(uri, None), given).map_err(|error| error.code());
        assert_eq!(code("qemu:///system", None), Err("no-destination-address"));
        assert_eq!(code("qemu+tcp://127.0.0.1/system", None), Err("destination-is-source"));
        assert_eq!(code("qemu+tcp://[::1]/system", None), Err("destination-is-source"));
        assert_eq!(
            code("qemu+tcp://b/system", Some("qemu+tcp://localhost/system")),
            Err("destination-is-source")
        );
        assert_eq!(
            code("qemu+tcp://b/system", Some("qemu+ssh://192.0.2.7/system")),
            Err("unsupported-transport")
        );
        assert_eq!(code("qemu+tcp://b/system", Some("not a uri")), Err("uri-invalid"));
    }
}
