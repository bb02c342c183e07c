//! Hypervisor parameters that a user may add to a move, by libvirt's own names.
//!
//! The whole truth about them is the two tables: what a tunnelled move takes, and what it
//! cannot take and why. No daemon is asked and libvirt need not be there: what cannot work
//! is refused before anything begins.

use thiserror::Error;

use crate::model::order::{Parameter, ParameterValue};

#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("parameter `{name}`: found {found}, expected {expected}")]
pub struct ParameterError {
    /// `no-support` or `bad-value`.
    pub code: &'static str,
    pub name: String,
    pub found: String,
    pub expected: String,
    pub hint: Option<String>,
}

impl ParameterError {
    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// A parameter that a tunnelled move takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of libvirt's flags: `true` or `false`; no text is `true`.
    Flag,
    Int {
        min: i32,
        max: i32,
    },
    Ullong {
        min: u64,
    },
    Text,
    OneOf(&'static [&'static str]),
}

/// A parameter of libvirt that a tunnelled move cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub name: &'static str,
    pub why: &'static str,
}

/// Sorted by name.
pub const KNOWN: [Known; 10] = [
    known("abort_on_error", Kind::Flag, "end the move when the guest's disks fail during it"),
    known("auto_converge", Kind::Flag, "slow the guest down until the move can end"),
    known("auto_converge.increment", Kind::Int { min: 1, max: 99 }, "by how many percent more at a time"),
    known("auto_converge.initial", Kind::Int { min: 1, max: 99 }, "by how many percent at first"),
    known("change_protection", Kind::Flag, "let nobody change the domain's definition during the move"),
    known("compressed", Kind::Flag, "compress memory that is sent again"),
    known("compression", Kind::OneOf(&["xbzrle"]), "how to compress it"),
    known("compression.xbzrle.cache", Kind::Ullong { min: 4096 }, "bytes for the compression's cache"),
    known("graphics_uri", Kind::Text, "where a graphical console is to connect after the move"),
    known("unsafe", Kind::Flag, "move although the disks' caches could lose data"),
];

const OURS: &str = "every move has it already, or must not have it";
const NOT_JUDGED: &str = "the rules judged the domain as it is, not as another definition has it";
const PARALLEL: &str = "a tunnel is one stream, so there are no parallel connections";
const NO_COPY: &str = "a tunnelled move copies no disks: they must be on shared storage";
const NO_POST_COPY: &str = "a tunnel carries memory in one direction only, so there is no post-copy";
const NO_DATA_PORT: &str = "the data goes through the daemons' own connection, so there is no data port";
const NO_MT: &str = "QEMU has given up compression by threads; use xbzrle";
const NO_TLS: &str = "a tunnel is encrypted by the daemons' connection: use a qemu+tls URI";

/// Sorted by name.
pub const REFUSED: [Refused; 38] = [
    refused("bandwidth", "it is a setting of its own: `max_bandwidth`, in MiB/s"),
    refused("bandwidth.avail.switchover", "libvirt does not take it in a tunnelled move"),
    refused("bandwidth.postcopy", NO_POST_COPY),
    refused("compression.mt.dthreads", NO_MT),
    refused("compression.mt.level", NO_MT),
    refused("compression.mt.threads", NO_MT),
    refused("compression.zlib.level", PARALLEL),
    refused("compression.zstd.level", PARALLEL),
    refused("destination_name", "it is a setting of its own: the name at the destination"),
    refused("destination_xml", NOT_JUDGED),
    refused("disks_port", NO_COPY),
    refused("disks_uri", NO_COPY),
    refused("listen_address", NO_DATA_PORT),
    refused("live", OURS),
    refused("migrate_disks", NO_COPY),
    refused("migrate_disks_detect_zeroes", NO_COPY),
    refused("migrate_disks_target_zero", NO_COPY),
    refused("migrate_uri", NO_DATA_PORT),
    refused("non_shared_disk", NO_COPY),
    refused("non_shared_inc", NO_COPY),
    refused("non_shared_synchronous_writes", NO_COPY),
    refused("offline", "only a live domain is moved, and a tunnel carries no other"),
    refused("parallel", PARALLEL),
    refused("parallel.connections", PARALLEL),
    refused("paused", "a domain ends as it began: running or paused"),
    refused("peer2peer", OURS),
    refused("persist_dest", OURS),
    refused("persistent_xml", NOT_JUDGED),
    refused("postcopy", NO_POST_COPY),
    refused("postcopy_resume", NO_POST_COPY),
    refused("rdma", NO_DATA_PORT),
    refused("rdma_pin_all", NO_DATA_PORT),
    refused("timeout", "it is a setting of its own: the longest that a move may take"),
    refused("tls", NO_TLS),
    refused("tls.destination", NO_TLS),
    refused("tunnelled", OURS),
    refused("undefine_source", OURS),
    refused("zerocopy", PARALLEL),
];

const fn known(name: &'static str, kind: Kind, about: &'static str) -> Known {
    Known { name, kind, about }
}

const fn refused(name: &'static str, why: &'static str) -> Refused {
    Refused { name, why }
}

