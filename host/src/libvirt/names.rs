//! libvirt's numbers for states and reasons as words, and which names are near a name.
//!
//! Pure; no connection is used here.

use virt::sys;

use crate::model::domain::DomainState;

pub fn state(state: sys::virDomainState) -> DomainState {
    match state {
        sys::VIR_DOMAIN_RUNNING => DomainState::Running,
        sys::VIR_DOMAIN_BLOCKED => DomainState::Blocked,
        sys::VIR_DOMAIN_PAUSED => DomainState::Paused,
        sys::VIR_DOMAIN_SHUTDOWN => DomainState::ShuttingDown,
        sys::VIR_DOMAIN_SHUTOFF => DomainState::ShutOff,
        sys::VIR_DOMAIN_CRASHED => DomainState::Crashed,
        sys::VIR_DOMAIN_PMSUSPENDED => DomainState::Suspended,
        _ => DomainState::Unknown,
    }
}

const PAUSED: [&str; 15] = [
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "io-error",
    "watchdog",
    "from-snapshot",
    "shutting-down",
    "snapshot",
    "crashed",
    "starting-up",
    "post-copy",
    "post-copy-failed",
    "api-error",
];

/// Why a domain runs that had been stopped.
pub const UNPAUSED: &str = "unpaused";
pub const MIGRATION_CANCELED: &str = "migration-canceled";

/// Why a domain stands still, or runs again, in libvirt's words; `unknown` for everything else.
pub fn reason(state: sys::virDomainState, reason: i32) -> String {
    let known = match state {
        sys::VIR_DOMAIN_RUNNING => match u32::try_from(reason) {
            Ok(sys::VIR_DOMAIN_RUNNING_UNPAUSED) => Some(UNPAUSED),
            Ok(sys::VIR_DOMAIN_RUNNING_MIGRATION_CANCELED) => Some(MIGRATION_CANCELED),
            _ => None,
        },
        sys::VIR_DOMAIN_PAUSED => usize::try_from(reason).ok().and_then(|reason| PAUSED.get(reason).copied()),
        sys::VIR_DOMAIN_PMSUSPENDED => Some("suspended"),
        sys::VIR_DOMAIN_CRASHED => Some("crashed"),
        _ => None,
    };
    known.unwrap_or("unknown").to_owned()
}

/// The names, those first that need the fewest changes to become `name`.
pub fn nearest_first(name: &str, mut names: Vec<String>) -> Vec<String> {
    names.sort_by_cached_key(|candidate| (distance(name, candidate), candidate.clone()));
    names
}

/// How many characters must be put in, taken out or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, from) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in to.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_numbers_of_libvirt() {
        let paused = sys::VIR_DOMAIN_PAUSED;
        let number = |number: u32| i32::try_from(number).unwrap_or(-1);
        assert_eq!(reason(paused, number(sys::VIR_DOMAIN_PAUSED_MIGRATION)), "migration");
        assert_eq!(reason(paused, number(sys::VIR_DOMAIN_PAUSED_IOERROR)), "io-error");
        assert_eq!(reason(paused, number(sys::VIR_DOMAIN_PAUSED_STARTING_UP)), "starting-up");
        assert_eq!(reason(paused, number(sys::VIR_DOMAIN_PAUSED_API_ERROR)), "api-error");
        let again = number(sys::VIR_DOMAIN_RUNNING_MIGRATION_CANCELED);
        assert_eq!(reason(sys::VIR_DOMAIN_RUNNING, again), MIGRATION_CANCELED);
        assert_eq!(reason(sys::VIR_DOMAIN_RUNNING, number(sys::VIR_DOMAIN_RUNNING_BOOTED)), "unknown");
        assert_eq!(reason(paused, 99), "unknown");
        assert_eq!(reason(paused, -1), "unknown");
    }

    #[test]
    fn the_nearest_name_comes_first() {
        let names = ["mail", "web-2", "webs", "dns"].map(str::to_owned).to_vec();
        assert_eq!(nearest_first("web", names), ["webs", "web-2", "dns", "mail"]);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
