//! Site data: tables that a policy declares and rules read, from TOML, JSON or CSV.
//!
//! Fetched once for a decision. A table that cannot be had is a fact too, with a code:
//! what follows from it is for the rule to say.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::policy::DataSource;
use crate::model::snapshot::{SiteData, Table};

/// More rows than any site has: a file that is not what it should be is refused.
const ROWS_MAX: usize = 1_000_000;

pub fn fetch(sources: &BTreeMap<String, DataSource>) -> BTreeMap<String, SiteData> {
    sources.iter().map(|(name, source)| (name.clone(), fetch_one(&source.file))).collect()
}

fn fetch_one(file: &Path) -> SiteData {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            let code = match error.kind() {
                std::io::ErrorKind::NotFound => "missing",
                std::io::ErrorKind::PermissionDenied => "denied",
                _ => "invalid",
            };
            return unavailable(code, file, &error.to_string());
        }
    };
    let rows = match file.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => csv_rows(&text),
        Some("json") => json_rows(&text),
        _ => toml_rows(&text),
    };
    match rows {
        Ok(rows) if rows.len() > ROWS_MAX => unavailable("invalid", file, "too many rows"),
        Ok(rows) => SiteData::Table(Table::of(&rows)),
        Err(error) => unavailable("invalid", file, &error),
    }
}

fn unavailable(code: &str, file: &Path, error: &str) -> SiteData {
    SiteData::Unavailable { code: code.to_owned(), error: format!("{}: {error}", file.display()) }
}

type Row = BTreeMap<String, String>;

fn csv_rows(text: &str) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn json_rows(text: &str) -> Result<Vec<Row>, String> {
    let rows: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(Table::row).collect())
}

fn toml_rows(text: &str) -> Result<Vec<Row>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rows {
        #[serde(default)]
        row: Vec<serde_json::Map<String, serde_json::Value>>,
    }
    let rows: Rows = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(rows.row.into_iter().map(Table::row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> SiteData {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        fetch_one(&file)
    }

    #[test]
    fn the_three_formats_give_the_same_table() {
        let toml = of(
            "a.toml",
            "[[row]]\nproduct = \"x\"\nnodes = [\"n1\", \"n2\"]\nseats = 2\n[[row]]\nproduct = \"y, z\"\n",
        );
        let json = of("a.json", r#"[{"product":"x","nodes":["n1","n2"],"seats":2},{"product":"y, z"}]"#);
        let csv = of("a.csv", "product,nodes,seats\nx,n1 n2,2\n\"y, z\",,\n");
        assert_eq!(toml, json);
        assert_eq!(toml, csv);
        let SiteData::Table(table) = toml else { panic!("a table was expected") };
        assert_eq!(table.rows, 2);
        assert_eq!(table.columns["seats"], ["2", ""]);
        assert_eq!(table.columns["nodes"], ["n1 n2", ""]);
    }

    #[test]
    fn what_cannot_be_had_says_why() {
        let code = |data: SiteData| match data {
            SiteData::Unavailable { code, .. } => code,
            SiteData::Table(_) => "a table".to_owned(),
        };
        assert_eq!(code(of("a.toml", "rows = 1")), "invalid");
        assert_eq!(code(of("a.json", "{")), "invalid");
        assert_eq!(code(of("a.csv", "a,b\n1\n")), "invalid");
        assert_eq!(code(fetch_one(Path::new("nowhere/at-all.toml"))), "missing");
    }
}
