//! Which operators are the plugin's own, and the line of source that each comes from.

use std::path::{Component, Path, PathBuf};

use gimli::{Dwarf, EndianSlice, LittleEndian};

use super::origin::Module;
use super::{OwnCode, SourceLine};

/// The owner of one module's code.
pub enum Places<'a> {
    /// By the file of each operator.
    Lines { lines: Box<addr2line::Context<EndianSlice<'a, LittleEndian>>>, own: Own },
    /// By the name of the whole function.
    Names { crate_name: String },
}

/// The files that are the plugin's own.
pub struct Own {
    folder: PathBuf,
    except: Vec<PathBuf>,
}

impl Own {
    fn new(own: &OwnCode) -> Self {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| plain(path));
        let folder = real(&own.folder);
        let mut except: Vec<PathBuf> = own.except.iter().map(|path| real(&folder.join(path))).collect();
        // What a build makes there is not written by hand.
        except.push(folder.join("target"));
        Self { folder, except }
    }

    fn holds(&self, file: &Path) -> bool {
        let file = plain(file);
        file.starts_with(&self.folder) && !self.except.iter().any(|path| file.starts_with(path))
    }
}

/// Without `.` and `..`, as far as the text alone tells.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

impl<'a> Places<'a> {
    /// Debug information that cannot be read is as good as none.
    pub fn new(module: &Module<'a>, own: &OwnCode) -> Self {
        let section = |id: gimli::SectionId| -> Result<_, gimli::Error> {
            let bytes = module.debug.get(id.name()).copied().unwrap_or_default();
            Ok(EndianSlice::new(bytes, LittleEndian))
        };
        let lines = module
            .debug
            .contains_key(".debug_line")
            .then(|| Dwarf::load(section).and_then(addr2line::Context::from_dwarf).ok())
            .flatten();
        match lines {
            Some(lines) => Self::Lines { lines: Box::new(lines), own: Own::new(own) },
            None => Self::Names { crate_name: own.crate_name.replace('-', "_") },
        }
    }

    /// Whether the operator at this address of this function is the plugin's own, and its line.
    pub fn of(&self, function: &str, address: usize) -> Option<Option<SourceLine>> {
        match self {
            Self::Names { crate_name } => of_crate(function, crate_name).then_some(None),
            Self::Lines { lines, own } => {
                let location = lines.find_location(address as u64).ok()??;
                let file = PathBuf::from(location.file?);
                let line = location.line.filter(|line| *line > 0)?;
                let column = location.column.filter(|column| *column > 0);
                own.holds(&file).then(|| Some(SourceLine { file: plain(&file), line, column }))
            }
        }
    }
}

/// `room::memory::judge` and `<room::memory::Memory as sdk::Check>::judge` are of `room`.
fn of_crate(function: &str, crate_name: &str) -> bool {
    let path = function.trim_start_matches(['<', '&', '(', '_']);
    !crate_name.is_empty()
        && path.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with("::") || rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_the_folder_are_its_own_but_for_exceptions() {
        let own = Own::new(&OwnCode {
            folder: PathBuf::from("/no/such/rule"),
            except: vec![PathBuf::from("sdk")],
            crate_name: String::new(),
        });
        assert!(own.holds(Path::new("/no/such/./rule/src/../src/lib.rs")));
        for other in ["/no/such/ruler/lib.rs", "/no/such/rule/sdk/src/lib.rs", "/no/such/rule/target/x.rs"] {
            assert!(!own.holds(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn a_function_belongs_to_the_crate_that_its_name_begins_with() {
        assert!(of_crate("room::memory::judge", "room"));
        assert!(of_crate("<room::Memory as wayleave_sdk::Check>::judge", "room"));
        assert!(!of_crate("rooms::judge", "room"));
        assert!(!of_crate("wayleave_sdk::room::judge", "room"));
        assert!(!of_crate("judge", ""));
    }
}
