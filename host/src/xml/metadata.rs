//! Labels: ours from `<metadata>`, everyone else's flattened, and whether there are raw
//! arguments.
//!
//! | in the XML | label |
//! |---|---|
//! | `<w:label key="tier" value="gold"/>` in our `<w:labels>` | `tier` = `gold` |
//! | `<nova:instance><nova:name>web</nova:name></nova:instance>` | `nova:instance/name` = `web` |
//! | `<libosinfo:libosinfo><libosinfo:os id="x"/></libosinfo:libosinfo>` | `libosinfo:libosinfo/os@id` = `x` |
//! | the second `<nova:port>` in its parent | `.../port[2]` |
//! | `<instance xmlns="...">` (no prefix) | `:instance` |
//! | `<qemu:commandline>` with three arguments and variables | `qemu:commandline` = `3` |
//!
//! Ours are kept whole and win where a key occurs twice. Of foreign ones at most
//! `limits::FOREIGN_LABELS` are kept, in document order, none deeper than
//! `FOREIGN_DEPTH`, none from further down a parent's children than that number; a key
//! or value that is too long is left out, never cut.

use std::collections::{BTreeMap, HashMap};

use tracing::debug;

use super::element::Element;
use super::error::XmlError;
use super::{LABELS_NAMESPACE, limits};

/// Elements by which a definition hands raw arguments to a hypervisor past libvirt.
const COMMAND_LINES: [(&str, &str); 3] = [
    ("http://libvirt.org/schemas/domain/qemu/1.0", "qemu:commandline"),
    ("http://libvirt.org/schemas/domain/xen/1.0", "xen:commandline"),
    ("http://libvirt.org/schemas/domain/bhyve/1.0", "bhyve:commandline"),
];

pub(super) fn labels(root: Element<'_>) -> Result<BTreeMap<String, String>, XmlError> {
    let mut labels = BTreeMap::new();
    if let Some(metadata) = root.child("metadata") {
        labels = foreign(metadata);
        labels.extend(ours(metadata)?);
    }
    for element in root.elements().filter(|element| element.name() == "commandline") {
        let known = COMMAND_LINES.iter().find(|(namespace, _)| element.namespace() == Some(namespace));
        if let Some((_, key)) = known {
            labels.insert((*key).to_owned(), element.elements().count().to_string());
        }
    }
    Ok(labels)
}

fn ours(metadata: Element<'_>) -> Result<BTreeMap<String, String>, XmlError> {
    let is_ours = |element: &Element<'_>| element.namespace() == Some(LABELS_NAMESPACE);
    let mut labels = BTreeMap::new();
    for list in metadata.elements().filter(is_ours).filter(|element| element.name() == "labels") {
        for label in list.elements().filter(is_ours).filter(|element| element.name() == "label") {
            let key = label.said("key").ok_or_else(|| label.missing("`key`"))?;
            let value = label.attribute("value").unwrap_or_default().to_owned();
            if labels.insert(key.clone(), value).is_some() {
                return Err(label.bad_attribute("key", &key, "each key once"));
            }
        }
    }
    Ok(labels)
}

#[derive(Default)]
struct Flattened {
    labels: BTreeMap<String, String>,
    left_out: usize,
}

impl Flattened {
    fn put(&mut self, key: String, value: &str) {
        let fits = self.labels.len() < limits::FOREIGN_LABELS
            && key.len() <= limits::FOREIGN_KEY_BYTES
            && value.len() <= limits::FOREIGN_VALUE_BYTES;
        if fits {
            self.labels.insert(key, value.to_owned());
        } else {
            self.left_out += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.labels.len() >= limits::FOREIGN_LABELS
    }
}

/// One element to flatten: the key that it has, and how deep it is.
type Step<'a> = (Element<'a>, String, usize);

fn foreign(metadata: Element<'_>) -> BTreeMap<String, String> {
    let mut flattened = Flattened::default();
    let mut steps: Vec<Step<'_>> = Vec::new();
    let theirs = metadata.elements().filter(|element| element.namespace() != Some(LABELS_NAMESPACE));
    descend(&mut steps, "", None, theirs, 1);

    while let Some((element, key, depth)) = steps.pop() {
        if flattened.is_full() {
            flattened.left_out += 1 + steps.len();
            break;
        }
        for (name, value) in element.attributes() {
            flattened.put(format!("{key}@{name}"), value);
        }
        let content = element.content();
        let is_empty = element.elements().next().is_none() && element.attributes().next().is_none();
        if !content.is_empty() || is_empty {
            flattened.put(key.clone(), &content);
        }
        if depth < limits::FOREIGN_DEPTH && key.len() <= limits::FOREIGN_KEY_BYTES {
            descend(&mut steps, &key, Some(element.prefix()), element.elements(), depth + 1);
        } else {
            flattened.left_out += element.elements().count();
        }
    }
    if flattened.left_out > 0 {
        debug!(left_out = flattened.left_out, kept = flattened.labels.len(), "foreign metadata left out");
    }
    flattened.labels
}

/// Adds the children as the next steps, the first on top. One more than the limit, so
/// that there is something to be left out and told of.
fn descend<'a>(
    steps: &mut Vec<Step<'a>>,
    key: &str,
    prefix: Option<&str>,
    children: impl Iterator<Item = Element<'a>>,
    depth: usize,
) {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    let first = steps.len();
    for child in children.take(limits::FOREIGN_LABELS + 1) {
        let nth = seen.entry((child.prefix(), child.name())).or_default();
        *nth += 1;
        let mut name = child.name().to_owned();
        if prefix != Some(child.prefix()) {
            name = format!("{}:{name}", child.prefix());
        }
        if *nth > 1 {
            name = format!("{name}[{nth}]");
        }
        let path = if key.is_empty() { name } else { format!("{key}/{name}") };
        steps.push((child, path, depth));
    }
    steps[first..].reverse();
}
