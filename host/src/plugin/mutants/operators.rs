//! The changes that one operator can be given in place.

use wasmparser::{Operator, ValType};

use super::Mutant;
use super::flow::{Function, Step};

/// The operators on numbers that have no operand in the code, in the order of their codes.
const NUMERIC: [&str; 98] = [
    "i32.eqz",
    "i32.eq",
    "i32.ne",
    "i32.lt_s",
    "i32.lt_u",
    "i32.gt_s",
    "i32.gt_u",
    "i32.le_s",
    "i32.le_u",
    "i32.ge_s",
    "i32.ge_u",
    "i64.eqz",
    "i64.eq",
    "i64.ne",
    "i64.lt_s",
    "i64.lt_u",
    "i64.gt_s",
    "i64.gt_u",
    "i64.le_s",
    "i64.le_u",
    "i64.ge_s",
    "i64.ge_u",
    "f32.eq",
    "f32.ne",
    "f32.lt",
    "f32.gt",
    "f32.le",
    "f32.ge",
    "f64.eq",
    "f64.ne",
    "f64.lt",
    "f64.gt",
    "f64.le",
    "f64.ge",
    "i32.clz",
    "i32.ctz",
    "i32.popcnt",
    "i32.add",
    "i32.sub",
    "i32.mul",
    "i32.div_s",
    "i32.div_u",
    "i32.rem_s",
    "i32.rem_u",
    "i32.and",
    "i32.or",
    "i32.xor",
    "i32.shl",
    "i32.shr_s",
    "i32.shr_u",
    "i32.rotl",
    "i32.rotr",
    "i64.clz",
    "i64.ctz",
    "i64.popcnt",
    "i64.add",
    "i64.sub",
    "i64.mul",
    "i64.div_s",
    "i64.div_u",
    "i64.rem_s",
    "i64.rem_u",
    "i64.and",
    "i64.or",
    "i64.xor",
    "i64.shl",
    "i64.shr_s",
    "i64.shr_u",
    "i64.rotl",
    "i64.rotr",
    "f32.abs",
    "f32.neg",
    "f32.ceil",
    "f32.floor",
    "f32.trunc",
    "f32.nearest",
    "f32.sqrt",
    "f32.add",
    "f32.sub",
    "f32.mul",
    "f32.div",
    "f32.min",
    "f32.max",
    "f32.copysign",
    "f64.abs",
    "f64.neg",
    "f64.ceil",
    "f64.floor",
    "f64.trunc",
    "f64.nearest",
    "f64.sqrt",
    "f64.add",
    "f64.sub",
    "f64.mul",
    "f64.div",
    "f64.min",
    "f64.max",
    "f64.copysign",
];
const NUMERIC_FIRST: u8 = 0x45;

const UNREACHABLE: u8 = 0x00;
const NOP: u8 = 0x01;
const BR_TABLE: u8 = 0x0e;
const RETURN: u8 = 0x0f;
const DROP: u8 = 0x1a;
const I32_CONST: u8 = 0x41;
const I64_CONST: u8 = 0x42;
const F32_CONST: u8 = 0x43;
const F64_CONST: u8 = 0x44;
const I32_EQZ: u8 = 0x45;
const I32_AND: u8 = 0x71;

/// What stands instead of an operator on numbers: the boundary moved, the opposite, another sum.
fn instead_of(name: &str) -> &'static [&'static str] {
    match name {
        "eq" => &["ne"],
        "ne" => &["eq"],
        "lt" => &["le", "ge"],
        "gt" => &["ge", "le"],
        "le" => &["lt", "gt"],
        "ge" => &["gt", "lt"],
        "lt_s" => &["le_s", "ge_s"],
        "lt_u" => &["le_u", "ge_u"],
        "gt_s" => &["ge_s", "le_s"],
        "gt_u" => &["ge_u", "le_u"],
        "le_s" => &["lt_s", "gt_s"],
        "le_u" => &["lt_u", "gt_u"],
        "ge_s" => &["gt_s", "lt_s"],
        "ge_u" => &["gt_u", "lt_u"],
        "add" => &["sub"],
        "sub" => &["add"],
        "mul" => &["add"],
        "div" | "div_s" | "div_u" => &["mul"],
        "rem_s" => &["div_s"],
        "rem_u" => &["div_u"],
        "and" | "xor" => &["or"],
        "or" => &["and"],
        "shl" => &["shr_u"],
        "shr_s" | "shr_u" => &["shl"],
        "min" => &["max"],
        "max" => &["min"],
        _ => &[],
    }
}

