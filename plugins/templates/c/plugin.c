/* Rule `few-domains`: a node carries only so many live domains for each of its processors. */

#include <wayleave.h>

static uint32_t domains_per_cpu = 4;

static const setting_t settings[] = {
    SETTING(domains_per_cpu, "How many live domains a node may carry for each processor, this one among them."),
    END_OF_SETTINGS,
};

enum { CROWDED = 1 };

static const reason_t reasons[] = {
    [CROWDED] = REJECT("node-crowded", "the node carries more live domains than its processors are to bear"),
    END_OF_REASONS,
};

static answer_t judge(node_t node) {
    uint64_t live = 1;
    FOR_EACH(resident_t, resident, node_residents(node)) live += KNOWN(resident_active(resident));
    uint64_t most = (uint64_t)domains_per_cpu * KNOWN(node_cpus(node));
    measured("%llu with this one", live);
    needed("at most %llu, %u a processor", most, domains_per_cpu);
    if (live <= most) return pass();
    remedy("move something away from %s, or raise domains_per_cpu", text_of(node_name(node)));
    return because(CROWDED);
}

static const rule_t few_domains = {
    .name = "few-domains",
    .title = "the node carries few enough live domains for its processors",
    .reasons = reasons,
    .settings = settings,
    .judge = judge,
};

CHECKS(&few_domains);
