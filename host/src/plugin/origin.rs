//! What the bytes of a component tell of how it was built.

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentDefinedType, ComponentType, ComponentTypeDeclaration,
    InstanceTypeDeclaration, Parser, Payload,
};

/// What a component has that is for calls that wait; no rule is asked in one.
///
/// Types within types are read with a stack as deep as they are: not for a component that nobody
/// vouches for, but where compiling it may end the process anyhow.
pub fn wants_async(wasm: &[u8]) -> Option<String> {
    Parser::new(0).parse_all(wasm).map_while(Result::ok).find_map(|payload| match payload {
        Payload::ComponentTypeSection(types) => {
            types.into_iter().map_while(Result::ok).find_map(|one| waiting_type(&one)).map(str::to_owned)
        }
        Payload::ComponentCanonicalSection(functions) => {
            functions.into_iter().map_while(Result::ok).find_map(|function| waiting(&function))
        }
        _ => None,
    })
}

fn waiting_type(one: &ComponentType<'_>) -> Option<&'static str> {
    match one {
        ComponentType::Func(function) => function.async_.then_some("an async function"),
        ComponentType::Defined(ComponentDefinedType::Future(_)) => Some("a future"),
        ComponentType::Defined(ComponentDefinedType::Stream(_)) => Some("a stream"),
        ComponentType::Instance(parts) => parts.iter().find_map(|part| match part {
            InstanceTypeDeclaration::Type(one) => waiting_type(one),
            _ => None,
        }),
        ComponentType::Component(parts) => parts.iter().find_map(|part| match part {
            ComponentTypeDeclaration::Type(one) => waiting_type(one),
            _ => None,
        }),
        _ => None,
    }
}

fn waiting(function: &CanonicalFunction) -> Option<String> {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.contains(&CanonicalOption::Async).then(|| "an async call".to_owned())
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => None,
        other => {
            let name = format!("{other:?}");
            Some(name.split([' ', '{', '(']).next().unwrap_or_default().to_owned())
        }
    }
}

/// Lines of its sources are in it.
pub fn has_debug_information(wasm: &[u8]) -> bool {
    Parser::new(0)
        .parse_all(wasm)
        .map_while(Result::ok)
        .any(|payload| matches!(payload, Payload::CustomSection(section) if section.name() == ".debug_line"))
}
