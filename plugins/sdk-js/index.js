/**
 * Write a Wayleave rule in a few lines of JavaScript.
 *
 * A rule is an object: its settings and reasons are members, and one function both decides
 * and explains. A fact that is not known becomes the verdict "unknown" by itself.
 *
 *     import { because, checks, domain, mib, pass, reject, setting } from "./wayleave/index.js";
 *
 *     const SHORT = reject("memory-short", "not enough free memory");
 *
 *     checks({
 *       name: "memory-room",
 *       title: "the domain's memory fits the node's free memory",
 *       reasons: [SHORT],
 *       settings: { reserve_mib: setting(256, "Kept free on every node, in MiB.") },
 *       judge(node, { reserve_mib }) {
 *         const needed = domain.memory + reserve_mib * 1024 * 1024;
 *         const verdict = node.memoryFree < needed ? because(SHORT) : pass();
 *         return verdict.measured(mib(node.memoryFree)).needed(mib(needed));
 *       },
 *     });
 */

export {
  Access,
  CpuComparison,
  DataError,
  Reach,
  Unknown,
  domain,
  log,
  site,
  source,
  takenAt,
} from "./facts.js";
export { checks, checksWithClaims, reject, scores, setting, unknown, warn } from "./rule.js";
export { because, mib, pass, points } from "./verdict.js";
