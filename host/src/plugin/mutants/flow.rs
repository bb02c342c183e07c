//! The plugin's own functions, operator by operator, with what a value is for: one that
//! becomes an address is the compiler's business and no mistake that a person makes.
//!
//! What is told apart here is told by habit of the compilers that make plugins (LLVM's), and
//! only decides which mutants are worth a try: a wrong guess makes a mutant more or less, never
//! an invalid one.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload, Result,
    ValType, ValidPayload, Validator, ValidatorResources, WasmModuleResources,
};

use super::compiled;
use super::origin::{Module, Modules};
use super::places::Places;
use super::{OwnCode, SourceLine};

/// A function that is the plugin's own, or has operators that are.
pub struct Function<'a> {
    pub name: String,
    pub results: Vec<ValType>,
    /// It was written by hand as a whole, and answers by its results alone.
    pub whole: bool,
    pub steps: Vec<Step<'a>>,
}

pub struct Step<'a> {
    pub offset: usize,
    pub length: usize,
    pub operator: Operator<'a>,
    pub own: bool,
    pub place: Option<SourceLine>,
    /// What it makes is the compiler's: an address, a part of one, a truth value spelled out.
    pub machinery: bool,
    pub call: Option<Call>,
}

#[cfg_attr(test, derive(Default))]
pub struct Call {
    function: u32,
    /// Its first argument is the first that its caller was given.
    hands_on: bool,
    pub callee: String,
    pub parameters: usize,
    pub results: usize,
    /// Its first argument is a place in the caller's frame that nothing has written yet: its answer
    /// goes there, and without it the place is noise.
    answers_in_memory: bool,
}

/// Every function with code of the plugin's own.
pub fn own_functions<'a>(
    component: &'a [u8],
    modules: &Modules<'a>,
    own: &OwnCode,
) -> Result<Vec<Function<'a>>> {
    let mut found = Vec::new();
    let mut validator = Validator::new_with_features(wasmparser::WasmFeatures::all());
    let mut allocations = FuncValidatorAllocations::default();
    let mut at = None;
    let mut reading: Option<ModuleReading<'_, 'a>> = None;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        if let Payload::ModuleSection { .. } = payload {
            found.extend(reading.take().into_iter().flat_map(ModuleReading::functions));
            let next = at.map_or(0, |number: usize| number + 1);
            at = Some(next);
            reading = modules.0.get(next).map(|module| ModuleReading::new(module, own));
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let Some(reading) = &mut reading else { continue };
            allocations = reading.function(function, &body, allocations)?;
        }
    }
    found.extend(reading.into_iter().flat_map(ModuleReading::functions));
    Ok(found)
}

/// One module while its functions are read.
struct ModuleReading<'m, 'a> {
    module: &'m Module<'a>,
    places: Places<'a>,
    own: Vec<(u32, Function<'a>)>,
    /// Functions that answer into memory somewhere.
    answer_in_memory: BTreeSet<u32>,
    /// Functions, and those that they hand their own first argument on to.
    handed_on: Vec<(u32, u32)>,
}

impl<'m, 'a> ModuleReading<'m, 'a> {
    fn new(module: &'m Module<'a>, own: &OwnCode) -> Self {
        let places = Places::new(module, own);
        Self { module, places, own: Vec::new(), answer_in_memory: BTreeSet::new(), handed_on: Vec::new() }
    }

    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'a>,
        allocations: FuncValidatorAllocations,
    ) -> Result<FuncValidatorAllocations> {
        let index = function.index;
        let signature = function.resources.sub_type_at(function.ty).map(|ty| ty.unwrap_func());
        let parameters = signature.map_or(0, |ty| ty.params().len() as u32);
        let results = signature.map(|ty| ty.results().to_vec());
        let mut validator = function.into_validator(allocations);
        let mut steps = Trace::of(body, &mut validator, self.module)?;
        for call in steps.iter().filter_map(|step| step.call.as_ref()) {
            self.answer_in_memory.extend(call.answers_in_memory.then_some(call.function));
            self.handed_on.extend(call.hands_on.then_some((index, call.function)));
        }
        if self.module.exported.contains(&index) {
            return Ok(validator.into_allocations());
        }
        let name = self.module.name(index);
        for step in &mut steps {
            let place = self.places.of(&name, step.offset - self.module.code_start);
            step.own = place.is_some();
            step.place = place.flatten();
        }
        if steps.iter().any(|step| step.own) {
            let whole = steps.first().is_some_and(|step| step.own);
            compiled::leave_out(&mut steps, parameters, &|number| self.module.is_data(number));
            self.own.push((index, Function { name, results: results.unwrap_or_default(), whole, steps }));
        }
        Ok(validator.into_allocations())
    }

