//! Properties over generated and damaged texts.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{DEFINITIONS, cpu_element, domain_facts, domain_with, host_facts, pool_facts, with_other_memory};
use crate::xml::values;

/// Reads a text in every way; panics are what it is looking for.
fn read_all_ways(text: &str) {
    let _ = (domain_facts(text), host_facts(text), pool_facts(text), cpu_element(text));
    if let Ok(other) = with_other_memory(text) {
        assert!(domain_facts(text).is_err() || domain_facts(&other).is_ok(), "{other}");
    }
}

#[derive(Clone, Debug)]
enum Damage {
    Flip { at: prop::sample::Index, bit: u8 },
    Truncate { at: prop::sample::Index },
    Delete { line: prop::sample::Index },
    Duplicate { line: prop::sample::Index },
    Insert { at: prop::sample::Index, text: String },
    ReplaceNumber { nth: prop::sample::Index, with: String },
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    let strange = prop_oneof![
        Just("-1".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("0x".to_owned()),
        Just(String::new()),
        Just("^0,1-".to_owned()),
        "[0-9^,\\-a-f ]{0,12}",
        "\\PC{0,4}",
    ];
    prop_oneof![
        (index(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        index().prop_map(|at| Damage::Truncate { at }),
        index().prop_map(|line| Damage::Delete { line }),
        index().prop_map(|line| Damage::Duplicate { line }),
        (index(), "[<>/&;'\"=a-z0-9 é]{1,8}").prop_map(|(at, text)| Damage::Insert { at, text }),
        (index(), strange).prop_map(|(nth, with)| Damage::ReplaceNumber { nth, with }),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut bytes = text.as_bytes().to_vec();
    if text.is_empty() {
        return String::new();
    }
    match damage {
        Damage::Flip { at, bit } => bytes[at.index(text.len())] ^= 1 << bit,
        Damage::Truncate { at } => bytes.truncate(at.index(text.len())),
        Damage::Delete { line } => {
            lines.remove(line.index(lines.len()));
            bytes = lines.join("\n").into_bytes();
        }
        Damage::Duplicate { line } => {
            let line = line.index(lines.len());
            lines.insert(line, lines[line]);
            bytes = lines.join("\n").into_bytes();
        }
        Damage::Insert { at, text: inserted } => {
            let at = at.index(text.len());
            bytes.splice(at..at, inserted.bytes());
        }
        Damage::ReplaceNumber { nth, with } => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                let at = digits[nth.index(digits.len())];
                bytes.splice(at..=at, with.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One spelling of each unit in every case, and how many bytes it is.
fn unit() -> impl Strategy<Value = (String, u64)> {
    const POWERS: &[(char, u32)] = &[('k', 1), ('m', 2), ('g', 3), ('t', 4), ('p', 5), ('e', 6)];
    let scaled = (prop::sample::select(POWERS), prop::sample::select(&["", "b", "ib"][..])).prop_map(
        |((letter, power), rest)| {
            let base = if rest == "b" { 1000_u64 } else { 1024 };
            (format!("{letter}{rest}"), base.pow(power))
        },
    );
    let bytes = prop::sample::select(&["b", "byte", "bytes"][..]).prop_map(|unit| (unit.to_owned(), 1));
    let none = Just((String::new(), 1024));
    let any_case = |(unit, scale): (String, u64), upper: [bool; 5]| {
        let case = |(at, letter): (usize, char)| if upper[at] { letter.to_ascii_uppercase() } else { letter };
        (unit.chars().enumerate().map(case).collect::<String>(), scale)
    };
    (prop_oneof![scaled, bytes, none], any::<[bool; 5]>())
        .prop_map(move |(unit, upper)| any_case(unit, upper))
}

/// One piece of a set: what it does to a set, and its text.
#[derive(Clone, Debug)]
enum Piece {
    Add(u32, u32),
    Remove(u32),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        (0..70_u32, 0..9_u32).prop_map(|(first, more)| Piece::Add(first, first + more)),
        (0..80_u32).prop_map(Piece::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        read_all_ways(&text);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "(<[/!?]?(domain|memory|cpu|numa|cell|a:b)?|[ a-z]+='[^<']{0,9}'|>|/>|[0-9]|&[a-z]*;|\\[|\\]){0,60}") {
        read_all_ways(&text);
        read_all_ways(&format!("<domain type='kvm'>{text}</domain>"));
    }

    #[test]
    fn damaged_definitions_never_panic(
        which in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..5),
    ) {
        let (_, xml) = which.get(DEFINITIONS);
        let text = damages.iter().fold((*xml).to_owned(), |text, damage| damaged(&text, damage));
        read_all_ways(&text);
    }

    #[test]
    fn every_unit_gives_the_right_bytes((unit, scale) in unit(), number in any::<u64>(), shift in 0..64_u32) {
        let number = number >> shift;
        let xml = domain_with(&format!("<memory unit='{unit}'>{number}</memory>"));
        match number.checked_mul(scale) {
            Some(bytes) => prop_assert_eq!(domain_facts(&xml).unwrap().memory_bytes, bytes),
            None => prop_assert_eq!(domain_facts(&xml).unwrap_err().code(), "xml-bad-value"),
        }
    }

    #[test]
    fn sizes_come_back_from_the_text(
        cells in prop::collection::vec((1..1_u64 << 40, unit()), 0..4),
        vcpus in 1..4096_u32,
    ) {
        let fitting: Vec<_> =
            cells.into_iter().filter(|(n, (_, scale))| n.checked_mul(*scale).is_some_and(|b| b < 1 << 60)).collect();
        let text: String =
            fitting.iter().map(|(n, (unit, _))| format!("<cell memory='{n}' unit='{unit}'/>")).collect();
        let xml = domain_with(&format!("<vcpu>{vcpus}</vcpu><cpu><numa>{text}</numa></cpu>"));
        let facts = domain_facts(&xml).unwrap();
        let bytes: Vec<u64> = fitting.iter().map(|(n, (_, scale))| n * scale).collect();
        prop_assert_eq!(facts.numa.cells.iter().map(|cell| cell.memory_bytes).collect::<Vec<_>>(), bytes.clone());
        prop_assert_eq!(facts.memory_bytes, bytes.iter().sum::<u64>());
        prop_assert_eq!((facts.vcpus, facts.vcpus_max), (vcpus, vcpus));
        if !bytes.is_empty() {
            let other = domain_facts(&with_other_memory(&xml).unwrap()).unwrap();
            prop_assert_eq!(other.memory_bytes, facts.memory_bytes + (1 << 30));
        }
    }

    #[test]
    fn a_set_is_what_a_naive_set_is(pieces in prop::collection::vec(piece(), 1..12), spaced in any::<bool>()) {
        let mut naive = BTreeSet::new();
        for piece in &pieces {
            match piece {
                Piece::Add(first, last) => naive.extend(*first..=*last),
                Piece::Remove(number) => { naive.remove(number); }
            }
        }
        let text: Vec<String> = pieces.iter().map(|piece| match piece {
            Piece::Add(first, last) if first == last => first.to_string(),
            Piece::Add(first, last) => format!("{first}-{last}"),
            Piece::Remove(number) => format!("^{number}"),
        }).collect();
        let text = text.join(if spaced { " , " } else { "," });
        let expected = (!naive.is_empty()).then(|| naive.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(values::set(&text), expected);
    }

    #[test]
    fn any_text_is_a_set_or_none(text in "[0-9^,\\- ]{0,16}") {
        if let Some(set) = values::set(&text) {
            prop_assert!(set.is_sorted() && !set.is_empty());
        }
    }

    #[test]
    fn c_numbers(number in any::<u32>()) {
        for text in [number.to_string(), format!("{number:#x}"), format!("0X{number:X}"), format!("0{number:o}")] {
            prop_assert_eq!(values::c_number(&text), Some(number));
        }
    }
}
