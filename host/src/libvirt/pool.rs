//! The threads of one node: libvirt's calls block, so each runs on a thread with a
//! connection of its own, and no more than a few at a time.
//!
//! ```text
//! free -> connecting -> calling -> idle -> calling ...
//!   ^         |            |         |
//!   +---------+------------+---------+   (idle for long, or the thread ended)
//! ```
//!
//! Whoever asks waits for an answer under a time-out and then goes away: a thread that is
//! stuck in a call is left to itself, counts against its node, and holds up nobody else,
//! neither the exit of the process. Work that nobody waits for any more is not begun.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;
use virt::connect::Connect;

use super::Options;
use super::connection;
use super::error::{Result, lost, of_ours};
use crate::model::port::HypervisorError;

/// How long a thread and its connection are kept without work.
const IDLE: Duration = Duration::from_secs(60);
/// More than this waiting for one node is refused.
const QUEUE_MAX: usize = 1024;

pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    uri: String,
    options: Options,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
enum Slot {
    Free,
    Idle,
    Connecting { overdue_at: Instant },
    Calling { overdue_at: Instant },
}

struct Job {
    /// Tells that the connection is there and the call begins; closed: nobody waits.
    began: oneshot::Sender<()>,
    run: Call,
}

/// Makes the call, or is told why it cannot be made.
type Call = Box<dyn FnOnce(Result<&Connect>) -> Delivery + Send>;

/// Hands the answer to whoever asked. Apart from the call, so that the thread counts as idle
/// by the time that they ask again.
type Delivery = Box<dyn FnOnce() + Send>;

