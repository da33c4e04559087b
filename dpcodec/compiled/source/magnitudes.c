#include "magnitudes.h"

#include <stdlib.h>

enum { WIDTH_BITS = 4 };

/* Smallest magnitude of a class, and its extra bits, where it is no escape. */
static uint32_t floor_of(int class) {
    if (class < DIRECT) return (uint32_t)class;
    int e = 3 + (class - DIRECT) / 2;
    return (2u + (uint32_t)((class - DIRECT) & 1)) << (e - 1);
}

static int width_of(int class) { return class < DIRECT ? 0 : 2 + (class - DIRECT) / 2; }

static uint32_t size_of(int32_t q) { return (uint32_t)(q < 0 ? -(int64_t)q : q); }

static void put(uint8_t *bits, int64_t *at, uint32_t value, int width) {
    while (width--) bits[(*at)++] = value >> width & 1;
}

static uint32_t got(const uint8_t *bits, int64_t *at, int width) {
    uint32_t value = 0;
    while (width--) value = value << 1 | bits[(*at)++];
    return value;
}

/* Widths of the escapes, then the extra bits of every class, then the signs. While reading q holds the base and then
 * the magnitude of a cell; `widths` how many extra bits there are of it. */
void code_extras(Coder *c, const Found *found, int32_t *q) {
    int64_t n = found->count, total = 0, at = 0;
    uint8_t *widths = malloc((size_t)n + 1), *bits = malloc(29 * (size_t)n + 1);
    if (!widths || !bits) {
        c->fault = NO_MEMORY;
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        if (found->classes[i] == ESCAPE) {
            int width = c->reading ? 0 : log2_of(size_of(q[found->places[i]])) - ESCAPE_EXPONENT;
            put(bits, &at, (uint32_t)width, WIDTH_BITS);
        }
    coder_bits(c, bits, at);
    if (c->fault) goto done;
    at = 0;
    for (int64_t i = 0; i < n; i++) {
        int class = found->classes[i];
        widths[i] = (uint8_t)(class == ESCAPE ? got(bits, &at, WIDTH_BITS) + ESCAPE_EXPONENT : (uint32_t)width_of(class));
        total += widths[i];
    }
#define BASE(i) (found->classes[i] == ESCAPE ? 1u << widths[i] : floor_of(found->classes[i]))
    at = 0;
    for (int64_t i = 0; i < n && !c->reading; i++) {
        uint32_t m = size_of(q[found->places[i]]);
        if (m > MAX_SYMBOL) c->fault = TOO_LARGE;
        put(bits, &at, m - BASE(i), widths[i]);
    }
    if (c->fault) goto done;
    coder_bits(c, bits, total);
    if (c->fault) goto done;
    at = 0;
    for (int64_t i = 0; i < n && c->reading; i++) {
        uint32_t m = BASE(i) + got(bits, &at, widths[i]);
        if (m > MAX_SYMBOL) {
            c->fault = TOO_LARGE;
            goto done;
        }
        q[found->places[i]] = (int32_t)m;
    }
    for (int64_t i = 0; i < n && !c->reading; i++) bits[i] = q[found->places[i]] < 0;
    coder_bits(c, bits, n);
    for (int64_t i = 0; i < n && c->reading; i++)
        if (bits[i]) q[found->places[i]] = -q[found->places[i]];
done:
    free(widths);
    free(bits);
}
