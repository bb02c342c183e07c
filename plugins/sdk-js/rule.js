/**
 * What a rule is: a check, which lets a node through or not, or a score, which ranks it.
 *
 * A check has `name`, `title`, `reasons`, `settings` and `judge(node, settings)`; a score has
 * `score(node, settings)` in place of `reasons` and `judge`. The rest may be left out:
 * `start(settings)` is called once a decision, before the first node; `problems(settings)`
 * returns `{ path, message }` for settings that fit the schema and are wrong all the same;
 * `claims(node, settings)` returns `{ resource, amount, limit }` for the chosen node.
 */

import { Verdict } from "./verdict.js";

const UNKNOWN_KEY = "a setting that the rule does not have";

/** What the plugin offers, filled by the last call of its source. */
export const offered = [];

/** What the plugin offers: the last call of its source. */
export function checks(...rules) {
  rules.forEach((rule) => offer("check", rule));
}

/** What the plugin offers, where some rule takes claims. */
export function checksWithClaims(...rules) {
  rules.forEach((rule) => offer("check", rule));
}

/** What the plugin offers, where its rules are scores. */
export function scores(...rules) {
  rules.forEach((rule) => offer("score", rule));
}

function offer(kind, rule) {
  const judging = kind === "check" ? "judge" : "score";
  if (typeof rule[judging] !== "function") throw new Error(`${rule.name} has no function ${judging}`);
  const reasons = kind === "check" ? [...(rule.reasons ?? []), notKnown()] : [];
  reasons.forEach((reason, place) => {
    if (reason.verdict) throw new Error(`the reason ${reason.code} is in two rules; give each its own`);
    reason.verdict = new Verdict(place + 1);
  });
  offered.push({ ...rule, kind, reasons, settings: rule.settings ?? {}, rule });
}

/** A reason for which the node is refused. Codes are for ever; texts may change. */
export function reject(code, text) {
  return { kind: "reject", code, text };
}

/** A reason for which the node is warned of. */
export function warn(code, text) {
  return { kind: "warn", code, text };
}

/** Something that the rule needs is not known: the node is neither taken nor refused for it. */
export function unknown(code, text) {
  return { kind: "unknown", code, text };
}

function notKnown() {
  return unknown("not-known", "a fact that the rule needs is not known");
}

const TYPES = [
  {
    name: "boolean",
    schema: { type: "boolean" },
    wanted: "true or false",
    fits: (value) => typeof value === "boolean",
  },
  {
    name: "integer",
    schema: { type: "integer", minimum: 0 },
    wanted: "a whole number, not negative and not too large",
    fits: (value) => Number.isSafeInteger(value) && value >= 0,
  },
  {
    name: "number",
    schema: { type: "number" },
    wanted: "a number",
    fits: (value) => typeof value === "number",
  },
  {
    name: "string",
    schema: { type: "string" },
    wanted: "a string",
    fits: (value) => typeof value === "string",
  },
  {
    name: "array",
    schema: { type: "array", items: { type: "string" } },
    wanted: "an array of strings",
    fits: (value) => Array.isArray(value) && value.every((text) => typeof text === "string"),
  },
];

/**
 * A setting of a rule: `setting(256, "Kept free on every node, in MiB.")`.
 *
 * The default's type is the setting's: a whole number that is not negative, another number,
 * a truth value, a text, or an array of texts. `setting(1, "...", "number")` is a number
 * whose default happens to be whole.
 */
export function setting(value, text, type) {
  const kind = TYPES.find((one) => (type === undefined ? one.fits(value) : one.name === type));
  if (!kind) throw new Error(`a setting cannot have the default ${JSON.stringify(value)}`);
  return { kind, value, text };
}

export function described(rule) {
  const { name, kind, title } = rule;
  const reasons = rule.reasons.map((reason) => ({ code: reason.code, kind: reason.kind, text: reason.text }));
  const properties = Object.fromEntries(
    Object.entries(rule.settings).map(([key, one]) => [
      key,
      { ...one.kind.schema, description: one.text, default: one.value },
    ]),
  );
  const settings_schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties,
    additionalProperties: false,
  };
  return { name, kind, title, reasons, settings_schema };
}

/** The settings of a rule, and what is wrong with them. */
export function configured(rule, text) {
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return { problems: [{ path: "", message: `is not JSON: ${error.message}` }] };
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return { problems: [{ path: "", message: "needs an object" }] };
  }
  const settings = Object.fromEntries(Object.entries(rule.settings).map(([key, one]) => [key, one.value]));
  const problems = [];
  for (const [key, value] of Object.entries(given)) {
    const known = Object.hasOwn(rule.settings, key) ? rule.settings[key] : undefined;
    if (known?.kind.fits(value)) {
      settings[key] = value;
      continue;
    }
    const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    problems.push({ path, message: known ? `needs ${known.kind.wanted}` : UNKNOWN_KEY });
  }
  if (problems.length === 0 && rule.problems) problems.push(...rule.rule.problems(settings));
  return { settings, problems };
}
