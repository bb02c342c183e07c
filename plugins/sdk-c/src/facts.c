/* The facts of one decision, each column fetched when a rule first asks for it.
 *
 * A function that no rule calls is dropped by the linker, and with it the import that it
 * would need: what a plugin imports is what it asks for. */

#include "internal.h"

#include <string.h>

/* ---- Columns ------------------------------------------------------------------------- */

#define COLUMN(type, element, interface, name)                   \
    static const type *interface##_##name(void) {                \
        static contract_list_##element##_t column;               \
        static bool fetched;                                     \
        if (!fetched) {                                          \
            wayleave_policy_##interface##_##name(&column);       \
            fetched = true;                                      \
        }                                                        \
        return column.ptr;                                       \
    }

#define U8_COLUMN(interface, name) COLUMN(uint8_t, u8, interface, name)
#define U32_COLUMN(interface, name) COLUMN(uint32_t, u32, interface, name)
#define U64_COLUMN(interface, name) COLUMN(uint64_t, u64, interface, name)

/* A number that is the largest of its type is not known. */
#define NUMBER(Column, known, most, thing, interface, name, told)            \
    Column(interface, name)                                                  \
    known thing##_##name(thing##_t row) {                                    \
        __auto_type value = interface##_##name()[row.row];                   \
        return (known){value, value == most ? told : NULL};                  \
    }

#define U32(thing, interface, name, told) \
    NUMBER(U32_COLUMN, known_u32_t, UINT32_MAX, thing, interface, name, told)
#define U64(thing, interface, name, told) \
    NUMBER(U64_COLUMN, known_u64_t, UINT64_MAX, thing, interface, name, told)
#define KNOWN_SYMBOL(thing, interface, name, told) \
    NUMBER(U32_COLUMN, known_symbol_t, NO_SYMBOL, thing, interface, name, told)

#define FLAG(thing, interface, name, told)                             \
    U8_COLUMN(interface, name)                                         \
    known_bool_t thing##_##name(thing##_t row) {                       \
        uint8_t value = interface##_##name()[row.row];                 \
        return (known_bool_t){value == 1, value > 1 ? told : NULL};    \
    }

#define PLAIN_SYMBOL(thing, interface, column, function)               \
    U32_COLUMN(interface, column)                                      \
    symbol_t function(thing##_t row) { return interface##_##column()[row.row]; }

#define ROWS(list, type)                                               \
    U32_COLUMN(list, offsets)                                          \
    type node_##list(node_t node) {                                    \
        const uint32_t *ends = list##_offsets();                       \
        return (type){ends[node.row], ends[node.row + 1]};             \
    }

#define DETAIL(thing, function, import)                                \
    const char *function(thing##_t row) {                              \
        contract_string_t text;                                        \
        wayleave_policy_##import(row.row, &text);                      \
        return wayleave_terminated(text);                              \
    }

/* ---- Columns that have a key --------------------------------------------------------- */

typedef struct keyed {
    const char *key;
    const uint32_t *values;
    struct keyed *next;
} keyed_t;

typedef void (*fetch_label_t)(contract_string_t *key, contract_list_u32_t *values);

static symbol_t label_at(keyed_t **columns, fetch_label_t fetch, const char *key, uint32_t row) {
    for (keyed_t *column = *columns; column; column = column->next) {
        if (column->key == key || strcmp(column->key, key) == 0) return column->values[row];
    }
    contract_string_t name = wayleave_borrowed(key);
    contract_list_u32_t values;
    fetch(&name, &values);
    keyed_t *column = wayleave_memory(NULL, sizeof *column);
    *column = (keyed_t){format("%s", key), values.ptr, *columns};
    *columns = column;
    return column->values[row];
}

#define LABEL(thing, interface)                                                          \
    symbol_t thing##_label(thing##_t row, const char *key) {                             \
        static keyed_t *columns;                                                         \
        return label_at(&columns, wayleave_policy_##interface##_label, key, row.row);    \
    }

/* ---- Symbols ------------------------------------------------------------------------- */

