/* What the parts of the SDK share, and a plugin's author does not see. */

#ifndef WAYLEAVE_INTERNAL_H
#define WAYLEAVE_INTERNAL_H

#include <contract.h>
#include <stdarg.h>
#include <wayleave.h>

/* A text that grows. */
typedef struct {
    char *letters;
    size_t length, room;
} buffer_t;

/* Memory that is there, or the end with a fault that says why. */
void *wayleave_memory(void *old, size_t size);

void wayleave_append(buffer_t *buffer, const char *text);
void wayleave_append_letter(buffer_t *buffer, char letter);
/* As a JSON string. */
void wayleave_append_quoted(buffer_t *buffer, const char *text);
/* Terminated. */
const char *wayleave_text(buffer_t *buffer);

const char *wayleave_format(const char *text, va_list values);

/* A text of the contract, terminated. What the contract hands over stays where it is. */
const char *wayleave_terminated(contract_string_t text);
contract_string_t wayleave_borrowed(const char *text);

/* The JSON Schema of some settings. */
void wayleave_append_schema(buffer_t *buffer, const setting_t *settings);

/* Puts settings, as JSON, into their variables; what is wrong goes to `problem`. */
void wayleave_read_settings(const setting_t *settings, const char *json, size_t length);

#endif
