//! What became of mutants: how many were noticed, and each that was not.

use std::collections::BTreeMap;

use super::text::{clean, table, wide_table};
use crate::mutate::{Family, Fate, score};

pub fn mutation(fates: &[Fate]) -> String {
    let mut counts: BTreeMap<(&str, Family), (usize, usize)> = BTreeMap::new();
    for fate in fates {
        let (killed, all) = counts.entry((&fate.suite, fate.family)).or_default();
        *killed += usize::from(fate.killed_by.is_some());
        *all += 1;
    }
    let rows = counts.iter().map(|((suite, family), (killed, all))| {
        vec![clean(suite), word(*family).to_owned(), killed.to_string(), (all - killed).to_string()]
    });
    let mut shown = table(&["suite", "changed", "noticed", "survived"], rows);
    let survivors: Vec<&Fate> = fates.iter().filter(|fate| fate.killed_by.is_none()).collect();
    if !survivors.is_empty() {
        let rows = survivors.iter().map(|fate| {
            vec![
                clean(&fate.suite),
                clean(fate.place.as_deref().unwrap_or("-")),
                clean(&fate.change),
                clean(&fate.subject),
            ]
        });
        shown += &format!("\n{}", wide_table(&["survivor of", "at", "change", "in"], rows));
    }
    let killed = fates.len() - survivors.len();
    shown + &format!("\n{killed} of {} mutants noticed ({:.2})\n", fates.len(), score(fates))
}

fn word(family: Family) -> &'static str {
    match family {
        Family::Settings => "settings",
        Family::Facts => "facts",
        Family::Rules => "rules",
        Family::Operators => "operators",
    }
}