symbol_t symbol(const char *text) {
    static struct looked_up {
        const char *text;
        symbol_t symbol;
        struct looked_up *next;
    } *seen;
    for (struct looked_up *one = seen; one; one = one->next) {
        if (one->text == text || strcmp(one->text, text) == 0) return one->symbol;
    }
    contract_string_t name = wayleave_borrowed(text);
    contract_list_string_t names = {&name, 1};
    contract_list_u32_t symbols;
    wayleave_policy_symbols_lookup(&names, &symbols);
    struct looked_up *one = wayleave_memory(NULL, sizeof *one);
    *one = (struct looked_up){format("%s", text), symbols.len > 0 ? symbols.ptr[0] : NO_SYMBOL, seen};
    seen = one;
    return one->symbol;
}

const char *text_of(symbol_t symbol_) {
    contract_list_u32_t symbols = {&symbol_, 1};
    contract_list_string_t texts;
    wayleave_policy_symbols_texts(&symbols, &texts);
    return texts.len > 0 ? wayleave_terminated(texts.ptr[0]) : "";
}

/* ---- Nodes --------------------------------------------------------------------------- */

node_t candidates(void) {
    return (node_t){0, wayleave_policy_nodes_count()};
}

PLAIN_SYMBOL(node, nodes, name, node_name)
KNOWN_SYMBOL(node, nodes, uuid, "uuid")
KNOWN_SYMBOL(node, nodes, hostname, "hostname")
KNOWN_SYMBOL(node, nodes, driver, "driver")
KNOWN_SYMBOL(node, nodes, arch, "arch")
KNOWN_SYMBOL(node, nodes, cpu_model, "cpu_model")
KNOWN_SYMBOL(node, nodes, cpu_vendor, "cpu_vendor")
U32(node, nodes, cpus, "cpus")
U64(node, nodes, memory_total, "memory_total")
U64(node, nodes, memory_free, "memory_free")
U64(node, nodes, libvirt_version, "libvirt_version")
U64(node, nodes, hypervisor_version, "hypervisor_version")
FLAG(node, nodes, maintenance, "maintenance")
FLAG(node, nodes, machine_known, "machine_known")
LABEL(node, nodes)

U8_COLUMN(cpu, comparison)
cpu_comparison_t node_cpu_comparison(node_t node) {
    uint8_t value = cpu_comparison()[node.row];
    return value <= CPU_FAILED ? (cpu_comparison_t)value : CPU_NOT_ASKED;
}
DETAIL(node, node_cpu_detail, cpu_detail)

U8_COLUMN(reach, state)
reach_t node_reach(node_t node) {
    uint8_t value = reach_state()[node.row];
    return value <= REACH_FAILED ? (reach_t)value : REACH_NOT_PROBED;
}
DETAIL(node, node_reach_uri, reach_uri)
DETAIL(node, node_reach_detail, reach_detail)

/* ---- Cells --------------------------------------------------------------------------- */

ROWS(cells, cell_t)
U32(cell, cells, id, "cells.id")
U32(cell, cells, cpus, "cells.cpus")
U64(cell, cells, memory_total, "cells.memory_total")
U64(cell, cells, memory_free, "cells.memory_free")
U32_COLUMN(cells, cpu_offsets)
U32_COLUMN(cells, cpu_id)

u32s_t cell_cpu_ids(cell_t cell) {
    const uint32_t *ends = cells_cpu_offsets();
    return (u32s_t){cells_cpu_id() + ends[cell.row], ends[cell.row + 1] - ends[cell.row]};
}

known_u64_t cell_free_pages(cell_t cell, uint64_t size_bytes) {
    static struct pages {
        uint64_t size_bytes;
        const uint64_t *values;
        struct pages *next;
    } *columns;
    struct pages *column = columns;
    while (column && column->size_bytes != size_bytes) column = column->next;
    if (!column) {
        contract_list_u64_t values;
        wayleave_policy_cells_free_pages(size_bytes, &values);
        column = wayleave_memory(NULL, sizeof *column);
        *column = (struct pages){size_bytes, values.ptr, columns};
        columns = column;
    }
    uint64_t value = column->values[cell.row];
    return (known_u64_t){value, value == UINT64_MAX ? "cells.free_pages" : NULL};
}

