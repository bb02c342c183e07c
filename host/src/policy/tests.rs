//! What a person may get wrong in a policy, and what each error says of it.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::model::port::{Problem, Sitting};
use crate::model::snapshot::Snapshot;

/// Rules as plugins offer them, without plugins.
struct Offered(Vec<RuleInfo>);

impl Evaluate for Offered {
    fn rules(&self) -> &[RuleInfo] {
        &self.0
    }

    fn configure(&self, rule: &RuleInfo, settings: &Value) -> Result<(), Vec<Problem>> {
        match settings.get("ratio") {
            Some(ratio) if rule.name == "cpu-room" && ratio.as_f64() <= Some(0.0) => {
                Err(vec![Problem { path: "/ratio".to_owned(), message: "is above 0".to_owned() }])
            }
            _ => Ok(()),
        }
    }

    fn sit<'a>(&'a self, _snapshot: &'a Snapshot) -> Box<dyn Sitting + 'a> {
        unreachable!("a policy is loaded without facts")
    }
}

fn info(plugin: &str, name: &str, kind: RuleKind, properties: Value) -> RuleInfo {
    let schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    RuleInfo {
        plugin: plugin.to_owned(),
        plugin_version: "1".to_owned(),
        plugin_digest: plugin.to_owned(),
        name: name.to_owned(),
        kind,
        title: String::new(),
        reasons: Vec::new(),
        settings_schema: schema,
        needs: Default::default(),
    }
}

fn offered() -> Offered {
    let check = |plugin: &str, name: &str| info(plugin, name, RuleKind::Check, json!({}));
    let mut rules: Vec<RuleInfo> = MANDATORY.iter().map(|name| check(name, name)).collect();
    let whole = json!({ "type": "integer", "minimum": 0 });
    rules.extend([
        info("room", "memory-room", RuleKind::Check, json!({ "reserve_mib": whole, "overhead_mib": whole })),
        info("room", "cpu-room", RuleKind::Check, json!({ "ratio": { "type": "number" } })),
        info("spread", "spread", RuleKind::Score, json!({})),
        check("ours", "licence"),
        check("theirs", "licence"),
    ]);
    Offered(rules)
}

fn read(text: &str) -> Result<Policy, InputError> {
    parse(Path::new("site.toml"), text, &offered())
}

fn names(policy: &Policy) -> Vec<&str> {
    policy.rules.iter().map(|rule| rule.name.as_str()).collect()
}

/// The code, the message and the hint, as a person reads them.
fn refused(text: &str) -> String {
    let Err(error) = read(text) else { panic!("this was taken:\n{text}") };
    let hint = error.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{}\n{error}{hint}", error.code())
}

macro_rules! refuses {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $told:literal;)+) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            assert_eq!(refused($text), $told);
        }
    )+};
}

