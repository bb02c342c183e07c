//! Compiling a component that nobody vouches for: in a process of its own, whose memory and
//! time are limited.
//!
//! ```text
//! component ──stdin──▶ child (limits itself, compiles) ──▶ cache ──▶ here: loaded from the cache
//! ```
//!
//! A compiler may take time and memory out of all proportion to what it is given, and its authors
//! do not promise otherwise. The child is the same program; it writes what it made into the
//! cache of compiled components, and a mark beside it remembers that this component was
//! compiled within its limits by this compiler. What has the mark is compiled here where the cache has
//! lost it: the compiler is deterministic, so it is within its limits again.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use tempfile::TempDir;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::{SandboxLimits, TickingEngine};
use super::error::PluginError;
use super::origin::wants_async;
use super::sandbox::clean;

/// The hidden command of the program that is the child.
pub const COMMAND: &str = "compile-component";
/// Compilers share the work; each thread needs room for a stack and a heap of its own.
const THREADS_MAX: usize = 4;
/// What the child says, in one line; nothing where all is well.
const MALFORMED: &str = "malformed ";
const ASYNC: &str = "async ";
const NO_MEMORY: &str = "no-memory";
const FAILED: &str = "failed ";

/// Who compiles what is not compiled yet.
pub enum Compiler {
    /// This process, for components of known origin: those of tests, and changed ones of those that are
    /// loaded already.
    Here,
    Child(Guarded),
}

/// A program that has the hidden command, and where it puts what it makes.
pub struct Guarded {
    program: PathBuf,
    cache_folder: PathBuf,
    // A folder of its own goes with it.
    _own: Option<TempDir>,
}

impl Guarded {
    /// Without a cache folder there is one for as long as this lives.
    pub fn new(program: &Path, cache_folder: Option<&Path>) -> io::Result<Self> {
        let own = if cache_folder.is_none() { Some(TempDir::with_prefix("wayleave-")?) } else { None };
        let cache_folder = cache_folder.or(own.as_ref().map(TempDir::path)).unwrap_or(Path::new("."));
        // A relative one would be another in the child only if that changed its folder; be sure.
        let cache_folder = std::path::absolute(cache_folder)?;
        Ok(Self { program: program.to_owned(), cache_folder, _own: own })
    }

    pub fn cache_folder(&self) -> &Path {
        &self.cache_folder
    }

    /// The mark that this component was compiled by this compiler.
    fn mark(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.cache_folder.join("within-limits").join(format!("{digest}-{:016x}", hasher.finish()))
    }

    fn compile(&self, wasm: &[u8], limits: &SandboxLimits) -> Result<(), PluginError> {
        let failed = |text: String| PluginError::Compile { text };
        let mut child = Command::new(&self.program)
            .arg(COMMAND)
            .args(arguments(&self.cache_folder, limits))
            .env("RAYON_NUM_THREADS", threads().to_string())
            .env("MALLOC_ARENA_MAX", threads().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("its process could not be started: {error}")))?;
        let ended = thread::scope(|scope| {
            if let Some(mut input) = child.stdin.take() {
                // A child that has ended does not read it; how it ended says more.
                scope.spawn(move || drop(input.write_all(wasm)));
            }
            wait(&mut child, limits.compile_time)
        });
        match ended.map_err(|error| failed(format!("its process was lost: {error}")))? {
            None => Err(PluginError::CompileTime { most: limits.compile_time }),
            Some(status) => end(&mut child, status, limits),
        }
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
}

fn arguments(cache_folder: &Path, limits: &SandboxLimits) -> [OsString; 6] {
    let seconds = limits.compile_time.as_secs().max(1) * threads() as u64;
    [
        "--cache".into(),
        cache_folder.into(),
        "--memory-bytes".into(),
        limits.compile_memory_bytes.to_string().into(),
        "--processor-seconds".into(),
        seconds.to_string().into(),
    ]
}