impl Pool {
    pub fn new(uri: &str, options: Options) -> Self {
        let state =
            State { queue: VecDeque::new(), slots: vec![Slot::Free; options.threads_per_node.max(1)] };
        let shared = Shared { uri: uri.to_owned(), options, state: Mutex::new(state), wake: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Runs a call on a connection to the node, within the time-outs.
    pub async fn call<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce(&Connect) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (began, mut has_begun) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let run: Call = Box::new(move |connection| {
            let result = connection.and_then(|connection| watched(connection, work));
            Box::new(move || drop(answer.send(result)))
        });
        self.shared.submit(Job { began, run }, doing)?;
        if !self.shared.wait_until_begun(&mut has_begun).await {
            return Err(self.shared.timed_out(doing, self.shared.options.connect_timeout));
        }
        let limit = self.shared.options.call_timeout;
        match timeout(limit, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(of_ours("internal", doing, "the thread that made the call ended")),
            Err(_) => Err(self.shared.timed_out(doing, limit)),
        }
    }
}

/// Runs a call; when it fails on a connection that is gone, the error says so.
pub fn watched<T>(connection: &Connect, work: impl FnOnce(&Connect) -> Result<T>) -> Result<T> {
    work(connection).map_err(|error| if is_alive(connection) { error } else { lost(error) })
}

fn is_alive(connection: &Connect) -> bool {
    connection.is_alive().unwrap_or(false)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn timed_out(&self, doing: &str, limit: Duration) -> HypervisorError {
        of_ours("node-timeout", doing, format!("no answer from {} within {limit:?}", self.uri))
    }

    /// Hands the job to an idle thread, or to a new one if there may be one more.
    fn submit(self: &Arc<Self>, job: Job, doing: &str) -> Result<()> {
        let mut state = self.lock();
        let now = Instant::now();
        if state.slots.iter().all(|slot| slot.is_stuck(now)) {
            let text = format!("all {} threads for {} are stuck in calls", state.slots.len(), self.uri);
            return Err(of_ours("node-timeout", doing, text));
        }
        if state.queue.len() >= QUEUE_MAX {
            return Err(of_ours("node-busy", doing, format!("{QUEUE_MAX} calls to {} wait", self.uri)));
        }
        state.queue.push_back(job);
        let idle = state.slots.iter().filter(|slot| matches!(slot, Slot::Idle)).count();
        if idle < state.queue.len()
            && let Some(index) = state.slots.iter().position(|slot| matches!(slot, Slot::Free))
        {
            state.slots[index] = Slot::Connecting { overdue_at: now + self.options.connect_timeout };
            let mut place = Place { shared: Arc::clone(self), index, given_back: false };
            // On failure the place is dropped, which frees the slot; the job then waits for others.
            drop(state);
            let spawned = thread::Builder::new().name("libvirt-node".into()).spawn(move || place.work());
            if let Err(error) = spawned {
                tracing::warn!(uri = self.uri, %error, "no thread for a call");
            }
        } else {
            drop(state);
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits as long as connecting may take, and on while threads are at work for others.
    async fn wait_until_begun(&self, has_begun: &mut oneshot::Receiver<()>) -> bool {
        let give_up = Instant::now() + self.options.connect_timeout + self.options.call_timeout;
        // A little longer than dialling, so that its own account of the failure is heard.
        let patience = self.options.connect_timeout + Duration::from_millis(250);
        loop {
            // An error of the channel is an answer too: the connection failed.
            if timeout(patience, &mut *has_begun).await.is_ok() {
                return true;
            }
            let now = Instant::now();
            let at_work = |slot: &Slot| matches!(slot, Slot::Calling { overdue_at } if *overdue_at > now);
            if now > give_up || !self.lock().slots.iter().any(at_work) {
                return false;
            }
        }
    }
}

impl Slot {
    fn is_stuck(self, now: Instant) -> bool {
        match self {
            Self::Free | Self::Idle => false,
            Self::Connecting { overdue_at } | Self::Calling { overdue_at } => overdue_at < now,
        }
    }
}

/// A thread's hold on its slot; given back however the thread ends.
struct Place {
    shared: Arc<Shared>,
    index: usize,
    given_back: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.given_back {
            self.enter(Slot::Free);
        }
    }
}

impl Place {
    fn enter(&self, slot: Slot) {
        self.shared.lock().slots[self.index] = slot;
    }

    fn deliver(&self, delivery: Delivery) {
        self.enter(Slot::Idle);
        delivery();
    }

    fn work(&mut self) {
        let options = self.shared.options;
        let mut connection: Option<Connect> = None;
        while let Some(job) = self.next_job() {
            if job.began.is_closed() {
                continue;
            }
            connection = connection.filter(is_alive);
            if connection.is_none() {
                self.enter(Slot::Connecting { overdue_at: Instant::now() + options.connect_timeout });
                match connection::open(&self.shared.uri, options.connect_timeout) {
                    Ok(opened) => connection = Some(opened),
                    Err(error) => {
                        drop(job.began);
                        self.deliver((job.run)(Err(error)));
                        continue;
                    }
                }
            }
            self.enter(Slot::Calling { overdue_at: Instant::now() + options.call_timeout });
            // Whoever has given up meanwhile must not find later that it was done after all.
            if job.began.send(()).is_ok()
                && let Some(connection) = &connection
            {
                self.deliver((job.run)(Ok(connection)));
            }
        }
    }

    fn next_job(&mut self) -> Option<Job> {
        let mut state = self.shared.lock();
        let until = Instant::now() + IDLE;
        loop {
            if let Some(job) = state.queue.pop_front() {
                let overdue_at = Instant::now() + self.shared.options.connect_timeout;
                state.slots[self.index] = Slot::Connecting { overdue_at };
                return Some(job);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Under the lock, so that no job is left to a thread that is going.
                state.slots[self.index] = Slot::Free;
                self.given_back = true;
                return None;
            }
            state.slots[self.index] = Slot::Idle;
            let waited = self.shared.wake.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// With the library's own test driver: no daemon is needed.
#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::error::Doing;
    use super::*;

    fn one_thread(uri: &str) -> Pool {
        let options = Options {
            connect_timeout: Duration::from_millis(500),
            call_timeout: Duration::from_millis(100),
            threads_per_node: 1,
        };
        Pool::new(uri, options)
    }

    async fn ask(pool: &Pool) -> Result<String> {
        pool.call("asking", |connection| connection.get_type().doing("asking")).await
    }

    #[tokio::test]
    async fn a_call_is_answered_and_a_bad_uri_is_an_answer_too() {
        assert_eq!(ask(&one_thread("test:///default")).await, Ok("TEST".to_owned()));
        let error = ask(&one_thread("nonsense:///")).await.expect_err("no such driver");
        assert_eq!(error.code, "node-unreachable");
    }

    #[tokio::test]
    async fn a_stuck_call_costs_its_time_out_and_what_was_given_up_is_not_begun() {
        let pool = one_thread("test:///default");
        let stuck = pool.call("sleeping", |_| {
            thread::sleep(Duration::from_secs(2));
            Ok(())
        });
        assert_eq!(stuck.await.expect_err("too long").code, "node-timeout");

        let begun = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&begun);
        let started = Instant::now();
        let refused = pool.call("marking", move |_| {
            mark.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert_eq!(refused.await.expect_err("no thread").code, "node-timeout");
        assert!(started.elapsed() < Duration::from_secs(1));

        tokio::time::sleep(Duration::from_millis(2200)).await;
        assert_eq!(ask(&pool).await, Ok("TEST".to_owned()));
        assert!(!begun.load(Ordering::SeqCst));
    }
}
