//! What the product told of a move, read from its JSON, and whether it is the truth: on every node,
//! by the guest's own clock, on its disk and in the journal. Starts no faults and moves nothing itself.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{Finished, eventually};
use crate::lab::Lab;
use crate::node::Node;
use crate::product::Spawned;
use crate::running::RunningGuest;

/// How a move is to have ended: what is told, and on which node the one running copy is.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub kind: &'a str,
    pub code: &'a str,
    pub on: &'a Node,
}

/// What `wayleave migrate --output json` printed, and its exit status.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: i32,
    pub stderr: String,
    pub job: u64,
    pub decision: Value,
    pub outcome: Value,
}

impl Told {
    /// Fails when the command told no outcome, which is never right once a job was opened.
    pub fn of(finished: Finished) -> Result<Self> {
        let job = value_of_kind("job", &finished)?;
        let number = job["job"].as_u64().with_context(|| format!("no job's id in {job}"))?;
        let (decision, outcome) = (job["decision"].clone(), job["outcome"].clone());
        Ok(Self { status: finished.status, stderr: finished.stderr, job: number, decision, outcome })
    }

    /// One text of the outcome; empty when it is null.
    pub fn text(&self, key: &str) -> &str {
        self.outcome[key].as_str().unwrap_or_default()
    }

