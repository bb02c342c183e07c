//! Work on several threads, with the results in order.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One thread a processor.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does each of so many tasks, on at most so many threads, this one among them.
pub fn each<T: Send>(tasks: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return done;
            }
            done.push((task, work(task)));
        }
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(tasks)).map(|_| scope.spawn(one)).collect();
        let mut done = one();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(task, _)| *task);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn every_task_is_done_once_and_stands_in_its_place() {
        for threads in [0, 1, 3, 100] {
            assert_eq!(each(50, threads, |task| task * 2), (0..50).map(|task| task * 2).collect::<Vec<_>>());
        }
        assert!(each(0, 4, |task| task).is_empty());
    }
}
