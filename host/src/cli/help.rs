//! What stands at the end of each command's `--help`: an example, and the exit codes.

pub const TOP: &str = "\
Example:
  wayleave plan vm1 --from node1
  wayleave migrate vm1 --from node1

Exit codes:
  0  done
  1  refused by the policy; or a test failed
  2  wrong usage or bad input
  3  failed or inconclusive; the domain is still on its source
  4  uncertain: look at what is named";

pub const MIGRATE: &str = "\
Examples:
  wayleave migrate vm1 --from node1
  wayleave migrate vm1 --from qemu+tcp://node1/system --to node2 --max-bandwidth 64
  wayleave migrate vm1 --from node1 --dname vm1-new --param compression=xbzrle

Ctrl-C aborts the move cleanly and says where the domain runs.";

pub const PLAN: &str = "\
Examples:
  wayleave plan vm1 --from node1
  wayleave plan vm1 --from node1 --probe all --output json
  wayleave plan --facts snapshot.json --policy policies/strict.toml";

pub const CHECK: &str = "\
Examples:
  wayleave check vm1 --from node1 --to node2
  wayleave check --facts snapshot.json --to node2";

pub const NODES: &str = "\
Example:
  wayleave nodes";

pub const JOB_LIST: &str = "\
Example:
  wayleave job list --open";

pub const JOB_SHOW: &str = "\
Example:
  wayleave job show 7";

pub const JOB_WATCH: &str = "\
Example:
  wayleave job watch 7";

pub const JOB_ABORT: &str = "\
Example:
  wayleave job abort 7 --reason \"wrong node\"";

pub const DECISION_LIST: &str = "\
Examples:
  wayleave decision list
  wayleave decision list --since 7d --domain vm1";

pub const DECISION_SHOW: &str = "\
Example:
  wayleave decision show 17";

pub const DECISION_EXPLAIN: &str = "\
Examples:
  wayleave decision explain 17
  wayleave decision explain 17 --node node2";

pub const DECISION_EXPORT: &str = "\
Examples:
  wayleave decision export 17 --into vm1.json
  wayleave decision export 17 --minimise --as suite --into tests/vm1.test.toml";

pub const REPLAY: &str = "\
Examples:
  wayleave replay --since 2026-11-01
  wayleave replay decisions/ --policy strict.toml --allow approved.toml
  wayleave replay --since 7d --plugin licence.wasm --output json

Exit codes:
  0  nothing changed, or every change is approved
  1  something changed
  2  wrong usage or bad input
  3  a decision could not be taken again";

pub const PLUGIN_LIST: &str = "\
Example:
  wayleave plugin list";

pub const PLUGIN_INSPECT: &str = "\
Example:
  wayleave plugin inspect /etc/wayleave/plugins/licence.wasm";

pub const PLUGIN_LINT: &str = "\
Exit status: 0 nothing to refuse it for, 1 it would be refused, 2 it cannot be read.

Example:
  wayleave plugin lint --deny-warnings few-domains/few-domains.wasm";

pub const PLUGIN_NEW: &str = "\
Example:
  wayleave plugin new few-domains --lang python
  cd few-domains && wayleave plugin build && wayleave policy test";

pub const PLUGIN_BUILD: &str = "\
Examples:
  wayleave plugin build
  wayleave plugin build plugins/licence --into /etc/wayleave/plugins";

pub const POLICY_CHECK: &str = "\
Example:
  wayleave policy check policies/default.toml";

pub const POLICY_LINT: &str = "\
Example:
  wayleave policy lint policies/default.toml --deny-warnings";

pub const POLICY_FMT: &str = "\
Examples:
  wayleave policy fmt policies/default.toml
  wayleave policy fmt --check policies/*.toml";

pub const POLICY_EXPLAIN: &str = "\
Examples:
  wayleave policy explain policies/default.toml
  wayleave policy explain --rule memory-room";

pub const POLICY_DIFF: &str = "\
Examples:
  wayleave policy diff old.toml new.toml
  wayleave policy diff old.toml new.toml --facts snapshot.json

Exit codes:
  0  they are the same
  1  they differ
  2  one of them cannot be used";

pub const POLICY_WATCH: &str = "\
Example:
  wayleave policy watch policies/default.toml --facts snapshot.json

A changed set of rules is taken over when everything loads, every setting is accepted, the rules
answer a made-up fleet without a fault, and the suites beside them pass. Otherwise the old set
stays in use, and the reason is told.";

pub const POLICY_TEST: &str = "\
Examples:
  wayleave policy test
  wayleave policy test policies plugins --plugins target/plugins --coverage
  wayleave policy test --run 'room / .*short' --format table --format junit=report.xml

Exit codes:
  0  every case passed
  1  a case failed, or less was covered than was asked for
  2  a suite cannot be used, or no case was run";

pub const POLICY_BENCH: &str = "\
Examples:
  wayleave policy bench plugins/room
  wayleave policy bench plugins/room --save";

pub const POLICY_MUTATE: &str = "\
Examples:
  wayleave plugin build plugins/room --debug --into debug
  wayleave policy mutate plugins/room --plugins debug --min-score 0.9
  wayleave policy mutate policies --family settings --family rules

Mutants of operators need a component that was built with --debug: it says which code is the
plugin's own, and on which line. Survivors are listed.

Exit codes:
  0  done
  1  a smaller share was noticed than --min-score asks for
  2  a suite cannot be used, or fails as it stands";

pub const FACTS_DOMAIN: &str = "\
Examples:
  wayleave facts domain vm1 --from node1
  virsh dumpxml vm1 | wayleave facts domain --xml -";

pub const FACTS_NODE: &str = "\
Examples:
  wayleave facts node node1
  wayleave facts node --capabilities capabilities.xml";

pub const FACTS_SNAPSHOT: &str = "\
Example:
  wayleave facts snapshot vm1 --from node1 > snapshot.json
  wayleave plan --facts snapshot.json";

pub const DOCTOR: &str = "\
Examples:
  wayleave doctor
  wayleave doctor node2 qemu+tcp://node9/system";

pub const COMPLETIONS: &str = "\
Example:
  wayleave completions bash > /etc/bash_completion.d/wayleave";
