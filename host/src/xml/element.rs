//! Reading an XML text element by element: the only file that knows the parser.
//!
//! Names without a prefix mean elements and attributes without a namespace, as in
//! libvirt: `<x:memory>` is never mistaken for `<memory>`.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;
use std::str::FromStr;

use roxmltree::{Document, Node, ParsingOptions};

use super::error::{Place, XmlError, clip};
use super::{limits, values};

/// A parsed text, and how many set members it may still have.
pub(super) struct Source<'t> {
    document: Document<'t>,
    members_left: Cell<usize>,
}

impl<'t> Source<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, XmlError> {
        within_limits(text)?;
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: limits::NODES, ..ParsingOptions::default() };
        let document =
            Document::parse_with_options(text, options).map_err(|error| not_parsed(text, error))?;
        Ok(Self { document, members_left: Cell::new(limits::SET_MEMBERS) })
    }

    /// The root element, which must have this name and no namespace.
    pub(super) fn root<'a>(&'a self, expected: &'static str) -> Result<Element<'a>, XmlError> {
        let root = Element { node: self.document.root_element(), members_left: &self.members_left };
        if root.is(expected) {
            return Ok(root);
        }
        let found = match root.namespace() {
            Some(namespace) => format!("{} xmlns=\"{namespace}\"", root.name()),
            None => root.name().to_owned(),
        };
        Err(XmlError::Root { place: root.place(), found: clip(&found), expected })
    }
}

/// What the parser itself does not bound, or bounds too late.
fn within_limits(text: &str) -> Result<(), XmlError> {
    let too_much = |place, what, limit| Err(XmlError::TooMuch { place, what, limit });
    if text.len() > limits::TEXT_BYTES {
        return too_much(Place { line: 1, column: 1 }, "bytes of XML", limits::TEXT_BYTES);
    }
    if let Some((offset, _)) = text.match_indices("xmlns").nth(limits::NAMESPACES) {
        return too_much(Place::at_offset(text, offset), "namespace declarations", limits::NAMESPACES);
    }
    let mut offset = 0;
    for piece in text.split_inclusive('<') {
        if piece.bytes().filter(|byte| *byte == b'=').count() > limits::ATTRIBUTES {
            return too_much(Place::at_offset(text, offset), "attributes", limits::ATTRIBUTES);
        }
        offset += piece.len();
    }
    Ok(())
}

fn not_parsed(text: &str, error: roxmltree::Error) -> XmlError {
    use roxmltree::Error::{
        DtdDetected, NoRootNode, NodesLimitReached, UnclosedRootNode, UnexpectedEndOfStream,
    };
    match error {
        DtdDetected => {
            let place = Place::at_offset(text, text.find("<!DOCTYPE").unwrap_or_default());
            XmlError::DocType { place }
        }
        NodesLimitReached => XmlError::TooMuch {
            place: Place { line: 1, column: 1 },
            what: "nodes of XML",
            limit: limits::NODES as usize,
        },
        // The parser gives no position for these; it has read all there is.
        UnexpectedEndOfStream | UnclosedRootNode | NoRootNode => {
            XmlError::NotWellFormed { place: Place::at_offset(text, text.len()), source: error }
        }
        _ => XmlError::NotWellFormed { place: Place::of(error.pos()), source: error },
    }
}

#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    node: Node<'a, 'a>,
    members_left: &'a Cell<usize>,
}

