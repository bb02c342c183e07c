//! What an interpreted plugin is built against: the contract, cut down to what its source names.
//!
//! Whoever has an interpreter in a component would import every fact there is, and the core
//! would gather them all. So the words of the source are looked at: a fact that is asked for
//! by its name is imported, and nothing else. A word too many costs an import; a fact that
//! is not named cannot be had.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wit_component::WitPrinter;
use wit_parser::{PackageId, Resolve, WorldItem};

use super::error::BuildError;

/// The part of the contract that a plugin exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Checks,
    ChecksWithClaims,
    Scores,
}

impl Offer {
    const ALL: [Self; 3] = [Self::Checks, Self::ChecksWithClaims, Self::Scores];

    /// Its world in the contract.
    pub fn world(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::ChecksWithClaims => "checks-with-claims",
            Self::Scores => "scores",
        }
    }
}

/// How a language spells the names of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `memory_free`, `checks_with_claims`
    Snake,
    /// `memoryFree`, `checksWithClaims`
    Camel,
    /// `memory_free`, `CHECKS_WITH_CLAIMS`
    C,
}

impl Spelling {
    pub fn name(self, name: &str) -> String {
        match self {
            Self::Snake | Self::C => name.replace('-', "_"),
            Self::Camel => {
                let mut words = name.split('-');
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
            }
        }
    }

    fn offer(self, offer: Offer) -> String {
        match self {
            Self::C => self.name(offer.world()).to_uppercase(),
            Self::Snake | Self::Camel => self.name(offer.world()),
        }
    }
}

/// The source of a plugin, without the SDK and what tools have put beside it.
pub struct Source {
    folder: PathBuf,
    pub files: Vec<PathBuf>,
    words: BTreeSet<String>,
    calls: BTreeSet<String>,
    spelling: Spelling,
}

impl Source {
    /// Reads every file of the folder with one of these endings.
    pub fn read(folder: &Path, endings: &[&str], spelling: Spelling) -> Result<Self, BuildError> {
        let mut files = Vec::new();
        collect(folder, endings, &mut files)?;
        files.sort();
        let mut source = Self {
            folder: folder.to_owned(),
            files,
            words: BTreeSet::new(),
            calls: BTreeSet::new(),
            spelling,
        };
        for file in source.files.clone() {
            source.take_in(&fs::read_to_string(&file).map_err(|error| BuildError::read(&file, error))?);
        }
        Ok(source)
    }

    fn take_in(&mut self, text: &str) {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let word = &rest[start..];
            let end = word.find(|letter| !is_word(letter)).unwrap_or(word.len());
            self.words.insert(word[..end].to_owned());
            rest = &word[end..];
            if rest.starts_with('(') {
                self.calls.insert(word[..end].to_owned());
            }
        }
    }

    fn names(&self, function: &str) -> bool {
        self.words.contains(&self.spelling.name(function))
    }

    /// What the last line of the source offers.
    pub fn offer(&self) -> Result<Offer, BuildError> {
        let called: Vec<Offer> = Offer::ALL
            .into_iter()
            .filter(|offer| self.calls.contains(&self.spelling.offer(*offer)))
            .collect();
        let failed = |found: String| Err(BuildError::NoOffer { folder: self.folder.clone(), found });
        match called.as_slice() {
            [offer] => Ok(*offer),
            [] => failed("its source offers no rule".to_owned()),
            several => {
                let names: Vec<String> = several.iter().map(|offer| self.spelling.offer(*offer)).collect();
                failed(format!("its source calls {}", names.join(" and ")))
            }
        }
    }

    /// Whether the source asks for a function of the contract, as the SDKs name it.
    fn asks(&self, interface: &str, function: &str) -> bool {
        match (interface, function) {
            ("symbols", "texts") | ("log", "panic") | ("nodes", "count") => true,
            // The SDKs hand texts out, not symbols.
            ("symbols", _) => false,
            ("log", _) => self.names("log"),
            ("nodes", _) => self.names(function),
            ("cpu", "comparison") => self.names("cpu-comparison"),
            ("reach", "state") => self.names("reach"),
            ("cpu" | "reach", _) => self.names(&format!("{interface}-{function}")),
            ("storage", "probed" | "offsets") => self.names("disks"),
            ("storage", _) => self.names("disks") && self.names(function),
            ("cells", "cpu-offsets" | "cpu-id") => self.names("cells") && self.names("cpu-ids"),
            (list, "offsets") => self.names(list),
            ("site-data", _) => self.names("site"),
            ("clock", _) => self.names(function),
            _ => self.names(interface) && self.names(function),
        }
    }
}

