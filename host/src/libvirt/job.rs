//! The migration job of a domain: its figures, its downtime limit, its end by request.
//!
//! Not the move itself (`migrate`). libvirt's "processed" may exceed "total", as pages
//! that were written again are sent again; nothing here divides one by the other.

use std::ffi::CStr;

use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys;

use super::domain::{expect_uuid, find_uuid};
use super::error::{Doing, Result, has_number};
use super::raw::{self, JobStats};
use crate::model::job::Figures;
use crate::model::port::{HypervisorError, Progress};

/// Whether a move to or from this node works on the domain; false when the daemon cannot say.
pub fn is_migrating(domain: &Domain) -> bool {
    match raw::job_stats(domain, 0).doing("reading a job") {
        Ok(stats) => is_under_way(&stats) && operation(&stats) == sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT,
        // A domain that is still coming in has statistics only where it comes from.
        Err(error) => {
            has_number(&error, sys::VIR_ERR_OPERATION_UNSUPPORTED) && domain.is_active().unwrap_or(false)
        }
    }
}

/// Whether any job works on the domain.
pub fn is_busy(domain: &Domain, doing: &str) -> Result<bool> {
    Ok(is_under_way(&raw::job_stats(domain, 0).doing(doing)?))
}

fn is_under_way(stats: &JobStats) -> bool {
    [sys::VIR_DOMAIN_JOB_BOUNDED, sys::VIR_DOMAIN_JOB_UNBOUNDED].contains(&stats.kind)
}

fn operation(stats: &JobStats) -> u32 {
    let number = stats.number(sys::VIR_DOMAIN_JOB_OPERATION).unwrap_or(0);
    u32::try_from(number).unwrap_or(sys::VIR_DOMAIN_JOB_OPERATION_UNKNOWN)
}

