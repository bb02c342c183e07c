/* A plugin as a component: its exports.
 *
 * An instance answers for one decision: configured once, then asked. Its facts are fetched
 * once and never again, so the core makes a fresh instance for the next. */

#include "internal.h"

#include <stdlib.h>
#include <string.h>

static const char CONTRACT[] = "1.0";
static const reason_t NOT_KNOWN = UNKNOWN("not-known", "a fact that the rule needs is not known");

/* The rule that this instance is; `missing` is a fact that its start lacked. */
static const rule_t *rule;
static bool started;
static const char *missing;

/* ---- What it says of itself ---------------------------------------------------------- */

static void append_member(buffer_t *buffer, const char *key, const char *text) {
    wayleave_append_quoted(buffer, key);
    wayleave_append_letter(buffer, ':');
    wayleave_append_quoted(buffer, text);
}

static void append_reason(buffer_t *buffer, const reason_t *reason) {
    wayleave_append_letter(buffer, '{');
    append_member(buffer, "code", reason->code);
    wayleave_append_letter(buffer, ',');
    append_member(buffer, "kind", reason->kind);
    wayleave_append_letter(buffer, ',');
    append_member(buffer, "text", reason->text);
    wayleave_append_letter(buffer, '}');
}

/* How many reasons the table has: its first place is not used, since 0 is a pass. */
static uint8_t reason_count(const rule_t *of) {
    uint8_t count = 0;
    while (of->reasons && of->reasons[count + 1].code && count < UINT8_MAX - 1) count++;
    return count;
}

static void append_rule(buffer_t *buffer, const rule_t *described) {
    wayleave_append_letter(buffer, '{');
    append_member(buffer, "name", described->name);
    wayleave_append_letter(buffer, ',');
    append_member(buffer, "kind", described->judge ? "check" : "score");
    wayleave_append_letter(buffer, ',');
    append_member(buffer, "title", described->title);
    wayleave_append(buffer, ",\"reasons\":[");
    if (described->judge) {
        uint8_t count = reason_count(described);
        for (uint8_t number = 1; number <= count; number++) {
            append_reason(buffer, &described->reasons[number]);
            wayleave_append_letter(buffer, ',');
        }
        append_reason(buffer, &NOT_KNOWN);
    }
    wayleave_append(buffer, "],\"settings_schema\":");
    wayleave_append_schema(buffer, described->settings);
    wayleave_append_letter(buffer, '}');
}

void exports_wayleave_policy_metadata_describe(contract_string_t *described) {
    buffer_t buffer = {0};
    wayleave_append_letter(&buffer, '{');
    append_member(&buffer, "name", WAYLEAVE_NAME);
    wayleave_append_letter(&buffer, ',');
    append_member(&buffer, "version", WAYLEAVE_VERSION);
    wayleave_append_letter(&buffer, ',');
    append_member(&buffer, "contract", CONTRACT);
    wayleave_append(&buffer, ",\"rules\":[");
    for (const rule_t *const *one = wayleave_rules; *one; one++) {
        if (one != wayleave_rules) wayleave_append_letter(&buffer, ',');
        append_rule(&buffer, *one);
    }
    wayleave_append(&buffer, "]}");
    *described = (contract_string_t){(uint8_t *)buffer.letters, buffer.length};
}

/* ---- Which rule it is ---------------------------------------------------------------- */

static exports_wayleave_policy_settings_list_problem_t problems;

void problem(const char *path, const char *text, ...) {
    va_list values;
    va_start(values, text);
    const char *message = wayleave_format(text, values);
    va_end(values);
    problems.ptr = wayleave_memory(problems.ptr, (problems.len + 1) * sizeof *problems.ptr);
    /* The core frees what it is handed, so each has a text of its own. */
    contract_string_dup(&problems.ptr[problems.len].path, path);
    contract_string_dup(&problems.ptr[problems.len].message, message);
    problems.len++;
}

bool exports_wayleave_policy_settings_configure(
    contract_string_t *name,
    contract_string_t *settings,
    exports_wayleave_policy_settings_list_problem_t *wrong
) {
    const char *wanted = wayleave_terminated(*name);
    const rule_t *const *one = wayleave_rules;
    while (*one && strcmp((*one)->name, wanted) != 0) one++;
    rule = *one;
    if (rule) {
        wayleave_read_settings(rule->settings, (const char *)settings->ptr, settings->len);
        if (problems.len == 0 && rule->problems) rule->problems();
    } else {
        problem("", "%s has no rule \"%s\"", WAYLEAVE_NAME, wanted);
    }
    *wrong = problems;
    return problems.len == 0;
}

