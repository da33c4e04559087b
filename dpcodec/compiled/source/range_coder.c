#include "range_coder.h"

#include <stdlib.h>
#include <string.h>

void coder_push(Coder *c, uint32_t word) {
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        uint32_t *words = realloc(c->words, room * sizeof *words);
        if (!words) {
            c->fault = NO_MEMORY;
            return;
        }
        c->words = words;
        c->room = room;
    }
    c->words[c->count++] = word;
}

void coder_carry(Coder *c) {
    for (size_t i = c->count; i-- > 0 && !++c->words[i];) {
    }
}

uint32_t coder_next(Coder *c) {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++, c->at++) word = word << 8 | (c->at < c->size ? c->data[c->at] : 0);
    return word;
}

void cumulatives_of(const int64_t *counts, int alphabet, uint32_t *row) {
    uint64_t total = 0, below = 0;
    for (int i = 0; i < alphabet; i++) total += (uint64_t)counts[i];
    for (int i = 0; i < alphabet; below += (uint64_t)counts[i++])
        row[i] = cumulative_of(below, total, (uint32_t)i, (uint32_t)alphabet);
    row[alphabet] = 1u << PRECISION;
}

/* A symbol under counts [alphabet]; only the cumulatives that it needs are made. */
int coder_symbol_of_counts(Coder *c, const int64_t *counts, int alphabet, int symbol) {
    uint64_t below[LARGEST_ALPHABET + 1];
    uint32_t size = (uint32_t)alphabet;
    below[0] = 0;
    for (int i = 0; i < alphabet; i++) below[i + 1] = below[i] + (uint64_t)counts[i];
    uint64_t total = below[alphabet];
    if (c->reading) {
        uint32_t q = coder_where(c);
        int high = alphabet;
        for (symbol = 0; high - symbol > 1;) {
            int middle = (symbol + high) / 2;
            if (q >= cumulative_of(below[middle], total, (uint32_t)middle, size)) symbol = middle;
            else high = middle;
        }
    }
    uint32_t i = (uint32_t)symbol;
    coder_narrow(c, cumulative_of(below[i], total, i, size), cumulative_of(below[i + 1], total, i + 1, size));
    return symbol;
}

/* Equiprobable bits, 16 at a time and the rest one by one. */
void coder_bits(Coder *c, uint8_t *bits, int64_t count) {
    int64_t at = 0;
    for (; at + 16 <= count && !c->fault; at += 16) {
        uint32_t word = 0;
        if (c->reading) word = coder_where(c) >> 8;
        else
            for (int i = 0; i < 16; i++) word = word << 1 | bits[at + i];
        coder_narrow(c, word << 8, (word + 1) << 8);
        if (c->reading)
            for (int i = 0; i < 16; i++) bits[at + i] = word >> (15 - i) & 1;
    }
    for (; at < count && !c->fault; at++) {
        if (c->reading) bits[at] = (uint8_t)(coder_where(c) >> 23);
        coder_narrow(c, (uint32_t)bits[at] << 23, (uint32_t)(bits[at] + 1) << 23);
    }
}

static Coder *begun(void) {
    Coder *c = calloc(1, sizeof *c);
    if (c) c->range = UINT64_MAX;
    return c;
}

DPC_API void dpc_free(Coder *c) {
    if (!c) return;
    free(c->words);
    free(c->data);
    free(c);
}

DPC_API Coder *dpc_writer(void) { return begun(); }

DPC_API Coder *dpc_reader(const uint8_t *data, size_t size) {
    Coder *c = begun();
    if (!c) return NULL;
    c->reading = 1;
    c->size = size;
    c->data = malloc(size ? size : 1);
    if (!c->data) {
        dpc_free(c);
        return NULL;
    }
    memcpy(c->data, data, size);
    c->point = (uint64_t)coder_next(c) << 32;
    c->point |= coder_next(c);
    return c;
}

