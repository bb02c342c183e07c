//! Can the source's daemon connect to a destination? Asks it for the real move with a
//! definition that cannot be accepted, so that nothing moves.
//!
//! The source connects first and only then compares the definition it was given with the
//! running domain's. So a refusal of the definition proves the connection. Two things in it
//! differ, UUID and memory, and either alone is refused: memory can be a sum of NUMA cells,
//! a UUID is never adjusted.

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::error::{Doing, Result, has_number, is_of_transport, of_ours};
use super::raw::{self, Value};
use super::{Libvirt, connection, domain, job, migrate, node, presence};
use crate::model::node::NodeEntry;
use crate::model::port::{HypervisorError, Presence};
use crate::model::snapshot::Reach;
use crate::xml;

/// What the source's daemon said to the question.
enum Reply {
    /// It has compared the definitions, so it was connected.
    Connected,
    Refused(HypervisorError),
}

pub async fn probe(libvirt: &Libvirt, source: &NodeEntry, domain: &str, destination_uri: &str) -> Reach {
    let uri = destination_uri.to_owned();
    if names_this_machine(destination_uri) {
        return Reach::SameHost { uri };
    }
    let doing = format!("asking {} to connect to {destination_uri}", source.name);
    let ask = {
        let (node, name, uri, doing) = (source.name.clone(), domain.to_owned(), uri.clone(), doing.clone());
        move |connection: &Connect| ask(connection, &node, &name, &uri, &doing)
    };
    match libvirt.pool(source).call(&doing, ask).await {
        Ok(Reply::Connected) if is_same_host(libvirt, source, destination_uri).await => {
            Reach::SameHost { uri }
        }
        Ok(Reply::Connected) => Reach::Reachable { uri },
        Ok(Reply::Refused(error)) => Reach::Unreachable { uri, error: error.text },
        Err(error) if error.code == "node-timeout" && still_tries(libvirt, source, domain).await => {
            Reach::Unreachable { uri, error: "nobody answered before the time-out of the probe".into() }
        }
        Err(error) => Reach::Failed { error: error.to_string() },
    }
}

fn ask(connection: &Connect, node: &str, name: &str, uri: &str, doing: &str) -> Result<Reply> {
    let domain = domain::find(connection, node, name)?;
    if job::is_busy(&domain, doing)? {
        return Err(of_ours("busy", doing, "a job works on the domain, and the probe would disturb it"));
    }
    let uuid = domain.get_uuid().doing(doing)?;
    let definition = other_definition(&domain::migratable_xml(&domain, doing)?, uuid)
        .ok_or_else(|| of_ours("bad-answer", doing, "no definition could be made that differs"))?;
    // "Unsafe", as the move that is asked for must not fail for its disks before it connects.
    let flags = migrate::TUNNELLED | sys::VIR_MIGRATE_UNSAFE;
    let parameters = [("destination_xml", Value::Text(&definition))];
    let Err(error) = raw::migrate(&domain, uri, &parameters, flags).doing(doing) else {
        return Err(of_ours("uncertain", doing, "the source did not refuse: look where the domain runs now"));
    };
    if has_number(&error, sys::VIR_ERR_CONFIG_UNSUPPORTED) {
        return Ok(Reply::Connected);
    }
    // An answer came, so our own connection lives, and it is the source's that does not.
    let alive = connection.is_alive().unwrap_or(false);
    if alive && is_of_connecting(&error) { Ok(Reply::Refused(error)) } else { Err(error) }
}

/// What the source says when it cannot connect; anything else is not understood.
fn is_of_connecting(error: &HypervisorError) -> bool {
    let Some((number, _)) = error.number else { return false };
    match number {
        sys::VIR_ERR_SYSTEM_ERROR
        | sys::VIR_ERR_OPERATION_FAILED
        | sys::VIR_ERR_GNUTLS_ERROR
        | sys::VIR_ERR_UNKNOWN_HOST
        | sys::VIR_ERR_NO_CONNECT
        | sys::VIR_ERR_AUTH_FAILED
        | sys::VIR_ERR_AUTH_CANCELLED
        | sys::VIR_ERR_AUTH_UNAVAILABLE => true,
        _ => is_of_transport(error),
    }
}

/// The definition with another UUID and other memory; none unless both really differ.
fn other_definition(definition: &str, uuid: Uuid) -> Option<String> {
    let own = uuid.to_string();
    let other_memory = xml::with_other_memory(definition).ok()?;
    let other = other_memory.replace(&own, &Uuid::new_v4().to_string());
    (other_memory != definition && other != other_memory && !other.contains(&own)).then_some(other)
}

/// As the source would read it, this URI means the source itself.
fn names_this_machine(uri: &str) -> bool {
    let Some(host) = connection::host(uri) else { return uri.contains(":///") };
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// Whether the URI leads back to the source: by its own name, or by the host UUID there, as
/// far as that can be seen from here.
async fn is_same_host(libvirt: &Libvirt, source: &NodeEntry, destination_uri: &str) -> bool {
    let (name, at_source) = identity(libvirt, &source.uri).await.unwrap_or_default();
    if connection::host(destination_uri).is_some_and(|host| host.eq_ignore_ascii_case(&name)) {
        return true;
    }
    at_source.is_some() && identity(libvirt, destination_uri).await.is_ok_and(|(_, uuid)| uuid == at_source)
}

/// Host name and host UUID of the daemon at this URI.
async fn identity(libvirt: &Libvirt, uri: &str) -> Result<(String, Option<Uuid>)> {
    let doing = format!("reading the identity of the host at {uri}");
    let read = {
        let doing = doing.clone();
        move |connection: &Connect| {
            Ok((connection.get_hostname().doing(&doing)?, node::host_uuid(connection, &doing)?))
        }
    };
    libvirt.pool_at(uri).call(&doing, read).await
}

/// The source answers, and is still busy with the probe.
async fn still_tries(libvirt: &Libvirt, source: &NodeEntry, domain: &str) -> bool {
    let (node, name) = (source.name.clone(), domain.to_owned());
    let look = move |connection: &Connect| {
        let uuid = domain::find(connection, &node, &name)?.get_uuid().doing("reading a UUID")?;
        presence::presence(connection, &node, uuid)
    };
    matches!(
        libvirt.pool(source).call("looking for the probe", look).await,
        Ok(Presence::Running { migrating: true, .. } | Presence::Paused { migrating: true, .. })
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_is_not_of_connecting_says_nothing_of_reach() {
        let error = |number| HypervisorError { number, ..of_ours("libvirt-error", "asking", "why") };
        assert!(is_of_connecting(&error(Some((38, sys::VIR_FROM_RPC)))));
        assert!(is_of_connecting(&error(Some((1, sys::VIR_FROM_RPC)))));
        assert!(!is_of_connecting(&error(Some((1, sys::VIR_FROM_QEMU)))));
        assert!(!is_of_connecting(&error(Some((55, sys::VIR_FROM_QEMU)))));
        assert!(!is_of_connecting(&error(None)));
    }

    #[test]
    fn a_uri_of_the_source_itself() {
        for uri in ["qemu:///system", "qemu+tcp://localhost/system", "qemu+tcp://127.0.0.1:1/system"] {
            assert!(names_this_machine(uri), "{uri}");
        }
        assert!(names_this_machine("qemu+tls://[::1]/system"));
        assert!(!names_this_machine("qemu+tcp://node-b/system"));
        assert!(!names_this_machine("node-b"));
    }
}
