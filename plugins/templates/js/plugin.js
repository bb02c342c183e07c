/** Rule `few-domains`: a node carries only so many live domains for each of its processors. */

import { because, checks, pass, reject, setting } from "./wayleave/index.js";

const CROWDED = reject(
  "node-crowded",
  "the node carries more live domains than its processors are to bear",
);

checks({
  name: "few-domains",
  title: "the node carries few enough live domains for its processors",
  reasons: [CROWDED],
  settings: {
    domains_per_cpu: setting(
      4,
      "How many live domains a node may carry for each processor, this one among them.",
    ),
  },

  judge(node, { domains_per_cpu }) {
    const live = 1 + node.residents().filter((resident) => resident.active).length;
    const most = domains_per_cpu * node.cpus;
    const verdict =
      live > most
        ? because(CROWDED).remedy`move something away from ${node.name}, or raise domains_per_cpu`
        : pass();
    return verdict.measured`${live} with this one`.needed`at most ${most}, ${domains_per_cpu} a processor`;
  },
});
