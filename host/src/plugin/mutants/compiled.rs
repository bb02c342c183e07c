//! What a compiler adds to a plugin's own lines, and nobody has written: code of which no change
//! is a mistake that a person makes.
//!
//! ```text
//! i32.const 6; i32.gt_u; drop                     a range check before a jump table, thrown away
//! i32.load8_u; i32.const 255; i32.and             a mask of what is that narrow already
//! i32.const TEXT; local.set 5; i32.const 25; ...  how long a text or a list of the data is
//! a byte of the frame that is 0 or 1, and only says whether a value must be dropped
//! ```
//!
//! Each is told by the whole pattern. A mask of what may be wider, a byte that anything else
//! reads, a number that is not beside an address stay the plugin's own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{MemArg, Operator};

use super::flow::Step;

/// Takes from the plugin's own code what the compiler has added to it.
pub fn leave_out(steps: &mut [Step<'_>], parameters: u32, is_data: &dyn Fn(i64) -> bool) {
    let code = Code::new(steps, parameters, is_data);
    let mut compiled = code.range_checks();
    compiled.extend(code.masks());
    compiled.extend(code.lengths());
    compiled.extend(code.drop_flags());
    for at in compiled {
        steps[at].own = false;
    }
}

/// One function's operators, and what its locals are set to.
struct Code<'c, 'a> {
    steps: &'c [Step<'a>],
    parameters: u32,
    is_data: &'c dyn Fn(i64) -> bool,
    /// Where the value of each `local.set` and `local.tee` is made, by local.
    set: BTreeMap<u32, Vec<Option<usize>>>,
}