pub fn progress(connection: &Connect, node: &str, uuid: Uuid) -> Result<Option<Progress>> {
    let Some(domain) = find_uuid(connection, node, uuid)? else { return Ok(None) };
    match raw::job_stats(&domain, 0).doing(&format!("reading the migration job of {uuid} on {node}")) {
        Ok(stats) => Ok(progress_of(&stats)),
        Err(error) if has_no_outgoing_job(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// While a move is being finished the domain counts as not running, then as gone; one that
/// is coming in has its statistics at the other end.
fn has_no_outgoing_job(error: &HypervisorError) -> bool {
    [sys::VIR_ERR_OPERATION_INVALID, sys::VIR_ERR_NO_DOMAIN, sys::VIR_ERR_OPERATION_UNSUPPORTED]
        .iter()
        .any(|number| has_number(error, *number))
}

fn progress_of(stats: &JobStats) -> Option<Progress> {
    if !is_under_way(stats) || operation(stats) != sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT {
        return None;
    }
    let or_zero = |name: &CStr| stats.number(name).unwrap_or(0);
    let iteration = or_zero(sys::VIR_DOMAIN_JOB_MEMORY_ITERATION);
    let page_bytes = stats.number(sys::VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
    let dirty_pages_s = stats.number(sys::VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE);
    Some(Progress {
        elapsed_ms: or_zero(sys::VIR_DOMAIN_JOB_TIME_ELAPSED),
        total_bytes: or_zero(sys::VIR_DOMAIN_JOB_DATA_TOTAL),
        processed_bytes: or_zero(sys::VIR_DOMAIN_JOB_DATA_PROCESSED),
        remaining_bytes: or_zero(sys::VIR_DOMAIN_JOB_DATA_REMAINING),
        iteration,
        // QEMU measures it between passes: in the first one its 0 says "not measured".
        dirty_rate_bytes_s: dirty_pages_s
            .filter(|pages| *pages > 0 || iteration > 1)
            .and_then(|pages| pages.checked_mul(page_bytes?)),
        bandwidth_bytes_s: stats.number(sys::VIR_DOMAIN_JOB_MEMORY_BPS).filter(|rate| *rate > 0),
        downtime_expected_ms: stats.number(sys::VIR_DOMAIN_JOB_DOWNTIME),
    })
}

/// Figures of the last job that ended; none when the node has none.
pub fn completed(connection: &Connect, node: &str, uuid: Uuid) -> Result<Option<Figures>> {
    let domain = expect_uuid(connection, node, uuid)?;
    let doing = format!("reading the last job of {uuid} on {node}");
    let kept = sys::VIR_DOMAIN_JOB_STATS_COMPLETED | sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED;
    let stats = match raw::job_stats(&domain, kept).doing(&doing) {
        // An old daemon gives them once and forgets them.
        Err(error) if has_number(&error, sys::VIR_ERR_INVALID_ARG) => {
            raw::job_stats(&domain, sys::VIR_DOMAIN_JOB_STATS_COMPLETED).doing(&doing)?
        }
        stats => stats?,
    };
    Ok(figures_of(&stats))
}

fn figures_of(stats: &JobStats) -> Option<Figures> {
    (stats.kind == sys::VIR_DOMAIN_JOB_COMPLETED).then(|| Figures {
        downtime_ms: stats.number(sys::VIR_DOMAIN_JOB_DOWNTIME),
        transfer_ms: stats.number(sys::VIR_DOMAIN_JOB_TIME_ELAPSED),
        transferred_bytes: stats.number(sys::VIR_DOMAIN_JOB_DATA_PROCESSED),
    })
}

pub fn set_downtime_ms(connection: &Connect, node: &str, uuid: Uuid, ms: u64) -> Result<()> {
    let doing = format!("setting the downtime limit of {uuid} on {node}");
    expect_uuid(connection, node, uuid)?.migrate_set_max_downtime(ms, 0).doing(&doing).map(drop)
}

pub fn abort(connection: &Connect, node: &str, uuid: Uuid) -> Result<()> {
    let domain = expect_uuid(connection, node, uuid)?;
    raw::abort_job(&domain).doing(&format!("aborting the job of {uuid} on {node}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(kind: u32, numbers: &[(&CStr, u64)]) -> JobStats {
        let text = |name: &CStr| name.to_string_lossy().into_owned();
        JobStats { kind, numbers: numbers.iter().map(|(name, number)| (text(name), *number)).collect() }
    }

    #[test]
    fn no_job_and_other_jobs_have_no_progress() {
        assert_eq!(progress_of(&stats(sys::VIR_DOMAIN_JOB_NONE, &[])), None);
        let save = u64::from(sys::VIR_DOMAIN_JOB_OPERATION_SAVE);
        assert_eq!(
            progress_of(&stats(sys::VIR_DOMAIN_JOB_UNBOUNDED, &[(sys::VIR_DOMAIN_JOB_OPERATION, save)])),
            None
        );
        let out = u64::from(sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT);
        let cancelled = stats(sys::VIR_DOMAIN_JOB_CANCELLED, &[(sys::VIR_DOMAIN_JOB_OPERATION, out)]);
        assert_eq!(progress_of(&cancelled), None);
    }

    #[test]
    fn a_dirty_rate_of_the_first_pass_is_not_known() {
        let out = u64::from(sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT);
        let with = |iteration, rate| {
            let numbers: &[(&CStr, u64)] = &[
                (sys::VIR_DOMAIN_JOB_OPERATION, out),
                (sys::VIR_DOMAIN_JOB_MEMORY_ITERATION, iteration),
                (sys::VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, rate),
                (sys::VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, 4096),
            ];
            progress_of(&stats(sys::VIR_DOMAIN_JOB_UNBOUNDED, numbers)).and_then(|p| p.dirty_rate_bytes_s)
        };
        assert_eq!(with(1, 0), None);
        assert_eq!(with(2, 0), Some(0));
        assert_eq!(with(2, 100), Some(409_600));
    }

    #[test]
    fn only_a_completed_job_has_figures() {
        let numbers: &[(&CStr, u64)] = &[(sys::VIR_DOMAIN_JOB_DOWNTIME, 41)];
        assert_eq!(figures_of(&stats(sys::VIR_DOMAIN_JOB_NONE, numbers)), None);
        let figures = figures_of(&stats(sys::VIR_DOMAIN_JOB_COMPLETED, numbers));
        assert_eq!(figures.and_then(|figures| figures.downtime_ms), Some(41));
    }
}
