//! A site with three nodes, and every way in which a licence can be had or not.

use super::PLUGIN;
use wayleave_sdk::native::{DomainFacts, Neighbour, Site, SiteNode, SourceFacts};

const COLUMNS: [&str; 3] = ["product", "nodes", "seats"];

fn resident(uuid: &'static str, product: &'static str, active: bool) -> Neighbour {
    Neighbour { name: uuid, uuid, active, labels: vec![("licence", product)], ..Neighbour::default() }
}

/// The domain `u-1` with product "db" on alpha; beta and gamma run two "db" and one "db".
fn site(rows: &[[&str; 3]]) -> Site {
    let domain = DomainFacts {
        uuid: "u-1".into(),
        labels: [("licence".to_owned(), "db".to_owned())].into(),
        ..DomainFacts::default()
    };
    let beta = vec![
        resident("u-2", "db", true),
        resident("u-3", "db", true),
        resident("u-4", "db", false),
        resident("u-5", "web", true),
        resident("u-1", "db", true),
    ];
    let nodes = [
        SiteNode { residents: beta, ..SiteNode::named("beta") },
        SiteNode { residents: vec![resident("u-6", "db", true)], ..SiteNode::named("gamma") },
    ];
    Site::of(nodes)
        .domain(domain)
        .source(SourceFacts { name: "alpha".into(), ..SourceFacts::default() })
        .table("licences", COLUMNS, rows)
}

fn codes(rows: &[[&str; 3]]) -> Vec<&'static str> {
    site(rows).trial(&PLUGIN, "licence", "{}").codes()
}

#[test]
fn a_product_needs_a_row_that_covers_the_node() {
    assert_eq!(codes(&[["web", "", ""]]), ["licence-unknown", "licence-unknown"]);
    assert_eq!(codes(&[["db", "", ""]]), ["ok", "ok"]);
    assert_eq!(codes(&[["db", "beta", ""]]), ["ok", "licence-not-for-node"]);
    assert_eq!(codes(&[["web", "", ""], [" db ", "delta  gamma", ""]]), ["licence-not-for-node", "ok"]);
}

#[test]
fn seats_are_counted_over_all_nodes_of_the_row() {
    assert_eq!(codes(&[["db", "beta gamma", "3"]]), ["licence-seats-spent", "licence-seats-spent"]);
    assert_eq!(codes(&[["db", "beta gamma", "4"]]), ["ok", "ok"]);
    assert_eq!(codes(&[["db", "beta", "2"], ["db", "gamma", "2"]]), ["licence-seats-spent", "ok"]);
    assert_eq!(codes(&[["db", "beta", "0"], ["db", "beta", "3"]]), ["ok", "licence-not-for-node"]);
}

#[test]
fn a_seat_is_claimed_only_where_the_move_takes_one() {
    let trial = site(&[["web", "", ""], ["db", "beta gamma", "5"]]).trial(&PLUGIN, "licence", "{}");
    let claims = trial.claims(1).expect("seats are known");
    let [claim] = &claims[..] else { panic!("one claim, not {claims:?}") };
    assert_eq!((&*claim.resource, claim.amount, claim.limit), ("licence/db/2", 1, 2));
    assert_eq!(trial.explain(1).expect("node 1").measured, "row 2 (beta gamma, 5 seats): 3 of 5 seats taken");
    for rows in [
        ["db", "alpha beta gamma", "1"],
        ["db", "", "1"],
        ["db", "beta gamma", ""],
        ["db", "beta gamma", "3"],
    ] {
        let trial = site(&[rows]).trial(&PLUGIN, "licence", "{}");
        assert_eq!(trial.claims(1), Ok(Vec::new()), "{rows:?}");
    }
}

#[test]
fn a_move_inside_the_row_keeps_its_seat() {
    assert_eq!(codes(&[["db", "alpha beta", "1"]]), ["ok", "licence-not-for-node"]);
    assert_eq!(codes(&[["db", "", "1"]]), ["ok", "ok"]);
}

#[test]
fn seats_that_nobody_can_count_are_not_free() {
    let site = site(&[["db", "beta silent", "4"]]);
    let trial = site.trial(&PLUGIN, "licence", "{}");
    assert_eq!(trial.codes(), ["licence-seats-not-known", "licence-not-for-node"]);
    assert_eq!(trial.explain(0).expect("node 0").measured, "nothing tells what runs on silent");
    assert!(trial.claims(0).is_err());
    // Two are taken for certain, whatever runs elsewhere.
    assert_eq!(codes(&[["db", "beta silent", "2"]]), ["licence-seats-spent", "licence-not-for-node"]);
    // Another row has a seat that is free for certain.
    assert_eq!(codes(&[["db", "beta silent", "4"], ["db", "beta", "3"]]), ["ok", "licence-not-for-node"]);
}

#[test]
fn without_the_label_nothing_is_asked_for() {
    let mut site = site(&[]);
    site.data.clear();
    let other = site.trial(&PLUGIN, "licence", r#"{"label": "vendor"}"#);
    assert_eq!(other.codes(), ["ok", "ok"]);
    assert_eq!(other.claims(0), Ok(Vec::new()));
}

#[test]
fn data_that_cannot_be_had_is_not_known_and_says_why() {
    let mut site = site(&[["db", "", "many"]]);
    let told = |site: &Site| {
        let trial = site.trial(&PLUGIN, "licence", "{}");
        assert_eq!(trial.codes(), ["licence-data-unavailable"; 2]);
        trial.explain(0).expect("node 0").measured
    };
    assert_eq!(told(&site), "licences: row 1 has \"many\" seats, which is no number");
    site.data.insert("licences".into(), Err("missing".into()));
    assert_eq!(told(&site), "licences: the file is not there");
    site.data.insert("licences".into(), Ok([("vendor".to_owned(), Vec::new())].into()));
    assert_eq!(told(&site), "licences: a column is missing");
    site.data.clear();
    assert_eq!(told(&site), "licences: not declared by the policy");
}

#[test]
fn columns_for_nodes_and_seats_may_be_absent() {
    let site = site(&[]).table("licences", ["product"], &[["db"]]);
    assert_eq!(site.trial(&PLUGIN, "licence", "{}").codes(), ["ok", "ok"]);
}