impl<'c, 'a> Code<'c, 'a> {
    fn new(steps: &'c [Step<'a>], parameters: u32, is_data: &'c dyn Fn(i64) -> bool) -> Self {
        let mut set: BTreeMap<u32, Vec<Option<usize>>> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            if let Operator::LocalSet { local_index } | Operator::LocalTee { local_index } = step.operator {
                set.entry(local_index).or_default().push(at.checked_sub(1));
            }
        }
        Self { steps, parameters, is_data, set }
    }

    fn operator(&self, at: usize) -> Option<&Operator<'a>> {
        self.steps.get(at).map(|step| &step.operator)
    }

    /// A comparison that is dropped at once, and the number that it compares with.
    fn range_checks(&self) -> Vec<usize> {
        let is_check = |at: &usize| {
            let constant =
                matches!(self.operator(*at), Some(Operator::I32Const { .. } | Operator::I64Const { .. }));
            let compared = matches!(self.operator(at + 1), Some(Operator::I32GtU | Operator::I64GtU));
            constant && compared && matches!(self.operator(at + 2), Some(Operator::Drop))
        };
        (0..self.steps.len()).filter(is_check).flat_map(|at| [at, at + 1]).collect()
    }

    /// A mask, and its number, of a value that has no bit outside of it.
    fn masks(&self) -> Vec<usize> {
        let is_idle = |at: &usize| {
            let Some(mask @ (0xff | 0xffff)) = self.number(*at) else { return false };
            let masked = matches!(self.operator(at + 1), Some(Operator::I32And));
            masked && at.checked_sub(1).is_some_and(|before| self.fits(before, mask))
        };
        (0..self.steps.len()).filter(is_idle).flat_map(|at| [at, at + 1]).collect()
    }

    fn fits(&self, at: usize, mask: i64) -> bool {
        match self.operator(at) {
            // What a caller gives may be wider.
            Some(Operator::LocalGet { local_index }) if *local_index >= self.parameters => {
                let set = self.set.get(local_index).map(Vec::as_slice).unwrap_or_default();
                !set.is_empty() && set.iter().all(|made| made.is_some_and(|made| self.is_narrow(made, mask)))
            }
            _ => self.is_narrow(at, mask),
        }
    }

    fn is_narrow(&self, at: usize, mask: i64) -> bool {
        match self.operator(at) {
            Some(Operator::I32Load8U { .. }) => true,
            Some(Operator::I32Load16U { .. }) => mask == 0xffff,
            _ => self.number(at).is_some_and(|number| (0..=mask).contains(&number)),
        }
    }

    /// Numbers that are handed on, or written, beside an address of the data.
    fn lengths(&self) -> Vec<usize> {
        let handed_on = |at: usize| {
            let (address, length) = (self.only_number(at)?, self.only_number(at + 1)?);
            (self.is_data)(self.number(address)?).then_some(length)
        };
        let written = |at: usize| {
            let (address, base, length) = (at + 1, at + 3, at + 4);
            let same_base = self.local(at)? == self.local(base)?;
            let beside = self.stored(at + 2)?.offset + 4 == self.stored(at + 5)?.offset;
            let of_data = (self.is_data)(self.number(address)?) && self.number(length).is_some();
            (same_base && beside && of_data).then_some(length)
        };
        (0..self.steps.len()).flat_map(|at| [handed_on(at), written(at)]).flatten().collect()
    }

    fn number(&self, at: usize) -> Option<i64> {
        match self.operator(at)? {
            Operator::I32Const { value } => Some(i64::from(*value)),
            _ => None,
        }
    }

    fn local(&self, at: usize) -> Option<u32> {
        match self.operator(at)? {
            Operator::LocalGet { local_index } => Some(*local_index),
            _ => None,
        }
    }

    fn stored(&self, at: usize) -> Option<MemArg> {
        match self.operator(at)? {
            Operator::I32Store { memarg } => Some(*memarg),
            _ => None,
        }
    }

    /// Where the number is made that the local read here holds, if it never holds another.
    fn only_number(&self, at: usize) -> Option<usize> {
        match self.set.get(&self.local(at)?)?.as_slice() {
            [Some(made)] => self.number(*made).map(|_| *made),
            _ => None,
        }
    }

    /// The numbers of drop flags, and where they are asked.
    fn drop_flags(&self) -> Vec<usize> {
        let Some(frame) = self.frame() else { return Vec::new() };
        let mut flags: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let mut asked: BTreeSet<u64> = BTreeSet::new();
        let mut known: BTreeSet<usize> = BTreeSet::new();
        for at in (0..self.steps.len()).filter(|at| self.local(*at) == Some(frame)) {
            if let Some((offset, number)) = self.flag_set(at) {
                flags.entry(offset).or_default().push(number);
                known.insert(at + 2);
            } else if let Some((offset, mask)) = self.flag_asked(at) {
                asked.insert(offset);
                flags.entry(offset).or_default().extend([mask, mask + 1]);
                known.insert(at + 1);
            }
        }
        let elsewhere: Vec<Range<u64>> = (0..self.steps.len())
            .filter(|at| !known.contains(at))
            .filter_map(|at| self.touched(at))
            .collect();
        flags.retain(|offset, _| {
            asked.contains(offset) && !elsewhere.iter().any(|places| places.contains(offset))
        });
        flags.into_values().flatten().collect()
    }

    /// The local that holds where the function's part of the stack begins.
    fn frame(&self) -> Option<u32> {
        let begins = matches!(self.operator(0)?, Operator::GlobalGet { global_index: 0 })
            && matches!(self.operator(2)?, Operator::I32Sub);
        let Operator::LocalSet { local_index } = self.operator(3)? else { return None };
        (begins && self.set.get(local_index)?.len() == 1).then_some(*local_index)
    }

    /// `local.get FRAME; i32.const 0 or 1; i32.store8`
    fn flag_set(&self, at: usize) -> Option<(u64, usize)> {
        let Operator::I32Store8 { memarg } = self.operator(at + 2)? else { return None };
        matches!(self.number(at + 1)?, 0 | 1).then_some((memarg.offset, at + 1))
    }

    /// `local.get FRAME; i32.load8_u; i32.const 1; i32.and; i32.eqz; br_if; PLACE; call drop`
    fn flag_asked(&self, at: usize) -> Option<(u64, usize)> {
        let Operator::I32Load8U { memarg } = self.operator(at + 1)? else { return None };
        let masked = self.number(at + 2)? == 1 && matches!(self.operator(at + 3)?, Operator::I32And);
        let turned = matches!(self.operator(at + 4)?, Operator::I32Eqz);
        let left = matches!(self.operator(at + 5)?, Operator::BrIf { .. });
        self.local(at + 6)?;
        let place = self.number(at + 7).filter(|_| matches!(self.operator(at + 8), Some(Operator::I32Add)));
        let call = if place.is_some() { at + 9 } else { at + 7 };
        let drops = self.steps.get(call)?.call.as_ref()?.drops();
        let ends = matches!(self.operator(call + 1)?, Operator::End | Operator::Br { .. });
        (masked && turned && left && drops && ends).then_some((memarg.offset, at + 2))
    }

    /// The places that may be read or written here, if the address is the frame's, or whose address
    /// may be made here.
    fn touched(&self, at: usize) -> Option<Range<u64>> {
        use Operator as O;
        let (offset, width) = match self.operator(at)? {
            O::I32Const { value } => (u64::try_from(*value).ok()?, 1),
            O::I32Load8U { memarg } | O::I32Load8S { memarg } | O::I32Store8 { memarg } => (memarg.offset, 1),
            O::I32Load16U { memarg } | O::I32Load16S { memarg } | O::I32Store16 { memarg } => {
                (memarg.offset, 2)
            }
            O::I32Load { memarg } | O::I32Store { memarg } => (memarg.offset, 4),
            O::I64Load { memarg } | O::I64Store { memarg } => (memarg.offset, 8),
            _ => return None,
        };
        Some(offset..offset + width)
    }
}

#[cfg(test)]
mod tests;
