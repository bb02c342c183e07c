//! Reading JSON. The core has parsed the same text before, so an error here has no
//! more to say than where it is.

use std::iter::Peekable;
use std::str::CharIndices;

/// Deeper than any settings.
const DEPTH_MAX: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// A whole document, or the byte at which it stops being one.
pub fn read(text: &str) -> Result<Value, usize> {
    let mut reader = Reader { text, letters: text.char_indices().peekable() };
    let value = reader.value(0)?;
    match reader.next() {
        None => Ok(value),
        Some((place, _)) => Err(place),
    }
}

struct Reader<'a> {
    text: &'a str,
    letters: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, usize> {
        let Some((place, letter)) = self.next() else { return Err(self.text.len()) };
        match letter {
            _ if depth > DEPTH_MAX => Err(place),
            '"' => self.text().map(Value::Text),
            '[' => self.array(depth),
            '{' => self.object(depth),
            't' => self.word("rue", Value::Bool(true)),
            'f' => self.word("alse", Value::Bool(false)),
            'n' => self.word("ull", Value::Null),
            '-' | '0'..='9' => Ok(self.number(place)),
            _ => Err(place),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, usize> {
        let mut values = Vec::new();
        if self.takes(']') {
            return Ok(Value::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if !self.goes_on(']')? {
                return Ok(Value::Array(values));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, usize> {
        let mut members = Vec::new();
        if self.takes('}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.expect('"')?;
            let key = self.text()?;
            self.expect(':')?;
            members.push((key, self.value(depth + 1)?));
            if !self.goes_on('}')? {
                return Ok(Value::Object(members));
            }
        }
    }

    /// The rest of a string, after its first quote.
    fn text(&mut self) -> Result<String, usize> {
        let mut out = String::new();
        loop {
            match self.letters.next() {
                Some((_, '"')) => return Ok(out),
                Some((place, '\\')) => out.push(self.escape(place)?),
                Some((_, letter)) => out.push(letter),
                None => return Err(self.text.len()),
            }
        }
    }

    fn escape(&mut self, place: usize) -> Result<char, usize> {
        Ok(match self.letters.next().map(|(_, letter)| letter) {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => self.unicode(place)?,
            Some(letter @ ('"' | '\\' | '/')) => letter,
            _ => return Err(place),
        })
    }

    fn unicode(&mut self, place: usize) -> Result<char, usize> {
        let first = self.unit(place)?;
        let code = if (0xd800..0xdc00).contains(&first) {
            let next = (self.letters.next(), self.letters.next());
            if !matches!(next, (Some((_, '\\')), Some((_, 'u')))) {
                return Err(place);
            }
            let second = self.unit(place)?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(place)?;
            0x10000 + ((first - 0xd800) << 10) + second
        } else {
            first
        };
        char::from_u32(code).ok_or(place)
    }

    fn unit(&mut self, place: usize) -> Result<u32, usize> {
        (0..4).try_fold(0, |unit, _| {
            let digit = self.letters.next().and_then(|(_, letter)| letter.to_digit(16));
            digit.map(|digit| unit * 16 + digit).ok_or(place)
        })
    }

    fn number(&mut self, start: usize) -> Value {
        let of_number =
            |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '+' | '-' | 'e' | 'E');
        let mut end = start + 1;
        while self.letters.next_if(|(_, letter)| of_number(*letter)).is_some() {
            end += 1;
        }
        Value::Number(self.text[start..end].to_owned())
    }

    fn word(&mut self, rest: &str, value: Value) -> Result<Value, usize> {
        for wanted in rest.chars() {
            match self.letters.next() {
                Some((_, letter)) if letter == wanted => {}
                other => return Err(other.map_or(self.text.len(), |(place, _)| place)),
            }
        }
        Ok(value)
    }

    /// After a value: a comma and more, or the end.
    fn goes_on(&mut self, end: char) -> Result<bool, usize> {
        match self.next() {
            Some((_, ',')) => Ok(true),
            Some((_, letter)) if letter == end => Ok(false),
            other => Err(other.map_or(self.text.len(), |(place, _)| place)),
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), usize> {
        match self.next() {
            Some((_, letter)) if letter == wanted => Ok(()),
            other => Err(other.map_or(self.text.len(), |(place, _)| place)),
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.letters.next_if(|(_, letter)| *letter == wanted).is_some()
    }

    fn next(&mut self) -> Option<(usize, char)> {
        self.skip_space();
        self.letters.next()
    }

    fn skip_space(&mut self) {
        while self.letters.next_if(|(_, letter)| matches!(letter, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, read};

    /// The same, read by a general library.
    fn reference(value: &serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Bool(*flag),
            serde_json::Value::Number(number) => Value::Number(number.to_string()),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(values) => Value::Array(values.iter().map(reference).collect()),
            serde_json::Value::Object(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), reference(value))).collect())
            }
        }
    }

    #[test]
    fn reads_what_a_general_library_reads() {
        for text in [
            "{}",
            " [ ] ",
            "null",
            r#"{"a": 1, "b": [true, false, null], "c": {"d": "e"}}"#,
            r#"{"number": -12.5, "text": "q\"u\\o\/t\n\t\r\b\f"}"#,
            r#""\u00e9\ud83d\ude00 é 😀""#,
        ] {
            let expected = serde_json::from_str(text).expect("the sample is JSON");
            assert_eq!(read(text), Ok(reference(&expected)), "{text}");
        }
    }

    #[test]
    fn says_where_it_stops_being_json() {
        for (text, place) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("{\"a\" 1}", 5),
            ("{} x", 3),
            ("tru", 3),
            ("\"a", 2),
            ("\"\\x\"", 1),
            ("\"\\ud800\"", 1),
            ("?", 0),
        ] {
            assert_eq!(read(text), Err(place), "{text}");
        }
    }

    #[test]
    fn is_not_deeper_than_it_can_bear() {
        let text = "[".repeat(100_000);
        assert_eq!(read(&text), Err(super::DEPTH_MAX + 1));
    }
}
