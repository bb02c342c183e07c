/* Write a Wayleave rule in a few lines of C.
 *
 * A rule is a few tables and a function that both decides and explains. A fact that is not
 * known becomes the verdict "unknown" by itself: `KNOWN` takes the value, or returns.
 *
 *     #include <wayleave.h>
 *
 *     static uint64_t reserve_mib = 256;
 *
 *     static const setting_t settings[] = {
 *         SETTING(reserve_mib, "Kept free on every node, in MiB."),
 *         END_OF_SETTINGS,
 *     };
 *
 *     enum { SHORT = 1 };
 *
 *     static const reason_t reasons[] = {
 *         [SHORT] = REJECT("memory-short", "not enough free memory"),
 *         END_OF_REASONS,
 *     };
 *
 *     static answer_t judge(node_t node) {
 *         uint64_t free = KNOWN(node_memory_free(node));
 *         uint64_t wanted = KNOWN(domain_memory()) + (reserve_mib << 20);
 *         measured("%s", mib(free));
 *         needed("%s", mib(wanted));
 *         return free < wanted ? because(SHORT) : pass();
 *     }
 *
 *     static const rule_t memory_room = {
 *         .name = "memory-room",
 *         .title = "the domain's memory fits the node's free memory",
 *         .reasons = reasons,
 *         .settings = settings,
 *         .judge = judge,
 *     };
 *
 *     CHECKS(&memory_room);
 *
 * There is no C library behind it but what the headers beside this one declare. An instance
 * answers for one decision and is thrown away: texts that are made here need not be freed.
 */

#ifndef WAYLEAVE_H
#define WAYLEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Facts that may not be known ---------------------------------------------------- */

/* A value, or the name of the fact that is missing. */
typedef struct { bool value; const char *missing; } known_bool_t;
typedef struct { uint32_t value; const char *missing; } known_u32_t;
typedef struct { uint64_t value; const char *missing; } known_u64_t;
typedef struct { const char *value; const char *missing; } known_text_t;

/* An interned text: equal texts are equal numbers. It lives for one decision. */
typedef uint32_t symbol_t;
typedef struct { symbol_t value; const char *missing; } known_symbol_t;

/* The symbol of no text, and of every text that occurs in no fact. */
enum { NO_SYMBOL = 0 };

/* What a rule says of one node: `pass()`, `because(...)` or `points(...)`. */
typedef struct {
    float points;
    uint8_t code;
    const char *missing;
} answer_t;

/* The value of a fact. Where it is not known, the function that asks returns "not known". */
#define KNOWN(fact)                                             \
    __extension__({                                             \
        __auto_type known_ = (fact);                            \
        if (known_.missing) return unknown_for(known_.missing); \
        known_.value;                                           \
    })

/* ---- Answers and their words -------------------------------------------------------- */

/* The node is fine. */
static inline answer_t pass(void) { return (answer_t){0}; }

/* The node is refused, warned of, or held back, as the reason's kind says. */
static inline answer_t because(uint8_t reason) { return (answer_t){.code = reason}; }

/* From 0 to 1, higher is better; anything else is a fault of the rule. */
static inline answer_t points(double value) { return (answer_t){.points = (float)value}; }

/* The rule cannot say, because a fact is missing. */
static inline answer_t unknown_for(const char *fact) { return (answer_t){.missing = fact}; }

/* What was seen, what was wanted, and what a person can do about it, as printf has it. They
 * are put into words, and their arguments looked at, only while a node is explained. */
#define measured(...) wayleave_said(measured, __VA_ARGS__)
#define needed(...) wayleave_said(needed, __VA_ARGS__)
#define remedy(...) wayleave_said(remedy, __VA_ARGS__)

/* Bytes as whole MiB, rounded down: "2048 MiB". */
const char *mib(uint64_t bytes);

/* A text of its own, as printf has it: %d %i %u %x %c %s %f %p %%, with flags, width,
 * precision and the lengths hh, h, l, ll and z. */
const char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* ---- A candidate node ---------------------------------------------------------------- */

/* A row of a list, and where the list ends. */
typedef struct { uint32_t row, end; } node_t;
typedef struct { uint32_t row, end; } cell_t;
typedef struct { uint32_t row, end; } resident_t;
typedef struct { uint32_t row, end; } network_t;
typedef struct { uint32_t row, end; } disk_t;

/* FOR_EACH(resident_t, one, node_residents(node)) { ... } */
#define FOR_EACH(type, one, list) for (type one = (list); one.row < one.end; one.row++)

/* Every candidate that answered, for rules that count over all of them. */
node_t candidates(void);

