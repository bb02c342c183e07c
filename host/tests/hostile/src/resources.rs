//! Taking more than there is: instructions, stack, memory, words in the log.

use std::hint::black_box;

use wayleave_sdk::bindings::facts::wayleave::policy::{log, nodes, symbols};

const MIB: usize = 1 << 20;

pub fn loop_for_ever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Until the core's stack is full.
pub fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { black_box(recurse(black_box(depth + 1))) + 1 }
}

/// Until the plugin's own stack, which lies in its memory, is full.
pub fn recurse_with_luggage(depth: u64) -> u64 {
    let luggage = black_box([depth; 1024]);
    if luggage[0] == u64::MAX { 0 } else { recurse_with_luggage(depth + 1) + luggage[1023] }
}

pub fn eat_at_once() -> usize {
    black_box(vec![1_u8; 1 << 30]).len()
}

pub fn eat_in_steps() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(vec![1_u8; MIB / 4]));
    }
}

/// Eats until it is refused, and tells how much it has then.
pub fn eat_and_tell() -> String {
    let mut eaten: Vec<Vec<u8>> = Vec::with_capacity(1 << 16);
    loop {
        let mut bite = Vec::new();
        if bite.try_reserve_exact(MIB / 16).is_err() {
            break;
        }
        eaten.push(black_box(bite));
    }
    // Pages of 64 KiB.
    format!("{}", core::arch::wasm32::memory_size::<0>() / 16)
}

/// Makes the core write into this memory until it is full.
pub fn eat_through_the_core() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(nodes::name()));
    }
}

pub fn flood_log() {
    let line = "\u{1b}[2Jnoise ".repeat(100);
    for _ in 0..2_000 {
        log::emit(0, &line);
    }
}

/// More than the core takes in one call.
pub fn shout() {
    log::emit(0, &"a".repeat(4 * MIB));
}

pub fn ask_for_nobody() -> usize {
    symbols::texts(&[u32::MAX, 0, 1_000_000]).len() + symbols::lookup(&["\0".to_owned(), String::new()]).len()
}
