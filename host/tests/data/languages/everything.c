/* Rule `everything`: shows every fact there is, one part at a time, and takes a claim. */

#include <string.h>
#include <wayleave.h>

static const char *const LICENCES[] = {"licences"};
static const char *part = "node";
static uint64_t page_size = 2097152;
static double share = 0.5;
static bool refuse = false;
static texts_t tables = {LICENCES, 1};

static const setting_t settings[] = {
    SETTING(part, "Which part is shown."),
    SETTING(page_size, "A page size."),
    SETTING(share, "A share."),
    SETTING(refuse, "Whether the node is refused."),
    SETTING(tables, "Names of tables."),
    END_OF_SETTINGS,
};

enum { SHOWN = 1, REFUSED, UNKNOWN_PART };

static const reason_t reasons[] = {
    [SHOWN] = WARN("shown", "this is what is known"),
    [REFUSED] = REJECT("refused", "it was to be refused"),
    [UNKNOWN_PART] = UNKNOWN("no-such-part", "there is no such part"),
    END_OF_REASONS,
};

static const char *missing(const char *fact) { return format("?%s", fact); }

static const char *symbol_fact(known_symbol_t fact) {
    return fact.missing ? missing(fact.missing) : text_of(fact.value);
}

static const char *text_fact(known_text_t fact) { return fact.missing ? missing(fact.missing) : fact.value; }

static const char *u32_fact(known_u32_t fact) {
    return fact.missing ? missing(fact.missing) : format("%u", fact.value);
}

static const char *u64_fact(known_u64_t fact) {
    return fact.missing ? missing(fact.missing) : format("%llu", fact.value);
}

static const char *flag_fact(known_bool_t fact) {
    return fact.missing ? missing(fact.missing) : format("%u", fact.value);
}

static const char *symbol_or_none(symbol_t value) { return value == NO_SYMBOL ? "-" : text_of(value); }

static const char *text_or_none(const char *text) { return text ? text : "-"; }

/* Puts one more behind what there is. */
static const char *with(const char *list, const char *separator, const char *one) {
    return list ? format("%s%s%s", list, separator, one) : one;
}

#define JOINED(list, directive)                                                                     \
    __extension__({                                                                                 \
        const char *joined_ = "";                                                                   \
        __auto_type list_ = (list);                                                                 \
        for (size_t place = 0; place < list_.count; place++)                                        \
            joined_ = format("%s%s" directive, joined_, place > 0 ? "," : "", list_.values[place]); \
        joined_;                                                                                    \
    })

static const char *of_node(node_t node) {
    uint32_t count = 0;
    FOR_EACH(node_t, one, candidates()) count++;
    return format(
        "%s %s,%s,%s,%s,%s,%s %s %s,%s %s,%s %s,%s %s of %u", text_of(node_name(node)),
        symbol_fact(node_uuid(node)), symbol_fact(node_hostname(node)), symbol_fact(node_driver(node)),
        symbol_fact(node_arch(node)), symbol_fact(node_cpu_model(node)), symbol_fact(node_cpu_vendor(node)),
        u32_fact(node_cpus(node)), u64_fact(node_memory_total(node)), u64_fact(node_memory_free(node)),
        u64_fact(node_libvirt_version(node)), u64_fact(node_hypervisor_version(node)),
        flag_fact(node_maintenance(node)), flag_fact(node_machine_known(node)),
        symbol_or_none(node_label(node, "rack")), count);
}

static const char *of_pair(node_t node) {
    known_disks_t disks = node_disks(node);
    const char *list = NULL;
    if (disks.missing) {
        list = missing(disks.missing);
    } else {
        FOR_EACH(disk_t, disk, disks.value) {
            const char *pool = symbol_or_none(disk_pool(disk));
            const char *name = text_of(disk_name(disk));
            list = with(list, ",", format("%s:%d:%s:%s", name, disk_access(disk), pool, disk_detail(disk)));
        }
    }
    return format("%d %s %d %s %s %s", node_cpu_comparison(node), node_cpu_detail(node), node_reach(node),
                  node_reach_uri(node), node_reach_detail(node), list ? list : "");
}

static const char *of_cells(node_t node) {
    const char *list = NULL;
    FOR_EACH(cell_t, cell, node_cells(node)) {
        const char *pages = u64_fact(cell_free_pages(cell, page_size));
        const char *total = u64_fact(cell_memory_total(cell)), *free = u64_fact(cell_memory_free(cell));
        const char *ids = JOINED(cell_cpu_ids(cell), "%u");
        const char *id = u32_fact(cell_id(cell)), *cpus = u32_fact(cell_cpus(cell));
        list = with(list, ",", format("%s:%s:%s:%s:%s:%s", id, cpus, total, free, ids, pages));
    }
    return list ? list : "";
}

static const char *of_residents(node_t node) {
    const char *list = NULL;
    FOR_EACH(resident_t, one, node_residents(node)) {
        const char *active = flag_fact(resident_active(one)), *vcpus = u32_fact(resident_vcpus(one));
        const char *memory = u64_fact(resident_memory(one));
        const char *licence = symbol_or_none(resident_label(one, "licence"));
        const char *name = text_of(resident_name(one)), *uuid = text_of(resident_uuid(one));
        list = with(list, ",", format("%s:%s:%s:%s:%s:%s", name, uuid, active, vcpus, memory, licence));
    }
    return list ? list : "";
}