/// Operators whose answer is 0 or 1.
fn is_question(code: u8) -> bool {
    (I32_EQZ..NUMERIC_FIRST + 34).contains(&code)
}

/// Every change of one function.
pub fn changes(component: &[u8], function: &Function<'_>) -> Vec<Mutant> {
    let work = Work { component, function };
    let mut found = work.answer_at_once();
    for (at, step) in function.steps.iter().enumerate().filter(|(_, step)| step.own) {
        let before = at.checked_sub(1).map(|before| &function.steps[before]);
        let after = function.steps.get(at + 1);
        found.extend(work.numeric(step, before));
        found.extend(work.truth(step, before, after));
        found.extend(work.constant(step, before, after));
        found.extend(work.table(step));
        found.extend(work.call(step, after));
    }
    found
}

struct Work<'w, 'a> {
    component: &'w [u8],
    function: &'w Function<'a>,
}

impl Work<'_, '_> {
    fn code(&self, step: &Step<'_>) -> u8 {
        self.component[step.offset]
    }

    fn mutant(&self, step: &Step<'_>, change: String, bytes: Vec<u8>) -> Mutant {
        let (function, place) = (self.function.name.clone(), step.place.clone());
        Mutant { function, place, change, offset: step.offset, bytes }
    }

    /// A comparison or a sum becomes another.
    fn numeric(&self, step: &Step<'_>, before: Option<&Step<'_>>) -> Vec<Mutant> {
        let code = self.code(step);
        let Some(name) = code.checked_sub(NUMERIC_FIRST).and_then(|place| NUMERIC.get(usize::from(place)))
        else {
            return Vec::new();
        };
        if step.machinery || self.is_mask(before, step) {
            return Vec::new();
        }
        if code == I32_EQZ {
            // After a comparison, or a truth value, that is turned around where it is.
            let again =
                before.is_some_and(|before| is_question(self.code(before)) || self.code(before) == I32_AND);
            return Vec::from_iter(
                (!again).then(|| self.mutant(step, format!("{name} -> nothing"), vec![NOP])),
            );
        }
        let Some((kind, own)) = name.split_once('.') else { return Vec::new() };
        let other = |own: &&str| {
            let wanted = format!("{kind}.{own}");
            let place = NUMERIC.iter().position(|name| *name == wanted)?;
            let code = NUMERIC_FIRST + u8::try_from(place).ok()?;
            Some(self.mutant(step, format!("{name} -> {wanted}"), vec![code]))
        };
        instead_of(own).iter().filter_map(other).collect()
    }

    /// `i32.const 1; i32.and`: how a truth value is read before it is asked.
    fn is_mask(&self, before: Option<&Step<'_>>, step: &Step<'_>) -> bool {
        matches!(before.map(|before| &before.operator), Some(Operator::I32Const { value: 1 }))
            && matches!(step.operator, Operator::I32And)
    }

    /// A truth value becomes its opposite, where it does not come from a comparison just before.
    fn truth(&self, step: &Step<'_>, before: Option<&Step<'_>>, after: Option<&Step<'_>>) -> Option<Mutant> {
        let mask = after.filter(|after| self.is_mask(Some(step), after))?;
        let of_a_question = before.is_some_and(|before| is_question(self.code(before)));
        let mut bytes = vec![NOP; step.length + mask.length];
        bytes[0] = I32_EQZ;
        (!of_a_question).then(|| self.mutant(step, "condition -> its opposite".to_owned(), bytes))
    }