/* ---- At work ------------------------------------------------------------------------- */

typedef answer_t (*ask_t)(node_t node);

static bool refuse(contract_string_t *why, const char *text) {
    contract_string_dup(why, text);
    return false;
}

static void start(void) {
    if (!started && rule->start) missing = rule->start().missing;
    started = true;
}

static answer_t answer(ask_t ask, node_t node) {
    return missing ? unknown_for(missing) : ask(node);
}

/* Is there a rule that has this function, and such a node? */
static bool can_ask(ask_t ask, uint32_t row, contract_string_t *why) {
    if (!rule) return refuse(why, "configure was not called");
    if (!ask) return refuse(why, "the rule does not have this function");
    if (row >= candidates().end) return refuse(why, format("there is no node %u", row));
    start();
    return true;
}

__attribute__((unused)) static bool explain(
    ask_t ask,
    uint32_t row,
    wayleave_policy_explanation_explained_t *explained,
    contract_string_t *why
) {
    if (!can_ask(ask, row, why)) return false;
    wayleave_words = (struct wayleave_words){1, "", "", ""};
    const char *fact = answer(ask, (node_t){row, candidates().end}).missing;
    wayleave_words.explaining = 0;
    if (fact && !*wayleave_words.measured) wayleave_words.measured = format("%s is not known", fact);
    contract_string_dup(&explained->measured, wayleave_words.measured);
    contract_string_dup(&explained->needed, wayleave_words.needed);
    contract_string_dup(&explained->remedy, wayleave_words.remedy);
    return true;
}

#if defined(WAYLEAVE_CHECKS) || defined(WAYLEAVE_CHECKS_WITH_CLAIMS)

bool exports_wayleave_policy_check_evaluate(contract_list_u8_t *codes, contract_string_t *why) {
    if (!rule || !rule->judge) return refuse(why, "configure was not called for a check");
    start();
    uint8_t not_known = reason_count(rule) + 1;
    *codes = (contract_list_u8_t){wayleave_memory(NULL, candidates().end + 1), candidates().end};
    FOR_EACH(node_t, node, candidates()) {
        answer_t verdict = answer(rule->judge, node);
        codes->ptr[node.row] = verdict.missing ? not_known : verdict.code;
    }
    return true;
}

bool exports_wayleave_policy_check_explain(
    uint32_t node,
    exports_wayleave_policy_check_explained_t *explained,
    contract_string_t *why
) {
    return explain(rule ? rule->judge : NULL, node, explained, why);
}

#endif

#ifdef WAYLEAVE_CHECKS_WITH_CLAIMS

static exports_wayleave_policy_claims_list_claim_t taken;

void claim(const char *resource, uint64_t amount, uint64_t limit) {
    taken.ptr = wayleave_memory(taken.ptr, (taken.len + 1) * sizeof *taken.ptr);
    exports_wayleave_policy_claims_claim_t *one = &taken.ptr[taken.len++];
    contract_string_dup(&one->resource, resource);
    one->amount = amount;
    one->limit = limit;
}

bool exports_wayleave_policy_claims_claims(
    uint32_t node,
    exports_wayleave_policy_claims_list_claim_t *claims,
    contract_string_t *why
) {
    taken = (exports_wayleave_policy_claims_list_claim_t){0};
    if (rule && !rule->claims) {
        *claims = taken;
        return true;
    }
    if (!can_ask(rule ? rule->claims : NULL, node, why)) return false;
    const char *fact = answer(rule->claims, (node_t){node, candidates().end}).missing;
    if (fact) return refuse(why, format("%s is not known", fact));
    *claims = taken;
    return true;
}

#endif

#ifdef WAYLEAVE_SCORES

bool exports_wayleave_policy_score_evaluate(contract_list_f32_t *scores, contract_string_t *why) {
    if (!rule || !rule->score) return refuse(why, "configure was not called for a score");
    start();
    uint32_t count = candidates().end;
    *scores = (contract_list_f32_t){wayleave_memory(NULL, (count + 1) * sizeof(float)), count};
    FOR_EACH(node_t, node, candidates()) {
        answer_t score = answer(rule->score, node);
        scores->ptr[node.row] = score.missing ? 0 : score.points;
    }
    return true;
}

bool exports_wayleave_policy_score_explain(
    uint32_t node,
    exports_wayleave_policy_score_explained_t *explained,
    contract_string_t *why
) {
    return explain(rule ? rule->score : NULL, node, explained, why);
}

#endif
