//! Components that are no joy to compile: the child that does it ends at its limits, the error
//! says which, and a component that was compiled once is not compiled again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wayleave::plugin::Plugins;
use wayleave::plugin::engine::SandboxLimits;
use wayleave::plugin::error::PluginError;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_wayleave"))
}

fn fresh_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn load(limits: SandboxLimits, wasm: &[u8]) -> Result<(), PluginError> {
    let plugins = Plugins::guarded(program(), None, limits).unwrap();
    plugins.load_bytes(Path::new("it.wasm"), wasm).map(|_| ())
}

fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], number(content.len()), content.to_vec()].concat()
}

/// A component of one module of one function: each of its many blocks changes each of its locals,
/// so that the compiler has a table of both to fill.
fn slow_component(locals: usize, blocks: usize) -> Vec<u8> {
    let mut body = [vec![1], number(locals), vec![0x7f]].concat();
    for block in 0..blocks {
        let local = number(block % locals);
        // block; local.get 0; br_if 0; local.get x; i32.const 1; i32.add; local.set x; end
        body.extend([0x02, 0x40, 0x20, 0, 0x0d, 0, 0x20]);
        body.extend(&local);
        body.extend([0x41, 1, 0x6a, 0x21]);
        body.extend(&local);
        body.push(0x0b);
    }
    body.push(0x0b);
    let code = [vec![1], number(body.len()), body].concat();
    let module =
        [b"\0asm\x01\0\0\0".to_vec(), section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &code)];
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module.concat())].concat()
}

#[test]
fn one_that_takes_too_long_to_compile_is_given_up_in_time() {
    let slow = slow_component(10_000, 300_000);
    let limits = SandboxLimits { compile_time: Duration::from_secs(1), ..SandboxLimits::default() };
    let start = Instant::now();
    let error = load(limits, &slow).unwrap_err();
    assert_eq!(error.code(), "plugin-compile-timeout", "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn one_that_takes_too_much_memory_to_compile_is_given_up() {
    let slow = slow_component(10_000, 300_000);
    let limits = SandboxLimits { compile_memory_bytes: 300 << 20, ..SandboxLimits::default() };
    let error = load(limits, &slow).unwrap_err();
    assert_eq!(error.code(), "plugin-compile-memory", "{error}");
}

#[test]
fn what_is_wrong_with_a_component_is_said_as_if_it_were_compiled_here() {
    let real = std::fs::read(support::plugin_folder().join("room.wasm")).unwrap();
    let cut = load(SandboxLimits::default(), &real[..real.len() / 2]).unwrap_err();
    assert_eq!(cut.code(), "plugin-malformed", "{cut}");
    let honest = slow_component(10, 10);
    assert_eq!(load(SandboxLimits::default(), &honest).unwrap_err().code(), "plugin-missing-export");
}

#[test]
fn one_that_waits_is_told_from_a_damaged_one() {
    // One type: an async function without parameters and result.
    let waiting = [b"\0asm\x0d\0\x01\0".to_vec(), section(7, &[1, 0x43, 0, 1, 0])].concat();
    let error = load(SandboxLimits::default(), &waiting).unwrap_err();
    assert_eq!(error.code(), "plugin-wants-async", "{error}");
}

/// Whoever reads types within types needs a stack as deep; it is the child's that ends.
#[test]
fn one_whose_types_are_nested_without_end_ends_nobody_but_the_child() {
    let depth = 400_000;
    // Each is an instance of one type, and the last one of none.
    let types = [vec![1], [0x42, 1, 1].repeat(depth), vec![0x42, 0]].concat();
    let deep = [b"\0asm\x0d\0\x01\0".to_vec(), section(7, &types)].concat();
    let error = load(SandboxLimits::default(), &deep).unwrap_err();
    assert_eq!(error.code(), "plugin-compile-memory", "{error}");
}

#[test]
fn what_was_compiled_once_is_not_compiled_again() {
    let (cache, file) = (fresh_folder("compiled-once"), support::plugin_folder().join("room.wasm"));
    let nobody = |cache: &Path| {
        let program = Path::new("/no/such/program");
        Plugins::guarded(program, Some(cache), SandboxLimits::default()).unwrap()
    };
    assert_eq!(nobody(&cache).load_file(&file).err().unwrap().code(), "plugin-compile-failed");
    Plugins::guarded(program(), Some(&cache), SandboxLimits::default()).unwrap().load_file(&file).unwrap();
    nobody(&cache).load_file(&file).unwrap();
}