/* Its name in the inventory: always known. */
symbol_t node_name(node_t node);
known_symbol_t node_uuid(node_t node);
known_symbol_t node_hostname(node_t node);
known_symbol_t node_driver(node_t node);
known_symbol_t node_arch(node_t node);
known_symbol_t node_cpu_model(node_t node);
known_symbol_t node_cpu_vendor(node_t node);
known_u32_t node_cpus(node_t node);
/* Memory is in bytes. Free: free and reclaimable, less what open jobs have reserved. */
known_u64_t node_memory_total(node_t node);
known_u64_t node_memory_free(node_t node);
/* Versions are major * 1,000,000 + minor * 1,000 + release. */
known_u64_t node_libvirt_version(node_t node);
known_u64_t node_hypervisor_version(node_t node);
/* Has the operator set maintenance? */
known_bool_t node_maintenance(node_t node);
/* Does an emulator there know the domain's machine type? */
known_bool_t node_machine_known(node_t node);
/* NO_SYMBOL: the node does not have the label. */
symbol_t node_label(node_t node, const char *key);

typedef enum { CPU_NOT_ASKED, CPU_IDENTICAL, CPU_SUPERSET, CPU_INCOMPATIBLE, CPU_FAILED } cpu_comparison_t;
/* What the destination says of the guest's CPU, and what is missing or why it failed. */
cpu_comparison_t node_cpu_comparison(node_t node);
const char *node_cpu_detail(node_t node);

typedef enum {
    REACH_NOT_PROBED,
    REACH_REACHABLE,
    REACH_UNREACHABLE,
    REACH_SOURCE_ITSELF,
    REACH_FAILED,
} reach_t;
/* Whether the source's daemon can connect to the destination's, by which URI, and why not. */
reach_t node_reach(node_t node);
const char *node_reach_uri(node_t node);
const char *node_reach_detail(node_t node);

/* ---- What a node has several of ------------------------------------------------------ */

/* NUMA cells. */
cell_t node_cells(node_t node);
known_u32_t cell_id(cell_t cell);
known_u32_t cell_cpus(cell_t cell);
known_u64_t cell_memory_total(cell_t cell);
known_u64_t cell_memory_free(cell_t cell);
/* The processors of the cell, by number. */
typedef struct { const uint32_t *values; size_t count; } u32s_t;
u32s_t cell_cpu_ids(cell_t cell);
/* Free pages of one size; 0 also where the size is not offered. */
known_u64_t cell_free_pages(cell_t cell, uint64_t size_bytes);

/* Domains that are defined or run there, without the one that is to move, where it runs now. */
resident_t node_residents(node_t node);
symbol_t resident_name(resident_t resident);
symbol_t resident_uuid(resident_t resident);
known_bool_t resident_active(resident_t resident);
known_u32_t resident_vcpus(resident_t resident);
known_u64_t resident_memory(resident_t resident);
/* NO_SYMBOL: the domain does not have the label. */
symbol_t resident_label(resident_t resident, const char *key);

/* Networks and bridges; the kind says which. */
network_t node_networks(node_t node);
symbol_t network_kind(network_t network);
symbol_t network_name(network_t network);
known_bool_t network_active(network_t network);

typedef enum {
    ACCESS_SHARED_WRITABLE = 1,
    ACCESS_NO_POOL_AT_SOURCE,
    ACCESS_NO_POOL_AT_DESTINATION,
    ACCESS_POOL_INACTIVE,
    ACCESS_NOT_WRITABLE,
    ACCESS_DIFFERENT_STORAGE,
    ACCESS_VOLUME_MISSING,
    ACCESS_PROBE_FAILED,
} access_t;
/* The storage under each disk that has a source, as a probe showed it there. */
typedef struct { disk_t value; const char *missing; } known_disks_t;
known_disks_t node_disks(node_t node);
/* Its target, as in vda. */
symbol_t disk_name(disk_t disk);
access_t disk_access(disk_t disk);
/* NO_SYMBOL: no pool of the source holds it. */
symbol_t disk_pool(disk_t disk);
const char *disk_detail(disk_t disk);

/* ---- Texts --------------------------------------------------------------------------- */

/* The symbol of a text; looked up once. */
symbol_t symbol(const char *text);
/* The text of a symbol; "" for NO_SYMBOL. */
const char *text_of(symbol_t symbol);

/* ---- The domain, the source, the site ------------------------------------------------ */

typedef struct { const uint8_t *values; size_t count; } flags_t;
typedef struct { const uint64_t *values; size_t count; } u64s_t;
typedef struct { const char *const *values; size_t count; } texts_t;