refuses! {
    an_unknown_key_of_a_rule: "[[rule]]\nuse = \"same-node\"\nwieght = 2\n",
        "policy-invalid\nsite.toml:3:1: unknown field `wieght`, expected one of `use`, `as`, `mode`, `on_fault`, \
         `weight`, `settings`\nhint: did you mean `weight`?";
    an_unknown_key_of_the_policy: "nmae = \"strict\"\n",
        "policy-invalid\nsite.toml:1:1: unknown field `nmae`, expected one of `name`, `rule`, `data`\n\
         hint: did you mean `name`?";
    an_unknown_mode: "[[rule]]\nuse = \"spread\"\nmode = \"audti\"\n",
        "policy-invalid\nsite.toml:3:8: unknown variant `audti`, expected one of `enforce`, `warn`, `audit`\n\
         hint: did you mean `audit`?";
    an_unknown_on_fault: "[[rule]]\nuse = \"spread\"\non_fault = \"ignore\"\n",
        "policy-invalid\nsite.toml:3:12: unknown variant `ignore`, expected `reject` or `warn`";
    a_rule_without_a_name: "[[rule]]\nmode = \"audit\"\n",
        "policy-invalid\nsite.toml:1:1: missing field `use`";
    a_rule_that_is_nobodys: "\n[[rule]]\nuse = \"memory-roam\"\n",
        "no-such-rule\nsite.toml:3:7: no plugin offers rule `memory-roam`\nhint: did you mean `memory-room`?";
    a_rule_that_is_nothing_like_any: "[[rule]]\nuse = \"colour\"\n",
        "no-such-rule\nsite.toml:2:7: no plugin offers rule `colour`\n\
         hint: `wayleave plugin list` shows the rules, and files that failed to load";
    a_rule_of_the_wrong_plugin: "[[rule]]\nuse = \"spread:memory-room\"\n",
        "no-such-rule\nsite.toml:2:7: no plugin offers rule `spread:memory-room`\nhint: did you mean `memory-room`?";
    a_rule_that_two_plugins_offer: "[[rule]]\nuse = \"licence\"\n",
        "ambiguous-rule\nsite.toml:2:7: two plugins offer rule `licence`\n\
         hint: write `ours:licence` or `theirs:licence`";
    a_rule_twice: "[[rule]]\nuse = \"spread\"\n[[rule]]\nuse = \"spread\"\n",
        "duplicate-rule\nsite.toml:4:7: rule `spread` is in the policy twice\n\
         hint: give the second use another name: as = \"...\"";
    a_name_twice: "[[rule]]\nuse = \"spread\"\n[[rule]]\nuse = \"memory-room\"\nas = \"spread\"\n",
        "duplicate-rule\nsite.toml:5:6: rule `spread` is in the policy twice\n\
         hint: give the second use another name: as = \"...\"";
    a_weight_on_a_check: "[[rule]]\nuse = \"memory-room\"\nweight = 2.0\n",
        "weight-of-check\nsite.toml:3:10: rule `memory-room` is a check and has no weight\n\
         hint: remove the key; only scores are weighed";
    a_weight_below_zero: "[[rule]]\nuse = \"spread\"\nweight = -1.0\n",
        "bad-weight\nsite.toml:3:10: the weight cannot be used: found -1, expected a number from 0 on";
    a_weight_that_is_no_number: "[[rule]]\nuse = \"spread\"\nweight = nan\n",
        "bad-weight\nsite.toml:3:10: the weight cannot be used: found NaN, expected a number from 0 on";
    a_mandatory_rule_that_only_warns: "[[rule]]\nuse = \"storage-shared\"\nmode = \"warn\"\n",
        "mandatory-rule\nsite.toml:3:8: rule `storage-shared` is mandatory: expected mode = \"enforce\" and \
         on_fault = \"reject\"\nhint: leave both keys out";
    a_mandatory_rule_whose_faults_permit:
        "[[rule]]\nuse = \"same-node\"\nmode = \"enforce\"\non_fault = \"warn\"\n",
        "mandatory-rule\nsite.toml:4:12: rule `same-node` is mandatory: expected mode = \"enforce\" and \
         on_fault = \"reject\"\nhint: leave both keys out";
    a_setting_of_the_wrong_type: "[[rule]]\nuse = \"memory-room\"\n[rule.settings]\n# in MiB\nreserve_mib = \"256\"\n",
        "bad-settings\nsite.toml:5:1: settings of rule `memory-room` are refused at /reserve_mib: \"256\" is not \
         of type \"integer\"\nhint: its settings: overhead_mib, reserve_mib";
    a_setting_that_the_schema_limits:
        "[[rule]]\nuse = \"memory-room\"\n[rule.settings]\noverhead_mib = 1\nreserve_mib = -1\n",
        "bad-settings\nsite.toml:5:1: settings of rule `memory-room` are refused at /reserve_mib: -1 is less than \
         the minimum of 0\nhint: its settings: overhead_mib, reserve_mib";
    a_setting_that_the_rule_itself_refuses: "[[rule]]\nuse = \"cpu-room\"\n[rule.settings]\nratio = 0.0\n",
        "bad-settings\nsite.toml:4:1: settings of rule `cpu-room` are refused at /ratio: is above 0\n\
         hint: its settings: ratio";
    an_unknown_setting:
        "[[rule]]\nuse = \"memory-room\"\n[rule.settings]\noverhead_mib = 1\nreserve_gib = 1\n",
        "bad-settings\nsite.toml:5:1: settings of rule `memory-room` are refused at /reserve_gib: Additional properties are not \
         allowed ('reserve_gib' was unexpected)\nhint: its settings: overhead_mib, reserve_mib";
    settings_of_a_rule_that_has_none: "[[rule]]\nuse = \"spread\"\nsettings = { by = 2 }\n",
        "bad-settings\nsite.toml:3:12: settings of rule `spread` are refused at /by: Additional properties are not \
         allowed ('by' was unexpected)\nhint: its settings: none";
    what_is_no_toml: "name = \"strict\n[[rule]]\n",
        "policy-invalid\nsite.toml:1:15: invalid basic string, expected `\"`";
    data_without_a_file: "[data.licences]\npath = \"licences.toml\"\n",
        "policy-invalid\nsite.toml:2:1: unknown field `path`, expected `file`";
}

