/* Formatting as printf has it: %d %i %u %x %X %c %s %f %p %%, with the flags 0 and -, width,
 * precision and the lengths hh, h, l, ll, z and t. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *into;
    /* How much fits, and how much there would have been. */
    size_t size, length;
} output_t;

typedef struct {
    bool left, zeros;
    int width, precision;
    /* In bytes, of an integer. */
    size_t bytes;
    char kind;
} directive_t;

static void put(output_t *output, char letter) {
    if (output->length + 1 < output->size) output->into[output->length] = letter;
    output->length++;
}

static void put_padded(output_t *output, const directive_t *directive, const char *text, size_t length) {
    size_t width = directive->width > 0 ? (size_t)directive->width : 0;
    size_t padding = width > length ? width - length : 0;
    if (directive->left) {
        for (size_t place = 0; place < length; place++) put(output, text[place]);
        while (padding-- > 0) put(output, ' ');
        return;
    }
    if (directive->zeros && length > 0 && *text == '-') {
        put(output, *text++);
        length--;
    }
    while (padding-- > 0) put(output, directive->zeros ? '0' : ' ');
    for (size_t place = 0; place < length; place++) put(output, text[place]);
}

/* The digits of a number, from the end of the room backwards. */
static char *digits(char *end, uint64_t number, unsigned base, bool capital) {
    const char *letters = capital ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        *--end = letters[number % base];
        number /= base;
    } while (number > 0);
    return end;
}

static void put_integer(output_t *output, directive_t *directive, uint64_t number, bool negative) {
    char room[96], *end = room + sizeof room;
    unsigned base = directive->kind == 'x' || directive->kind == 'X' || directive->kind == 'p' ? 16 : 10;
    char *start = digits(end, number, base, directive->kind == 'X');
    int precision = directive->precision < 64 ? directive->precision : 64;
    while (end - start < precision) *--start = '0';
    if (directive->precision >= 0) directive->zeros = false;
    if (negative) *--start = '-';
    put_padded(output, directive, start, (size_t)(end - start));
}

/* Rounded at the last digit that is shown, what lies in the middle to the even one. */
static void put_double(output_t *output, directive_t *directive, double number) {
    char room[64], *end = room + sizeof room, *start;
    if (number != number || number - number != 0) {
        const char *name = number != number ? "nan" : number < 0 ? "-inf" : "inf";
        directive->zeros = false;
        put_padded(output, directive, name, strlen(name));
        return;
    }
    bool negative = number < 0;
    if (negative) number = -number;
    int precision = directive->precision < 0 ? 6 : directive->precision > 9 ? 9 : directive->precision;
    uint64_t scale = 1;
    for (int place = 0; place < precision; place++) scale *= 10;
    /* What does not fit sixty-four bits is larger than anything that a rule measures. */
    if (number >= 1e18) number = 1e18;
    uint64_t whole = (uint64_t)number;
    double scaled = (number - (double)whole) * (double)scale;
    uint64_t part = (uint64_t)scaled;
    double over = scaled - (double)part;
    uint64_t last = precision > 0 ? part : whole;
    if (over > 0.5 || (over == 0.5 && last % 2 == 1)) part++;
    if (part >= scale) {
        whole++;
        part -= scale;
    }
    start = end;
    if (precision > 0) {
        start = digits(end, part, 10, false);
        while (end - start < precision) *--start = '0';
        *--start = '.';
    }
    start = digits(start, whole, 10, false);
    if (negative) *--start = '-';
    put_padded(output, directive, start, (size_t)(end - start));
}

static const char *read_number(const char *text, int *number, va_list *values) {
    if (*text == '*') {
        *number = va_arg(*values, int);
        return text + 1;
    }
    *number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (*number < 100000) *number = *number * 10 + (*text - '0');
    }
    return text;
}

static const char *read_directive(const char *text, directive_t *directive, va_list *values) {
    *directive = (directive_t){.precision = -1, .bytes = sizeof(int)};
    for (;; text++) {
        if (*text == '-') directive->left = true;
        else if (*text == '0') directive->zeros = true;
        else break;
    }
    text = read_number(text, &directive->width, values);
    if (directive->width < 0) {
        directive->left = true;
        directive->width = -directive->width;
    }
    if (*text == '.') text = read_number(text + 1, &directive->precision, values);
    for (;; text++) {
        if (*text == 'h') directive->bytes /= 2;
        else if (*text == 'l') directive->bytes = directive->bytes == sizeof(int) && text[1] == 'l' ? 8 : directive->bytes;
        else if (*text == 'z' || *text == 't') directive->bytes = sizeof(size_t);
        else break;
    }
    directive->kind = *text;
    return *text ? text + 1 : text;
}

static uint64_t cut(uint64_t number, size_t bytes) {
    return bytes >= 8 ? number : number & ((UINT64_C(1) << (bytes * 8)) - 1);
}

static void put_directive(output_t *output, directive_t *directive, va_list *values) {
    switch (directive->kind) {
    case 'd':
    case 'i': {
        int64_t number = directive->bytes == 8 ? va_arg(*values, int64_t) : va_arg(*values, int);
        uint64_t positive = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
        put_integer(output, directive, positive, number < 0);
        break;
    }
    case 'u':
    case 'x':
    case 'X': {
        uint64_t number = directive->bytes == 8 ? va_arg(*values, uint64_t) : va_arg(*values, unsigned);
        put_integer(output, directive, cut(number, directive->bytes), false);
        break;
    }
    case 'p':
        put_integer(output, directive, (uintptr_t)va_arg(*values, void *), false);
        break;
    case 'f':
        put_double(output, directive, va_arg(*values, double));
        break;
    case 'c': {
        char letter = (char)va_arg(*values, int);
        put_padded(output, directive, &letter, 1);
        break;
    }
    case 's': {
        const char *text = va_arg(*values, const char *);
        if (!text) text = "(null)";
        size_t length = 0;
        while ((directive->precision < 0 || length < (size_t)directive->precision) && text[length]) length++;
        put_padded(output, directive, text, length);
        break;
    }
    default:
        put(output, '%');
        if (directive->kind && directive->kind != '%') put(output, directive->kind);
    }
}

int vsnprintf(char *into, size_t size, const char *text, va_list values) {
    output_t output = {into, size, 0};
    va_list rest;
    va_copy(rest, values);
    while (*text) {
        if (*text != '%') {
            put(&output, *text++);
            continue;
        }
        directive_t directive;
        text = read_directive(text + 1, &directive, &rest);
        put_directive(&output, &directive, &rest);
    }
    va_end(rest);
    if (size > 0) into[output.length < size ? output.length : size - 1] = '\0';
    return (int)output.length;
}

int snprintf(char *into, size_t size, const char *text, ...) {
    va_list values;
    va_start(values, text);
    int length = vsnprintf(into, size, text, values);
    va_end(values);
    return length;
}
