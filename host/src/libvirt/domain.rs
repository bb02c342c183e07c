//! Domains as a node shows them: found by name or UUID, described, and seen to be there.
//!
//! Reads only. What runs on a domain (jobs, a move) is in `job` and `migrate`.

use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys;

use super::error::{Doing, Result, has_number, of_ours};
use super::{job, names};
use crate::model::domain::{DomainFacts, DomainState};
use crate::model::port::Presence;
use crate::xml;

/// How many names a hint lists.
const NAMES_MAX: usize = 5;

/// A domain by UUID, if `name` is one, or by name.
pub fn find(connection: &Connect, node: &str, name: &str) -> Result<Domain> {
    let doing = format!("looking for the domain {name} on {node}");
    if let Ok(uuid) = Uuid::parse_str(name) {
        match Domain::lookup_by_uuid(connection, uuid).doing(&doing) {
            Err(error) if has_number(&error, sys::VIR_ERR_NO_DOMAIN) => {}
            found => return found,
        }
    }
    if name.contains('\0') {
        return Err(of_ours("no-such-domain", doing, "no domain has a NUL character in its name"));
    }
    Domain::lookup_by_name(connection, name).doing(&doing).map_err(|mut error| {
        if has_number(&error, sys::VIR_ERR_NO_DOMAIN) {
            error.text = "there is no such domain".into();
            error.hint = Some(what_is_there(connection, node, name));
        }
        error
    })
}

/// A domain by UUID; none when the node does not know it.
pub fn find_uuid(connection: &Connect, node: &str, uuid: Uuid) -> Result<Option<Domain>> {
    match Domain::lookup_by_uuid(connection, uuid).doing(&format!("looking for the domain {uuid} on {node}"))
    {
        Ok(domain) => Ok(Some(domain)),
        Err(error) if has_number(&error, sys::VIR_ERR_NO_DOMAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A domain by UUID that must be there.
pub fn expect_uuid(connection: &Connect, node: &str, uuid: Uuid) -> Result<Domain> {
    let doing = format!("looking for the domain {uuid} on {node}");
    find_uuid(connection, node, uuid)?
        .ok_or_else(|| of_ours("no-such-domain", doing, "the node does not know this UUID"))
}

fn what_is_there(connection: &Connect, node: &str, name: &str) -> String {
    let domains = connection.list_all_domains(0).unwrap_or_default();
    let there: Vec<String> = domains.iter().filter_map(|domain| domain.get_name().ok()).collect();
    let nearest = names::nearest_first(name, there);
    match nearest.len() {
        0 => format!("there is no domain on {node}"),
        n if n > NAMES_MAX => format!(
            "on {node} there are {} and {} more",
            nearest[..NAMES_MAX].join(", "),
            nearest.len() - NAMES_MAX
        ),
        _ => format!("on {node} there are: {}", nearest.join(", ")),
    }
}

/// The live XML and what only the daemon can add to it.
pub fn facts(connection: &Connect, node: &str, name: &str) -> Result<DomainFacts> {
    let domain = find(connection, node, name)?;
    let doing = format!("reading the domain {name} on {node}");
    let text = domain.get_xml_desc(0).doing(&doing)?;
    let (state, _) = domain.get_state().doing(&doing)?;
    let persistent = domain.is_persistent().doing(&doing)?;
    let facts = xml::domain_facts(&text).map_err(|error| of_ours("bad-answer", doing, error.to_string()))?;
    Ok(DomainFacts { state: Some(names::state(state)), persistent: Some(persistent), ..facts })
}

/// The XML that a move would hand to the destination: what libvirt added for this node
/// alone is left out of it.
pub fn migratable_xml(domain: &Domain, doing: &str) -> Result<String> {
    domain.get_xml_desc(sys::VIR_DOMAIN_XML_MIGRATABLE).doing(doing)
}

pub fn presence(connection: &Connect, node: &str, uuid: Uuid) -> Result<Presence> {
    let Some(domain) = find_uuid(connection, node, uuid)? else { return Ok(Presence::Absent) };
    let doing = format!("reading the state of {uuid} on {node}");
    let name = domain.get_name().doing(&doing)?;
    let migrating = job::is_migrating(&domain);
    // The state after the job: a move that ends in between must not look like a guest that
    // stands still without one.
    let state = match domain.get_state().doing(&doing) {
        Err(error) if has_number(&error, sys::VIR_ERR_NO_DOMAIN) => return Ok(Presence::Absent),
        state => state?,
    };
    Ok(shown(name, names::state(state.0), names::reason(state.0, state.1), migrating))
}

fn shown(name: String, state: DomainState, reason: String, migrating: bool) -> Presence {
    match state {
        DomainState::Running | DomainState::Blocked | DomainState::ShuttingDown | DomainState::Unknown => {
            Presence::Running { name, migrating }
        }
        DomainState::Paused | DomainState::Suspended => Presence::Paused { name, reason, migrating },
        // A crashed guest that is kept for inspection holds its disks, but runs nothing.
        DomainState::Crashed => Presence::Paused { name, reason, migrating },
        DomainState::ShutOff => Presence::ShutOff { name },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_shown_as_what_it_means_for_the_one_running_copy() {
        let show = |state| shown("web".into(), state, "user".into(), false);
        assert_eq!(show(DomainState::Running), Presence::Running { name: "web".into(), migrating: false });
        assert_eq!(
            show(DomainState::ShuttingDown),
            Presence::Running { name: "web".into(), migrating: false }
        );
        assert_eq!(show(DomainState::ShutOff), Presence::ShutOff { name: "web".into() });
        let paused = Presence::Paused { name: "web".into(), reason: "user".into(), migrating: false };
        assert_eq!(show(DomainState::Paused), paused);
        assert_eq!(show(DomainState::Crashed), paused);
    }
}
