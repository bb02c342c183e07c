/* Settings: a JSON Schema from the table of variables, and JSON into the variables. */

#include "internal.h"

#include <string.h>

static const char *const WANTED[] = {
    [SETTING_BOOL] = "true or false",
    [SETTING_U32] = "a whole number, not negative and not too large",
    [SETTING_U64] = "a whole number, not negative and not too large",
    [SETTING_DOUBLE] = "a number",
    [SETTING_TEXT] = "a string",
    [SETTING_TEXTS] = "an array of strings",
};

static const char *const TYPES[] = {
    [SETTING_BOOL] = "\"type\":\"boolean\"",
    [SETTING_U32] = "\"type\":\"integer\",\"minimum\":0",
    [SETTING_U64] = "\"type\":\"integer\",\"minimum\":0",
    [SETTING_DOUBLE] = "\"type\":\"number\"",
    [SETTING_TEXT] = "\"type\":\"string\"",
    [SETTING_TEXTS] = "\"type\":\"array\",\"items\":{\"type\":\"string\"}",
};

static void append_value(buffer_t *buffer, const setting_t *setting) {
    switch (setting->kind) {
    case SETTING_BOOL: wayleave_append(buffer, *(bool *)setting->place ? "true" : "false"); break;
    case SETTING_U32: wayleave_append(buffer, format("%u", *(uint32_t *)setting->place)); break;
    case SETTING_U64: wayleave_append(buffer, format("%llu", *(uint64_t *)setting->place)); break;
    case SETTING_DOUBLE: wayleave_append(buffer, format("%f", *(double *)setting->place)); break;
    case SETTING_TEXT: wayleave_append_quoted(buffer, *(const char **)setting->place); break;
    case SETTING_TEXTS: {
        texts_t texts = *(texts_t *)setting->place;
        wayleave_append_letter(buffer, '[');
        for (size_t place = 0; place < texts.count; place++) {
            if (place > 0) wayleave_append_letter(buffer, ',');
            wayleave_append_quoted(buffer, texts.values[place]);
        }
        wayleave_append_letter(buffer, ']');
    }
    }
}

void wayleave_append_schema(buffer_t *buffer, const setting_t *settings) {
    wayleave_append(buffer, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",");
    wayleave_append(buffer, "\"properties\":{");
    for (const setting_t *setting = settings; setting && setting->name; setting++) {
        if (setting != settings) wayleave_append_letter(buffer, ',');
        wayleave_append_quoted(buffer, setting->name);
        wayleave_append(buffer, ":{");
        wayleave_append(buffer, TYPES[setting->kind]);
        wayleave_append(buffer, ",\"description\":");
        wayleave_append_quoted(buffer, setting->text);
        wayleave_append(buffer, ",\"default\":");
        append_value(buffer, setting);
        wayleave_append_letter(buffer, '}');
    }
    wayleave_append(buffer, "},\"additionalProperties\":false}");
}

/* ---- JSON ---------------------------------------------------------------------------- */

/* Reads one value after the other. Nothing is read beyond `end`; once `broken`, nothing at all. */
typedef struct {
    const char *start, *next, *end;
    bool broken;
} reader_t;

enum { NESTED_MOST = 32 };

static void skip_space(reader_t *reader) {
    while (reader->next < reader->end && strchr(" \t\r\n", *reader->next) && *reader->next) reader->next++;
}

static char look(reader_t *reader) {
    skip_space(reader);
    return !reader->broken && reader->next < reader->end ? *reader->next : '\0';
}

static bool take(reader_t *reader, char letter) {
    if (look(reader) != letter) return false;
    reader->next++;
    return true;
}

static void expect(reader_t *reader, char letter) {
    if (!take(reader, letter)) reader->broken = true;
}