static const char *of_networks(node_t node) {
    const char *list = NULL;
    FOR_EACH(network_t, one, node_networks(node)) {
        const char *kind = text_of(network_kind(one)), *name = text_of(network_name(one));
        list = with(list, ",", format("%s:%s:%s", kind, name, flag_fact(network_active(one))));
    }
    return list ? list : "";
}

static const char *of_domain(void) {
    return format(
        "%s %s %s,%s,%s,%s,%s %s %s %s %s %s %s %s %s", domain_name(), domain_destination_name(),
        text_fact(domain_uuid()), text_fact(domain_hypervisor()), text_fact(domain_state()),
        text_fact(domain_arch()), text_fact(domain_machine()), u32_fact(domain_vcpus()),
        u64_fact(domain_memory()), domain_cpu_mode(), domain_cpu_model(),
        text_or_none(domain_label("licence")), text_or_none(domain_tpm_backend()),
        text_or_none(domain_nvram()), text_or_none(domain_launch_security()));
}

static const char *of_devices(void) {
    return format(
        "%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s;%s", JOINED(domain_disk_target(), "%s"),
        JOINED(domain_disk_device(), "%s"), JOINED(domain_disk_source_type(), "%s"),
        JOINED(domain_disk_source(), "%s"), JOINED(domain_disk_cache(), "%s"),
        JOINED(domain_disk_readonly(), "%u"), JOINED(domain_disk_shareable(), "%u"),
        JOINED(domain_hostdev_kind(), "%s"), JOINED(domain_hostdev_mode(), "%s"),
        JOINED(domain_hostdev_address(), "%s"), JOINED(domain_interface_kind(), "%s"),
        JOINED(domain_interface_source(), "%s"), JOINED(domain_filesystem_kind(), "%s"),
        JOINED(domain_filesystem_source(), "%s"), JOINED(domain_shared_memory_name(), "%s"));
}

static const char *of_numa(void) {
    return format(
        "%s;%s;%s;%s;%s;%s;%s;%s;%s", JOINED(domain_cell_memory(), "%llu"), JOINED(domain_cell_vcpus(), "%u"),
        domain_numatune_mode(), JOINED(domain_numatune_cells(), "%u"),
        JOINED(domain_cell_binding_offsets(), "%u"), JOINED(domain_cell_binding(), "%u"),
        JOINED(domain_pinned_cpus(), "%u"), JOINED(domain_hugepage_size(), "%llu"),
        JOINED(domain_hugepage_memory(), "%llu"));
}

static const char *of_site(void) {
    static const char *const COLUMNS[] = {"product", "seats"};
    const char *list = NULL;
    for (size_t place = 0; place < tables.count * 2; place++) {
        column_t column = site_column(tables.values[place / 2], COLUMNS[place % 2]);
        const char *why = column.error ? format("?%s", data_error(column.error)) : NULL;
        list = with(list, ";", why ? why : JOINED(column.texts, "%s"));
    }
    return format("%s %s %s %s %llu %s", source_name(), text_fact(source_uuid()),
                  u64_fact(source_hypervisor_version()), text_or_none(source_label("rack")), taken_at(),
                  list ? list : "");
}

static const char *of_settings(void) {
    return format("%llu %.2f %u %s", page_size, share, refuse, JOINED(tables, "%s"));
}

static bool is(const char *name) { return strcmp(part, name) == 0; }

static answer_t judge(node_t node) {
    const char *shown;
    if (is("node")) shown = of_node(node);
    else if (is("pair")) shown = of_pair(node);
    else if (is("cells")) shown = of_cells(node);
    else if (is("residents")) shown = of_residents(node);
    else if (is("networks")) shown = of_networks(node);
    else if (is("domain")) shown = of_domain();
    else if (is("devices")) shown = of_devices();
    else if (is("numa")) shown = of_numa();
    else if (is("site")) shown = of_site();
    else if (is("settings")) shown = of_settings();
    else if (is("needing")) shown = format("%llu %u", KNOWN(node_memory_free(node)), KNOWN(domain_vcpus()));
    else if (is("panic")) panic("it was to fail");
    else {
        needed("a part");
        return because(UNKNOWN_PART);
    }
    measured("%s", shown);
    remedy("look at it");
    return because(refuse ? REFUSED : SHOWN);
}

static void check_settings(void) {
    if (share > 1) problem("/share", "is more than 1");
}

static answer_t take_slot(node_t node) {
    claim(format("slot/%s", text_of(node_name(node))), 1, KNOWN(node_cpus(node)));
    return pass();
}

static const rule_t everything = {
    .name = "everything",
    .title = "every fact is shown",
    .reasons = reasons,
    .settings = settings,
    .problems = check_settings,
    .judge = judge,
    .claims = take_slot,
};

CHECKS_WITH_CLAIMS(&everything);
