//! What a policy can set of a rule: a struct, its defaults and its JSON Schema from one
//! declaration. Keys that the rule does not know are refused.

use crate::json::{self, Value};

/// Something wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON pointer into the settings, as in `/reserve_mib`; empty: the whole.
    pub path: String,
    pub message: String,
}

impl Problem {
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Settings of a rule; [`settings!`](crate::settings!) implements it.
pub trait Settings: Sized + 'static {
    /// A JSON Schema document.
    fn schema() -> String;

    fn parse(json: &str) -> Result<Self, Vec<Problem>>;
}

/// A type that a setting can have.
pub trait Setting: Sized {
    /// The members of its schema that say what it is.
    const SCHEMA: &'static [(&'static str, &'static str)];

    /// The value as JSON.
    fn json(&self) -> String;

    /// Or what would have been right, as in "an integer".
    fn read(value: &Value) -> Result<Self, &'static str>;
}

/// Declares settings.
///
/// ```
/// wayleave_sdk::settings! {
///     struct Room {
///         /// Kept free on every node, in MiB.
///         reserve_mib: u64 = 256,
///         /// Nodes that are exempt.
///         exempt: Vec<String> = Vec::new(),
///     }
/// }
/// use wayleave_sdk::Settings;
/// assert_eq!(Room::parse(r#"{"reserve_mib": 512}"#).unwrap().reserve_mib, 512);
/// assert!(Room::parse(r#"{"reserved": 512}"#).is_err());
/// ```
///
/// Types: `u32`, `u64`, `f64`, `bool`, `String`, `Vec<String>`. For others implement
/// [`Settings`](crate::Settings) by hand.
#[macro_export]
macro_rules! settings {
    ($(#[$outer:meta])* $visibility:vis struct $Settings:ident {
        $($(#[doc = $doc:literal])* $name:ident: $kind:ty = $default:expr),* $(,)?
    }) => {
        $(#[$outer])*
        $visibility struct $Settings {
            $($(#[doc = $doc])* $name: $kind,)*
        }

        impl Default for $Settings {
            fn default() -> Self {
                Self { $($name: $default),* }
            }
        }

        impl $crate::Settings for $Settings {
            fn schema() -> String {
                let default = Self::default();
                $crate::__schema(&[$((
                    stringify!($name),
                    concat!($($doc),*),
                    $crate::__setting(&default.$name),
                )),*])
            }

            fn parse(json: &str) -> Result<Self, Vec<$crate::Problem>> {
                let mut settings = Self::default();
                $crate::__parse(json, |key, value| match key {
                    $(stringify!($name) => $crate::__set(&mut settings.$name, value),)*
                    _ => Err($crate::__UNKNOWN_KEY),
                })?;
                Ok(settings)
            }
        }
    };
}

/// Settings of a rule that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSettings {}

impl Settings for NoSettings {
    fn schema() -> String {
        __schema(&[])
    }

    fn parse(json: &str) -> Result<Self, Vec<Problem>> {
        __parse(json, |_, _| Err(__UNKNOWN_KEY))?;
        Ok(Self {})
    }
}

/// Type of a setting in a schema, and its default as JSON.
#[doc(hidden)]
pub type Described = (&'static [(&'static str, &'static str)], String);

#[doc(hidden)]
pub fn __setting<S: Setting>(default: &S) -> Described {
    (S::SCHEMA, default.json())
}

#[doc(hidden)]
pub fn __schema(settings: &[(&'static str, &'static str, Described)]) -> String {
    let properties = settings.iter().map(|(name, doc, (kind, default))| {
        let kind = kind.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let said = [("description", json::quoted(doc.trim())), ("default", default.clone())];
        (*name, json::object(kind.chain(said)))
    });
    json::object([
        ("$schema", json::quoted("https://json-schema.org/draft/2020-12/schema")),
        ("type", json::quoted("object")),
        ("properties", json::object(properties)),
        ("additionalProperties", "false".to_owned()),
    ])
}

#[doc(hidden)]
pub const __UNKNOWN_KEY: &str = "a setting that the rule does not have";

#[doc(hidden)]
pub fn __set<S: Setting>(setting: &mut S, value: &Value) -> Result<(), &'static str> {
    *setting = S::read(value)?;
    Ok(())
}

/// Hands each member over, and gathers everything that is wrong with them.
#[doc(hidden)]
pub fn __parse(
    json: &str,
    mut set: impl FnMut(&str, &Value) -> Result<(), &'static str>,
) -> Result<(), Vec<Problem>> {
    let members = match json::read(json) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(vec![Problem::at("", "needs an object")]),
        Err(place) => return Err(vec![Problem::at("", format!("is not JSON at byte {place}"))]),
    };
    let mut problems = Vec::new();
    for (key, value) in &members {
        if let Err(wanted) = set(key, value) {
            let path = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            let known = wanted != __UNKNOWN_KEY;
            let message = if known { format!("needs {wanted}") } else { wanted.to_owned() };
            problems.push(Problem { path, message });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl Setting for $kind {
            const SCHEMA: &'static [(&'static str, &'static str)] =
                &[("type", "\"integer\""), ("minimum", "0")];

            fn json(&self) -> String {
                self.to_string()
            }

            fn read(value: &Value) -> Result<Self, &'static str> {
                let number = if let Value::Number(number) = value { number.parse().ok() } else { None };
                number.ok_or("a whole number, not negative and not too large")
            }
        }
    )*};
}

integers!(u32 u64);

impl Setting for f64 {
    const SCHEMA: &'static [(&'static str, &'static str)] = &[("type", "\"number\"")];

    fn json(&self) -> String {
        self.to_string()
    }

    fn read(value: &Value) -> Result<Self, &'static str> {
        let number = if let Value::Number(number) = value { number.parse().ok() } else { None };
        number.ok_or("a number")
    }
}

impl Setting for bool {
    const SCHEMA: &'static [(&'static str, &'static str)] = &[("type", "\"boolean\"")];

    fn json(&self) -> String {
        self.to_string()
    }

    fn read(value: &Value) -> Result<Self, &'static str> {
        if let Value::Bool(flag) = value { Ok(*flag) } else { Err("true or false") }
    }
}

impl Setting for String {
    const SCHEMA: &'static [(&'static str, &'static str)] = &[("type", "\"string\"")];

    fn json(&self) -> String {
        json::quoted(self)
    }

    fn read(value: &Value) -> Result<Self, &'static str> {
        if let Value::Text(text) = value { Ok(text.clone()) } else { Err("a string") }
    }
}

impl Setting for Vec<String> {
    const SCHEMA: &'static [(&'static str, &'static str)] =
        &[("type", "\"array\""), ("items", "{\"type\":\"string\"}")];

    fn json(&self) -> String {
        json::array(self.iter().map(|text| json::quoted(text)))
    }

    fn read(value: &Value) -> Result<Self, &'static str> {
        let Value::Array(values) = value else { return Err("an array of strings") };
        values.iter().map(|value| String::read(value).map_err(|_| "an array of strings")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{NoSettings, Problem, Settings};

    #[test]
    fn no_settings_take_nothing() {
        assert!(NoSettings::parse(" {} ").is_ok());
        let unknown = Problem::at("/a~1b", "a setting that the rule does not have");
        assert_eq!(NoSettings::parse(r#"{"a/b": 1}"#).err(), Some(vec![unknown]));
        let wrong = Problem::at("", "needs an object");
        assert_eq!(NoSettings::parse("[]").err(), Some(vec![wrong]));
        let broken = Problem::at("", "is not JSON at byte 1");
        assert_eq!(NoSettings::parse("{").err(), Some(vec![broken]));
    }
}
