//! A site adds rules of its own: a crate outside of the product's tree is built, its component is
//! dropped into a folder and named in a policy. Nothing of the product is rebuilt. Where such a rule is
//! broken, nothing moves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use lab::{Decision, Guest, Lab};

const FAULTS: [(&str, &str); 3] = [("panics", "panic"), ("loops", "out-of-fuel"), ("eats", "out-of-memory")];

/// Copies the site's crate out of the tree and builds it; gives the folder with the component.
fn build_site_rules(lab: &Lab) -> Result<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = tests.parent().context("the tests stand in no tree")?;
    let (from, site) = (tests.join("data/site-rules"), lab.config().with_file_name("site-rules"));
    fs::create_dir_all(site.join("src"))?;
    let manifest = fs::read_to_string(from.join("Cargo.toml"))?;
    let sdk = tree.join("plugins/sdk");
    fs::write(site.join("Cargo.toml"), manifest.replace("\"SDK\"", &format!("{sdk:?}")))?;
    fs::copy(from.join("src/lib.rs"), site.join("src/lib.rs"))?;
    // The versions that the product is built with; nothing newer is looked for.
    fs::copy(tree.join("Cargo.lock"), site.join("Cargo.lock"))?;
    let into = lab.config().with_file_name("site-plugins");
    let words = ["plugin", "build", &site.to_string_lossy(), "--into", &into.to_string_lossy()];
    let built = lab.wayleave(words)?.expect_ok().context("building the site's rules")?;
    ensure!(built.trim() == into.join("site-rules.wasm").to_string_lossy(), "what was built? {built}");
    Ok(into)
}

fn plan(lab: &Lab) -> Result<(Decision, i32)> {
    let plan = lab.wayleave(["plan", "web", "--from", "node-a", "--output", "json"])?;
    Ok((Decision::of(&plan)?, plan.status))
}

#[test]
fn a_site_adds_a_rule_and_nothing_is_rebuilt() -> Result<()> {
    Lab::run(["node-a", "node-b", "node-c"], |lab| {
        let (source, destination) = (lab.node("node-a"), lab.node("node-b"));
        let guest = lab.boot(&Guest::ticking("web"), &source)?;
        let folder = build_site_rules(lab)?;
        let policy = "[[rule]]\nuse = \"own-rack\"\n[rule.settings]\nrack = \"3\"\n";
        lab.with_policy(policy)?;
        let before = lab.wayleave(["plan", "web", "--from", "node-a"])?;
        ensure!(before.status == 2 && before.stderr.contains("no-such-rule"), "{}", before.stderr);

        lab.add_plugin_folder(&folder)?;
        let listed = lab.wayleave(["plugin", "list"])?.expect_ok()?;
        ensure!(listed.contains("own-rack") && listed.contains("site-rules"), "{listed}");
        let (decision, status) = plan(lab)?;
        assert_eq!((status, decision.chosen()), (0, Some("node-c")));
        let finding = lab.assert_refused(&guest, (&source, &destination), ("own-rack", "other-rack"))?;
        assert_eq!((&*finding.measured, &*finding.needed), ("rack 2", "rack 3"));
        assert_eq!(finding.remedy, "carry it over");

        for (rule, code) in FAULTS {
            a_broken_rule_permits_nothing(lab, rule, code).with_context(|| rule.to_owned())?;
        }
        lab.assert_nothing_is_held()?;
        lab.assert_runs_only_on(&guest, "web", &source)
    })
}

/// It rejects every node with its fault; with `on_fault = "warn"` it is shown and lets pass.
fn a_broken_rule_permits_nothing(lab: &mut Lab, rule: &str, code: &str) -> Result<()> {
    lab.with_policy(&format!("[[rule]]\nuse = \"{rule}\"\n"))?;
    let told = lab.migrate(["web", "--from", "node-a"])?;
    ensure!((told.status, told.text("kind")) == (1, "refused"), "{:#}{}", told.outcome, told.stderr);
    let decision = Decision::told(&told);
    for node in decision.nodes() {
        let finding = decision.finding(node, rule)?;
        ensure!((&*finding.verdict, &*finding.effect) == ("fault", "blocks"), "{node}: {finding:?}");
        assert_eq!(finding.code, code, "{node}: {finding:?}");
        ensure!(finding.remedy.contains("site-rules"), "whose? {finding:?}");
        let own_words = finding.text.contains("the site forgot this case");
        ensure!(own_words == (code == "panic"), "why? {finding:?}");
    }
    let shown = lab.wayleave(["plan", "web", "--from", "node-a"])?;
    ensure!(shown.status == 1 && shown.stdout.contains(&format!("FAULT {code}")), "{}", shown.stdout);

    lab.with_policy(&format!("[[rule]]\nuse = \"{rule}\"\non_fault = \"warn\"\n"))?;
    let (decision, status) = plan(lab)?;
    ensure!(status == 0 && decision.chosen().is_some(), "a warning blocks: exit code {status}");
    assert_eq!(decision.finding("node-b", rule)?.effect, "warns");
    let shown = lab.wayleave(["plan", "web", "--from", "node-a"])?;
    ensure!(shown.stdout.contains(&format!("warn: fault {code}")), "it is hidden: {}", shown.stdout);
    Ok(())
}