/* A writer that has written the same. */
DPC_API Coder *dpc_copy(const Coder *from) {
    Coder *c = begun();
    if (!c) return NULL;
    c->low = from->low;
    c->range = from->range;
    for (size_t i = 0; i < from->count; i++) coder_push(c, from->words[i]);
    c->fault = c->fault ? c->fault : from->fault;
    return c;
}

/* Symbols [n] under contexts [n] of a table of counts [contexts][alphabet], which then learns them. */
DPC_API int dpc_code(Coder *c, int64_t *counts, int64_t contexts, int alphabet, int64_t gain, const int64_t *context,
                     int32_t *symbols, int64_t n) {
    if (n < 2 * contexts) {
        for (int64_t i = 0; i < n && !c->fault; i++)
            symbols[i] = coder_symbol_of_counts(c, counts + context[i] * alphabet, alphabet, symbols[i]);
    } else {
        size_t width = (size_t)alphabet + 1;
        uint32_t *rows = malloc((size_t)contexts * width * sizeof *rows);
        if (!rows) return NO_MEMORY;
        for (int64_t r = 0; r < contexts; r++) cumulatives_of(counts + r * alphabet, alphabet, rows + (size_t)r * width);
        for (int64_t i = 0; i < n && !c->fault; i++)
            symbols[i] = coder_symbol(c, rows + (size_t)context[i] * width, alphabet, symbols[i]);
        free(rows);
    }
    if (c->fault) return c->fault;
    for (int64_t i = 0; i < n; i++) counts[context[i] * alphabet + symbols[i]] += gain;
    return GOOD;
}

/* Symbols [rows][width], row by row: each in the context of the one above it, those of the first row in that of
 * `before` [width], NULL: of 0. */
DPC_API int dpc_rows(Coder *c, int64_t *counts, int alphabet, int64_t gain, const int32_t *before, int32_t *symbols,
                     int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++) {
        const int32_t *above = r ? symbols + (r - 1) * width : before;
        int32_t *row = symbols + r * width;
        for (int64_t i = 0; i < width && !c->fault; i++) {
            int64_t context = above ? above[i] : 0;
            row[i] = coder_symbol_of_counts(c, counts + context * alphabet, alphabet, row[i]);
        }
        if (c->fault) return c->fault;
        for (int64_t i = 0; i < width; i++) counts[(above ? above[i] : 0) * alphabet + row[i]] += gain;
    }
    return GOOD;
}

DPC_API int dpc_bits(Coder *c, uint8_t *bits, int64_t count) {
    coder_bits(c, bits, count);
    return c->fault;
}

/* Most bytes that `dpc_finish` gives. */
DPC_API size_t dpc_room(const Coder *c) { return 4 * c->count + 8; }

/* The fewest bytes that, with zeros read after them, decode to what was written: of all numbers in the interval the one
 * with most zeros at its end. */
DPC_API size_t dpc_finish(Coder *c, uint8_t *out) {
    uint64_t point = c->low, last = c->low + (c->range - 1); /* may have passed 2**64 */
    int passes = last < c->low;
    if (c->low && passes) {
        point = 0;
        coder_carry(c);
        c->low = 0; /* once only */
    } else if (c->low) {
        for (int zeros = 56; zeros >= 0; zeros -= 8) {
            uint64_t mask = ((uint64_t)1 << zeros) - 1, up = (c->low + mask) & ~mask;
            if (up >= c->low && up <= last) {
                point = up;
                break;
            }
        }
    }
    size_t size = 0;
    for (size_t i = 0; i < c->count; i++)
        for (int shift = 24; shift >= 0; shift -= 8) out[size++] = (uint8_t)(c->words[i] >> shift);
    for (int shift = 56; shift >= 0; shift -= 8) out[size++] = (uint8_t)(point >> shift);
    while (size && !out[size - 1]) size--;
    return size;
}

/* Of these functions: see dpcodec/compiled/__init__.py. */
DPC_API int dpc_version(void) { return 10; }
