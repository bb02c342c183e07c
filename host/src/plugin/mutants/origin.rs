//! Where the code of a component comes from: the names of its functions, the files and
//! lines of its debug information, and whether it is an interpreter with a script in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{DataKind, KnownCustom, Name, NameSectionReader, Operator, Parser, Payload, Result};

/// What is known of each core module of a component, in its order.
pub struct Modules<'a>(pub Vec<Module<'a>>);

#[derive(Default)]
pub struct Module<'a> {
    /// Where the code section's content begins: what addresses of debug information count from.
    pub code_start: usize,
    /// Of functions, by their index.
    pub names: BTreeMap<u32, &'a str>,
    /// Functions that the component calls: glue that tools have written.
    pub exported: BTreeSet<u32>,
    /// The addresses that constants have as pointers.
    pub data: Vec<Range<i64>>,
    /// Custom sections of debug information, by name.
    pub debug: BTreeMap<&'a str, &'a [u8]>,
    exports: Vec<&'a str>,
}

/// What the names of an interpreter's parts have in them, and the language that it reads.
const INTERPRETERS: [(&str, &str); 4] = [
    ("libpython", "Python"),
    ("PyObject_Call", "Python"),
    ("componentize_qjs", "JavaScript"),
    ("JS_NewContext", "JavaScript"),
];

impl<'a> Modules<'a> {
    pub fn read(component: &'a [u8]) -> Result<Self> {
        let mut modules = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } => modules.push(Module::default()),
                other => {
                    if let Some(module) = modules.last_mut() {
                        module.take(other)?;
                    }
                }
            }
        }
        Ok(Self(modules))
    }

    pub fn have_debug_information(&self) -> bool {
        self.0.iter().any(|module| module.debug.contains_key(".debug_line"))
    }

    /// The language of the script, where an interpreter is most of the component.
    pub fn interpreted(&self) -> Option<&'static str> {
        let has = |part: &str| {
            let mut names =
                self.0.iter().flat_map(|module| module.exports.iter().chain(module.names.values()));
            names.any(|name| name.contains(part))
        };
        INTERPRETERS.iter().find(|(part, _)| has(part)).map(|(_, language)| *language)
    }
}

impl<'a> Module<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::CodeSectionStart { range, .. } => self.code_start = range.start,
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.exports.push(export.name);
                    if export.kind == wasmparser::ExternalKind::Func {
                        self.exported.insert(export.index);
                    }
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    let segment = segment?;
                    if let DataKind::Active { offset_expr, .. } = segment.kind
                        && let Operator::I32Const { value } = offset_expr.get_operators_reader().read()?
                    {
                        let start = i64::from(value);
                        self.data.push(start..start + segment.data.len() as i64);
                    }
                }
            }
            Payload::CustomSection(section) => {
                if section.name().starts_with(".debug_") {
                    self.debug.insert(section.name(), section.data());
                } else if let KnownCustom::Name(names) = section.as_known() {
                    self.take_names(names)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_names(&mut self, names: NameSectionReader<'a>) -> Result<()> {
        for name in names {
            if let Name::Function(functions) = name? {
                for function in functions {
                    let function = function?;
                    self.names.insert(function.index, function.name);
                }
            }
        }
        Ok(())
    }

    pub fn is_data(&self, address: i64) -> bool {
        self.data.iter().any(|range| range.contains(&address))
    }

    /// A function's name as a person knows it.
    pub fn name(&self, function: u32) -> String {
        match self.names.get(&function) {
            Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
            None => format!("function {function}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component of one core module that exports a function by this name.
    fn exporting(name: &str) -> Vec<u8> {
        let section = |id: u8, content: &[u8]| [&[id, content.len() as u8], content].concat();
        let export = [&[1, name.len() as u8], name.as_bytes(), &[0, 0]].concat();
        let module = [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(3, &[1, 0]),
            section(7, &export),
            section(10, &[1, 2, 0, 0x0b]),
        ];
        [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module.concat())].concat()
    }

    #[test]
    fn an_interpreter_is_known_by_its_parts() {
        for (name, language) in [
            ("libpython3.14.so:memory_base", Some("Python")),
            ("componentize_qjs_runtime.wasm:table_base", Some("JavaScript")),
            ("wayleave:policy/check@1.0.0#evaluate", None),
        ] {
            let component = exporting(name);
            let modules = Modules::read(&component).expect("it is a component");
            assert_eq!(modules.interpreted(), language, "{name}");
        }
    }
}
