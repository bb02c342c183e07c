//! The one wasmtime engine of the process, and the limits that every sandbox has.
//!
//! Fuel is the deterministic budget: the same facts cost the same on every machine.
//! The epoch is the wall-clock net under it. Both end a rule with a fault, never with
//! a permission.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, OptLevel, Result};

const TICK: Duration = Duration::from_millis(20);

/// What one sandbox may use.
#[derive(Clone, Copy, Debug)]
pub struct SandboxLimits {
    pub fuel: u64,
    /// Added for each node that is judged.
    pub fuel_per_row: u64,
    pub time: Duration,
    pub memory_bytes: usize,
    /// How much one call may hand to the core, besides a fixed share for each node.
    pub answer_bytes: usize,
    pub log_bytes: usize,
    pub component_bytes: u64,
    /// How long a component may be compiled, where that is done in a process of its own.
    pub compile_time: Duration,
    pub compile_memory_bytes: u64,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            fuel_per_row: 50_000,
            time: Duration::from_secs(10),
            memory_bytes: 128 << 20,
            answer_bytes: 1 << 20,
            log_bytes: 64 << 10,
            component_bytes: 64 << 20,
            compile_time: Duration::from_secs(60),
            compile_memory_bytes: 2 << 30,
        }
    }
}

impl SandboxLimits {
    pub fn ticks(&self) -> u64 {
        u64::try_from(self.time.as_millis() / TICK.as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// An engine whose epoch goes on until it is dropped.
pub struct TickingEngine {
    pub engine: Engine,
    // Dropping it ends the ticker.
    _stop: Sender<()>,
}

impl TickingEngine {
    /// `cache_folder` holds compiled components; only the service user may write it.
    pub fn new(cache_folder: Option<&Path>) -> Result<Self> {
        let mut config = Config::new();
        // What is not kept is compiled for one use: quickly, not well.
        let level = if cache_folder.is_some() { OptLevel::Speed } else { OptLevel::None };
        config
            .consume_fuel(true)
            .epoch_interruption(true)
            .cranelift_opt_level(level)
            .cranelift_nan_canonicalization(true)
            .relaxed_simd_deterministic(true)
            .wasm_memory64(false)
            // What joins the modules of an interpreted plugin copies between their memories.
            .wasm_multi_memory(true)
            .concurrency_support(false)
            .max_wasm_stack(512 << 10)
            .cache(cache_folder.map(open_cache).transpose()?);
        let engine = Engine::new(&config)?;
        let (stop, stopped) = channel();
        let ticking = engine.clone();
        thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || tick(&ticking, &stopped))
            .map_err(|error| wasmtime::format_err!("starting the epoch thread: {error}"))?;
        Ok(Self { engine, _stop: stop })
    }
}

fn open_cache(folder: &Path) -> Result<Cache> {
    let mut config = CacheConfig::new();
    // What does not belong there is removed when it gets full.
    config.with_directory(std::path::absolute(folder)?.join("code"));
    Cache::new(config)
}

fn tick(engine: &Engine, stopped: &Receiver<()>) {
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        engine.increment_epoch();
    }
}
