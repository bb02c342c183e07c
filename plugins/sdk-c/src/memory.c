/* Memory: blocks of sixteen bytes times a power of two, free ones in a list for each size.
 * New ones are cut off the end of the module's memory, which grows as it must. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 65536, SMALLEST = 16, CLASSES = 28 };

/* Sixteen bytes before each block: which class it is of; while it is free, the next free one. */
typedef struct header {
    uint32_t class;
    struct header *next_free;
    uint64_t aligned;
} header_t;

_Static_assert(sizeof(header_t) == SMALLEST, "blocks are aligned to sixteen bytes");

extern unsigned char __heap_base;

static header_t *free_blocks[CLASSES];
static uintptr_t unused;

static size_t size_of(uint32_t class) {
    return (size_t)SMALLEST << class;
}

static uint32_t class_for(size_t size) {
    uint32_t class = 0;
    while (class < CLASSES && size_of(class) < size) class++;
    return class;
}

/* A block that was never used; NULL where the memory may not grow any more. */
static header_t *cut_off(size_t size) {
    if (unused == 0) unused = ((uintptr_t)&__heap_base + SMALLEST - 1) & ~(uintptr_t)(SMALLEST - 1);
    size_t wanted = sizeof(header_t) + size;
    size_t there = (size_t)__builtin_wasm_memory_size(0) * PAGE;
    if (wanted > SIZE_MAX - unused) return NULL;
    if (unused + wanted > there) {
        size_t pages = (unused + wanted - there + PAGE - 1) / PAGE;
        if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) return NULL;
    }
    header_t *block = (header_t *)unused;
    unused += wanted;
    return block;
}

void *malloc(size_t size) {
    uint32_t class = class_for(size);
    if (class == CLASSES) return NULL;
    header_t *block = free_blocks[class];
    if (block) {
        free_blocks[class] = block->next_free;
    } else {
        block = cut_off(size_of(class));
        if (!block) return NULL;
        block->class = class;
    }
    return block + 1;
}

void free(void *memory) {
    if (!memory) return;
    header_t *block = (header_t *)memory - 1;
    block->next_free = free_blocks[block->class];
    free_blocks[block->class] = block;
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *memory = malloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size) {
    if (!old) return malloc(size);
    size_t has = size_of(((header_t *)old - 1)->class);
    if (size <= has) return old;
    void *memory = malloc(size);
    if (!memory) return NULL;
    memcpy(memory, old, has);
    free(old);
    return memory;
}

_Noreturn void abort(void) {
    __builtin_trap();
}