/* The domain that is to move. What is a list is parallel to its neighbours of that prefix. */
const char *domain_name(void);
/* The name that it is to have at the destination. */
const char *domain_destination_name(void);
known_text_t domain_uuid(void);
known_text_t domain_hypervisor(void);
known_text_t domain_state(void);
known_text_t domain_arch(void);
known_text_t domain_machine(void);
known_u32_t domain_vcpus(void);
known_u64_t domain_memory(void);
const char *domain_cpu_mode(void);
const char *domain_cpu_model(void);
/* NULL: there is none. */
const char *domain_label(const char *key);
const char *domain_tpm_backend(void);
const char *domain_nvram(void);
const char *domain_launch_security(void);
texts_t domain_disk_target(void);
texts_t domain_disk_device(void);
texts_t domain_disk_source_type(void);
texts_t domain_disk_source(void);
texts_t domain_disk_cache(void);
flags_t domain_disk_readonly(void);
flags_t domain_disk_shareable(void);
texts_t domain_hostdev_kind(void);
texts_t domain_hostdev_mode(void);
texts_t domain_hostdev_address(void);
texts_t domain_interface_kind(void);
texts_t domain_interface_source(void);
texts_t domain_filesystem_kind(void);
texts_t domain_filesystem_source(void);
texts_t domain_shared_memory_name(void);
u64s_t domain_cell_memory(void);
u32s_t domain_cell_vcpus(void);
const char *domain_numatune_mode(void);
u32s_t domain_numatune_cells(void);
u32s_t domain_cell_binding_offsets(void);
u32s_t domain_cell_binding(void);
u32s_t domain_pinned_cpus(void);
/* 0: ordinary pages; DEFAULT_PAGE_SIZE: the node's default. */
u64s_t domain_hugepage_size(void);
u64s_t domain_hugepage_memory(void);
#define DEFAULT_PAGE_SIZE UINT64_MAX

/* The node that the domain runs on now. */
const char *source_name(void);
known_text_t source_uuid(void);
known_u64_t source_hypervisor_version(void);
const char *source_label(const char *key);

/* One column of a table that the policy declares, one text a row; or why it cannot be had, in
 * the contract's word: undeclared, missing, invalid, denied, no-such-column. */
typedef struct { texts_t texts; const char *error; } column_t;
column_t site_column(const char *table, const char *column);
/* The same for a person. */
const char *data_error(const char *error);

/* When the facts were taken, in seconds since 1970. There is no other clock. */
uint64_t taken_at(void);

/* ---- A line in the core's log; the end of everything --------------------------------- */

void log_error(const char *text, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *text, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *text, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* Ends the rule with a fault that says why. It never permits. */
_Noreturn void panic(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* ---- A rule -------------------------------------------------------------------------- */

/* A reason's place in its table is the number that `because` takes; the first is 1. Codes are
 * for ever; texts may change. */
typedef struct { const char *kind, *code, *text; } reason_t;
#define REJECT(code_, text_) {"reject", code_, text_}
#define WARN(code_, text_) {"warn", code_, text_}
#define UNKNOWN(code_, text_) {"unknown", code_, text_}
#define END_OF_REASONS {0}

typedef enum { SETTING_BOOL, SETTING_U32, SETTING_U64, SETTING_DOUBLE, SETTING_TEXT, SETTING_TEXTS } setting_kind_t;

/* A variable that a policy can set. What it holds at first is its default. */
typedef struct {
    const char *name, *text;
    void *place;
    setting_kind_t kind;
} setting_t;
#define SETTING(variable, text_)                                                              \
    {#variable, text_, &(variable),                                                           \
     _Generic((variable), bool: SETTING_BOOL, uint32_t: SETTING_U32, uint64_t: SETTING_U64,   \
              double: SETTING_DOUBLE, const char *: SETTING_TEXT, texts_t: SETTING_TEXTS)}
#define END_OF_SETTINGS {0}

typedef struct {
    /* Kebab-case, for ever. */
    const char *name;
    /* One line for a person: what holds where the rule passes, or what scores high. */
    const char *title;
    const reason_t *reasons;
    const setting_t *settings;
    /* What is wrong with settings that fit the schema: calls `problem`. No facts are there yet. */
    void (*problems)(void);
    /* Once a decision, before the first node: `pass()`, or by KNOWN "not known" for all. */
    answer_t (*start)(void);
    /* Of a check. */
    answer_t (*judge)(node_t node);
    /* Of a check, for the chosen node: calls `claim`. */
    answer_t (*claims)(node_t node);
    /* Of a score. */
    answer_t (*score)(node_t node);
} rule_t;

/* Something wrong with a setting: a JSON pointer, as in "/reserve_mib", and what. */
void problem(const char *path, const char *text, ...) __attribute__((format(printf, 2, 3)));

/* Something countable that the move must hold while it runs. `limit` is how much of it all open
 * jobs together may hold. */
void claim(const char *resource, uint64_t amount, uint64_t limit);

/* What the plugin offers: the last line of its source. */
#define CHECKS(...) const rule_t *const wayleave_rules[] = {__VA_ARGS__, NULL}
#define CHECKS_WITH_CLAIMS(...) CHECKS(__VA_ARGS__)
#define SCORES(...) CHECKS(__VA_ARGS__)

/* ---- Behind the macros --------------------------------------------------------------- */

extern const rule_t *const wayleave_rules[];

extern struct wayleave_words {
    int explaining;
    const char *measured, *needed, *remedy;
} wayleave_words;

#define wayleave_said(word, ...) \
    (wayleave_words.explaining ? (void)(wayleave_words.word = format(__VA_ARGS__)) : (void)0)

#endif
