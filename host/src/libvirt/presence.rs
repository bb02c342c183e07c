//! What one node shows of a domain: there or not, running, paused, on its way.
//!
//! Reads only, and judges nothing: what two nodes show together is for the core.

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::domain::find_uuid;
use super::error::{Doing, Result, has_number};
use super::{job, names};
use crate::model::domain::DomainState;
use crate::model::port::Presence;

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
            let resumed = [names::UNPAUSED, names::MIGRATION_CANCELED].contains(&reason.as_str());
            Presence::Running { name, migrating, resumed }
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
        let running = |resumed| Presence::Running { name: "web".into(), migrating: false, resumed };
        assert_eq!(show(DomainState::Running), running(false));
        assert_eq!(show(DomainState::ShuttingDown), running(false));
        for reason in [names::UNPAUSED, names::MIGRATION_CANCELED] {
            let shown = shown("web".into(), DomainState::Running, reason.into(), false);
            assert_eq!(shown, running(true), "{reason}");
        }
        assert_eq!(show(DomainState::ShutOff), Presence::ShutOff { name: "web".into() });
        let paused = Presence::Paused { name: "web".into(), reason: "user".into(), migrating: false };
        assert_eq!(show(DomainState::Paused), paused);
        assert_eq!(show(DomainState::Crashed), paused);
    }
}
