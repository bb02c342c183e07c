//! The progress of a move, on stderr: phases as they come, then what the transfer tells.
//!
//! A terminal gets one line that changes; anything else gets a plain line every few
//! seconds. There is no percentage: pages that the guest writes again are sent again,
//! so what was processed says nothing about the end. What is left to send, the pass
//! and the rates do. Stdout is never touched, and the caller is never held up.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::render::text::{bytes, clean, millis};
use crate::model::decision::Decision;
use crate::model::job::{JobId, Phase};
use crate::model::port::{Progress, Watcher};

/// Between two plain lines of one transfer.
const PAUSE: Duration = Duration::from_secs(5);
/// What takes no longer than this is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line of a terminal moves, so that one sees that it lives.
const TICK: Duration = Duration::from_millis(200);

/// Shows one move. Dropped or finished, it leaves no half line behind.
pub struct Display {
    inner: Mutex<Inner>,
}

struct Inner {
    look: Look,
    job: Option<JobId>,
    phase: Option<Phase>,
}

enum Look {
    Line(ProgressBar),
    Plain { sink: Box<dyn Write + Send>, last: Option<Instant>, pause: Duration },
}

impl Display {
    /// For stderr as it is: a terminal or not.
    pub fn on_stderr() -> Self {
        if !io::stderr().is_terminal() {
            return Self::plain(Box::new(io::stderr()), PAUSE);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // A template that cannot be read is replaced by indicatif's own.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self::of(Look::Line(bar))
    }

    fn plain(sink: Box<dyn Write + Send>, pause: Duration) -> Self {
        Self::of(Look::Plain { sink, last: None, pause })
    }

    fn of(look: Look) -> Self {
        Self { inner: Mutex::new(Inner { look, job: None, phase: None }) }
    }

    /// Takes the changing line away; what was said stays.
    pub fn finish(&self) {
        if let Look::Line(bar) = &self.inner().look {
            bar.finish_and_clear();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Awaits something that asks daemons; a terminal is told after a second that it goes on.
pub async fn waiting<T>(text: &str, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut future).await {
        return answer;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_message(text.to_owned());
    bar.enable_steady_tick(TICK);
    let answer = future.await;
    bar.finish_and_clear();
    answer
}

impl Inner {
    /// A line that stays.
    fn say(&mut self, text: &str) {
        match &mut self.look {
            Look::Line(bar) => bar.println(text),
            // Nobody reads: the move goes on all the same.
            Look::Plain { sink, .. } => drop(writeln!(sink, "{text}")),
        }
    }

    /// A line that the next one replaces, where that is possible.
    fn show(&mut self, text: String) {
        match &mut self.look {
            Look::Line(bar) => bar.set_message(text),
            Look::Plain { sink, last, pause } => {
                if last.is_none_or(|last| last.elapsed() >= *pause) {
                    *last = Some(Instant::now());
                    drop(writeln!(sink, "{text}"));
                }
            }
        }
    }
}

impl Watcher for Display {
    fn phase(&self, job: Option<JobId>, phase: Phase) {
        let mut inner = self.inner();
        if job.is_some() && inner.job != job {
            inner.job = job;
            if let Some(job) = job {
                inner.say(&format!("job {job}"));
            }
        }
        if inner.phase == Some(phase) {
            return;
        }
        inner.phase = Some(phase);
        inner.say(&format!("{phase}: {}", doing(phase)));
        if let Look::Line(bar) = &inner.look {
            bar.set_message(format!("{phase} ..."));
        }
        if let Look::Plain { last, .. } = &mut inner.look {
            *last = None;
        }
    }

    fn decided(&self, decision: &Decision) {
        let mut inner = self.inner();
        for line in super::render::decision_answer(decision).lines() {
            inner.say(&format!("  {line}"));
        }
    }

    fn progress(&self, progress: &Progress) {
        self.inner().show(line(progress));
    }

    fn note(&self, text: &str) {
        self.inner().say(&format!("  {}", clean(text)));
    }
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Check => "is the domain there, live, and free to move?",
        Phase::Decide => "every rule on every node",
        Phase::Reserve => "room and claims at the destination",
        Phase::Prepare => "connect the destination, read and judge the pair again",
        Phase::Transfer => "tunnelled and live; from here on the nodes tell where the domain is",
        Phase::Verify => "what do both nodes show?",
        Phase::Close => "release and record",
    }
}

/// What a running transfer tells of itself, in one line.
fn line(progress: &Progress) -> String {
    let mut told = vec![format!("transfer {}", millis(progress.elapsed_ms))];
    if progress.total_bytes == 0 {
        told.push("the destination is getting ready".to_owned());
        return told.join(", ");
    }
    told.push(format!("{} left of {}", bytes(progress.remaining_bytes), bytes(progress.total_bytes)));
    told.push(format!("pass {}", progress.iteration.max(1)));
    if let Some(rate) = progress.bandwidth_bytes_s {
        told.push(format!("sending {}/s", bytes(rate)));
    }
    // In the first pass the rate of writing is not measured yet.
    if let Some(rate) = progress.dirty_rate_bytes_s.filter(|_| progress.iteration > 1) {
        told.push(format!("guest writes {}/s", bytes(rate)));
    }
    if let Some(ms) = progress.downtime_expected_ms.filter(|_| progress.iteration > 1) {
        told.push(format!("downtime would be {}", millis(ms)));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("is whole").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("is whole").clone()).expect("is text")
        }
    }

    /// The second pass: more was processed than there is.
    const SECOND_PASS: Progress = Progress {
        elapsed_ms: 12_300,
        total_bytes: 1 << 30,
        processed_bytes: 3 << 30,
        remaining_bytes: 80 << 20,
        iteration: 2,
        dirty_rate_bytes_s: Some(100 << 20),
        bandwidth_bytes_s: Some(83 << 20),
        downtime_expected_ms: Some(964),
    };

    #[test]
    fn a_move_in_plain_lines() {
        let sink = Sink::default();
        let display = Display::plain(Box::new(sink.clone()), Duration::ZERO);
        let job = Some(JobId(7));
        display.phase(None, Phase::Check);
        display.phase(job, Phase::Decide);
        display.phase(job, Phase::Transfer);
        display.progress(&Progress { elapsed_ms: 40, ..Progress::default() });
        display.progress(&Progress { iteration: 0, remaining_bytes: 1 << 30, ..SECOND_PASS });
        display.progress(&SECOND_PASS);
        display.note("aborting\u{1b}[2J as asked");
        display.phase(job, Phase::Transfer);
        display.phase(job, Phase::Verify);
        insta::assert_snapshot!(sink.text());
    }

    #[test]
    fn plain_lines_are_few() {
        let sink = Sink::default();
        let display = Display::plain(Box::new(sink.clone()), Duration::from_secs(3600));
        for _ in 0..1000 {
            display.progress(&SECOND_PASS);
        }
        assert_eq!(sink.text().lines().count(), 1);
        display.phase(None, Phase::Verify);
        display.progress(&SECOND_PASS);
        assert_eq!(sink.text().lines().count(), 3);
    }

    #[test]
    fn a_reader_that_is_gone_holds_nothing_up() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let display = Display::plain(Box::new(Gone), Duration::ZERO);
        display.phase(None, Phase::Check);
        display.progress(&SECOND_PASS);
    }
}