const NOT_SOURCE: [&str; 4] = ["wayleave", "node_modules", "target", "__pycache__"];

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let entries = fs::read_dir(folder).map_err(|error| BuildError::read(folder, error))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let environment = path.join("pyvenv.cfg").exists();
        if name.starts_with('.') || NOT_SOURCE.contains(&name.as_ref()) || environment {
            continue;
        }
        if path.is_dir() {
            collect(&path, endings, files)?;
        } else if endings.iter().any(|ending| path.extension().is_some_and(|found| found == *ending)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The contract as it lies in a project.
pub struct Contract {
    pub resolve: Resolve,
    pub package: PackageId,
}

impl Contract {
    pub fn read(project: &Path) -> Result<Self, BuildError> {
        let folder = project.join("wayleave/wit");
        if !folder.is_dir() {
            return Err(BuildError::NoSdk(project.to_owned()));
        }
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_path(&folder)
            .map_err(|error| BuildError::BadManifest { file: folder.clone(), text: format!("{error:#}") })?;
        Ok(Self { resolve, package })
    }

    pub fn version(&self) -> String {
        self.resolve.packages[self.package].name.version.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// Takes out of one world's imports what the source does not ask for, and returns which
    /// interfaces are left, as the contract names them.
    pub fn cut_down(&mut self, offer: Offer, source: &Source) -> Vec<String> {
        let mut left = Vec::new();
        let worlds = &self.resolve.packages[self.package].worlds;
        let Some(world) = worlds.get(offer.world()).copied() else { return left };
        for item in self.resolve.worlds[world].imports.values() {
            let WorldItem::Interface { id, .. } = item else { continue };
            let interface = &mut self.resolve.interfaces[*id];
            let name = interface.name.clone().unwrap_or_default();
            interface.functions.retain(|function, _| source.asks(&name, function));
            if !interface.functions.is_empty() {
                left.push(name);
            }
        }
        let interfaces = &self.resolve.interfaces;
        let empty = |item: &WorldItem| match item {
            WorldItem::Interface { id, .. } => {
                interfaces[*id].functions.is_empty() && interfaces[*id].types.is_empty()
            }
            _ => false,
        };
        self.resolve.worlds[world].imports.retain(|_, item| !empty(item));
        left
    }

    /// The contract as text.
    pub fn print(&self) -> Result<String, BuildError> {
        let mut printer = WitPrinter::default();
        printer.print(&self.resolve, self.package, &[]).map_err(|error| BuildError::Encode {
            name: "the contract".to_owned(),
            text: format!("{error:#}"),
        })?;
        Ok(printer.output.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, spelling: Spelling) -> Source {
        let mut source = Source {
            folder: PathBuf::from("somewhere"),
            files: Vec::new(),
            words: BTreeSet::new(),
            calls: BTreeSet::new(),
            spelling,
        };
        source.take_in(text);
        source
    }

    #[test]
    fn the_offer_is_the_one_that_is_called() {
        let offer = |text, spelling| source(text, spelling).offer();
        assert_eq!(
            offer("from wayleave import checks\nchecks(A)", Spelling::Snake).ok(),
            Some(Offer::Checks)
        );
        assert_eq!(offer("checksWithClaims({})", Spelling::Camel).ok(), Some(Offer::ChecksWithClaims));
        assert_eq!(offer("SCORES(&spread);", Spelling::C).ok(), Some(Offer::Scores));
        let none = offer("import { checks } from 'x';", Spelling::Camel).expect_err("nothing is called");
        assert_eq!(none.code(), "plugin-offers-nothing");
        assert!(offer("checks(A)\nscores(B)", Spelling::Snake).is_err());
    }

    #[test]
    fn only_what_is_named_is_asked_for() {
        let python = source("live = sum(one.active for one in node.residents())", Spelling::Snake);
        for (interface, function, asked) in [
            ("nodes", "count", true),
            ("symbols", "texts", true),
            ("log", "panic", true),
            ("residents", "offsets", true),
            ("residents", "active", true),
            ("residents", "memory", false),
            ("networks", "active", false),
            ("nodes", "memory-free", false),
            ("storage", "probed", false),
            ("reach", "state", false),
        ] {
            assert_eq!(python.asks(interface, function), asked, "{interface}.{function}");
        }
        let script = source("node.memoryFree < domain.memory; node.reach; takenAt()", Spelling::Camel);
        for (interface, function, asked) in [
            ("nodes", "memory-free", true),
            ("domain", "memory", true),
            ("reach", "state", true),
            ("reach", "uri", false),
            ("clock", "taken-at", true),
            ("source", "name", false),
        ] {
            assert_eq!(script.asks(interface, function), asked, "{interface}.{function}");
        }
    }
}
