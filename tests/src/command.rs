//! Running other programs and waiting for things to become true. Knows nothing of labs.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program that has ended, with everything it said.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code, or -1 when a signal ended it.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Finished {
    pub fn ok(&self) -> bool {
        self.status == 0
    }

    /// What it printed, when it succeeded; an error with what it complained about, when not.
    pub fn expect_ok(self) -> Result<String> {
        if !self.ok() {
            bail!("exit code {}: {}{}", self.status, self.stderr, self.stdout);
        }
        Ok(self.stdout)
    }

    pub(crate) fn of(output: Output, took: Duration) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took,
        }
    }
}

/// Runs a program to its end, whatever the end.
pub(crate) fn finish<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Result<Finished> {
    let start = Instant::now();
    let output = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    Ok(Finished::of(output, start.elapsed()))
}

/// Runs a program that must succeed; gives what it printed.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Result<String> {
    let args: Vec<S> = args.into_iter().collect();
    let shown: Vec<_> = args.iter().map(|a| a.as_ref().to_string_lossy()).collect();
    let shown = format!("{program} {}", shown.join(" "));
    finish(program, &args)?.expect_ok().context(shown)
}

/// Splits words that need no quoting, as `words("link set eth0 up")`.
pub(crate) fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Asks again and again until there is an answer, or fails when `limit` has passed.
pub fn eventually<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if start.elapsed() > limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