/* ---- Domains on a node --------------------------------------------------------------- */

ROWS(residents, resident_t)
PLAIN_SYMBOL(resident, residents, name, resident_name)
PLAIN_SYMBOL(resident, residents, uuid, resident_uuid)
FLAG(resident, residents, active, "residents.active")
U32(resident, residents, vcpus, "residents.vcpus")
U64(resident, residents, memory, "residents.memory")
LABEL(resident, residents)

/* ---- Networks ------------------------------------------------------------------------ */

ROWS(networks, network_t)
PLAIN_SYMBOL(network, networks, kind, network_kind)
PLAIN_SYMBOL(network, networks, name, network_name)
FLAG(network, networks, active, "networks.active")

/* ---- Storage ------------------------------------------------------------------------- */

U8_COLUMN(storage, probed)
U32_COLUMN(storage, offsets)
U8_COLUMN(storage, access)

known_disks_t node_disks(node_t node) {
    if (storage_probed()[node.row] != 1) return (known_disks_t){{0, 0}, "storage"};
    const uint32_t *ends = storage_offsets();
    return (known_disks_t){{ends[node.row], ends[node.row + 1]}, NULL};
}

PLAIN_SYMBOL(disk, storage, disk, disk_name)
PLAIN_SYMBOL(disk, storage, pool, disk_pool)
DETAIL(disk, disk_detail, storage_detail)

access_t disk_access(disk_t disk) {
    uint8_t value = storage_access()[disk.row];
    /* A number from a later contract is not known here, so it is not a pass. */
    bool named = value >= ACCESS_SHARED_WRITABLE && value <= ACCESS_PROBE_FAILED;
    return named ? (access_t)value : ACCESS_PROBE_FAILED;
}

/* ---- The domain and the source ------------------------------------------------------- */

/* Asked once: the answer stays. */
#define TEXT(thing, name)                                          \
    const char *thing##_##name(void) {                             \
        static const char *answer;                                 \
        if (!answer) {                                             \
            contract_string_t text;                                \
            wayleave_policy_##thing##_##name(&text);               \
            answer = wayleave_terminated(text);                    \
        }                                                          \
        return answer;                                             \
    }

#define KNOWN_TEXT(thing, name)                                                          \
    known_text_t thing##_##name(void) {                                                  \
        static const char *answer;                                                       \
        if (!answer) {                                                                   \
            contract_string_t text;                                                      \
            wayleave_policy_##thing##_##name(&text);                                     \
            answer = wayleave_terminated(text);                                          \
        }                                                                                \
        return (known_text_t){answer, *answer ? NULL : #thing "." #name};                \
    }

#define OPTIONAL_TEXT(thing, name)                                                       \
    const char *thing##_##name(void) {                                                   \
        contract_string_t text;                                                          \
        return wayleave_policy_##thing##_##name(&text) ? wayleave_terminated(text) : NULL; \
    }

#define LABEL_OF(thing)                                                                  \
    const char *thing##_label(const char *key) {                                         \
        contract_string_t name = wayleave_borrowed(key), text;                           \
        return wayleave_policy_##thing##_label(&name, &text) ? wayleave_terminated(text) : NULL; \
    }

static texts_t terminated(contract_list_string_t list) {
    const char **texts = wayleave_memory(NULL, (list.len + 1) * sizeof *texts);
    for (size_t place = 0; place < list.len; place++) texts[place] = wayleave_terminated(list.ptr[place]);
    return (texts_t){texts, list.len};
}

#define TEXTS(name)                                                \
    texts_t domain_##name(void) {                                  \
        static texts_t answer;                                     \
        if (!answer.values) {                                      \
            contract_list_string_t list;                           \
            wayleave_policy_domain_##name(&list);                  \
            answer = terminated(list);                             \
        }                                                          \
        return answer;                                             \
    }

