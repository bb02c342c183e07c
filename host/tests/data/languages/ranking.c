/* Score `ranking`: the share of memory that is free. */

#include <wayleave.h>

static answer_t score(node_t node) {
    uint64_t free = KNOWN(node_memory_free(node)), total = KNOWN(node_memory_total(node));
    double share = total == 0 ? 0 : (double)free / (double)total;
    measured("%s of %s is free", mib(free), mib(total));
    return points(share < 1 ? share : 1);
}

static const rule_t ranking = {
    .name = "ranking",
    .title = "much memory is free",
    .score = score,
};

SCORES(&ranking);
