//! What every store must do: one suite, run on each of them.
//!
//! A case gets a `Bench`: a way to reach one and the same journal again and again, as
//! several processes would. What only the SQLite file has is in `sqlite_tests`.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use super::samples::{claim, concluded, decision, prepared, request, room, started};
use super::{MemoryJournal, SqliteJournal};
use crate::model::decision::Claim;
use crate::model::job::{Event, Failure, Job, JobId, Phase, Request, Room};
use crate::model::port::{Journal, JournalError};

struct Bench {
    connect: Box<dyn Fn() -> Arc<dyn Journal>>,
    _folder: Option<TempDir>,
}

fn memory() -> Bench {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    Bench { connect: Box::new(move || journal.clone()), _folder: None }
}

fn sqlite() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    Bench { connect: Box::new(move || Arc::new(SqliteJournal::open(&path).unwrap())), _folder: Some(folder) }
}

macro_rules! conformance {
    ($($case:ident),* $(,)?) => {
        mod on_memory { $(#[test] fn $case() { super::$case(&super::memory()); })* }
        mod on_sqlite { $(#[test] fn $case() { super::$case(&super::sqlite()); })* }
    };
}

conformance!(
    events_come_back_and_fold,
    a_busy_domain_names_the_open_job,
    a_concluded_job_frees_its_domain,
    a_concluded_job_gets_nothing_more,
    an_unknown_job_is_an_answer,
    opening_and_reserving_have_calls_of_their_own,
    jobs_come_newest_first,
    a_claim_taken_names_the_holders,
    claims_of_one_request_add_up,
    huge_amounts_do_not_wrap,
    a_new_reservation_replaces_the_old_one,
    room_is_summed_over_open_jobs,
    a_refused_reservation_takes_nothing,
    racing_claims_never_exceed_the_limit,
    racing_openings_open_one_job,
);

fn open_new(journal: &dyn Journal, number: u128) -> JobId {
    journal.open(&request(number)).unwrap()
}

fn events_come_back_and_fold(bench: &Bench) {
    let journal = (bench.connect)();
    let job = open_new(&*journal, 1);
    let mut expected = vec![Event::Opened { request: Box::new(request(1)) }];
    let steps = [
        Event::decided_whole(decision()),
        prepared(),
        started(),
        Event::AbortRequested { by: "anna".into(), reason: "too slow".into() },
        Event::TransferReturned { error: Some(Failure { code: "x".into(), text: "lost".into() }) },
        concluded(),
    ];
    assert_eq!(journal.abort_requested(job).unwrap(), None);
    for event in steps {
        journal.append(job, &event).unwrap();
        expected.push(event);
    }
    let again = (bench.connect)();
    let events = again.events(job).unwrap();
    assert!(events.is_sorted_by_key(|recorded| recorded.at));
    assert_eq!(events.into_iter().map(|recorded| recorded.event).collect::<Vec<_>>(), expected);
    let folded = again.jobs(10).unwrap().remove(0);
    assert_eq!(folded.phase, Phase::Close);
    assert!(folded.transfer_started && folded.abort_requested && !folded.is_open());
    let abort = again.abort_requested(job).unwrap().unwrap();
    assert_eq!((abort.by.as_str(), abort.reason.as_str()), ("anna", "too slow"));
}

fn a_busy_domain_names_the_open_job(bench: &Bench) {
    let first = open_new(&*(bench.connect)(), 1);
    open_new(&*(bench.connect)(), 2);
    let other_name = Request { domain: "renamed".into(), ..request(1) };
    let error = (bench.connect)().open(&other_name).unwrap_err();
    assert_eq!(error.to_string(), format!("domain renamed has an open job already: {first}"));
    assert_eq!(error.code(), "domain-busy");
    assert!(matches!(error, JournalError::Busy { job, .. } if job == first));
    assert_eq!((bench.connect)().jobs(10).unwrap().len(), 2);
}

fn a_concluded_job_frees_its_domain(bench: &Bench) {
    let journal = (bench.connect)();
    let first = open_new(&*journal, 1);
    journal.append(first, &concluded()).unwrap();
    let second = open_new(&*(bench.connect)(), 1);
    assert!(second > first);
    let open: Vec<JobId> = journal.open_jobs().unwrap().iter().map(|job| job.id).collect();
    assert_eq!(open, [second]);
}

fn a_concluded_job_gets_nothing_more(bench: &Bench) {
    let journal = (bench.connect)();
    let job = open_new(&*journal, 1);
    journal.append(job, &concluded()).unwrap();
    for error in [
        journal.append(job, &started()).unwrap_err(),
        journal.append(job, &concluded()).unwrap_err(),
        journal.reserve(job, "node2", &[], room(1)).unwrap_err(),
    ] {
        assert_eq!(error.code(), "job-concluded");
    }
    assert_eq!(journal.events(job).unwrap().len(), 2);
}

fn an_unknown_job_is_an_answer(bench: &Bench) {
    let journal = (bench.connect)();
    for job in [JobId(0), JobId(1), JobId(u64::MAX)] {
        assert_eq!(journal.events(job).unwrap_err().code(), "no-such-job");
        assert_eq!(journal.append(job, &started()).unwrap_err().code(), "no-such-job");
        assert_eq!(journal.reserve(job, "node2", &[], room(1)).unwrap_err().code(), "no-such-job");
    }
    assert!(journal.jobs(10).unwrap().is_empty());
}

fn opening_and_reserving_have_calls_of_their_own(bench: &Bench) {
    let journal = (bench.connect)();
    let job = open_new(&*journal, 1);
    let opened = Event::Opened { request: Box::new(request(1)) };
    let reserved = Event::Reserved { destination: "node2".into(), claims: vec![], room: room(1) };
    assert_eq!(journal.append(job, &opened).unwrap_err().code(), "journal-misuse");
    assert_eq!(journal.append(job, &reserved).unwrap_err().code(), "journal-misuse");
    assert_eq!(journal.events(job).unwrap().len(), 1);
}

fn jobs_come_newest_first(bench: &Bench) {
    let journal = (bench.connect)();
    let ids: Vec<JobId> = (1..=5).map(|number| open_new(&*journal, number)).collect();
    let listed = |limit| journal.jobs(limit).unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
    assert_eq!(listed(3), [ids[4], ids[3], ids[2]]);
    assert_eq!(listed(usize::MAX).len(), 5);
    assert!(listed(0).is_empty());
}

fn a_claim_taken_names_the_holders(bench: &Bench) {
    let journal = (bench.connect)();
    let jobs: Vec<JobId> = (1..=3).map(|number| open_new(&*journal, number)).collect();
    journal.reserve(jobs[0], "node2", &[claim(2, 3)], room(1)).unwrap().unwrap();
    journal.reserve(jobs[1], "node2", &[claim(1, 3)], room(1)).unwrap().unwrap();
    let taken = (bench.connect)().reserve(jobs[2], "node2", &[claim(1, 3)], room(1)).unwrap().unwrap_err();
    assert_eq!((taken.held, taken.holders), (3, vec![jobs[0], jobs[1]]));

    journal.append(jobs[1], &concluded()).unwrap();
    (bench.connect)().reserve(jobs[2], "node2", &[claim(1, 3)], room(1)).unwrap().unwrap();
}

fn claims_of_one_request_add_up(bench: &Bench) {
    let journal = (bench.connect)();
    let job = open_new(&*journal, 1);
    let taken = journal.reserve(job, "node2", &[claim(2, 3), claim(2, 3)], room(1)).unwrap().unwrap_err();
    assert_eq!((taken.held, taken.holders), (2, vec![]));
    journal.reserve(job, "node2", &[claim(2, 3), claim(1, 3), claim(0, 3)], room(1)).unwrap().unwrap();
}

fn huge_amounts_do_not_wrap(bench: &Bench) {
    let journal = (bench.connect)();
    let (first, second) = (open_new(&*journal, 1), open_new(&*journal, 2));
    let all = claim(u64::MAX, u64::MAX);
    let huge = Room { memory_bytes: u64::MAX, vcpus: u32::MAX };
    journal.reserve(first, "node2", std::slice::from_ref(&all), huge).unwrap().unwrap();
    let taken = journal.reserve(second, "node2", &[claim(1, u64::MAX)], room(1)).unwrap().unwrap_err();
    assert_eq!(taken.held, u64::MAX);
    journal.reserve(second, "node2", &[], room(1)).unwrap().unwrap();
    assert_eq!(journal.reserved("node2", None).unwrap(), huge);
}

fn a_new_reservation_replaces_the_old_one(bench: &Bench) {
    let journal = (bench.connect)();
    let job = open_new(&*journal, 1);
    journal.reserve(job, "node2", &[claim(1, 1)], room(1)).unwrap().unwrap();
    journal.reserve(job, "node3", &[claim(1, 1)], room(2)).unwrap().unwrap();
    assert_eq!(journal.reserved("node2", None).unwrap(), Room::default());
    assert_eq!(journal.reserved("node3", None).unwrap(), room(2));
    assert_eq!(journal.events(job).unwrap().len(), 3);
}

fn room_is_summed_over_open_jobs(bench: &Bench) {
    let journal = (bench.connect)();
    let jobs: Vec<JobId> = (1..=3).map(|number| open_new(&*journal, number)).collect();
    journal.reserve(jobs[0], "node2", &[], room(1)).unwrap().unwrap();
    journal.reserve(jobs[1], "node2", &[], room(2)).unwrap().unwrap();
    journal.reserve(jobs[2], "node3", &[], room(4)).unwrap().unwrap();
    let both = Room { memory_bytes: 3 << 30, vcpus: 4 };
    assert_eq!((bench.connect)().reserved("node2", None).unwrap(), both);
    assert_eq!(journal.reserved("node2", Some(jobs[1])).unwrap(), room(1), "what the others hold");
    journal.append(jobs[0], &concluded()).unwrap();
    assert_eq!((bench.connect)().reserved("node2", None).unwrap(), room(2));
    assert_eq!((bench.connect)().reserved("elsewhere", None).unwrap(), Room::default());
}

fn a_refused_reservation_takes_nothing(bench: &Bench) {
    let journal = (bench.connect)();
    let (first, second) = (open_new(&*journal, 1), open_new(&*journal, 2));
    let other = Claim { resource: "licence/other".into(), ..claim(1, 1) };
    journal.reserve(first, "node2", &[claim(1, 1)], room(1)).unwrap().unwrap();
    journal.reserve(second, "node2", &[other.clone(), claim(1, 1)], room(1)).unwrap().unwrap_err();
    assert_eq!(journal.reserved("node2", None).unwrap(), room(1));
    assert_eq!(journal.events(second).unwrap().len(), 1);
    journal.reserve(first, "node2", &[other], room(1)).unwrap().unwrap();
}

fn racing_claims_never_exceed_the_limit(bench: &Bench) {
    const LIMIT: u64 = 3;
    let journal = (bench.connect)();
    let contenders: Vec<(JobId, Arc<dyn Journal>)> =
        (1..=8).map(|number| (open_new(&*journal, number), (bench.connect)())).collect();
    for _ in 0..5 {
        let granted = thread::scope(|scope| {
            let threads: Vec<_> = contenders
                .iter()
                .map(|(job, own)| {
                    scope.spawn(|| own.reserve(*job, "node2", &[claim(1, LIMIT)], room(1)).unwrap().is_ok())
                })
                .collect();
            threads.into_iter().map(|one| u64::from(one.join().unwrap())).sum::<u64>()
        });
        assert_eq!(granted, LIMIT);
        assert_eq!(journal.reserved("node2", None).unwrap().memory_bytes, LIMIT << 30);
        for (job, own) in &contenders {
            own.reserve(*job, "node2", &[], Room::default()).unwrap().unwrap();
        }
    }
}

fn racing_openings_open_one_job(bench: &Bench) {
    let own: Vec<Arc<dyn Journal>> = (0..8).map(|_| (bench.connect)()).collect();
    let opened: Vec<Result<JobId, JournalError>> = thread::scope(|scope| {
        let threads: Vec<_> = own.iter().map(|journal| scope.spawn(|| journal.open(&request(1)))).collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let first = opened.iter().find_map(|result| result.as_ref().ok()).unwrap();
    let refusals =
        opened.iter().filter(|result| matches!(result, Err(JournalError::Busy { job, .. }) if job == first));
    assert_eq!(refusals.count(), 7);
}

/// One call on a journal, for one of a few domains.
#[derive(Clone, Debug)]
enum Call {
    Open,
    Append(Box<Event>),
    Reserve { destination: &'static str, claims: Vec<Claim>, room: Room },
}

fn any_call() -> impl Strategy<Value = Call> {
    let event = prop_oneof![
        Just(Event::decided_whole(decision())),
        Just(prepared()),
        Just(started()),
        ".*".prop_map(|by| Event::AbortRequested { by, reason: "any".into() }),
        Just(Event::TransferReturned { error: None }),
        Just(concluded()),
    ];
    let reserve = (0..3_u64, any::<u32>(), prop_oneof![Just("node2"), Just("node3")]);
    prop_oneof![
        2 => Just(Call::Open),
        4 => event.prop_map(|event| Call::Append(Box::new(event))),
        2 => reserve.prop_map(|(amount, vcpus, destination)| Call::Reserve {
            destination,
            claims: vec![claim(amount, 3)],
            room: Room { memory_bytes: amount << 30, vcpus },
        }),
    ]
}

/// Makes the call on the domain's newest job and tells what came of it.
fn make(journal: &dyn Journal, newest: &mut BTreeMap<u128, JobId>, domain: u128, call: &Call) -> String {
    let job = newest.get(&domain).copied().unwrap_or(JobId(999));
    match call {
        Call::Open => {
            let opened = journal.open(&request(domain));
            if let Ok(job) = &opened {
                newest.insert(domain, *job);
            }
            format!("{:?}", opened.map_err(|error| error.to_string()))
        }
        Call::Append(event) => format!("{:?}", journal.append(job, event).map_err(|error| error.to_string())),
        Call::Reserve { destination, claims, room } => {
            let reserved = journal.reserve(job, destination, claims, *room);
            format!("{:?}", reserved.map_err(|error| error.to_string()))
        }
    }
}

/// Jobs without the times, which the clock gives.
fn timeless(jobs: Vec<Job>) -> Vec<Job> {
    let timeless = |job: Job| Job {
        opened_at: jiff::Timestamp::UNIX_EPOCH,
        closed_at: job.closed_at.map(|_| jiff::Timestamp::UNIX_EPOCH),
        ..job
    };
    jobs.into_iter().map(timeless).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_tell_the_same_story(calls in prop::collection::vec((1..4_u128, any_call()), 1..30)) {
        let (memory, sqlite) = (memory(), sqlite());
        let (left, right) = ((memory.connect)(), (sqlite.connect)());
        let (mut left_newest, mut right_newest) = (BTreeMap::new(), BTreeMap::new());
        for (domain, call) in &calls {
            prop_assert_eq!(
                make(&*left, &mut left_newest, *domain, call),
                make(&*right, &mut right_newest, *domain, call)
            );
        }
        let right = (sqlite.connect)();
        prop_assert_eq!(timeless(left.jobs(99).unwrap()), timeless(right.jobs(99).unwrap()));
        prop_assert_eq!(timeless(left.open_jobs().unwrap()), timeless(right.open_jobs().unwrap()));
        for node in ["node2", "node3"] {
            prop_assert_eq!(left.reserved(node, None).unwrap(), right.reserved(node, None).unwrap());
        }
    }
}
