//! What two nodes show, judged: where the one running copy is, or that it cannot be told.
//!
//! Pure. The migrate call's own answer is not asked: an error can mean that the domain
//! runs at the destination. Fact that this rests on: libvirt resumes the guest at the
//! destination only after the source has stopped it. It does let the source run again when
//! it does not know what the destination does: then both run, unless a disk's lock forbids.

use crate::model::port::Presence;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It runs at the destination; `leftover`: a stopped copy is still held at the source.
    Moved { leftover: bool },
    /// It is on its source; `leftover`: something of it is held, or may be, at the destination.
    Stayed { leftover: bool },
    /// libvirt still moves it.
    Moving,
    /// Not to be told (yet), with what is seen.
    Untold { seen: String },
    /// Both nodes run it. Never seen; never to be passed over.
    Both,
}

/// `paused`: its owner had stopped it before the move, so a stopped copy is the live one.
pub fn judge(source: &Presence, destination: &Presence, paused: bool) -> Judgement {
    use Presence::{Absent, Paused, Running, ShutOff, Unreachable};
    if paused {
        return judge_paused(source, destination);
    }
    match (source, destination) {
        (
            Running { migrating: true, .. } | Paused { migrating: true, .. },
            Absent | ShutOff { .. } | Paused { .. } | Unreachable { .. },
        ) => Judgement::Moving,
        (Running { .. }, Running { .. }) => Judgement::Both,
        (Absent | ShutOff { .. }, Running { .. }) => Judgement::Moved { leftover: false },
        (Paused { .. }, Running { .. }) => Judgement::Moved { leftover: true },
        (Running { .. }, Absent | ShutOff { .. }) => Judgement::Stayed { leftover: false },
        (Running { .. }, Paused { .. }) => Judgement::Stayed { leftover: true },
        // Never stopped, so never handed over. What was stopped and runs again may run there as well:
        // only the disks' locks keep libvirt from that, and not every storage has them.
        (Running { resumed: false, .. }, Unreachable { .. }) => Judgement::Stayed { leftover: true },
        _ => Judgement::Untold { seen: seen(source, destination) },
    }
}

fn judge_paused(source: &Presence, destination: &Presence) -> Judgement {
    use Presence::{Absent, Paused, ShutOff};
    match (source, destination) {
        (Paused { migrating: true, .. }, _) => Judgement::Moving,
        (Absent | ShutOff { .. }, Paused { migrating: false, .. }) => Judgement::Moved { leftover: false },
        (Paused { .. }, Absent | ShutOff { .. }) => Judgement::Stayed { leftover: false },
        _ => Judgement::Untold { seen: seen(source, destination) },
    }
}

pub fn seen(source: &Presence, destination: &Presence) -> String {
    format!("source: {}; destination: {}", show(source), show(destination))
}

pub fn show(presence: &Presence) -> String {
    match presence {
        Presence::Absent => "not there".to_owned(),
        Presence::ShutOff { .. } => "shut off".to_owned(),
        Presence::Running { migrating: true, .. } => "running, migrating".to_owned(),
        Presence::Running { resumed: true, .. } => "running, after it was stopped".to_owned(),
        Presence::Running { .. } => "running".to_owned(),
        Presence::Paused { reason, migrating, .. } => {
            format!("paused ({reason}){}", if *migrating { ", migrating" } else { "" })
        }
        Presence::Unreachable { error } => format!("not to be reached ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Presence> {
        let name = || "vm".to_owned();
        let mut all = vec![
            Presence::Absent,
            Presence::ShutOff { name: name() },
            Presence::Unreachable { error: "refused".to_owned() },
        ];
        for migrating in [false, true] {
            all.extend([false, true].map(|resumed| Presence::Running { name: name(), migrating, resumed }));
            all.push(Presence::Paused { name: name(), reason: "migration".to_owned(), migrating });
        }
        all
    }

    #[test]
    fn moved_needs_a_live_copy_at_the_destination_and_none_at_the_source() {
        for (source, destination) in all().iter().flat_map(|s| all().into_iter().map(move |d| (s.clone(), d)))
        {
            for paused in [false, true] {
                let runs = |presence: &Presence| matches!(presence, Presence::Running { .. });
                match judge(&source, &destination, paused) {
                    Judgement::Moved { .. } => {
                        assert!(!runs(&source), "{source:?} {destination:?}");
                        assert!(runs(&destination) || paused, "{source:?} {destination:?}");
                    }
                    Judgement::Stayed { .. } => {
                        assert!(!runs(&destination), "{source:?} {destination:?}");
                        assert!(runs(&source) || paused, "{source:?} {destination:?}");
                    }
                    Judgement::Both => assert!(runs(&source) && runs(&destination)),
                    Judgement::Moving | Judgement::Untold { .. } => {}
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_never_told() {
        let unreachable = Presence::Unreachable { error: "gone".to_owned() };
        for destination in all() {
            let judgement = judge(&unreachable, &destination, false);
            assert!(matches!(judgement, Judgement::Untold { .. }), "{destination:?}: {judgement:?}");
        }
    }

    #[test]
    fn a_copy_that_was_stopped_and_runs_again_proves_nothing_of_a_silent_destination() {
        let unreachable = Presence::Unreachable { error: "gone".to_owned() };
        let source = |resumed| Presence::Running { name: "vm".to_owned(), migrating: false, resumed };
        assert_eq!(judge(&source(false), &unreachable, false), Judgement::Stayed { leftover: true });
        assert!(matches!(judge(&source(true), &unreachable, false), Judgement::Untold { .. }));
        assert_eq!(judge(&source(true), &Presence::Absent, false), Judgement::Stayed { leftover: false });
    }

    #[test]
    fn nothing_running_anywhere_is_not_told_away() {
        let paused =
            Presence::Paused { name: "vm".to_owned(), reason: "migration".to_owned(), migrating: false };
        for (source, destination) in [
            (Presence::Absent, Presence::Absent),
            (paused.clone(), Presence::Absent),
            (paused.clone(), paused.clone()),
            (Presence::Absent, paused),
        ] {
            assert!(matches!(judge(&source, &destination, false), Judgement::Untold { .. }));
        }
    }
}