/// How it ended; none where it did not in time, and was killed.
fn wait(child: &mut Child, most: Duration) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= most {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn end(child: &mut Child, status: ExitStatus, limits: &SandboxLimits) -> Result<(), PluginError> {
    let signal = |one: Signal| status.signal() == Some(one.as_raw());
    let no_memory = PluginError::CompileMemory { most: limits.compile_memory_bytes };
    match status.code() {
        Some(0) => match told(child.stdout.as_mut()) {
            said if said.is_empty() => Ok(()),
            said if said == NO_MEMORY => Err(no_memory),
            said => Err(if let Some(text) = said.strip_prefix(MALFORMED) {
                PluginError::Malformed { text: text.to_owned() }
            } else if let Some(what) = said.strip_prefix(ASYNC) {
                PluginError::Async { what: what.to_owned() }
            } else {
                PluginError::Compile { text: said.trim_start_matches(FAILED).to_owned() }
            }),
        },
        // How an allocation that was refused ends a program, or what the kernel does when there is none left.
        None if signal(Signal::ABORT) || signal(Signal::KILL) => Err(no_memory),
        None if signal(Signal::XCPU) => Err(PluginError::CompileTime { most: limits.compile_time }),
        _ => {
            let text = told(child.stderr.as_mut());
            Err(PluginError::Compile { text: if text.is_empty() { status.to_string() } else { text } })
        }
    }
}

fn told(from: Option<&mut impl Read>) -> String {
    let mut text = Vec::new();
    if let Some(from) = from {
        // What cannot be read is not told.
        let _ = from.take(4096).read_to_end(&mut text);
    }
    clean(String::from_utf8_lossy(&text).trim(), 300)
}

impl Compiler {
    /// Makes sure that compiling this component is no danger, or says why it may be one.
    pub fn vet(
        &self,
        wasm: &[u8],
        digest: &str,
        engine: &Engine,
        limits: &SandboxLimits,
    ) -> Result<(), PluginError> {
        let Self::Child(guarded) = self else { return Ok(()) };
        let mark = guarded.mark(engine, digest);
        if mark.exists() {
            return Ok(());
        }
        guarded.compile(wasm, limits)?;
        // Without the mark it is only compiled in a child again.
        if let Err(error) =
            mark.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&mark, ""))
        {
            tracing::debug!(mark = %mark.display(), %error, "not remembered as compiled");
        }
        Ok(())
    }

    /// Why this process cannot make code of a component.
    pub fn malformed(&self, wasm: &[u8], error: &wasmtime::Error) -> PluginError {
        let asynchronous = match self {
            Self::Here => wants_async(wasm),
            // The child has looked, where it is safe to.
            Self::Child(_) => None,
        };
        match asynchronous {
            Some(what) => PluginError::Async { what },
            None => PluginError::Malformed { text: clean(&format!("{error:#}"), 300) },
        }
    }
}

/// What the child is told.
pub struct Bounds {
    pub cache_folder: PathBuf,
    pub memory_bytes: u64,
    pub processor_seconds: u64,
}

/// The child's own work: limits itself, then reads the component from `input` and compiles it.
/// Says what was wrong with the component, and nothing where nothing was.
pub fn child(bounds: &Bounds, mut input: impl Read) -> io::Result<String> {
    limit_itself(bounds)?;
    let mut wasm = Vec::new();
    input.read_to_end(&mut wasm)?;
    let engine = TickingEngine::new(Some(&bounds.cache_folder)).map_err(io::Error::other)?;
    panic::set_hook(Box::new(|_| ()));
    Ok(match unbroken(|| Component::from_binary(&engine.engine, &wasm)) {
        Ok(Ok(_)) => String::new(),
        Ok(Err(error)) if lacks_memory(&error) => NO_MEMORY.to_owned(),
        Ok(Err(error)) => match wants_async(&wasm) {
            Some(what) => format!("{ASYNC}{what}"),
            None => format!("{MALFORMED}{error:#}"),
        },
        Err(text) => format!("{FAILED}{text}"),
    })
}

/// What `compile` gives, or the words of its panic: a compiler has bugs, too.
pub fn unbroken<T>(compile: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(compile)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        clean(&format!("the compiler gave up: {words}"), 300)
    })
}

fn lacks_memory(error: &wasmtime::Error) -> bool {
    let kind = |error: &io::Error| error.kind() == io::ErrorKind::OutOfMemory;
    error.chain().any(|one| {
        one.downcast_ref::<io::Error>().is_some_and(kind)
            || one.downcast_ref::<rustix::io::Errno>().is_some_and(|errno| *errno == rustix::io::Errno::NOMEM)
    })
}

fn limit_itself(bounds: &Bounds) -> rustix::io::Result<()> {
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::As, most(bounds.memory_bytes))?;
    // The second signal cannot be caught; the first says what it was.
    let seconds = bounds.processor_seconds;
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds + 1) })
}
