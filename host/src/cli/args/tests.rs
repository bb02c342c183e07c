//! Command lines as people type them, the help that they get, and how mistakes are told.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(std::iter::once("wayleave").chain(line.split_whitespace()))
}

#[test]
fn the_tree_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_has_help_with_an_example() {
    fn visit(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} has no help");
        let parent = command.has_subcommands();
        let example = command.get_after_help().is_some_and(|text| text.to_string().contains("wayleave "));
        assert!(example || (parent && path != " wayleave"), "{path} has no example");
        for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
            assert!(argument.get_help().is_some(), "{path} --{} has no help", argument.get_id());
        }
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            visit(inner, &path);
        }
    }
    visit(&CommandLine::command(), "");
}

#[test]
fn every_example_parses() {
    fn visit(command: &clap::Command) {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in text.lines().filter_map(|line| line.split_once("wayleave ")).map(|(_, rest)| rest) {
            let line = line.split(" > ").next().unwrap().replace("\"wrong node\"", "wrong");
            parse(&line).unwrap();
        }
        command.get_subcommands().for_each(visit);
    }
    visit(&CommandLine::command());
}

#[test]
fn a_move_with_everything() {
    let line = "migrate vm1 --from node1 --to node2 --dname new --destination-uri qemu+tcp://10.0.0.2/system \
                --param compression=xbzrle --param a=b=c --destination-timeout 60 --max-bandwidth unlimited \
                --downtime 100 --policy p.toml --output json -vv --config c.toml";
    let line = parse(line).unwrap();
    assert_eq!((line.global.output, line.global.verbose), (Output::Json, 2));
    let Command::Migrate(migrate) = line.command else { panic!("not a move") };
    assert_eq!(migrate.parameters[1], NameValue { name: "a".into(), value: "b=c".into() });
    assert_eq!(migrate.limits.max_bandwidth, Some(Bandwidth(None)));
    assert_eq!((migrate.limits.downtime, migrate.limits.destination_timeout), (Some(100), Some(60)));
}

#[test]
fn mistakes_are_told_and_exit_with_2() {
    let mistakes = [
        "migrate vm1",
        "migrate vm1 --from",
        "migrate vm1 --from n --downtime 99",
        "migrate vm1 --from n --downtime -5",
        "migrate vm1 --from n --max-bandwidth unlimted",
        "migrate vm1 --from n --destination-timeout 0",
        "migrate vm1 --from n --param tls",
        "migrat vm1",
        "plan vm1",
        "plan vm1 --facts f.json",
        "plan vm1 --from n --probe finalist",
        "check vm1 --from n",
        "job show seven",
        "facts domain vm1",
        "facts domain vm1 --from n --xml f",
        "facts node",
        "plugin lint",
        "nodes --output yaml",
    ];
    let mut shown = Vec::new();
    for mistake in mistakes {
        let error = parse(mistake).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{mistake}");
        shown.push(format!("$ wayleave {mistake}\n{error}"));
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn help_reads_well() {
    for (name, line) in [("top", "--help"), ("migrate", "migrate --help"), ("plan", "plan --help")] {
        let words = std::iter::once("wayleave").chain(line.split_whitespace());
        let shown = CommandLine::command().term_width(100).try_get_matches_from(words).unwrap_err();
        insta::assert_snapshot!(name, shown.to_string());
    }
}