    /// A number becomes the next one, up and down; a truth value the other one.
    fn constant(&self, step: &Step<'_>, before: Option<&Step<'_>>, after: Option<&Step<'_>>) -> Vec<Mutant> {
        let length_of_a_text = before
            .is_some_and(|before| before.machinery && matches!(before.operator, Operator::I32Const { .. }));
        let mask = after.is_some_and(|after| self.is_mask(Some(step), after));
        if step.machinery || mask || length_of_a_text {
            return Vec::new();
        }
        let made = |name: &str, old: String, new: String, bytes: Vec<u8>| {
            self.mutant(step, format!("{name} {old} -> {new}"), bytes)
        };
        match step.operator {
            Operator::I32Const { value } => whole_number(I32_CONST, i64::from(value), step.length, 32)
                .map(|(new, bytes)| made("i32.const", value.to_string(), new.to_string(), bytes))
                .collect(),
            Operator::I64Const { value } => whole_number(I64_CONST, value, step.length, 64)
                .map(|(new, bytes)| made("i64.const", value.to_string(), new.to_string(), bytes))
                .collect(),
            Operator::F32Const { value } => {
                let (old, new) = (f32::from_bits(value.bits()), f32::from_bits(value.bits()) + 1.0);
                vec![made("f32.const", old.to_string(), new.to_string(), float(new))]
            }
            Operator::F64Const { value } => {
                let (old, new) = (f64::from_bits(value.bits()), f64::from_bits(value.bits()) + 1.0);
                vec![made("f64.const", old.to_string(), new.to_string(), double(new))]
            }
            _ => Vec::new(),
        }
    }

    /// Two neighbouring arms of a `match` change places.
    fn table(&self, step: &Step<'_>) -> Vec<Mutant> {
        let Operator::BrTable { targets } = &step.operator else { return Vec::new() };
        let Ok(arms) = targets.targets().collect::<Result<Vec<u32>, _>>() else { return Vec::new() };
        let swapped = |at: usize| {
            let mut arms = arms.clone();
            arms.swap(at, at + 1);
            let numbers = [arms.len() as u32].into_iter().chain(arms).chain([targets.default()]);
            let mut bytes = vec![BR_TABLE];
            numbers.for_each(|number| bytes.extend(unsigned(number)));
            let change = format!("arms {at} and {} -> exchanged", at + 1);
            (bytes.len() == step.length).then(|| self.mutant(step, change, bytes))
        };
        (1..arms.len()).filter(|at| arms[at - 1] != arms[*at]).filter_map(|at| swapped(at - 1)).collect()
    }

    /// A call of a function that answers nothing is left out, where its arguments can be dropped in its place.
    fn call(&self, step: &Step<'_>, after: Option<&Step<'_>>) -> Option<Mutant> {
        let call = step.call.as_ref()?;
        // What never returns is followed by a trap: to leave it out changes only the words.
        let returns = after.is_some_and(|after| self.code(after) != UNREACHABLE);
        if !returns || !call.can_be_left_out() || call.parameters > step.length {
            return None;
        }
        let mut bytes = vec![NOP; step.length];
        bytes[..call.parameters].fill(DROP);
        Some(self.mutant(step, format!("call {} -> nothing", call.callee), bytes))
    }

    /// The function answers a constant, whatever it is asked.
    fn answer_at_once(&self) -> Vec<Mutant> {
        let first = self.function.steps.first();
        let Some(first) = first.filter(|_| self.function.whole) else { return Vec::new() };
        let answers = match self.function.results.as_slice() {
            [] => vec![("nothing", vec![])],
            [ValType::I32] => vec![("0", vec![I32_CONST, 0]), ("1", vec![I32_CONST, 1])],
            [ValType::I64] => vec![("0", vec![I64_CONST, 0]), ("1", vec![I64_CONST, 1])],
            [ValType::F32] => vec![("0", float(0.0)), ("1", float(1.0))],
            [ValType::F64] => vec![("0", double(0.0)), ("1", double(1.0))],
            _ => Vec::new(),
        };
        let made = |(text, mut bytes): (&str, Vec<u8>)| {
            bytes.push(RETURN);
            let length = self.room_at_start(bytes.len())?;
            bytes.resize(length, NOP);
            Some(self.mutant(first, format!("the function -> returns {text}"), bytes))
        };
        answers.into_iter().filter_map(made).collect()
    }