/// One parameter of a user, ready for an order.
pub fn parse(name: &str, text: &str) -> Result<Parameter, ParameterError> {
    if let Some(refused) = REFUSED.iter().find(|refused| refused.name == name) {
        return Err(ParameterError {
            code: "no-support",
            name: name.to_owned(),
            found: "a parameter that a tunnelled move cannot take".into(),
            expected: one_of(KNOWN.iter().map(|known| known.name)),
            hint: Some(refused.why.to_owned()),
        });
    }
    let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
        return Err(unknown(name));
    };
    let value = value(known.kind, text).ok_or_else(|| ParameterError {
        code: "bad-value",
        name: name.to_owned(),
        found: shown(text),
        expected: known.kind.expected(),
        hint: Some(format!("`{name}`: {}", known.about)),
    })?;
    Ok(Parameter { name: name.to_owned(), value })
}

fn unknown(name: &str) -> ParameterError {
    ParameterError {
        code: "no-support",
        name: name.to_owned(),
        found: "an unknown parameter".into(),
        expected: one_of(KNOWN.iter().map(|known| known.name)),
        hint: nearest(name).map(|nearest| format!("did you mean `{nearest}`?")),
    }
}

fn value(kind: Kind, text: &str) -> Option<ParameterValue> {
    let has_content = !text.trim().is_empty() && !text.contains('\0');
    match kind {
        Kind::Flag => match text.trim() {
            "" | "true" | "yes" | "on" | "1" => Some(ParameterValue::Flag(true)),
            "false" | "no" | "off" | "0" => Some(ParameterValue::Flag(false)),
            _ => None,
        },
        Kind::Int { min, max } => {
            let number = text.trim().parse().ok().filter(|number| (min..=max).contains(number));
            number.map(ParameterValue::Int)
        }
        Kind::Ullong { min } => {
            text.trim().parse().ok().filter(|number| *number >= min).map(ParameterValue::Ullong)
        }
        Kind::Text => has_content.then(|| ParameterValue::Text(text.to_owned())),
        Kind::OneOf(words) => {
            let word = words.iter().find(|word| **word == text.trim());
            word.map(|word| ParameterValue::Text((*word).to_owned()))
        }
    }
}

impl Kind {
    fn expected(self) -> String {
        match self {
            Self::Flag => "`true` or `false`".into(),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::Ullong { min } => format!("a whole number, at least {min}"),
            Self::Text => "a text that is not empty".into(),
            Self::OneOf(words) => one_of(words.iter().copied()),
        }
    }
}

fn one_of(words: impl Iterator<Item = &'static str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A value as it was found; a long one, such as a definition, only by its beginning.
fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let beginning: String = text.chars().take(CHARACTERS_MAX).collect();
    if beginning.len() < text.len() { format!("`{beginning}...`") } else { format!("`{beginning}`") }
}

fn nearest(name: &str) -> Option<&'static str> {
    crate::problem::nearest(name, KNOWN.iter().map(|known| known.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_do_not_meet() {
        assert!(KNOWN.is_sorted_by(|a, b| a.name < b.name));
        assert!(REFUSED.is_sorted_by(|a, b| a.name < b.name));
        assert!(KNOWN.iter().all(|known| REFUSED.iter().all(|refused| refused.name != known.name)));
    }

    #[test]
    fn values_become_what_libvirt_takes() {
        let value = |name, text| parse(name, text).map(|parameter| parameter.value);
        assert_eq!(value("auto_converge", ""), Ok(ParameterValue::Flag(true)));
        assert_eq!(value("unsafe", "no"), Ok(ParameterValue::Flag(false)));
        assert_eq!(value("auto_converge.initial", " 30 "), Ok(ParameterValue::Int(30)));
        assert_eq!(value("compression.xbzrle.cache", "67108864"), Ok(ParameterValue::Ullong(67_108_864)));
        assert_eq!(value("compression", "xbzrle"), Ok(ParameterValue::Text("xbzrle".into())));
    }

    #[test]
    fn what_a_tunnel_cannot_carry_is_refused_with_the_reason() {
        for refused in REFUSED {
            let error = parse(refused.name, "1").expect_err("refused");
            assert_eq!((error.code, error.hint()), ("no-support", Some(refused.why)), "{}", refused.name);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = parse("autoconverge", "true").expect_err("refused");
        assert_eq!(error.code, "no-support");
        assert_eq!(error.hint(), Some("did you mean `auto_converge`?"));
        assert!(parse("", "").expect_err("refused").to_string().contains("unknown"));
    }

    #[test]
    fn a_bad_value_says_what_is_expected() {
        for (name, text) in [
            ("auto_converge", "maybe"),
            ("auto_converge.initial", "100"),
            ("auto_converge.initial", "-1"),
            ("compression.xbzrle.cache", "0"),
            ("compression", "mt"),
            ("graphics_uri", " "),
            ("graphics_uri", "a\0b"),
        ] {
            assert_eq!(parse(name, text).expect_err("refused").code, "bad-value", "{name}");
        }
        let error = parse("auto_converge.initial", "many").expect_err("refused");
        assert_eq!(
            error.to_string(),
            "parameter `auto_converge.initial`: found `many`, expected a whole number from 1 to 99"
        );
    }
}