impl<'a> Element<'a> {
    pub(super) fn name(self) -> &'a str {
        self.node.tag_name().name()
    }

    pub(super) fn namespace(self) -> Option<&'a str> {
        self.node.tag_name().namespace()
    }

    /// The prefix that the text gives it; empty if none.
    pub(super) fn prefix(self) -> &'a str {
        let tag = self.text().trim_start_matches('<');
        let end = tag.find(|c: char| c.is_whitespace() || c == '/' || c == '>').unwrap_or(tag.len());
        tag[..end].split_once(':').map_or("", |(prefix, _)| prefix)
    }

    fn is(self, name: &str) -> bool {
        self.name() == name && self.namespace().is_none()
    }

    /// All child elements, whatever their namespace.
    pub(super) fn elements(self) -> impl Iterator<Item = Element<'a>> {
        let members_left = self.members_left;
        self.node.children().filter(Node::is_element).map(move |node| Element { node, members_left })
    }

    pub(super) fn children(self, name: &'static str) -> impl Iterator<Item = Element<'a>> {
        self.elements().filter(move |element| element.is(name))
    }

    pub(super) fn child(self, name: &'static str) -> Option<Element<'a>> {
        self.children(name).next()
    }

    /// The first element under each name in turn.
    pub(super) fn path<const N: usize>(self, names: [&'static str; N]) -> Option<Element<'a>> {
        names.into_iter().try_fold(self, Element::child)
    }

    /// Name as written (with its prefix) and value of each attribute.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = self.node.document().input_text();
        self.node.attributes().map(move |attribute| (&text[attribute.range_qname()], attribute.value()))
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// The attribute as a text of its own, unless it is absent or empty.
    pub(super) fn said(self, name: &str) -> Option<String> {
        self.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The text directly in it, trimmed; comments do not split it.
    pub(super) fn content(self) -> Cow<'a, str> {
        let mut parts = self.node.children().filter(|node| node.is_text()).filter_map(|node| node.text());
        let first = parts.next().unwrap_or_default();
        match parts.next() {
            None => Cow::Borrowed(first.trim()),
            Some(second) => {
                let mut whole = format!("{first}{second}");
                whole.extend(parts);
                Cow::Owned(whole.trim().to_owned())
            }
        }
    }

    /// The content of a child, unless there is none or it is empty.
    pub(super) fn content_of(self, name: &'static str) -> Option<String> {
        let content = self.child(name)?.content();
        (!content.is_empty()).then(|| content.into_owned())
    }

    pub(super) fn number<T: FromStr>(self, name: &str) -> Result<Option<T>, XmlError> {
        let Some(value) = self.attribute(name) else { return Ok(None) };
        match value.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(self.bad_attribute(name, value, "a number that is not negative and not too large")),
        }
    }

    /// `yes` or `on`, `no` or `off`.
    pub(super) fn switch(self, name: &str) -> Result<Option<bool>, XmlError> {
        match self.attribute(name) {
            None => Ok(None),
            Some("yes" | "on") => Ok(Some(true)),
            Some("no" | "off") => Ok(Some(false)),
            Some(other) => Err(self.bad_attribute(name, other, "yes or no, on or off")),
        }
    }

    /// The amount in its content, with its `unit`; none if it is empty.
    pub(super) fn amount(self, default_scale: u64) -> Result<Option<values::Amount>, XmlError> {
        let content = self.content();
        if content.is_empty() {
            return Ok(None);
        }
        let amount = values::amount(&content, self.attribute("unit"), default_scale);
        amount.map(Some).map_err(|fault| match fault {
            values::AmountFault::Unit => self.bad_unit(),
            values::AmountFault::Number => {
                self.bad(format!("<{}>", self.name()), &content, values::AMOUNT_EXPECTED)
            }
        })
    }

    /// The amount in an attribute, with the `unit` beside it.
    pub(super) fn attribute_amount(
        self,
        name: &str,
        default_scale: u64,
    ) -> Result<Option<values::Amount>, XmlError> {
        let Some(value) = self.attribute(name) else { return Ok(None) };
        values::amount(value, self.attribute("unit"), default_scale).map(Some).map_err(|fault| match fault {
            values::AmountFault::Unit => self.bad_unit(),
            values::AmountFault::Number => self.bad_attribute(name, value, values::AMOUNT_EXPECTED),
        })
    }

    /// A set such as `0-3,^2,8`, ascending; none if there is no such attribute.
    pub(super) fn set(self, name: &str) -> Result<Option<Vec<u32>>, XmlError> {
        let Some(value) = self.attribute(name) else { return Ok(None) };
        let members =
            values::set(value).ok_or_else(|| self.bad_attribute(name, value, values::SET_EXPECTED))?;
        match self.members_left.get().checked_sub(members.len()) {
            Some(left) => self.members_left.set(left),
            None => {
                return Err(XmlError::TooMuch {
                    place: self.place(),
                    what: "members of processor and cell sets",
                    limit: limits::SET_MEMBERS,
                });
            }
        }
        Ok(Some(members))
    }

    // ------------------------------------------------------------------ places

    pub(super) fn text(self) -> &'a str {
        &self.node.document().input_text()[self.node.range()]
    }

    /// Where its content stands in the whole text; none for `<a/>`.
    pub(super) fn content_range(self) -> Option<Range<usize>> {
        let (text, start) = (self.text(), self.node.range().start);
        let mut quote = None;
        let opened = text.bytes().position(|byte| match quote {
            None if byte == b'"' || byte == b'\'' => {
                quote = Some(byte);
                false
            }
            None => byte == b'>',
            Some(open) => {
                if byte == open {
                    quote = None;
                }
                false
            }
        })?;
        let closed = text.rfind("</")?;
        (opened < closed).then(|| start + opened + 1..start + closed)
    }

    /// Where an attribute's value stands in the whole text, without its quotes.
    pub(super) fn value_range(self, name: &str) -> Option<Range<usize>> {
        self.node.attribute_node(name).map(|attribute| attribute.range_value())
    }

    pub(super) fn place(self) -> Place {
        Place::of(self.node.document().text_pos_at(self.node.range().start))
    }

    pub(super) fn missing(self, missing: &'static str) -> XmlError {
        XmlError::Missing { place: self.place(), element: clip(self.name()), missing }
    }

    pub(super) fn bad(self, what: String, found: &str, expected: &'static str) -> XmlError {
        XmlError::BadValue { place: self.place(), what, found: clip(found), expected }
    }

    pub(super) fn bad_attribute(self, name: &str, found: &str, expected: &'static str) -> XmlError {
        let place = match self.node.attribute_node(name) {
            Some(attribute) => Place::of(self.node.document().text_pos_at(attribute.range().start)),
            None => self.place(),
        };
        let what = format!("`{name}` of <{}>", self.name());
        XmlError::BadValue { place, what, found: clip(found), expected }
    }

    fn bad_unit(self) -> XmlError {
        self.bad_attribute("unit", self.attribute("unit").unwrap_or_default(), values::UNIT_EXPECTED)
    }
}