    /// What it names for a person to look at, in one text.
    pub fn look_at(&self) -> String {
        let lines = self.outcome["look_at"].as_array().into_iter().flatten();
        lines.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// The value in `{"version": 1, "kind": KIND, KIND: value}`.
pub fn value_of_kind(kind: &str, finished: &Finished) -> Result<Value> {
    let shown = || format!("exit code {}: {}{}", finished.status, finished.stderr, finished.stdout);
    let mut whole: Value = serde_json::from_str(&finished.stdout).with_context(shown)?;
    ensure!(whole["version"] == 1 && whole["kind"] == kind, "not of kind {kind}: {}", shown());
    Ok(whole[kind].take())
}

/// The code and the whole text of the error that a command told as JSON on stderr.
pub fn error_told(finished: &Finished) -> Result<(String, String)> {
    let start = finished.stderr.find('{').with_context(|| format!("no JSON: {}", finished.stderr))?;
    let whole: Value = serde_json::from_str(&finished.stderr[start..])?;
    let text = |key: &str| whole["error"][key].as_str().unwrap_or_default().to_owned();
    ensure!(!text("code").is_empty() && !text("message").is_empty(), "no code or message: {whole}");
    Ok((text("code"), format!("{}\n{}", text("message"), text("hint"))))
}

/// The exit status that belongs to a kind of outcome.
fn status_of(kind: &str) -> i32 {
    match kind {
        "succeeded" => 0,
        "refused" => 1,
        "inconclusive" | "failed" | "aborted" => 3,
        _ => 4,
    }
}

impl Lab {
    /// Runs `wayleave migrate ARGS --output json` to its end.
    pub fn migrate<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Told> {
        Told::of(self.spawn_migrate(args)?.finish_within(Duration::from_secs(300))?)
    }

    /// Starts `wayleave migrate ARGS --output json` and leaves it running.
    pub fn spawn_migrate<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Spawned> {
        let mut all: Vec<OsString> = vec!["migrate".into(), "--output".into(), "json".into()];
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self.spawn_wayleave(all)
    }

    /// Starts a move and waits until libvirt sends the guest's memory; gives the job's id too.
    pub fn begin_migrate<S: AsRef<OsStr>>(
        &self,
        guest: &RunningGuest,
        source: &Node,
        args: impl IntoIterator<Item = S>,
    ) -> Result<(Spawned, u64)> {
        let mut spawned = self.spawn_migrate(args)?;
        let sent = eventually("memory to be sent", Duration::from_secs(60), || {
            ensure!(spawned.is_running()?, "it ended before the transfer");
            Ok(source.sent_mib(guest.name())?.filter(|mib| *mib > 0.0))
        });
        sent.with_context(|| format!("{}{}", spawned.stderr_so_far(), spawned.stdout_so_far()))?;
        let open = self.open_jobs()?;
        let of_guest = open.iter().find(|job| job["request"]["domain_uuid"] == guest.uuid());
        let job = of_guest.and_then(|job| job["id"].as_u64()).context("no open job of the guest")?;
        Ok((spawned, job))
    }

    /// Runs a `wayleave` command that must succeed; gives its JSON value of this kind.
    pub fn ask<S: AsRef<OsStr>>(&self, kind: &str, args: impl IntoIterator<Item = S>) -> Result<Value> {
        let mut all: Vec<OsString> = vec!["--output".into(), "json".into()];
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        let finished = self.wayleave(all)?;
        ensure!(finished.ok(), "exit code {}: {}", finished.status, finished.stderr);
        value_of_kind(kind, &finished)
    }

    /// What `wayleave job show` tells: the job, its events, and how things stand now.
    pub fn job(&self, id: u64) -> Result<Value> {
        self.ask("job", ["job", "show", &id.to_string()])
    }

    pub fn open_jobs(&self) -> Result<Vec<Value>> {
        let jobs = self.ask("jobs", ["job", "list", "--open"])?;
        jobs.as_array().cloned().context("the jobs are no list")
    }

    /// The outcome, exit status, nodes, clock, disk and journal all agree, and nothing is left behind.
    pub fn assert_told(&self, guest: &RunningGuest, told: &Told, ending: &Ending) -> Result<()> {
        self.assert_answer(guest, told, ending)?;
        self.assert_runs_only_on(guest, told.text("domain"), ending.on)?;
        self.assert_nothing_is_held()
    }

    /// The outcome, the exit status and the journal agree; the nodes are not asked.
    pub fn assert_answer(&self, guest: &RunningGuest, told: &Told, ending: &Ending) -> Result<()> {
        let shown = || format!("{:#}\n{}", told.outcome, told.stderr);
        ensure!(told.text("kind") == ending.kind, "not {}: {}", ending.kind, shown());
        ensure!(told.text("code") == ending.code, "not of code {}: {}", ending.code, shown());
        ensure!(told.status == status_of(ending.kind), "exit code {}: {}", told.status, shown());
        ensure!(told.text("runs_on") == ending.on.name(), "not on {}: {}", ending.on.name(), shown());
        ensure!(told.text("domain_uuid") == guest.uuid(), "another UUID: {}", shown());
        ensure!(self.job(told.job)?["job"]["outcome"] == told.outcome, "the journal disagrees: {}", shown());
        Ok(())
    }

    /// As `assert_told`, of a job whose command was killed: `wayleave job show` settles and tells it.
    pub fn assert_settled(&self, guest: &RunningGuest, job: u64, ending: &Ending) -> Result<()> {
        let shown = self.job(job)?;
        let (outcome, decision) = (shown["job"]["outcome"].clone(), Value::Null);
        ensure!(!outcome.is_null(), "it is not settled: {:#}", shown["now"]);
        let told = Told { status: status_of(ending.kind), stderr: String::new(), job, decision, outcome };
        self.assert_told(guest, &told, ending)
    }

    /// By libvirt's word there is one running copy, on this node, and no other copy or definition; by
    /// the guest's word it goes on, and no block that its disk acknowledged was lost.
    pub fn assert_runs_only_on(&self, guest: &RunningGuest, name: &str, node: &Node) -> Result<()> {
        for one in self.nodes() {
            let state = one.domain_state(guest.uuid())?;
            let wanted = (one.name() == node.name()).then(|| "running".to_owned());
            ensure!(state == wanted, "on {} it is {state:?}, not {wanted:?}", one.name());
        }
        let called = node.virsh(["domname", guest.uuid()])?;
        ensure!(called.trim() == name, "its name on {} is {called:?}, not {name:?}", node.name());
        guest.wait_for_ticks_after(guest.last_tick()?)?;
        guest.assert_clock_never_went_back();
        if guest.disk().is_some() {
            let before = guest.blocks_verified()?;
            eventually("another block", Duration::from_secs(30), || {
                Ok((guest.blocks_verified()? > before).then_some(()))
            })?;
        }
        Ok(())
    }

    /// No job is open, no lease is held, and no probe has left a file on the shared storage.
    pub fn assert_nothing_is_held(&self) -> Result<()> {
        let open = self.open_jobs()?;
        ensure!(open.is_empty(), "jobs are open: {open:?}");
        let leases = self.place.folder.join("state/jobs");
        for entry in std::fs::read_dir(leases).into_iter().flatten().flatten() {
            let file = std::fs::File::open(entry.path())?;
            ensure!(file.try_lock().is_ok(), "a lease is held: {}", entry.path().display());
        }
        for entry in std::fs::read_dir(self.images())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            ensure!(name.ends_with(".raw"), "a file is left on the storage: {name}");
        }
        Ok(())
    }
}
