//! Each pattern, and what looks like it and is somebody's own.

use wasmparser::Operator as O;

use super::super::flow::{Call, Step};
use super::*;

const FRAME: u32 = 4;
/// Where the data is.
const TEXT: i32 = 1_048_620;

fn at(offset: u64) -> MemArg {
    MemArg { align: 0, max_align: 0, offset, memory: 0 }
}

fn number(value: i32) -> O<'static> {
    O::I32Const { value }
}

fn get(local_index: u32) -> O<'static> {
    O::LocalGet { local_index }
}

fn set(local_index: u32) -> O<'static> {
    O::LocalSet { local_index }
}

fn load8(offset: u64) -> O<'static> {
    O::I32Load8U { memarg: at(offset) }
}

fn store8(offset: u64) -> O<'static> {
    O::I32Store8 { memarg: at(offset) }
}

fn store(offset: u64) -> O<'static> {
    O::I32Store { memarg: at(offset) }
}

fn call() -> O<'static> {
    O::Call { function_index: 7 }
}

/// Places of operators that are left out of a function of one parameter; every call is of `callee`.
fn left_out_of(operators: &[O<'static>], callee: &str) -> Vec<usize> {
    let step = |operator: &O<'static>| Step {
        offset: 0,
        length: 1,
        operator: operator.clone(),
        own: true,
        place: None,
        machinery: false,
        call: matches!(operator, O::Call { .. }).then(|| Call::named(callee)),
    };
    let mut steps: Vec<Step<'static>> = operators.iter().map(step).collect();
    leave_out(&mut steps, 1, &|address| address >= i64::from(TEXT));
    (0..steps.len()).filter(|at| !steps[*at].own).collect()
}

fn left_out(operators: &[O<'static>]) -> Vec<usize> {
    left_out_of(operators, "rule::judge")
}

#[test]
fn a_range_check_that_is_thrown_away() {
    assert_eq!(left_out(&[get(8), number(6), O::I32GtU, O::Drop]), [1, 2]);
    assert_eq!(left_out(&[get(8), O::I64Const { value: 6 }, O::I64GtU, O::Drop]), [1, 2]);
    assert!(left_out(&[get(8), number(6), O::I32GtU, O::BrIf { relative_depth: 0 }]).is_empty());
    assert!(left_out(&[get(8), number(6), O::I32GtU, set(9), get(9), O::Drop]).is_empty());
}

#[test]
fn a_mask_of_what_is_that_narrow_already() {
    let masked = |before: &[O<'static>], mask: i32| {
        left_out(&[before, &[number(mask), O::I32And, O::I32Eqz]].concat()).len()
    };
    assert_eq!(masked(&[get(1), load8(17)], 0xff), 2);
    assert_eq!(masked(&[get(1), load8(17), set(6), get(6)], 0xff), 2);
    assert_eq!(masked(&[number(3), set(7), get(7)], 0xff), 2);
    assert_eq!(masked(&[get(1), O::I32Load16U { memarg: at(2) }], 0xffff), 2);
    // A shorter mask takes bits away, and so does one of what may be wider.
    assert_eq!(masked(&[get(1), load8(17)], 0x7f), 0);
    assert_eq!(masked(&[get(1), O::I32Load16U { memarg: at(2) }], 0xff), 0);
    assert_eq!(masked(&[get(1), O::I32Load { memarg: at(16) }], 0xff), 0);
    assert_eq!(masked(&[get(1), load8(16), number(-1), O::I32Add], 0xff), 0);
    assert_eq!(masked(&[number(256), set(7), get(7)], 0xff), 0);
    assert_eq!(masked(&[call()], 0xff), 0);
    // A parameter has a value before it is set; a local may have another besides.
    assert_eq!(masked(&[number(3), set(0), get(0)], 0xff), 0);
    assert_eq!(masked(&[call(), set(6), get(1), load8(17), set(6), get(6)], 0xff), 0);
}

#[test]
fn how_long_a_text_is() {
    assert_eq!(left_out(&[number(TEXT), set(5), number(25), set(6), get(5), get(6), call()]), [2]);
    assert_eq!(left_out(&[get(2), number(TEXT), store(8), get(2), number(86), store(12)]), [4]);
    // Not of the data; not beside it; of something else; not always this number.
    assert!(left_out(&[number(16), set(5), number(25), set(6), get(5), get(6), call()]).is_empty());
    assert!(left_out(&[get(2), number(TEXT), store(8), get(2), number(86), store(16)]).is_empty());
    assert!(left_out(&[get(2), number(TEXT), store(8), get(3), number(86), store(12)]).is_empty());
    let set_twice = [number(TEXT), set(5), number(25), set(6), number(9), set(6), get(5), get(6)];
    assert!(left_out(&set_twice).is_empty());
}

/// A function that sets a byte of its frame, asks it, and calls something if it is set.
fn asks_a_byte(more: &[O<'static>]) -> Vec<O<'static>> {
    let begin = [O::GlobalGet { global_index: 0 }, number(112), O::I32Sub, set(FRAME)];
    let asks = [
        get(FRAME),
        number(1),
        store8(103),
        get(FRAME),
        load8(103),
        number(1),
        O::I32And,
        O::I32Eqz,
        O::BrIf { relative_depth: 0 },
        get(FRAME),
        number(40),
        O::I32Add,
        call(),
        O::End,
    ];
    [&begin[..], &asks[..], more].concat()
}

#[test]
fn a_byte_that_says_whether_a_value_must_be_dropped() {
    let dropped = "core::ptr::drop_in_place<alloc::vec::Vec<u32>>";
    assert_eq!(left_out_of(&asks_a_byte(&[]), dropped), [5, 9, 10]);
    assert_eq!(left_out_of(&asks_a_byte(&[get(FRAME), number(0), store8(103)]), dropped), [5, 9, 10, 19]);
    // It decides about something else, or something else has to do with it.
    assert!(left_out(&asks_a_byte(&[])).is_empty());
    for more in [
        vec![get(FRAME), load8(103), O::Return],
        vec![get(FRAME), O::I32Load { memarg: at(100) }, O::Return],
        vec![get(FRAME), get(0), store8(103)],
        vec![get(FRAME), number(103), O::I32Add, call()],
        vec![get(0), set(FRAME)],
    ] {
        assert!(left_out_of(&asks_a_byte(&more), dropped).is_empty(), "{more:?}");
    }
}