static void append_code_point(buffer_t *buffer, uint32_t point) {
    if (point < 0x80) {
        wayleave_append_letter(buffer, (char)point);
        return;
    }
    int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t FIRST[] = {0, 0xc0, 0xe0, 0xf0};
    wayleave_append_letter(buffer, (char)(FIRST[more] | point >> (6 * more)));
    while (more-- > 0) wayleave_append_letter(buffer, (char)(0x80 | (point >> (6 * more) & 0x3f)));
}

static uint32_t read_hex(reader_t *reader) {
    uint32_t number = 0;
    for (int place = 0; place < 4; place++) {
        char letter = reader->next < reader->end ? *reader->next++ : '\0';
        const char *digits = "0123456789abcdef";
        const char *digit = strchr(digits, letter >= 'A' && letter <= 'F' ? letter + 32 : letter);
        if (!letter || !digit) {
            reader->broken = true;
            return 0;
        }
        number = number * 16 + (uint32_t)(digit - digits);
    }
    return number;
}

static void read_escape(reader_t *reader, buffer_t *buffer) {
    char letter = reader->next < reader->end ? *reader->next++ : '\0';
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    const char *plain = letter ? strchr(FROM, letter) : NULL;
    if (plain) {
        wayleave_append_letter(buffer, TO[plain - FROM]);
        return;
    }
    if (letter != 'u') {
        reader->broken = true;
        return;
    }
    uint32_t point = read_hex(reader);
    if (point >= 0xd800 && point < 0xdc00 && reader->end - reader->next >= 6 && reader->next[0] == '\\' &&
        reader->next[1] == 'u') {
        reader->next += 2;
        point = 0x10000 + ((point - 0xd800) << 10) + (read_hex(reader) - 0xdc00);
    }
    append_code_point(buffer, point);
}

static const char *read_text(reader_t *reader) {
    buffer_t buffer = {0};
    expect(reader, '"');
    while (!reader->broken) {
        if (reader->next == reader->end) {
            reader->broken = true;
        } else if (*reader->next == '"') {
            reader->next++;
            break;
        } else if (*reader->next == '\\') {
            reader->next++;
            read_escape(reader, &buffer);
        } else {
            wayleave_append_letter(&buffer, *reader->next++);
        }
    }
    return wayleave_text(&buffer);
}

static bool take_word(reader_t *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->next) < length || strncmp(reader->next, word, length) != 0) return false;
    reader->next += length;
    return true;
}

static bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

/* The letters of a number; false where there are none. */
static bool skip_number(reader_t *reader, const char **start) {
    look(reader);
    *start = reader->next;
    while (reader->next < reader->end && (is_digit(*reader->next) || strchr("+-.eE", *reader->next))) {
        if (!*reader->next) break;
        reader->next++;
    }
    return reader->next > *start;
}

static bool read_whole(const char *start, const char *end, uint64_t most, uint64_t *number) {
    *number = 0;
    for (; start < end; start++) {
        if (!is_digit(*start)) return false;
        uint64_t digit = (uint64_t)(*start - '0');
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, digit, number)) return false;
    }
    return *number <= most;
}

static double read_double(const char *start, const char *end) {
    bool negative = start < end && *start == '-';
    double number = 0, scale = 1;
    for (start += negative; start < end && is_digit(*start); start++) number = number * 10 + (*start - '0');
    if (start < end && *start == '.') {
        for (start++; start < end && is_digit(*start); start++) {
            number = number * 10 + (*start - '0');
            scale *= 10;
        }
    }
    number /= scale;
    if (start < end && (*start == 'e' || *start == 'E')) {
        bool small = ++start < end && *start == '-';
        int power = 0;
        for (start += start < end && !is_digit(*start); start < end && power < 400; start++) {
            power = power * 10 + (*start - '0');
        }
        for (; power > 0; power--) number = small ? number / 10 : number * 10;
    }
    return negative ? -number : number;
}

