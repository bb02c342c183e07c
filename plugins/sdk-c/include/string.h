/* Memory and texts: what a rule may need of a C library. */

#ifndef WAYLEAVE_STRING_H
#define WAYLEAVE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *one, const void *other, size_t count);
size_t strlen(const char *text);
int strcmp(const char *one, const char *other);
int strncmp(const char *one, const char *other, size_t count);
char *strchr(const char *text, int letter);
char *strstr(const char *text, const char *part);

#endif
