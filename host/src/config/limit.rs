//! The three settings of a move: what they may be. The same for file and command line.

use crate::problem::InputError;

/// Six hours.
pub const DESTINATION_TIMEOUT_S: u64 = 21_600;
pub const DOWNTIME_MS: u64 = 500;

const TIMEOUT_S_MAX: u64 = 30 * 24 * 3600;
const DOWNTIME_MS_MIN: u64 = 100;
/// QEMU's own bound.
const DOWNTIME_MS_MAX: u64 = 2_000_000;
/// The daemon counts bytes in a signed integer.
const BANDWIDTH_MIB_S_MAX: u64 = (i64::MAX as u64) >> 20;

/// Seconds that a transfer may take before it is aborted.
pub fn destination_timeout(seconds: i64) -> Result<u64, InputError> {
    within(seconds, 1, TIMEOUT_S_MAX).ok_or_else(|| {
        InputError::new("timeout-out-of-range", "the destination timeout is out of range")
            .found(format!("{seconds} s"))
            .expected(format!("1 to {TIMEOUT_S_MAX} seconds"))
            .hint(format!("the default is {DESTINATION_TIMEOUT_S}, six hours"))
    })
}

/// Milliseconds that the guest may stand still at switch-over.
pub fn downtime(ms: i64) -> Result<u64, InputError> {
    within(ms, DOWNTIME_MS_MIN, DOWNTIME_MS_MAX).ok_or_else(|| {
        let (text, hint) = if ms < DOWNTIME_MS_MIN.cast_signed() {
            ("the downtime is too short", "a move held to less may never end; the default is 500")
        } else {
            ("the downtime is too long", "QEMU takes at most 2000 seconds; the default is 500")
        };
        InputError::new("downtime-out-of-range", text)
            .found(format!("{ms} ms"))
            .expected(format!("{DOWNTIME_MS_MIN} to {DOWNTIME_MS_MAX} milliseconds"))
            .hint(hint)
    })
}

/// MiB/s.
pub fn bandwidth(mib_s: i64) -> Result<u64, InputError> {
    within(mib_s, 1, BANDWIDTH_MIB_S_MAX).ok_or_else(|| {
        InputError::new("bandwidth-out-of-range", "the bandwidth is out of range")
            .found(format!("{mib_s} MiB/s"))
            .expected("1 MiB/s or more, or \"unlimited\"")
            .hint("leave it out, or write \"unlimited\", for no limit")
    })
}

/// A bandwidth as text: a number of MiB/s, or `unlimited`.
pub fn bandwidth_text(text: &str) -> Result<Option<u64>, InputError> {
    if text == "unlimited" {
        return Ok(None);
    }
    match text.parse() {
        Ok(mib_s) => bandwidth(mib_s).map(Some),
        Err(_) => Err(InputError::new("bandwidth-unreadable", "the bandwidth cannot be read")
            .found(format!("{text:?}"))
            .expected("a whole number of MiB/s, or \"unlimited\"")
            .hint_nearest(text, ["unlimited"])),
    }
}

fn within(value: i64, min: u64, max: u64) -> Option<u64> {
    u64::try_from(value).ok().filter(|value| (min..=max).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept() {
        assert_eq!(downtime(100), Ok(100));
        assert_eq!(
            downtime(99).map_err(|error| error.to_string()),
            Err("the downtime is too short: found 99 ms, expected 100 to 2000000 milliseconds".into())
        );
        assert!(downtime(-1).is_err() && downtime(2_000_001).is_err() && downtime(i64::MIN).is_err());
        assert!(destination_timeout(0).is_err() && destination_timeout(1).is_ok());
        assert_eq!(bandwidth_text("unlimited"), Ok(None));
        assert_eq!(bandwidth_text("32"), Ok(Some(32)));
        for bad in ["0", "-1", "1.5", "", "unlimted", "99999999999999"] {
            assert!(bandwidth_text(bad).is_err(), "{bad}");
        }
    }
}
