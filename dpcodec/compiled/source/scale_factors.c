/* Scale factors, as dpcodec/coding/side_information.py codes them: bands one after the other, the frames of each
 * bisected. */
#include "range_coder.h"

#include <stdlib.h>
#include <string.h>

enum { SCALE_FACTORS = 64, FIRST_DISTANCE = 256, FIRST_SCALE_FACTOR = 24, FARTHEST_APART = 4, FARTHEST_OFF = 2 };
enum { OFFS = 2 * FARTHEST_OFF + 1, APARTS = 2 * FARTHEST_APART + 1, NEAREST = 3 };

static int32_t clipped(int32_t x, int32_t most) { return x < -most ? -most : x > most ? most : x; }
static int32_t off_class(int32_t off) { return clipped(off, FARTHEST_OFF) + FARTHEST_OFF; }

/* Class of how far the neighbours are from one another; `apart` 0: as before format 1.4. */
static int32_t stage_of(int64_t distance, int64_t apart) {
    if (!apart) return distance == 2 ? 2 : distance == 4 ? 1 : 0;
    int32_t stage = NEAREST + 2;
    for (int64_t d = distance * apart; d; d >>= 1) stage--;
    return stage > 0 ? stage : 0;
}

typedef struct {
    Coder *coder;
    int64_t bands, frames, apart, gain;
    int64_t *counts;                /* [contexts][SCALE_FACTORS] */
    int32_t *w;                     /* [bands][frames] */
    const int32_t *seen, *under;    /* of the first channel of the pair: this band and the one below, or NULL */
    const int32_t *below;           /* how far off the band below was, [frames] */
    int32_t *off;                   /* the same of this one */
    int64_t *cells;                 /* counts to be raised after a pass */
} Walk;

/* What is expected of a frame, and its context. */
static int32_t expected_of(const Walk *k, int64_t b, int64_t f, int64_t distance, int32_t *context) {
    const int32_t *row = k->w + b * k->frames;
    int32_t beside = off_class(k->below[f]);
    if (!distance) {
        int32_t moved = k->seen ? k->seen[f] - k->under[f] : 0;
        *context = k->seen ? off_class(moved) * OFFS + beside : beside;
        if (b) return row[f - k->frames] + moved;
        return k->seen ? k->seen[f] : FIRST_SCALE_FACTOR;
    }
    int64_t before = f - distance / 2, after = f + distance / 2 < k->frames ? f + distance / 2 : before;
    int32_t left = row[before], right = row[after], stage = stage_of(distance, k->apart);
    if (!k->seen) {
        int32_t difference = clipped(left - right, FARTHEST_APART) + FARTHEST_APART;
        *context = (1 + stage * APARTS + difference) * OFFS + beside;
        return (left + right) >> 1;
    }
    int32_t moved = k->seen[f] - ((k->seen[before] + k->seen[after]) >> 1);
    *context = ((1 + stage) * OFFS + off_class(moved)) * OFFS + beside;
    return ((left + right) >> 1) + moved;
}

/* The frames first, first + step, ... of a band; the neighbours of each lie `distance` apart, 0 where none are known. */
static void pass(Walk *k, int64_t b, const int32_t *truth, int64_t first, int64_t step, int64_t distance) {
    int32_t *row = k->w + b * k->frames;
    int64_t coded = 0;
    for (int64_t f = first; f < k->frames && !k->coder->fault; f += step) {
        int32_t context, expected = expected_of(k, b, f, distance, &context);
        int symbol = truth ? (truth[b * k->frames + f] - expected) & (SCALE_FACTORS - 1) : 0;
        symbol = coder_symbol_of_counts(k->coder, k->counts + (int64_t)context * SCALE_FACTORS, SCALE_FACTORS, symbol);
        row[f] = (expected + symbol) & (SCALE_FACTORS - 1);
        k->off[f] = ((symbol + SCALE_FACTORS / 2) & (SCALE_FACTORS - 1)) - SCALE_FACTORS / 2;
        k->cells[coded++] = (int64_t)context * SCALE_FACTORS + symbol;
    }
    for (int64_t i = 0; i < coded; i++) k->counts[k->cells[i]] += k->gain;
}

/* Scale factors w [bands][frames]: written as `truth` says, or read where that is NULL.
 *
 * counts        [contexts][SCALE_FACTORS], the table at the start; it learns
 * first         [first_bands][frames] of the first channel of the pair, NULL if this is it
 * apart         frames of the file from one to the next, 0: coded as before format 1.4 */
DPC_API int dpc_scale_factors(Coder *c, int64_t bands, int64_t frames, const int32_t *truth, int32_t *w, int64_t *counts,
                              int64_t gain, const int32_t *first, int64_t first_bands, int64_t apart) {
    size_t n = frames ? (size_t)frames : 1;
    int32_t *offs = calloc(2 * n, sizeof *offs), *nothing = calloc(n, sizeof *nothing);
    int64_t *cells = malloc(n * sizeof *cells);
    if (!offs || !nothing || !cells) c->fault = NO_MEMORY;
    Walk k = {c, bands, frames, apart, gain, counts, w, NULL, NULL, offs, offs + n, cells};
    for (int64_t b = 0; b < bands && !c->fault; b++) {
        if (first) {
            int64_t top = first_bands - 1;
            k.seen = first_bands ? first + (b < top ? b : top) * frames : nothing;
            k.under = b && first_bands ? first + (b - 1 < top ? b - 1 : top) * frames : k.seen;
        }
        pass(&k, b, truth, 0, FIRST_DISTANCE, 0);
        for (int64_t distance = FIRST_DISTANCE; distance > 1; distance /= 2)
            if (frames > distance / 2) pass(&k, b, truth, distance / 2, distance, distance);
        const int32_t *below = k.below;
        k.below = k.off;
        k.off = (int32_t *)below;
    }
    free(offs);
    free(nothing);
    free(cells);
    return c->fault;
}
