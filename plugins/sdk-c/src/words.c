/* Texts that are made: they grow, they are formatted, they are never freed, since an instance
 * lives for one decision. And what ends a rule: a panic that says why. */

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wayleave_words wayleave_words = {0, "", "", ""};

void *wayleave_memory(void *old, size_t size) {
    void *memory = realloc(old, size);
    if (!memory) panic("out of memory");
    return memory;
}

void wayleave_append_letter(buffer_t *buffer, char letter) {
    if (buffer->length == buffer->room) {
        buffer->room = buffer->room ? buffer->room * 2 : 64;
        buffer->letters = wayleave_memory(buffer->letters, buffer->room);
    }
    buffer->letters[buffer->length++] = letter;
}

void wayleave_append(buffer_t *buffer, const char *text) {
    while (*text) wayleave_append_letter(buffer, *text++);
}

void wayleave_append_quoted(buffer_t *buffer, const char *text) {
    wayleave_append_letter(buffer, '"');
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        if (letter == '"' || letter == '\\') {
            wayleave_append_letter(buffer, '\\');
            wayleave_append_letter(buffer, *text);
        } else if (letter < 0x20) {
            wayleave_append(buffer, format("\\u%04x", letter));
        } else {
            wayleave_append_letter(buffer, *text);
        }
    }
    wayleave_append_letter(buffer, '"');
}

const char *wayleave_text(buffer_t *buffer) {
    wayleave_append_letter(buffer, '\0');
    return buffer->letters;
}

const char *wayleave_format(const char *text, va_list values) {
    va_list again;
    va_copy(again, values);
    size_t size = (size_t)vsnprintf(NULL, 0, text, values) + 1;
    char *made = wayleave_memory(NULL, size);
    vsnprintf(made, size, text, again);
    va_end(again);
    return made;
}

const char *format(const char *text, ...) {
    va_list values;
    va_start(values, text);
    const char *made = wayleave_format(text, values);
    va_end(values);
    return made;
}

const char *mib(uint64_t bytes) {
    return format("%llu MiB", bytes >> 20);
}

const char *wayleave_terminated(contract_string_t text) {
    char *made = wayleave_memory(NULL, text.len + 1);
    memcpy(made, text.ptr, text.len);
    made[text.len] = '\0';
    return made;
}

contract_string_t wayleave_borrowed(const char *text) {
    return (contract_string_t){(uint8_t *)text, strlen(text)};
}

static void emit(uint8_t level, const char *text, va_list values) {
    contract_string_t message = wayleave_borrowed(wayleave_format(text, values));
    wayleave_policy_log_emit(level, &message);
}

#define LOG(name, level)                    \
    void name(const char *text, ...) {      \
        va_list values;                     \
        va_start(values, text);             \
        emit(level, text, values);          \
        va_end(values);                     \
    }

LOG(log_error, 0)
LOG(log_warn, 1)
LOG(log_info, 2)
LOG(log_debug, 3)

_Noreturn void panic(const char *text, ...) {
    /* Nothing is allocated here: memory may be what is missing. */
    char made[500];
    va_list values;
    va_start(values, text);
    vsnprintf(made, sizeof made, text, values);
    va_end(values);
    contract_string_t message = wayleave_borrowed(made);
    wayleave_policy_log_panic(&message);
    abort();
}
