/**
 * A plugin as a component: its exports, and the text of what went wrong in it.
 *
 * An instance answers for one decision: configured once, then asked. Its facts are fetched
 * once and never again, so the core makes a fresh instance for the next.
 */

import { Node, Unknown, imported } from "./facts.js";
import { configured, described, offered } from "./rule.js";
import { clearWords, words } from "./verdict.js";

const CONTRACT = "1.0";
const plugin = { name: "", version: "" };

/** Says what the plugin is called; what the build writes calls it with the manifest's words. */
export function called(name, version) {
  Object.assign(plugin, { name, version });
}

/** An answer of the contract that is an error, thrown as the binding wants it. */
class Refusal {
  constructor(payload) {
    this.payload = payload;
  }
}

/** A trap says nothing of why; this does. */
function told(work) {
  return (...parameters) => {
    try {
      return work(...parameters);
    } catch (error) {
      if (error instanceof Refusal) throw error.payload;
      const text = panicText(error);
      imported("log", "panic")(text);
      throw text;
    }
  };
}

function panicText(error) {
  if (!(error instanceof Error)) return String(error);
  const place = /\(?([^\s()]+:\d+)(?::\d+)?\)?/.exec(error.stack ?? "");
  return `${error.name}: ${error.message}${place ? ` (${place[1].split("/").pop()})` : ""}`;
}

/** The rule that this instance is, with its settings; `missing` is a fact that `start` lacked. */
let work;

function atWork() {
  if (!work) throw new Refusal("configure was not called");
  if (!work.started) {
    work.started = true;
    try {
      work.rule.start?.(work.settings);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      work.missing = error;
    }
  }
  return work;
}

/** One answer a node; `notKnown` where a fact is missing. */
function answers(ask, notKnown) {
  const { settings, missing } = atWork();
  const found = new Array(imported("nodes", "count")()).fill(notKnown);
  for (let row = 0; row < found.length && !missing; row++) {
    try {
      found[row] = ask(new Node(row), settings);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
    }
  }
  return found;
}

function askedOf(row, ask) {
  const { settings, missing } = atWork();
  if (row >= imported("nodes", "count")()) throw new Refusal(`there is no node ${row}`);
  if (missing) throw missing;
  return ask(new Node(row), settings);
}

function explained(row, ask) {
  clearWords();
  words.explaining = true;
  try {
    askedOf(row, ask);
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    words.measured ||= String(error);
  } finally {
    words.explaining = false;
  }
  const { measured, needed, remedy } = words;
  return { measured, needed, remedy };
}

export const metadata = {
  describe: told(() => JSON.stringify({ ...plugin, contract: CONTRACT, rules: offered.map(described) })),
};

export const settings = {
  configure: told((name, text) => {
    const rule = offered.find((one) => one.name === name);
    if (!rule) throw new Refusal([{ path: "", message: `${plugin.name} has no rule "${name}"` }]);
    const { settings, problems } = configured(rule, text);
    if (problems.length > 0) throw new Refusal(problems);
    work = { offer: rule, rule: rule.rule, settings };
  }),
};

export const check = {
  evaluate: told(() => {
    const { rule, offer } = atWork();
    return Uint8Array.from(answers((node, given) => rule.judge(node, given).code, offer.reasons.length));
  }),
  explain: told((row) => explained(row, (node, given) => atWork().rule.judge(node, given))),
};

export const score = {
  evaluate: told(() => {
    const { rule } = atWork();
    const number = (answer) => (typeof answer === "number" ? answer : answer.value);
    return Float32Array.from(answers((node, given) => number(rule.score(node, given)), 0));
  }),
  explain: told((row) => explained(row, (node, given) => atWork().rule.score(node, given))),
};

export const claims = {
  claims: told((row) => {
    try {
      const taken = askedOf(row, (node, given) => atWork().rule.claims?.(node, given) ?? []);
      return taken.map((one) => ({ ...one, amount: Number(one.amount), limit: Number(one.limit) }));
    } catch (error) {
      throw error instanceof Unknown ? new Refusal(String(error)) : error;
    }
  }),
};
