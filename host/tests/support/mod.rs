//! What the tests of the library share: the plugins that come with wayleave, built once,
//! and fleets of any size.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

pub mod fleet;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use wayleave::plugin::Plugins;
use wayleave::plugin::build::build;
use wayleave::plugin::engine::SandboxLimits;

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder that outlives the test: built and compiled plugins are kept there.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folder of every plugin that comes with wayleave, built from the sources as they are.
pub fn plugin_folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = scratch("plugins");
        build(&repository().join("plugins"), &folder).unwrap();
        folder
    });
    &FOLDER
}

/// They, loaded.
pub fn plugins() -> Plugins {
    let folders = [plugin_folder().to_owned()];
    let plugins = Plugins::load(&folders, Some(&scratch("compiled")), SandboxLimits::default()).unwrap();
    assert!(plugins.broken.is_empty(), "{:?}", plugins.broken);
    plugins
}

/// How a command ended and what it said, in one text that steers no terminal.
pub fn told(line: &str, output: &std::process::Output) -> String {
    let part = |name: &str, bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!text.contains('\u{1b}'), "{line} steers the terminal");
        if text.is_empty() { String::new() } else { format!("--- {name}\n{text}") }
    };
    let status = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    format!("exit {status}\n{}{}", part("stdout", &output.stdout), part("stderr", &output.stderr))
}
