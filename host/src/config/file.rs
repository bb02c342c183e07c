//! One configuration file: its keys, checked one by one, with the place of each.
//!
//! A file may leave out anything. What is missing after all files were laid over each
//! other is for the parent module to fill in or to refuse.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Probe, limit};
use crate::problem::{InputError, line_column};
use crate::record::pattern::Pattern;
use crate::record::redact::text_pattern;
use crate::uri::Uri;

#[derive(Debug, Default)]
pub struct Layer {
    pub state_folder: Option<PathBuf>,
    pub plugin_folders: Option<Vec<PathBuf>>,
    pub policy: Option<PathBuf>,
    pub destination_timeout_s: Option<u64>,
    /// `Some(None)`: the file says "unlimited".
    pub bandwidth_mib_s_max: Option<Option<u64>>,
    pub downtime_ms_max: Option<u64>,
    pub connect_timeout_s: Option<u64>,
    pub probe: Option<Probe>,
    pub record: RecordLayer,
    pub nodes: Vec<NodeLayer>,
}

/// The table `[record]`.
#[derive(Debug, Default)]
pub struct RecordLayer {
    pub keep_days: Option<u32>,
    pub keep_max: Option<u32>,
    pub keep_plugins: Option<bool>,
    pub redact: Vec<String>,
    pub redact_text: Vec<String>,
}

#[derive(Debug)]
pub struct NodeLayer {
    pub name: String,
    pub uri: Option<String>,
    pub address: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub maintenance: Option<bool>,
    /// For an error that shows only when all files are known.
    pub place: (PathBuf, usize, usize),
}

const KEYS: &[&str] = &[
    "state_folder",
    "plugin_folders",
    "policy",
    "destination_timeout",
    "max_bandwidth",
    "downtime",
    "connect_timeout_s",
    "probe",
    "record",
    "node",
];
const RECORD_KEYS: &[&str] = &["keep_days", "keep_max", "keep_plugins", "redact", "redact_text"];
const NODE_KEYS: &[&str] = &["name", "uri", "address", "labels", "maintenance"];

pub fn parse(path: &Path, text: &str) -> Result<Layer, InputError> {
    let source = Source { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        source.error(
            error.span().unwrap_or_default(),
            "toml-invalid",
            format!("no valid TOML: {}", error.message()),
        )
    })?;
    let top = Section { source, table: table.get_ref() };
    top.only(KEYS)?;
    let mut nodes: Vec<NodeLayer> = Vec::new();
    for section in top.sections("node")? {
        let node = parse_node(&section.0, section.1)?;
        if nodes.iter().any(|other| other.name == node.name) {
            let (file, line, column) = node.place;
            return Err(InputError::new("duplicate-node", format!("node {:?} is named twice", node.name))
                .at(file, line, column)
                .hint("give each [[node]] a name of its own"));
        }
        nodes.push(node);
    }
    Ok(Layer {
        state_folder: top.path("state_folder")?,
        plugin_folders: top.paths("plugin_folders")?,
        policy: top.path("policy")?,
        destination_timeout_s: top.number("destination_timeout", limit::destination_timeout)?,
        bandwidth_mib_s_max: top.bandwidth("max_bandwidth")?,
        downtime_ms_max: top.number("downtime", limit::downtime)?,
        connect_timeout_s: top.number("connect_timeout_s", connect_timeout)?,
        probe: top.probe("probe")?,
        record: top.section("record")?.map_or_else(|| Ok(RecordLayer::default()), parse_record)?,
        nodes,
    })
}

/// A pattern that cannot be read is an error here: nothing is recorded without it.
fn parse_record(section: Section<'_>) -> Result<RecordLayer, InputError> {
    section.only(RECORD_KEYS)?;
    Ok(RecordLayer {
        keep_days: section.count("keep_days", 36_500)?,
        keep_max: section.count("keep_max", 10_000_000)?,
        keep_plugins: section.flag("keep_plugins")?,
        redact: section.texts("redact", |text| Pattern::parse(text).map(|_| ()))?,
        redact_text: section.texts("redact_text", |text| text_pattern(text).map(|_| ()))?,
    })
}