    /// The length of the first operators that together have so many bytes; none where a block begins or
    /// ends among them.
    fn room_at_start(&self, wanted: usize) -> Option<usize> {
        let mut length = 0;
        for step in &self.function.steps {
            if length >= wanted {
                break;
            }
            let structure = matches!(
                step.operator,
                Operator::Block { .. }
                    | Operator::Loop { .. }
                    | Operator::If { .. }
                    | Operator::Else
                    | Operator::End
                    | Operator::TryTable { .. }
            );
            if structure {
                return None;
            }
            length += step.length;
        }
        (length >= wanted).then_some(length)
    }
}

fn float(value: f32) -> Vec<u8> {
    [&[F32_CONST][..], &value.to_bits().to_le_bytes()].concat()
}

fn double(value: f64) -> Vec<u8> {
    [&[F64_CONST][..], &value.to_bits().to_le_bytes()].concat()
}

/// The numbers beside `value`, each as an operator of the same length.
fn whole_number(code: u8, value: i64, length: usize, bits: u32) -> impl Iterator<Item = (i64, Vec<u8>)> {
    let (least, most) =
        if bits == 32 { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (i64::MIN, i64::MAX) };
    let others = match value {
        0 => vec![Some(1)],
        1 => vec![Some(0)],
        _ => vec![value.checked_add(1), value.checked_sub(1)],
    };
    // Room to spare means that the linker has put it in: an address, or a function's number.
    let spared = signed(value).len() + 1 < length;
    others.into_iter().flatten().filter(move |other| !spared && (least..=most).contains(other)).filter_map(
        move |other| {
            let mut bytes = vec![code];
            bytes.extend(padded(signed(other), length.checked_sub(1)?, other)?);
            Some((other, bytes))
        },
    )
}

/// Signed LEB128, as short as can be.
fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        let done = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        bytes.push(if done { low } else { low | 0x80 });
        if done {
            return bytes;
        }
    }
}

/// The same number in so many bytes; none where it needs more.
fn padded(mut bytes: Vec<u8>, length: usize, value: i64) -> Option<Vec<u8>> {
    let filling = if value < 0 { 0x7f } else { 0 };
    while bytes.len() < length {
        *bytes.last_mut()? |= 0x80;
        bytes.push(filling);
    }
    (bytes.len() == length).then_some(bytes)
}

/// Unsigned LEB128.
fn unsigned(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_operators_has_the_codes_of_the_specification() {
        let code = |wanted: &str| NUMERIC.iter().position(|name| *name == wanted).map(|at| at + 0x45);
        for (name, expected) in [
            ("i32.lt_u", 0x49),
            ("i64.eqz", 0x50),
            ("i64.ge_u", 0x5a),
            ("f64.ge", 0x66),
            ("i32.and", 0x71),
            ("i64.rem_u", 0x82),
            ("f64.copysign", 0xa6),
        ] {
            assert_eq!(code(name), Some(expected), "{name}");
        }
        assert!(is_question(0x66) && !is_question(0x67));
    }

    #[test]
    fn numbers_keep_their_length() {
        let beside = |value: i64, length: usize| -> Vec<(i64, usize)> {
            whole_number(I64_CONST, value, length, 64).map(|(new, bytes)| (new, bytes.len())).collect()
        };
        assert_eq!(beside(0, 2), [(1, 2)]);
        assert_eq!(beside(1, 2), [(0, 2)]);
        assert_eq!(beside(63, 2), [(62, 2)], "64 needs a byte more");
        assert_eq!(beside(64, 3), [(65, 3), (63, 3)], "63 in two bytes is 63 still");
        assert_eq!(beside(-64, 2), [(-63, 2)]);
        assert_eq!(beside(5, 6), [], "a number that the linker has put in");
        assert_eq!(beside(i64::MAX, 11), [(i64::MAX - 1, 11)]);
    }

    #[test]
    fn a_number_with_filling_reads_as_itself() {
        for value in [63, -64, 0, -1, 1000] {
            let bytes = padded(signed(value), 5, value).expect("it fits");
            let mut reader = wasmparser::BinaryReader::new(&bytes, 0);
            assert_eq!(reader.read_var_i64().expect("it reads"), value);
        }
    }
}
