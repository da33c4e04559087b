/* Magnitude classes, extra bits and signs: dpcodec/coding/magnitude_classes.py. */
#ifndef DPC_MAGNITUDES_H
#define DPC_MAGNITUDES_H

#include "range_coder.h"

enum { MAGNITUDE_CLASSES = 23, ESCAPE = 22, DIRECT = 8, ESCAPE_EXPONENT = 10, MAX_SYMBOL = (1 << 24) - 1 };

/* Cells that are not zero, in the order of coding: places in the grid and classes. */
typedef struct {
    int32_t *places;
    uint8_t *classes;
    int64_t count;
} Found;

static inline void found_add(Found *found, int64_t cell, int class) {
    found->places[found->count] = (int32_t)cell;
    found->classes[found->count++] = (uint8_t)class;
}

static inline int log2_of(uint32_t x) {
    int e = 0;
    while (x >>= 1) e++;
    return e;
}

static inline int magnitude_class(int32_t q) {
    uint32_t m = (uint32_t)(q < 0 ? -(int64_t)q : q);
    if (m < DIRECT) return (int)m;
    if (m >= 1u << ESCAPE_EXPONENT) return ESCAPE;
    int e = log2_of(m);
    return DIRECT + 2 * (e - 3) + (int)(m >> (e - 1) & 1);
}

void code_extras(Coder *c, const Found *found, int32_t *q);

#endif
