/* The range coder of docs/format.md, writing or reading, and adaptive tables: what dpcodec/coding/entropy.py does by
 * constriction, byte for byte. */
#ifndef DPC_RANGE_CODER_H
#define DPC_RANGE_CODER_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define DPC_API __declspec(dllexport)
#else
#define DPC_API __attribute__((visibility("default")))
#endif

enum { LARGEST_ALPHABET = 64, PRECISION = 24, TOTAL_BITS = 16 };

enum { GOOD = 0, NO_SYMBOL = 1, TOO_LARGE = 2, NO_MEMORY = 3 };

/* The interval is [low, low + range) below the words written. A reader keeps it too, and writes what it reads, so that
 * the end can be compared. `point` is how far above `low` the bytes lie. */
typedef struct {
    uint64_t low, range;
    uint32_t *words;
    size_t count, room;
    int reading, fault;
    uint8_t *data;
    size_t size, at;
    uint64_t point;
} Coder;

void coder_push(Coder *c, uint32_t word);
void coder_carry(Coder *c);
uint32_t coder_next(Coder *c);

/* Take the part from .. to - 1 of 2**24 of the interval. */
static inline void coder_narrow(Coder *c, uint32_t from, uint32_t to) {
    uint64_t scale = c->range >> PRECISION, off = scale * from;
    c->low += off;
    if (c->low < off) coder_carry(c);
    c->range = scale * (to - from);
    if (c->reading) c->point -= off;
    if (c->range >> 32) return;
    coder_push(c, (uint32_t)(c->low >> 32));
    c->low <<= 32;
    c->range <<= 32;
    if (c->reading) c->point = c->point << 32 | coder_next(c);
}

/* Where the bytes lie within the interval, in 2**-24 of it; 0 and a fault where they lie in no symbol. */
static inline uint32_t coder_where(Coder *c) {
    uint64_t q = c->point / (c->range >> PRECISION);
    if (!(q >> PRECISION)) return (uint32_t)q;
    c->fault = NO_SYMBOL;
    return 0;
}

/* Of counts whose sum below a symbol is `below` of `total`: the 24-bit cumulative of symbol i of `alphabet`. */
static inline uint32_t cumulative_of(uint64_t below, uint64_t total, uint32_t i, uint32_t alphabet) {
    uint64_t scaled = below * ((1u << TOTAL_BITS) - alphabet) / total + i;
    return (uint32_t)((scaled * ((1u << PRECISION) - alphabet) >> TOTAL_BITS) + i);
}

/* A symbol under a row of cumulatives [alphabet + 1]. */
static inline int coder_symbol(Coder *c, const uint32_t *row, int alphabet, int symbol) {
    if (c->reading) {
        uint32_t q = coder_where(c);
        if (alphabet == 2) symbol = q >= row[1];
        else for (symbol = 0; q >= row[symbol + 1];) symbol++;
    }
    coder_narrow(c, row[symbol], row[symbol + 1]);
    return symbol;
}

void cumulatives_of(const int64_t *counts, int alphabet, uint32_t *row);
int coder_symbol_of_counts(Coder *c, const int64_t *counts, int alphabet, int symbol);
void coder_bits(Coder *c, uint8_t *bits, int64_t count);

#endif