#define LIST(type, element, name)                                  \
    type domain_##name(void) {                                     \
        static contract_list_##element##_t list;                   \
        static bool fetched;                                       \
        if (!fetched) wayleave_policy_domain_##name(&list);        \
        fetched = true;                                            \
        return (type){list.ptr, list.len};                         \
    }

TEXT(domain, name)
TEXT(domain, destination_name)
KNOWN_TEXT(domain, uuid)
KNOWN_TEXT(domain, hypervisor)
KNOWN_TEXT(domain, state)
KNOWN_TEXT(domain, arch)
KNOWN_TEXT(domain, machine)
TEXT(domain, cpu_mode)
TEXT(domain, cpu_model)
LABEL_OF(domain)
OPTIONAL_TEXT(domain, tpm_backend)
OPTIONAL_TEXT(domain, nvram)
OPTIONAL_TEXT(domain, launch_security)
TEXTS(disk_target)
TEXTS(disk_device)
TEXTS(disk_source_type)
TEXTS(disk_source)
TEXTS(disk_cache)
LIST(flags_t, u8, disk_readonly)
LIST(flags_t, u8, disk_shareable)
TEXTS(hostdev_kind)
TEXTS(hostdev_mode)
TEXTS(hostdev_address)
TEXTS(interface_kind)
TEXTS(interface_source)
TEXTS(filesystem_kind)
TEXTS(filesystem_source)
TEXTS(shared_memory_name)
LIST(u64s_t, u64, cell_memory)
LIST(u32s_t, u32, cell_vcpus)
TEXT(domain, numatune_mode)
LIST(u32s_t, u32, numatune_cells)
LIST(u32s_t, u32, cell_binding_offsets)
LIST(u32s_t, u32, cell_binding)
LIST(u32s_t, u32, pinned_cpus)
LIST(u64s_t, u64, hugepage_size)
LIST(u64s_t, u64, hugepage_memory)

known_u32_t domain_vcpus(void) {
    static uint32_t vcpus;
    if (vcpus == 0) vcpus = wayleave_policy_domain_vcpus();
    return (known_u32_t){vcpus, vcpus == 0 || vcpus == UINT32_MAX ? "domain.vcpus" : NULL};
}

known_u64_t domain_memory(void) {
    static uint64_t memory;
    if (memory == 0) memory = wayleave_policy_domain_memory();
    return (known_u64_t){memory, memory == 0 || memory == UINT64_MAX ? "domain.memory" : NULL};
}

TEXT(source, name)
KNOWN_TEXT(source, uuid)
LABEL_OF(source)

known_u64_t source_hypervisor_version(void) {
    uint64_t version = wayleave_policy_source_hypervisor_version();
    return (known_u64_t){version, version == UINT64_MAX ? "source.hypervisor_version" : NULL};
}

/* ---- The site and the time ----------------------------------------------------------- */

column_t site_column(const char *table, const char *column) {
    contract_string_t table_name = wayleave_borrowed(table), column_name = wayleave_borrowed(column), error;
    contract_list_string_t list;
    if (wayleave_policy_site_data_column(&table_name, &column_name, &list, &error)) {
        return (column_t){terminated(list), NULL};
    }
    return (column_t){{NULL, 0}, wayleave_terminated(error)};
}

const char *data_error(const char *error) {
    static const char *const TEXTS[][2] = {
        {"undeclared", "not declared by the policy"},
        {"missing", "the file is not there"},
        {"invalid", "the file cannot be understood"},
        {"denied", "the file may not be read"},
        {"no-such-column", "a column is missing"},
    };
    for (size_t place = 0; place < sizeof TEXTS / sizeof *TEXTS; place++) {
        if (strcmp(error, TEXTS[place][0]) == 0) return TEXTS[place][1];
    }
    return "not available";
}

uint64_t taken_at(void) {
    return wayleave_policy_clock_taken_at();
}
