//! The shape of a libvirt connection URI: `driver[+transport]://[user@][host][:port]/[path][?extras]`.
//!
//! Only what can be told without a daemon; whether somebody answers is another question.

use crate::problem::InputError;

const DRIVERS: [&str; 14] = [
    "qemu",
    "test",
    "xen",
    "lxc",
    "ch",
    "bhyve",
    "vz",
    "vbox",
    "openvz",
    "esx",
    "gsx",
    "vpx",
    "hyperv",
    "vmwareplayer",
];
const TRANSPORTS: [&str; 7] = ["tcp", "tls", "ssh", "unix", "libssh", "libssh2", "ext"];
const EXAMPLE: &str = "write a URI such as qemu+tcp://node2/system";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    pub driver: &'a str,
    pub transport: Option<&'a str>,
    pub user: Option<&'a str>,
    /// Without the brackets of an IPv6 address; none: this machine.
    pub host: Option<&'a str>,
    pub port: Option<u16>,
    /// With its leading slash.
    pub path: &'a str,
    /// What follows `?`.
    pub extras: Option<&'a str>,
}

impl<'a> Uri<'a> {
    pub fn parse(uri: &'a str) -> Result<Self, InputError> {
        if uri.is_empty() {
            return Err(InputError::new("uri-empty", "the URI is empty").hint(EXAMPLE));
        }
        let bad = |text: &str| InputError::new("uri-invalid", text).found(format!("{uri:?}")).hint(EXAMPLE);
        if uri.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(bad("a URI has no spaces"));
        }
        let (scheme, rest) = uri.split_once("://").ok_or_else(|| bad("a URI needs a scheme and `://`"))?;
        let (driver, transport) = match scheme.split_once('+') {
            Some((driver, transport)) => (driver, Some(transport)),
            None => (scheme, None),
        };
        known("uri-unknown-driver", "hypervisor driver", driver, &DRIVERS, uri)?;
        if let Some(transport) = transport {
            known("uri-unknown-transport", "transport", transport, &TRANSPORTS, uri)?;
        }
        let (rest, extras) = match rest.split_once('?') {
            Some((rest, extras)) => (rest, Some(extras)),
            None => (rest, None),
        };
        let slash = rest.find('/').ok_or_else(|| bad("a URI needs a path, as in `/system`"))?;
        let (authority, path) = rest.split_at(slash);
        let (user, place) = match authority.rsplit_once('@') {
            Some(("", _)) => return Err(bad("the user before `@` is empty")),
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place).ok_or_else(|| bad("the host or its port cannot be read"))?;
        if host.is_empty() && (user.is_some() || port.is_some()) {
            return Err(bad("the host is missing"));
        }
        let host = (!host.is_empty()).then_some(host);
        Ok(Self { driver, transport, user, host, port, path, extras })
    }
}

fn known(
    code: &'static str,
    what: &str,
    word: &str,
    words: &[&'static str],
    uri: &str,
) -> Result<(), InputError> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(InputError::new(code, format!("unknown {what} in the URI {uri:?}"))
        .found(format!("`{word}`"))
        .expected(format!("one of {}", words.join(", ")))
        .hint_nearest(word, words.iter().copied()))
}

fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            if after.is_empty() { (host, None) } else { (host, Some(after.strip_prefix(':')?)) }
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = port.map(str::parse::<u16>).transpose().ok()?;
    (port != Some(0)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_as_libvirt_documents_them() {
        let full = Uri::parse("qemu+tls://anna@node2.example:16514/system?no_verify=1").expect("is valid");
        assert_eq!((full.driver, full.transport, full.user), ("qemu", Some("tls"), Some("anna")));
        assert_eq!((full.host, full.port, full.path), (Some("node2.example"), Some(16514), "/system"));
        assert_eq!(full.extras, Some("no_verify=1"));
        for good in [
            "qemu:///system",
            "qemu:///session",
            "test:///default",
            "test+tcp://node/default",
            "qemu+unix:///system?socket=/run/a.sock",
            "qemu+ssh://root@10.0.0.1/system",
            "xen:///",
            "esx://host/?no_verify=1",
        ] {
            Uri::parse(good).expect(good);
        }
        let six = Uri::parse("qemu+tcp://[fd00::2]:16509/system").expect("is valid");
        assert_eq!((six.host, six.port), (Some("fd00::2"), Some(16509)));
    }

    #[test]
    fn what_is_no_uri_is_refused_with_a_code() {
        for (bad, code) in [
            ("", "uri-empty"),
            ("node2", "uri-invalid"),
            ("qemu+tcp://node2", "uri-invalid"),
            ("qemu+tcp://node 2/system", "uri-invalid"),
            ("qemu+tcp://node2:0/system", "uri-invalid"),
            ("qemu+tcp://node2:99999/system", "uri-invalid"),
            ("qemu+tcp://node2:/system", "uri-invalid"),
            ("qemu+tcp://@node2/system", "uri-invalid"),
            ("qemu+tcp://:16509/system", "uri-invalid"),
            ("qemu+tcp://[::zz]/system", "uri-invalid"),
            ("qemu+tcp://[fd00::2/system", "uri-invalid"),
            ("://node/system", "uri-unknown-driver"),
            ("http://node/system", "uri-unknown-driver"),
            ("qemu+tpc://node/system", "uri-unknown-transport"),
            ("qemu+://node/system", "uri-unknown-transport"),
        ] {
            assert_eq!(Uri::parse(bad).map_err(|error| error.code), Err(code), "{bad}");
        }
        let error = Uri::parse("qemu+tpc://n/system").expect_err("is not valid");
        assert_eq!(error.hint.as_deref(), Some("did you mean `tcp`?"));
    }
}