    fn functions(self) -> Vec<Function<'a>> {
        let mut in_memory = self.answer_in_memory;
        // Who hands the place of its answer on lets another answer there.
        let mut known = 0;
        while known < in_memory.len() {
            known = in_memory.len();
            let more: Vec<u32> = self
                .handed_on
                .iter()
                .filter(|(from, _)| in_memory.contains(from))
                .map(|(_, to)| *to)
                .collect();
            in_memory.extend(more);
        }
        let finish = |(index, mut function): (u32, Function<'a>)| {
            function.whole &= !in_memory.contains(&index);
            for call in function.steps.iter_mut().filter_map(|step| step.call.as_mut()) {
                call.answers_in_memory |= in_memory.contains(&call.function);
            }
            function
        };
        self.own.into_iter().map(finish).collect()
    }
}

impl Call {
    #[cfg(test)]
    pub fn named(callee: &str) -> Self {
        Self { callee: callee.to_owned(), ..Self::default() }
    }

    /// Without it the function goes on, and only what it does is missing.
    pub fn can_be_left_out(&self) -> bool {
        let names = ["dealloc", "panic", "free", "unwrap_failed", "expect_failed"];
        let machinery = self.drops() || names.iter().any(|name| self.callee.contains(name));
        self.results == 0 && !self.answers_in_memory && !machinery
    }

    /// It is what the compiler calls at the end of a value.
    pub fn drops(&self) -> bool {
        ["drop_in_place", "drop_glue"].iter().any(|name| self.callee.contains(name))
    }
}

/// What is known of a value on the stack.
#[derive(Default)]
struct Value {
    step: Option<usize>,
    /// Values that it is worked out from, where an address would be so.
    from: Vec<usize>,
    /// The local that it is a copy of.
    local: Option<u32>,
    machinery: bool,
    number: Option<i64>,
    /// Its distance from the stack pointer at the function's start.
    slot: Option<i64>,
    /// Something and a number that may well be a field's place in it.
    field: bool,
    /// It is the first that the function was given.
    first: bool,
}

/// A function's values while its operators are followed, without regard to branches: what
/// comes out of a block is a new value of which nothing is known.
struct Trace<'m, 'a> {
    module: &'m Module<'a>,
    steps: Vec<Step<'a>>,
    values: Vec<Value>,
    stack: Vec<usize>,
    /// What was ever put into each local.
    locals: BTreeMap<u32, Vec<usize>>,
    /// Places of the frame that have been written, or handed to somebody who may have.
    written: BTreeSet<i64>,
}

