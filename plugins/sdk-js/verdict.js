/**
 * Verdicts and their words: what was measured, what was needed, what would help.
 *
 * A rule says the words in the function that decides. They are kept only while one node is
 * being explained to a person; as a tagged template, .measured`${live} live`, they are not
 * even put together before.
 */

/** The words of one answer; `explaining` is up while somebody wants to hear them. */
export const words = { explaining: false, measured: "", needed: "", remedy: "" };

export function clearWords() {
  words.measured = words.needed = words.remedy = "";
}

function said(text, values) {
  return Array.isArray(text) ? String.raw({ raw: text }, ...values) : String(text);
}

class Answer {
  /** What the rule saw, as in "2048 MiB free". */
  measured(text, ...values) {
    if (words.explaining) words.measured = said(text, values);
    return this;
  }

  /** What it wanted to see, as in "4096 MiB". */
  needed(text, ...values) {
    if (words.explaining) words.needed = said(text, values);
    return this;
  }

  /** What a person can do about it: an imperative, a command if there is one. */
  remedy(text, ...values) {
    if (words.explaining) words.remedy = said(text, values);
    return this;
  }
}

/** The answer of a check: the number of a reason, 0 where the node is fine. */
export class Verdict extends Answer {
  constructor(code) {
    super();
    this.code = code;
  }
}

/** The answer of a score. */
export class Points extends Answer {
  constructor(value) {
    super();
    this.value = value;
  }
}

const PASSED = new Verdict(0);

/** The node is fine. */
export function pass() {
  return PASSED;
}

/** The node is refused, warned of, or held back, as the reason's kind says. */
export function because(reason) {
  if (!reason.verdict) throw new Error(`the reason ${reason.code} is not among the rule's reasons`);
  return reason.verdict;
}

/** From 0 to 1, higher is better; anything else is a fault of the rule. */
export function points(value) {
  return new Points(value);
}

/** Bytes as whole MiB, rounded down. */
export function mib(bytes) {
  return `${Math.floor(bytes / 1048576)} MiB`;
}
