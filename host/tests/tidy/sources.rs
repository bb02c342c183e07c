//! The repository's own Rust files, read roughly: lines without comments and texts, names
//! that are used, functions with their length. No parser; what it cannot see it leaves alone.

use std::path::Path;
use std::sync::LazyLock;

use crate::support::repository;

pub struct Source {
    /// From the top of the repository.
    pub path: String,
    pub text: String,
    /// The same lines with comments and the insides of texts blanked.
    code: Vec<String>,
}

/// Every Rust file that is not a build's.
pub fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let rust = tracked_files().into_iter().filter(|path| path.ends_with(".rs"));
        let read = |path: String| {
            let text = std::fs::read_to_string(repository().join(&path)).unwrap();
            Source { code: blanked(&text), path, text }
        };
        let sources: Vec<_> = rust.map(read).collect();
        assert!(sources.len() > 100, "only {} sources were found", sources.len());
        sources
    });
    &SOURCES
}

/// Every file below the top that is not hidden and not built, from the top.
pub fn tracked_files() -> Vec<String> {
    let mut files = Vec::new();
    collect(repository(), &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        // In a worktree `.git` is a file that says where the folder is.
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path.strip_prefix(repository()).unwrap().display().to_string());
        }
    }
}

impl Source {
    /// The top module of the host crate that it belongs to.
    pub fn host_module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("host/src/")?;
        Some(inside.split(['/', '.']).next().unwrap_or(inside))
    }

    /// Line and first name of every `crate::name`, also of `use crate::{one, other}`.
    pub fn uses_of_crate(&self) -> Vec<(usize, String)> {
        let mut used = Vec::new();
        for (number, line) in (1..).zip(&self.code) {
            for (place, _) in line.match_indices("crate::") {
                let before = line[..place].chars().next_back().unwrap_or(' ');
                if before == '$' || is_word(before) {
                    continue;
                }
                let rest = &line[place + "crate::".len()..];
                match rest.strip_prefix('{') {
                    Some(group) => {
                        let names = group.split([',', '}']).map(first_word).filter(|name| !name.is_empty());
                        used.extend(names.map(|name| (number, name.to_owned())));
                    }
                    None => used.push((number, first_word(rest).to_owned())),
                }
            }
        }
        used
    }

    /// Lines on which a foreign crate is named as the start of a path, or used.
    pub fn names_crate(&self, name: &str) -> impl Iterator<Item = usize> {
        let (path, renamed) = (format!("{name}::"), format!("use {name} "));
        let alone = format!("use {name};");
        let named = move |line: &str| {
            let starts = line.match_indices(&path).any(|(place, _)| {
                let before = line[..place].chars().next_back().unwrap_or(' ');
                !is_word(before) && before != ':'
            });
            starts || line.contains(&alone) || line.contains(&renamed)
        };
        (1..).zip(&self.code).filter(move |(_, line)| named(line)).map(|(number, _)| number)
    }

    /// Lines with this very word in the code.
    pub fn words(&self, word: &str) -> impl Iterator<Item = usize> {
        let has = move |line: &str| {
            line.match_indices(word).any(|(place, _)| {
                let before = line[..place].chars().next_back().unwrap_or(' ');
                let after = line[place + word.len()..].chars().next().unwrap_or(' ');
                !is_word(before) && !is_word(after)
            })
        };
        (1..).zip(&self.code).filter(move |(_, line)| has(line)).map(|(number, _)| number)
    }

    /// First line, name and length of every function whose end is at the depth of its start.
    pub fn functions(&self) -> Vec<(usize, String, usize)> {
        let mut functions = Vec::new();
        for (index, line) in self.code.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let rest = self.code[index..].iter();
            if let Some(length) = rest
                .take_while(|line| !line.trim_end().ends_with(';') || line.contains('{'))
                .position(|line| line.contains('{'))
                .and_then(|_| self.code[index..].iter().position(|line| line.trim_end() == end))
            {
                functions.push((index + 1, name.to_owned(), length + 1));
            }
        }
        functions
    }
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let qualifiers =
        ["", "pub ", "async ", "const ", "pub const ", "pub async ", "pub(crate) ", "pub(super) "];
    let fits = qualifiers.contains(&before) || before.starts_with("pub(") || before.starts_with("extern");
    fits.then(|| first_word(after)).filter(|name| !name.is_empty())
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|one| !is_word(one)).unwrap_or(text.len())]
}

/// Lines without comments and without what stands in texts; raw texts over lines too.
fn blanked(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    // How the text ends that a line before has begun.
    let mut open: Option<String> = None;
    for line in text.lines() {
        let mut kept = String::new();
        let mut rest = line;
        loop {
            if let Some(end) = &open {
                match ending(rest, end) {
                    Some(place) => {
                        rest = &rest[place + end.len()..];
                        open = None;
                    }
                    None => break,
                }
                continue;
            }
            let Some(place) = rest.find(['"', '/', '\'']) else {
                kept.push_str(rest);
                break;
            };
            let (before, after) = rest.split_at(place);
            kept.push_str(before);
            if after.starts_with("//") {
                break;
            }
            if let Some(one) = ["'\"'", "'\\''", "'\\\"'"].iter().find(|one| after.starts_with(**one)) {
                rest = &after[one.len()..];
            } else if let Some(inside) = after.strip_prefix('"') {
                let hashes = before.chars().rev().take_while(|one| *one == '#').count();
                let raw = before[..before.len() - hashes].ends_with('r');
                open = Some(if raw { format!("\"{}", "#".repeat(hashes)) } else { "\"".to_owned() });
                rest = inside;
            } else {
                kept.push_str(&after[..1]);
                rest = &after[1..];
            }
        }
        lines.push(kept);
    }
    lines
}

/// Where a text ends: at the mark, not at one that a backslash hides.
fn ending(rest: &str, end: &str) -> Option<usize> {
    let hidden = |place: usize| {
        end == "\"" && rest[..place].chars().rev().take_while(|one| *one == '\\').count() % 2 == 1
    };
    rest.match_indices(end).map(|(place, _)| place).find(|place| !hidden(*place))
}

/// The rows of the first table below a heading as `cell | cell`, without backticks; a first
/// cell that is empty is that of the row above.
pub fn table(text: &str, heading: &str) -> impl Iterator<Item = String> {
    let below = text.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no {heading}")).1;
    let rows =
        below.lines().skip_while(|line| !line.starts_with("| ")).take_while(|line| line.starts_with('|'));
    let mut first = String::new();
    let mut told = Vec::new();
    for row in rows.skip(2) {
        let cells: Vec<String> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        if !cells[0].is_empty() {
            first.clone_from(&cells[0]);
        }
        told.push([&[first.clone()], &cells[1..]].concat().join(" | "));
    }
    told.into_iter()
}
