//! The hostile plugin, built and loaded, and policies of its rules.

pub mod retyped;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde_json::json;
use wayleave::model::policy::{Mode, OnFault, Policy, RuleUse};
use wayleave::model::port::Evaluate;
use wayleave::plugin::Plugins;
use wayleave::plugin::build::build;
use wayleave::plugin::engine::SandboxLimits;

use crate::support;

/// A rule as a policy is to use it.
pub type Use<'a> = (&'a str, Mode, OnFault);

pub const HEALTHY: Use<'static> = ("behaves", Mode::Enforce, OnFault::Reject);

/// Small, so that each is reached at once.
pub fn limits() -> SandboxLimits {
    SandboxLimits {
        fuel: 100_000_000,
        fuel_per_row: 1_000,
        time: Duration::from_secs(20),
        memory_bytes: 8 << 20,
        answer_bytes: 64 << 10,
        log_bytes: 4 << 10,
        component_bytes: 1 << 20,
        ..SandboxLimits::default()
    }
}

/// The component of the hostile crate.
pub fn component() -> &'static Path {
    static COMPONENT: LazyLock<PathBuf> = LazyLock::new(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
        build(&source, &support::scratch("hostile")).unwrap().remove(0)
    });
    &COMPONENT
}

/// A component with one text of it changed everywhere to another of the same length.
pub fn patched(wasm: &[u8], from: &str, to: &str) -> Vec<u8> {
    patched_bytes(wasm, from, to.as_bytes())
}

pub fn patched_bytes(wasm: &[u8], from: &str, to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "{from} and its change must be as long");
    let mut patched = wasm.to_vec();
    let mut found = 0;
    for start in 0..wasm.len().saturating_sub(from.len()) {
        if wasm[start..].starts_with(from.as_bytes()) {
            patched[start..start + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "{from} is not in the component");
    patched
}

pub struct Bench {
    pub plugins: Plugins,
}

impl Bench {
    pub fn new(limits: SandboxLimits) -> Self {
        let mut plugins = Plugins::empty(Some(&support::scratch("compiled")), limits).unwrap();
        let plugin = plugins.load_file(component()).unwrap();
        plugins.add(plugin);
        Self { plugins }
    }

    /// The hostile plugin after a change.
    pub fn of(wasm: &[u8], limits: SandboxLimits) -> Self {
        let mut plugins = Plugins::empty(None, limits).unwrap();
        plugins.add(plugins.load_bytes(Path::new("changed.wasm"), wasm).unwrap());
        Self { plugins }
    }

    pub fn policy(&self, uses: &[Use<'_>]) -> Policy {
        let rule = |(name, mode, on_fault): &Use<'_>| {
            let info = self.plugins.rules().iter().find(|rule| rule.name == *name);
            RuleUse {
                name: (*name).to_owned(),
                info: info.unwrap_or_else(|| panic!("there is no rule {name}")).clone(),
                mode: *mode,
                on_fault: *on_fault,
                weight: 1.0,
                settings: json!({}),
                mandatory: false,
            }
        };
        Policy {
            name: "hostile".to_owned(),
            digest: String::new(),
            rules: uses.iter().map(rule).collect(),
            data: Default::default(),
        }
    }
}

/// What plugins and the core wrote into the log while `work` ran.
pub fn logged(work: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .without_time()
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}
