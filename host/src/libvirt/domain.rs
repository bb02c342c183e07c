//! Domains of a node: found by name or UUID, and described.
//!
//! Reads only. What a domain does there is in `presence`, `job` and `migrate`.

use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys;

use super::error::{Doing, Result, has_number, of_ours};
use super::names;
use crate::model::domain::DomainFacts;
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
