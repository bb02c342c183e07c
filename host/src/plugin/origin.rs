//! What the bytes of a component tell of how it was built.

use wasmparser::{CanonicalFunction, Parser, Payload};

use super::error::PluginError;
use super::sandbox::clean;

/// That a component was built for calls that wait, which no rule is asked in.
pub fn wants_async(wasm: &[u8]) -> Option<PluginError> {
    Parser::new(0).parse_all(wasm).map_while(Result::ok).find_map(|payload| {
        let Payload::ComponentCanonicalSection(functions) = payload else { return None };
        functions.into_iter().map_while(Result::ok).find_map(|function| {
            let plain = matches!(
                function,
                CanonicalFunction::Lift { .. }
                    | CanonicalFunction::Lower { .. }
                    | CanonicalFunction::ResourceNew { .. }
                    | CanonicalFunction::ResourceDrop { .. }
                    | CanonicalFunction::ResourceRep { .. }
            );
            let name = format!("{function:?}");
            let name = name.split([' ', '{', '(']).next().unwrap_or_default();
            (!plain).then(|| PluginError::Async { function: clean(name, 60) })
        })
    })
}

/// Lines of its sources are in it.
pub fn has_debug_information(wasm: &[u8]) -> bool {
    Parser::new(0)
        .parse_all(wasm)
        .map_while(Result::ok)
        .any(|payload| matches!(payload, Payload::CustomSection(section) if section.name() == ".debug_line"))
}