impl<'m, 'a> Trace<'m, 'a> {
    fn of(
        body: &FunctionBody<'a>,
        validator: &mut FuncValidator<ValidatorResources>,
        module: &'m Module<'a>,
    ) -> Result<Vec<Step<'a>>> {
        validator.read_locals(&mut body.get_binary_reader())?;
        let mut trace = Self {
            module,
            steps: Vec::new(),
            values: Vec::new(),
            stack: Vec::new(),
            locals: BTreeMap::new(),
            written: BTreeSet::new(),
        };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let arity = operator.operator_arity(validator);
            validator.op(offset, &operator)?;
            let length = operators.original_position() - offset;
            let (pops, pushes) = arity.unwrap_or((0, 0));
            trace.step(operator, offset, length, (pops as usize, pushes as usize));
            trace.level(validator.operand_stack_height() as usize);
        }
        operators.finish()?;
        Ok(trace.finish())
    }

    fn step(&mut self, operator: Operator<'a>, offset: usize, length: usize, (pops, pushes): (usize, usize)) {
        let arguments = self.stack.split_off(self.stack.len().saturating_sub(pops));
        let made = self.made(&operator, &arguments);
        let call = match operator {
            Operator::Call { function_index } => Some(self.call(function_index, &arguments, pushes)),
            _ => None,
        };
        self.note_machinery(&operator, &arguments);
        match operator {
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.locals.entry(local_index).or_default().extend(arguments.first());
            }
            _ => {}
        }
        if matches!(operator, Operator::LocalTee { .. }) {
            self.stack.extend(arguments);
        } else {
            for _ in 0..pushes {
                let step = Some(self.steps.len());
                self.stack.push(self.values.len());
                self.values.push(Value { step, ..self.copy(&made) });
            }
        }
        self.steps.push(Step { offset, length, operator, own: false, place: None, machinery: false, call });
    }

    fn copy(&self, of: &Value) -> Value {
        Value { from: of.from.clone(), ..*of }
    }

    /// After a branch or the end of a block the stack is as the validator has it.
    fn level(&mut self, height: usize) {
        self.stack.truncate(height);
        while self.stack.len() < height {
            self.stack.push(self.values.len());
            self.values.push(Value::default());
        }
    }

    fn made(&self, operator: &Operator<'a>, arguments: &[usize]) -> Value {
        let of = |place: usize| arguments.get(place).map(|value| &self.values[*value]);
        let slot = |sign: i64| match (of(0), of(1)) {
            (Some(base), Some(offset)) => Some(base.slot? + sign * offset.number?),
            _ => None,
        };
        match *operator {
            Operator::GlobalGet { global_index: 0 } => {
                Value { machinery: true, slot: Some(0), ..Value::default() }
            }
            Operator::I32Const { value } => {
                let number = i64::from(value);
                // The least numbers stand for cases where a length would be.
                let machinery = self.module.is_data(number) || value < i32::MIN + 256;
                Value { number: Some(number), machinery, ..Value::default() }
            }
            Operator::LocalGet { local_index } => {
                let copy = Value { local: Some(local_index), ..Value::default() };
                match self.locals.get(&local_index).map(Vec::as_slice) {
                    None => Value { first: local_index == 0, ..copy },
                    Some([only]) => {
                        let Value { slot, number, field, .. } = self.values[*only];
                        Value { slot, number, field, ..copy }
                    }
                    Some(_) => copy,
                }
            }
            Operator::I32Add => {
                let field = of(1).and_then(|value| value.number).is_some_and(|number| number >= 4);
                Value { from: arguments.to_vec(), slot: slot(1), field, ..Value::default() }
            }
            Operator::I32Sub => Value { from: arguments.to_vec(), slot: slot(-1), ..Value::default() },
            Operator::I32And | Operator::I32Mul | Operator::I32Shl | Operator::I32Or => {
                Value { from: arguments.to_vec(), ..Value::default() }
            }
            _ => Value::default(),
        }
    }

    fn call(&mut self, function: u32, arguments: &[usize], results: usize) -> Call {
        let slots: Vec<Option<i64>> = arguments.iter().map(|value| self.values[*value].slot).collect();
        let answers_in_memory = results == 0
            && slots.first().copied().flatten().is_some_and(|slot| !self.written.contains(&slot));
        self.written.extend(slots.into_iter().flatten());
        let hands_on = results == 0 && arguments.first().is_some_and(|value| self.values[*value].first);
        let callee = self.module.name(function);
        Call { function, hands_on, callee, parameters: arguments.len(), results, answers_in_memory }
    }

    /// Marks what memory is read or written by, what is handed over as a field's address, and the
    /// two sides of a truth value that is spelled out. Notes the frame's places that are written.
    fn note_machinery(&mut self, operator: &Operator<'a>, arguments: &[usize]) {
        let addresses = match operator {
            Operator::MemoryCopy { .. } => 2,
            Operator::MemoryFill { .. } | Operator::GlobalSet { .. } => 1,
            _ if memory_offset(operator).is_some() => 1,
            _ => 0,
        };
        for value in &arguments[..addresses.min(arguments.len())] {
            self.values[*value].machinery = true;
            if let Some(slot) = self.values[*value].slot {
                self.written.insert(slot + memory_offset(operator).unwrap_or(0));
            }
        }
        let handed_over = matches!(operator, Operator::Call { .. } | Operator::I32Store { .. });
        let spelled_out = matches!(operator, Operator::Select);
        // How much is copied, where it is the size of something.
        if let (Operator::MemoryCopy { .. }, Some(length)) = (operator, arguments.get(2)) {
            self.values[*length].machinery = true;
        }
        for value in arguments {
            let value = &mut self.values[*value];
            value.machinery |= handed_over && value.field || spelled_out && value.number.is_some();
        }
    }

    /// An address makes machinery of what it is worked out from, and of what is worked out from it.
    fn finish(mut self) -> Vec<Step<'a>> {
        let mut changed = true;
        while changed {
            changed = false;
            for value in (0..self.values.len()).rev() {
                let sources: Vec<usize> = match self.values[value].local {
                    Some(local) => self.locals.get(&local).cloned().unwrap_or_default(),
                    None => self.values[value].from.clone(),
                };
                if self.values[value].machinery {
                    for source in sources {
                        changed |= !std::mem::replace(&mut self.values[source].machinery, true);
                    }
                } else if sources.iter().any(|source| self.values[*source].machinery) {
                    self.values[value].machinery = true;
                    changed = true;
                }
            }
        }
        for value in self.values.iter().filter(|value| value.machinery) {
            if let Some(step) = value.step {
                self.steps[step].machinery = true;
            }
        }
        self.steps
    }
}

/// The fixed part of an address, where the operator reads or writes memory.
fn memory_offset(operator: &Operator<'_>) -> Option<i64> {
    use Operator as O;
    match operator {
        O::I32Load { memarg }
        | O::I64Load { memarg }
        | O::F32Load { memarg }
        | O::F64Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::I32Store { memarg }
        | O::I64Store { memarg }
        | O::F32Store { memarg }
        | O::F64Store { memarg }
        | O::I32Store8 { memarg }
        | O::I32Store16 { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg } => i64::try_from(memarg.offset).ok(),
        _ => None,
    }
}