/* Goes over one value, whatever it is. */
static void skip_value(reader_t *reader, int depth) {
    const char *start;
    char first = look(reader);
    if (depth > NESTED_MOST) {
        reader->broken = true;
    } else if (first == '"') {
        read_text(reader);
    } else if (first == '{' || first == '[') {
        char last = first == '{' ? '}' : ']';
        reader->next++;
        if (take(reader, last)) return;
        do {
            if (first == '{') {
                read_text(reader);
                expect(reader, ':');
            }
            skip_value(reader, depth + 1);
        } while (take(reader, ','));
        expect(reader, last);
    } else if (!take_word(reader, "true") && !take_word(reader, "false") && !take_word(reader, "null") &&
               !skip_number(reader, &start)) {
        reader->broken = true;
    }
}

static bool read_texts(reader_t *reader, texts_t *texts) {
    const char **values = NULL;
    size_t count = 0;
    reader->next++;
    if (!take(reader, ']')) {
        do {
            if (look(reader) != '"') return false;
            values = wayleave_memory(values, (count + 1) * sizeof *values);
            values[count++] = read_text(reader);
        } while (take(reader, ','));
        expect(reader, ']');
    }
    *texts = (texts_t){values, count};
    return !reader->broken;
}

/* False where the value is of another type. */
static bool read_value(reader_t *reader, const setting_t *setting) {
    const char *start;
    char first = look(reader);
    bool numeric = first == '-' || is_digit(first);
    uint64_t number;
    switch (setting->kind) {
    case SETTING_BOOL:
        if (first != 't' && first != 'f') return false;
        *(bool *)setting->place = first == 't';
        return take_word(reader, first == 't' ? "true" : "false");
    case SETTING_U32:
        if (!numeric || !skip_number(reader, &start)) return false;
        if (!read_whole(start, reader->next, UINT32_MAX, &number)) return false;
        *(uint32_t *)setting->place = (uint32_t)number;
        return true;
    case SETTING_U64:
        if (!numeric || !skip_number(reader, &start)) return false;
        return read_whole(start, reader->next, UINT64_MAX, (uint64_t *)setting->place);
    case SETTING_DOUBLE:
        if (!numeric || !skip_number(reader, &start)) return false;
        *(double *)setting->place = read_double(start, reader->next);
        return true;
    case SETTING_TEXT:
        if (first != '"') return false;
        *(const char **)setting->place = read_text(reader);
        return true;
    case SETTING_TEXTS: return first == '[' && read_texts(reader, setting->place);
    }
    return false;
}

static const char *pointer_to(const char *key) {
    buffer_t buffer = {0};
    wayleave_append_letter(&buffer, '/');
    for (; *key; key++) {
        if (*key == '~' || *key == '/') wayleave_append(&buffer, *key == '~' ? "~0" : "~1");
        else wayleave_append_letter(&buffer, *key);
    }
    return wayleave_text(&buffer);
}

static void read_member(reader_t *reader, const setting_t *settings) {
    const char *key = read_text(reader);
    expect(reader, ':');
    const setting_t *setting = settings;
    while (setting && setting->name && strcmp(setting->name, key) != 0) setting++;
    bool known = setting && setting->name;
    look(reader);
    const char *value = reader->next;
    if (known && !reader->broken && read_value(reader, setting)) return;
    reader->next = value;
    skip_value(reader, 0);
    if (reader->broken) return;
    if (known) problem(pointer_to(key), "needs %s", WANTED[setting->kind]);
    else problem(pointer_to(key), "a setting that the rule does not have");
}

void wayleave_read_settings(const setting_t *settings, const char *json, size_t length) {
    reader_t reader = {json, json, json + length, false};
    if (look(&reader) != '{') {
        skip_value(&reader, 0);
        if (reader.broken) problem("", "is not JSON at byte %zu", (size_t)(reader.next - reader.start));
        else problem("", "needs an object");
        return;
    }
    reader.next++;
    if (!take(&reader, '}')) {
        do read_member(&reader, settings);
        while (!reader.broken && take(&reader, ','));
        expect(&reader, '}');
    }
    if (look(&reader) || reader.broken) {
        problem("", "is not JSON at byte %zu", (size_t)(reader.next - reader.start));
    }
}