fn parse_node(section: &Section<'_>, span: Range<usize>) -> Result<NodeLayer, InputError> {
    section.only(NODE_KEYS)?;
    let missing = || {
        section
            .source
            .error(span.clone(), "node-without-name", "a [[node]] has no name")
            .hint("write name = \"node1\" below [[node]]")
    };
    let (name, name_span) = section.text("name")?.ok_or_else(missing)?;
    let bad = |span: Range<usize>, code, text| section.source.error(span, code, text);
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
        return Err(bad(name_span, "node-name-invalid", "a node's name is no word")
            .found(format!("{name:?}"))
            .expected("a name without spaces and slashes"));
    }
    let uri = section.text("uri")?;
    if let Some((uri, span)) = &uri {
        Uri::parse(uri).map_err(|error| section.source.place(span.clone(), error))?;
    }
    let address = section.text("address")?;
    if let Some((address, span)) = &address
        && (address.is_empty() || address.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/'))
    {
        return Err(bad(span.clone(), "address-invalid", "a node's address is no host name")
            .found(format!("{address:?}"))
            .expected("a host name or an IP address")
            .hint("leave it out to use the host of `uri`"));
    }
    let (line, column) = line_column(section.source.text, span.start);
    Ok(NodeLayer {
        name,
        uri: uri.map(|(uri, _)| uri),
        address: address.map(|(address, _)| address),
        labels: section.labels("labels")?,
        maintenance: section.flag("maintenance")?,
        place: (section.source.path.to_owned(), line, column),
    })
}

fn connect_timeout(seconds: i64) -> Result<u64, InputError> {
    u64::try_from(seconds).ok().filter(|seconds| (1..=300).contains(seconds)).ok_or_else(|| {
        InputError::new("connect-timeout-out-of-range", "the connect timeout is out of range")
            .found(format!("{seconds} s"))
            .expected("1 to 300 seconds")
    })
}

#[derive(Clone, Copy)]
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn error(self, span: Range<usize>, code: &'static str, text: impl Into<String>) -> InputError {
        self.place(span, InputError::new(code, text))
    }

    fn place(self, span: Range<usize>, error: InputError) -> InputError {
        let (line, column) = line_column(self.text, span.start);
        error.at(self.path, line, column)
    }

    fn wrong_type(self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> InputError {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("the text {text:?}"),
            DeValue::Integer(number) => format!("the number {number}"),
            DeValue::Boolean(flag) => flag.to_string(),
            other => format!("a value of type {}", other.type_str()),
        };
        self.error(value.span(), "wrong-type", format!("`{key}` has the wrong type"))
            .found(found)
            .expected(expected)
    }
}

