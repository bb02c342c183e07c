/* Formatting into memory: what a rule may need of a C library. There are no files. */

#ifndef WAYLEAVE_STDIO_H
#define WAYLEAVE_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *into, size_t size, const char *text, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *into, size_t size, const char *text, va_list values) __attribute__((format(printf, 3, 0)));

#endif
