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

/* The interval, held in registers while a loop runs. */
typedef struct {
    uint64_t low, range, point;
} Interval;

static inline Interval coder_interval(const Coder *c) { return (Interval){c->low, c->range, c->point}; }

static inline void coder_keep(Coder *c, Interval v) {
    c->low = v.low;
    c->range = v.range;
    c->point = v.point;
}

/* Take the part from .. to - 1 of 2**24 of the interval. */
static inline Interval interval_narrow(Interval v, Coder *c, uint32_t from, uint32_t to) {
    uint64_t scale = v.range >> PRECISION, off = scale * from;
    v.low += off;
    if (v.low < off) coder_carry(c);
    v.range = scale * (to - from);
    v.point -= off; /* of a writer no number */
    if (v.range >> 32) return v;
    coder_push(c, (uint32_t)(v.low >> 32));
    v.low <<= 32;
    v.range <<= 32;
    if (c->reading) v.point = v.point << 32 | coder_next(c);
    return v;
}

static inline void coder_narrow(Coder *c, uint32_t from, uint32_t to) {
    coder_keep(c, interval_narrow(coder_interval(c), c, from, to));
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

/* A symbol under a row of cumulatives [alphabet + 1], of which the last is 2**24; 0 and a fault where the bytes lie in
 * none. */
static inline int interval_symbol(Interval *v, Coder *c, const uint32_t *row, int alphabet, int symbol) {
    if (c->reading) {
        uint64_t scale = v->range >> PRECISION;
        if (v->point >= scale << PRECISION) {
            c->fault = NO_SYMBOL;
            return 0;
        }
        if (alphabet == 2) symbol = v->point >= scale * row[1];
        else for (symbol = 0; v->point >= scale * row[symbol + 1];) symbol++;
    }
    *v = interval_narrow(*v, c, row[symbol], row[symbol + 1]);
    return symbol;
}

static inline int coder_symbol(Coder *c, const uint32_t *row, int alphabet, int symbol) {
    Interval v = coder_interval(c);
    symbol = interval_symbol(&v, c, row, alphabet, symbol);
    coder_keep(c, v);
    return symbol;
}

void cumulatives_of(const int64_t *counts, int alphabet, uint32_t *row);
int coder_symbol_of_counts(Coder *c, const int64_t *counts, int alphabet, int symbol);
void coder_bits(Coder *c, uint8_t *bits, int64_t count);

#endif
