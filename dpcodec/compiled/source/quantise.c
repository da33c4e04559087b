/* Passes over a channel's values in steps; the numbers, to the last bit, are those of numpy in dpcodec/coding/mdct_quantize.py
 * and dpcodec/hearing/energy.py. */
#include "range_coder.h"
#include "sums.h"

#include <math.h>

enum { THRESHOLDS = 7 };

/* x [n] -> symbols: quantize_mdct, `up` is 1 - dead zone. False where one would pass `largest`. */
CLONES DPC_API int dpc_quantize(const double *x, int64_t n, double step, double up, double largest, int32_t *q) {
    int good = 1;
    for (int64_t i = 0; i < n; i++) {
        double size = fabs(x[i]) / step + up;
        int fits = size < largest + 1;
        good &= fits;
        int32_t magnitude = (int32_t)(fits ? size : 0);
        q[i] = x[i] < 0 ? -magnitude : magnitude;
    }
    return good;
}

/* Means of what values lie above their magnitude 1, and above larger ones: bias_of. */
DPC_API int dpc_bias(const double *x, const int32_t *q, int64_t n, double step, double *means) {
    double *above = malloc(((size_t)n + 1) * sizeof *above);
    if (!above) return NO_MEMORY;
    int64_t ones = 0, more = n;
    for (int64_t i = 0; i < n; i++)
        if (q[i] == 1 || q[i] == -1) above[ones++] = fabs(x[i]) / step - 1;
    means[0] = ones ? pairwise_sum(above, ones, 1) / (double)ones : 0;
    more = 0;
    for (int64_t i = 0; i < n; i++)
        if (q[i] > 1 || q[i] < -1) above[more++] = fabs(x[i]) / step - fabs((double)q[i]);
    means[1] = more ? pairwise_sum(above, more, 1) / (double)more : 0;
    free(above);
    return GOOD;
}

CLONES static void small_and_large(const double *x, const int32_t *q, int64_t cells, double noise, double *square, double *kept) {
    for (int64_t i = 0; i < cells; i++) {
        double size = q[i];
        square[i] = x[i] * x[i];
        kept[i] = q[i] > 1 || q[i] < -1 ? size * size : noise;
    }
}

CLONES static void passing(const double *x, const int32_t *q, int64_t frames, const double *thresholds, double *ones, int64_t apart,
                           double *restrict small) {
    for (int64_t f = 0; f < frames; f++) small[f] = q[f] > 1 || q[f] < -1 ? 0 : fabs(x[f]);
    for (int t = 0; t < THRESHOLDS; t++) {
        double *restrict to = ones + t * apart;
        for (int64_t f = 0; f < frames; f++) to[f] += small[f] >= thresholds[t] ? 1.0 : 0.0;
    }
}

/* Of each band and frame what match_energy weighs: the energy of x [rows][frames], what of it symbols keep that are larger
 * than 1 and noise, [bands][frames] each, and how many smaller values reach each threshold, [THRESHOLDS][bands][frames],
 * zero at first. edges [bands + 1]. */
DPC_API int dpc_energy_sums(const double *x, const int32_t *q, int64_t frames, const int64_t *edges, int64_t bands, double noise,
                            const double *thresholds, double *energy, double *fixed, double *ones) {
    int64_t most = 0;
    for (int64_t b = 0; b < bands; b++) most = edges[b + 1] - edges[b] > most ? edges[b + 1] - edges[b] : most;
    double *square = malloc((size_t)((2 * most + SPARE_ROWS) * frames + 1) * sizeof *square);
    if (!square) return NO_MEMORY;
    double *kept = square + most * frames, *spare = kept + most * frames;
    for (int64_t b = 0; b < bands; b++) {
        int64_t first = edges[b] * frames, rows = edges[b + 1] - edges[b];
        small_and_large(x + first, q + first, rows * frames, noise, square, kept);
        sum_rows(square, rows, frames, energy + b * frames, spare);
        sum_rows(kept, rows, frames, fixed + b * frames, spare);
        for (int64_t row = 0; row < rows; row++)
            passing(x + first + row * frames, q + first + row * frames, frames, thresholds, ones + b * frames, bands * frames, spare);
    }
    free(square);
    return GOOD;
}

/* Symbols of magnitude 0 and 1 chosen anew, by the threshold of each band and frame, [bands][frames], above 0. */
CLONES DPC_API void dpc_choose(const double *x, const int32_t *q, int64_t frames, const int64_t *edges, int64_t bands,
                               const double *thresholds, int32_t *chosen) {
    for (int64_t b = 0; b < bands; b++)
        for (int64_t row = edges[b]; row < edges[b + 1]; row++) {
            const double *restrict value = x + row * frames, *restrict least = thresholds + b * frames;
            const int32_t *restrict known = q + row * frames;
            int32_t *restrict to = chosen + row * frames;
            for (int64_t f = 0; f < frames; f++) to[f] = (int32_t)(fabs(value[f]) >= least[f] ? copysign(1.0, value[f]) : 0.0);
            for (int64_t f = 0; f < frames; f++) to[f] = known[f] > 1 || known[f] < -1 ? known[f] : to[f];
        }
}
