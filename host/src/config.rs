//! The configuration: nodes, folders, policy and the defaults of a move, from TOML.
//!
//! `--config FILE` is read alone. Without it `/etc/wayleave/wayleave.toml` is read, then
//! `wayleave.toml` of the user's own folder, which overrides it key by key; nodes of one
//! name are laid over each other the same way. No file at all is a configuration too.
//! Paths in a file start at its folder. Nothing here connects, or makes a folder.

pub mod limit;

mod file;
mod places;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use self::file::{Layer, NodeLayer, RecordLayer};
pub use self::places::Places;
use crate::model::node::NodeEntry;
use crate::model::order::Limits;
use crate::model::record::Keep;
pub use crate::model::snapshot::Probe;
use crate::problem::InputError;
use crate::uri::Uri;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    pub state_folder: PathBuf,
    pub plugin_folders: Vec<PathBuf>,
    pub policy: PathBuf,
    pub limits: Limits,
    /// Longest wait for a daemon to answer.
    pub connect_timeout_s: u64,
    pub probe: Probe,
    pub record: Record,
    /// In the order of the files.
    pub nodes: Vec<NodeEntry>,
}

/// How decisions are recorded: how long, and without what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    pub keep: Keep,
    /// Paths of facts, and patterns over values: both were checked.
    pub redact: Vec<String>,
    pub redact_text: Vec<String>,
}

impl FromStr for Probe {
    type Err = InputError;

    fn from_str(word: &str) -> Result<Self, InputError> {
        match word {
            "finalists" => Ok(Self::Finalists),
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            _ => Err(InputError::new("probe-unknown", "which pairs to probe cannot be read")
                .found(format!("{word:?}"))
                .expected("\"finalists\", \"all\" or \"none\"")
                .hint_nearest(word, ["finalists", "all", "none"])),
        }
    }
}

impl Config {
    /// The file alone, or what `places` has.
    pub fn load(file: Option<&Path>, places: &Places) -> Result<Self, InputError> {
        let mut layers = Vec::new();
        let mut files = Vec::new();
        let wanted = file.map_or_else(|| places.files(), |file| vec![file.to_owned()]);
        for path in wanted {
            match std::fs::read(&path) {
                Ok(bytes) => layers.push(file::parse(&path, &text_of(&path, bytes)?)?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => continue,
                Err(error) => {
                    return Err(InputError::new(
                        "config-unreadable",
                        format!("the configuration cannot be read: {error}"),
                    )
                    .in_file(path));
                }
            }
            files.push(path);
        }
        Self::laid_over(layers, files, places)
    }

    fn laid_over(layers: Vec<Layer>, files: Vec<PathBuf>, places: &Places) -> Result<Self, InputError> {
        let mut all = Layer::default();
        for layer in layers {
            for node in layer.nodes {
                lay_node(&mut all.nodes, node);
            }
            all = Layer {
                state_folder: layer.state_folder.or(all.state_folder),
                plugin_folders: layer.plugin_folders.or(all.plugin_folders),
                policy: layer.policy.or(all.policy),
                destination_timeout_s: layer.destination_timeout_s.or(all.destination_timeout_s),
                bandwidth_mib_s_max: layer.bandwidth_mib_s_max.or(all.bandwidth_mib_s_max),
                downtime_ms_max: layer.downtime_ms_max.or(all.downtime_ms_max),
                connect_timeout_s: layer.connect_timeout_s.or(all.connect_timeout_s),
                probe: layer.probe.or(all.probe),
                record: lay_record(layer.record, all.record),
                nodes: all.nodes,
            };
        }
        Ok(Self {
            files,
            state_folder: all.state_folder.unwrap_or_else(|| places.state_folder()),
            plugin_folders: all.plugin_folders.unwrap_or_else(|| places.plugin_folders()),
            policy: all.policy.unwrap_or_else(|| places.policy()),
            limits: Limits {
                destination_timeout_s: all.destination_timeout_s.unwrap_or(limit::DESTINATION_TIMEOUT_S),
                bandwidth_mib_s_max: all.bandwidth_mib_s_max.flatten(),
                downtime_ms_max: all.downtime_ms_max.unwrap_or(limit::DOWNTIME_MS),
            },
            connect_timeout_s: all.connect_timeout_s.unwrap_or(5),
            probe: all.probe.unwrap_or_default(),
            record: kept(all.record),
            nodes: all.nodes.into_iter().map(complete).collect::<Result<_, _>>()?,
        })
    }

    pub fn node(&self, name: &str) -> Option<&NodeEntry> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The node that a person means: by its name here, or by a connection URI.
    pub fn resolve(&self, word: &str) -> Result<NodeEntry, InputError> {
        if let Some(node) = self.nodes.iter().find(|node| node.name == word || node.uri == word) {
            return Ok(node.clone());
        }
        if !word.contains("://") {
            let names = || self.nodes.iter().map(|node| node.name.as_str());
            let expected = match names().collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "a connection URI (no nodes are configured)".to_owned(),
                names => format!("one of {names}, or a connection URI"),
            };
            return Err(InputError::new("unknown-node", "no such node")
                .found(format!("{word:?}"))
                .expected(expected)
                .hint(
                    "add it as [[node]] to the configuration, or write a URI such as qemu+tcp://node2/system",
                )
                .hint_nearest(word, names()));
        }
        let host = Uri::parse(word)?.host.unwrap_or("localhost");
        let name = if self.node(host).is_some() { word } else { host };
        Ok(NodeEntry {
            name: name.to_owned(),
            uri: word.to_owned(),
            address: None,
            labels: Default::default(),
            maintenance: false,
        })
    }
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, InputError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let (line, column) = crate::problem::line_column(&text, valid);
        InputError::new("config-not-utf8", "the configuration is no UTF-8 text").at(path, line, column)
    })
}

/// What one file redacts no other file takes back.
fn lay_record(over: RecordLayer, under: RecordLayer) -> RecordLayer {
    RecordLayer {
        keep_days: over.keep_days.or(under.keep_days),
        keep_max: over.keep_max.or(under.keep_max),
        keep_plugins: over.keep_plugins.or(under.keep_plugins),
        redact: [under.redact, over.redact].concat(),
        redact_text: [under.redact_text, over.redact_text].concat(),
    }
}

fn kept(layer: RecordLayer) -> Record {
    let keep = Keep::default();
    Record {
        keep: Keep {
            days: layer.keep_days.unwrap_or(keep.days),
            records: layer.keep_max.unwrap_or(keep.records),
            plugins: layer.keep_plugins.unwrap_or(keep.plugins),
        },
        redact: layer.redact,
        redact_text: layer.redact_text,
    }
}

fn lay_node(nodes: &mut Vec<NodeLayer>, over: NodeLayer) {
    let Some(under) = nodes.iter_mut().find(|node| node.name == over.name) else {
        nodes.push(over);
        return;
    };
    under.uri = over.uri.or(under.uri.take());
    under.address = over.address.or(under.address.take());
    under.labels.extend(over.labels);
    under.maintenance = over.maintenance.or(under.maintenance);
    under.place = over.place;
}

fn complete(node: NodeLayer) -> Result<NodeEntry, InputError> {
    let (file, line, column) = node.place;
    let Some(uri) = node.uri else {
        return Err(InputError::new("node-without-uri", format!("node {:?} has no uri", node.name))
            .at(file, line, column)
            .hint("write uri = \"qemu+tcp://node2/system\" below its [[node]]"));
    };
    Ok(NodeEntry {
        name: node.name,
        uri,
        address: node.address,
        labels: node.labels,
        maintenance: node.maintenance.unwrap_or(false),
    })
}