#[test]
fn mandatory_rules_come_first_where_they_are_left_out() {
    let policy = read("[[rule]]\nuse = \"spread\"\n").expect("it is complete");
    assert_eq!(names(&policy), ["same-node", "cpu-compatible", "no-passthrough", "storage-shared", "spread"]);
    assert!(policy.rules[..4].iter().all(|rule| rule.mandatory && rule.mode == Mode::Enforce));
    let empty = read("").expect("an empty policy is the mandatory rules");
    assert_eq!(names(&empty), MANDATORY);
    assert_eq!(empty.name, "site");
}

#[test]
fn mandatory_rules_stay_where_they_are_written() {
    let text =
        "[[rule]]\nuse = \"spread\"\n[[rule]]\nuse = \"storage-shared\"\n[[rule]]\nuse = \"same-node\"\n";
    let policy = read(text).expect("it is right");
    assert_eq!(names(&policy), ["spread", "cpu-compatible", "no-passthrough", "storage-shared", "same-node"]);
}

/// Under another name a rule is the same rule; under its name another one is another.
#[test]
fn a_name_does_not_make_a_rule_mandatory() {
    let policy = read("[[rule]]\nuse = \"same-node\"\nas = \"elsewhere\"\n").expect("it is right");
    assert_eq!(names(&policy), ["elsewhere", "cpu-compatible", "no-passthrough", "storage-shared"]);
    assert!(policy.rules[0].mandatory);
    assert_eq!(
        refused("[[rule]]\nuse = \"spread\"\nas = \"same-node\"\n"),
        "mandatory-rule\nsite.toml:3:6: `same-node` is the name of a mandatory rule\nhint: give this one another name"
    );
}

#[test]
fn a_mandatory_rule_that_no_plugin_offers_is_an_error() {
    let mut offered = offered();
    offered.0.retain(|rule| rule.name != "no-passthrough");
    let error = parse(Path::new("site.toml"), "", &offered).expect_err("it is not there");
    assert_eq!(error.code(), "mandatory-rule-missing");
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("plugin_folders")));
}

/// A second plugin that offers a mandatory rule's name cannot take its place unseen.
#[test]
fn a_mandatory_rule_that_two_plugins_offer_must_be_named() {
    let mut offered = offered();
    let mut other = offered.0[0].clone();
    "theirs".clone_into(&mut other.plugin);
    offered.0.push(other);
    let error = parse(Path::new("site.toml"), "", &offered).expect_err("which one?");
    assert_eq!(error.code(), "ambiguous-rule");
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("theirs:same-node")));
    let named = parse(Path::new("site.toml"), "[[rule]]\nuse = \"same-node:same-node\"\n", &offered);
    assert!(named.is_ok_and(|policy| policy.rules[0].mandatory));
}

#[test]
fn what_is_not_said_has_its_default() {
    let policy = read("[[rule]]\nuse = \"theirs:licence\"\n[[rule]]\nuse = \"spread\"\nweight = 0\n");
    let policy = policy.expect("it is right");
    let licence = policy.rules.iter().find(|rule| rule.name == "licence").expect("it is there");
    assert_eq!(
        (licence.mode, licence.on_fault, licence.info.plugin.as_str()),
        (Mode::Enforce, OnFault::Reject, "theirs")
    );
    assert_eq!(licence.settings, json!({}));
    assert_eq!(policy.rules.last().map(|rule| rule.weight), Some(0.0));
}

#[test]
fn data_is_found_from_the_folder_of_the_policy() {
    let text = "[data.licences]\nfile = \"licences.toml\"\n[data.away]\nfile = \"/srv/away.csv\"\n";
    let policy = parse(Path::new("/etc/wayleave/site.toml"), text, &offered()).expect("it is right");
    assert_eq!(policy.data["licences"].file, Path::new("/etc/wayleave/licences.toml"));
    assert_eq!(policy.data["away"].file, Path::new("/srv/away.csv"));
}

#[test]
fn a_policy_that_cannot_be_read_says_what_to_name() {
    let error = load(Path::new("no-such-folder/site.toml"), &offered()).expect_err("there is none");
    assert_eq!(error.code(), "policy-unreadable");
    assert!(error.to_string().starts_with("no-such-folder/site.toml: "));
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("--policy")));
}