struct Section<'a> {
    source: Source<'a>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// No other keys than these.
    fn only(&self, known: &[&'static str]) -> Result<(), InputError> {
        let unknown = self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(first) = unknown.min_by_key(|key| key.span().start) else { return Ok(()) };
        let word = first.get_ref();
        Err(self
            .source
            .error(first.span(), "unknown-key", "unknown key")
            .found(format!("`{word}`"))
            .expected(format!("one of {}", known.join(", ")))
            .hint_nearest(word, known.iter().copied()))
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn sections(&self, key: &str) -> Result<Vec<(Section<'a>, Range<usize>)>, InputError> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let expected = "tables: a line [[node]], then its keys";
        let array = value.get_ref().as_array().ok_or_else(|| self.source.wrong_type(key, value, expected))?;
        let section = |item: &'a Spanned<DeValue<'a>>| match item.get_ref().as_table() {
            Some(table) => Ok((Section { source: self.source, table }, item.span())),
            None => Err(self.source.wrong_type(key, item, expected)),
        };
        array.iter().map(section).collect()
    }

    fn text(&self, key: &str) -> Result<Option<(String, Range<usize>)>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some((text.to_owned(), value.span()))),
            None => Err(self.source.wrong_type(key, value, "a text in quotes")),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let flag = value.get_ref().as_bool();
        flag.map(Some).ok_or_else(|| self.source.wrong_type(key, value, "true or false"))
    }

    fn number(
        &self,
        key: &str,
        check: impl Fn(i64) -> Result<u64, InputError>,
    ) -> Result<Option<u64>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number =
            integer(value).ok_or_else(|| self.source.wrong_type(key, value, "a whole number below 2^63"))?;
        check(number).map(Some).map_err(|error| self.source.place(value.span(), error))
    }

    fn section(&self, key: &str) -> Result<Option<Section<'a>>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_table() {
            Some(table) => Ok(Some(Section { source: self.source, table })),
            None => {
                Err(self.source.wrong_type(key, value, &format!("a table: a line [{key}], then its keys")))
            }
        }
    }

    /// A number of things, at least one.
    fn count(&self, key: &str, most: u32) -> Result<Option<u32>, InputError> {
        let in_range = |number: i64| {
            u64::try_from(number).ok().filter(|number| (1..=u64::from(most)).contains(number)).ok_or_else(
                || {
                    InputError::new("out-of-range", format!("`{key}` is out of range"))
                        .found(number.to_string())
                        .expected(format!("1 to {most}"))
                },
            )
        };
        let number = self.number(key, in_range)?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    fn texts(
        &self,
        key: &str,
        check: impl Fn(&str) -> Result<(), InputError>,
    ) -> Result<Vec<String>, InputError> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let expected = "a list of texts";
        let array = value.get_ref().as_array().ok_or_else(|| self.source.wrong_type(key, value, expected))?;
        let text = |item: &Spanned<DeValue<'_>>| {
            let text = item.get_ref().as_str();
            let text = text.ok_or_else(|| self.source.wrong_type(key, item, expected))?;
            check(text).map_err(|error| self.source.place(item.span(), error))?;
            Ok(text.to_owned())
        };
        array.iter().map(text).collect()
    }

    fn bandwidth(&self, key: &str) -> Result<Option<Option<u64>>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let read = match (integer(value), value.get_ref().as_str()) {
            (Some(number), _) => limit::bandwidth(number).map(Some),
            (None, Some(text)) => limit::bandwidth_text(text),
            (None, None) => {
                let expected = "a whole number of MiB/s, or \"unlimited\"";
                return Err(self.source.wrong_type(key, value, expected));
            }
        };
        read.map(Some).map_err(|error| self.source.place(value.span(), error))
    }

    fn probe(&self, key: &str) -> Result<Option<Probe>, InputError> {
        let Some((word, span)) = self.text(key)? else { return Ok(None) };
        word.parse().map(Some).map_err(|error| self.source.place(span, error))
    }

    fn path(&self, key: &str) -> Result<Option<PathBuf>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        self.one_path(key, value).map(Some)
    }

    fn paths(&self, key: &str) -> Result<Option<Vec<PathBuf>>, InputError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let expected = "a list of paths: [\"plugins\", \"/usr/lib/wayleave/plugins\"]";
        let array = value.get_ref().as_array().ok_or_else(|| self.source.wrong_type(key, value, expected))?;
        array.iter().map(|item| self.one_path(key, item)).collect::<Result<_, _>>().map(Some)
    }

    /// A path, from the folder of the file that names it.
    fn one_path(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<PathBuf, InputError> {
        let text = value.get_ref().as_str();
        let text = text.ok_or_else(|| self.source.wrong_type(key, value, "a path in quotes"))?;
        if text.is_empty() || text.starts_with('~') {
            return Err(self
                .source
                .error(value.span(), "path-invalid", format!("`{key}` is no usable path"))
                .found(format!("{text:?}"))
                .expected("an absolute path, or one from the folder of this file")
                .hint("`~` is not expanded here: write the folder out"));
        }
        Ok(self.source.path.parent().unwrap_or(Path::new("")).join(text))
    }

    fn labels(&self, key: &str) -> Result<BTreeMap<String, String>, InputError> {
        let Some(value) = self.get(key) else { return Ok(BTreeMap::new()) };
        let expected = "labels: { rack = \"r1\", ssd = \"yes\" }";
        let table = value.get_ref().as_table().ok_or_else(|| self.source.wrong_type(key, value, expected))?;
        let label = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            match value.get_ref().as_str() {
                Some(text) => Ok((name.to_string(), text.to_owned())),
                None => Err(self.source.wrong_type(name, value, "a text in quotes")),
            }
        };
        table.iter().map(label).collect()
    }
}

fn integer(value: &Spanned<DeValue<'_>>) -> Option<i64> {
    let integer = value.get_ref().as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
