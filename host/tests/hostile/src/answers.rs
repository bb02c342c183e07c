//! What each rule answers. A rule that is not named here passes every node.

use crate::due;
use crate::resources;

pub fn codes(rule: &str) -> Result<Vec<u8>, String> {
    let passes = vec![0; due()];
    Ok(match rule {
        "loops" => resources::loop_for_ever(),
        "recurses" => vec![resources::recurse(0) as u8; due()],
        "recurses-with-luggage" => vec![resources::recurse_with_luggage(0) as u8; due()],
        "eats-at-once" => vec![resources::eat_at_once() as u8; due()],
        "eats-in-steps" => resources::eat_in_steps(),
        "eats-and-tells" => return Err(resources::eat_and_tell()),
        "eats-through-the-core" => resources::eat_through_the_core(),
        "traps" => core::arch::wasm32::unreachable(),
        "panics" => panic!("the sky\u{1b}[31m falls\r\ndown"),
        "answers-too-few" => vec![0; due() - 1],
        "answers-too-many" => vec![0; due() + 1],
        "answers-nothing" => Vec::new(),
        "answers-no-end" => vec![0; due() + (3 << 20)],
        "answers-unknown-code" => vec![9; due()],
        "answers-code-255" => vec![255; due()],
        "answers-error" => return Err("I\u{1b}]0;owned\u{7} would rather not".to_owned()),
        "answers-long-error" => return Err("no ".repeat(100_000)),
        "floods-log" => {
            resources::flood_log();
            passes
        }
        "shouts" => {
            resources::shout();
            passes
        }
        "asks-for-nobody" => {
            assert_eq!(resources::ask_for_nobody(), 5);
            passes
        }
        _ => passes,
    })
}

pub fn scores(rule: &str) -> Result<Vec<f32>, String> {
    let all = |score: f32| vec![score; due()];
    Ok(match rule {
        "scores-nan" => all(f32::NAN),
        "scores-infinite" => all(f32::INFINITY),
        "scores-above-one" => all(1.5),
        "scores-below-zero" => all(-0.001),
        "scores-too-few" => vec![1.0; due() - 1],
        "scores-one-nan" => {
            let mut scores = all(1.0);
            scores[due() - 1] = f32::NAN;
            scores
        }
        _ => all(0.5),
    })
}

pub fn words(rule: &str) -> Result<String, String> {
    match rule {
        "explains-with-escapes" => Ok("\u{1b}[31mred\u{1b}[0m\r\n\u{202e}next\u{7}\u{9b}1m".to_owned()),
        "explains-at-length" => Ok("words ".repeat(2_000)),
        "explains-without-end" => Ok("words ".repeat(1 << 15)),
        "explains-with-a-panic" => panic!("no words"),
        "explains-with-a-loop" => resources::loop_for_ever(),
        "explains-with-an-error" => Err("no words".to_owned()),
        _ => Ok(String::new()),
    }
}

/// The resources that are claimed.
pub fn claims(rule: &str) -> Result<Vec<String>, String> {
    match rule {
        "claims-at-length" => Ok(vec!["\u{1b}[31mseat".repeat(1_000)]),
        "claims-without-end" => Ok(vec!["seat".repeat(1 << 16)]),
        "claims-no-end-of-things" => Ok(vec!["seat".to_owned(); 20_000]),
        "claims-with-a-trap" => core::arch::wasm32::unreachable(),
        "claims-with-an-error" => Err("no seat".to_owned()),
        _ => Ok(Vec::new()),
    }
}
