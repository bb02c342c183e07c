/** Score `ranking`: the share of memory that is free. */

import { mib, points, scores } from "./wayleave/index.js";

scores({
  name: "ranking",
  title: "much memory is free",

  score(node) {
    const { memoryFree: free, memoryTotal: total } = node;
    const share = total ? Math.min(free / total, 1) : 0;
    return points(share).measured`${mib(free)} of ${mib(total)} is free`;
  },
});
