/* Loops over arrays whose numpy takes many passes; the same numbers, bit for bit. */
#include "range_coder.h"

#include <math.h>

enum { ROUNDS = 10 };

/* Random words of counters [n][4] and a key: dpcodec/mask/prng.py. */
DPC_API void dpc_philox(const uint32_t *counters, int64_t n, uint32_t key0, uint32_t key1, uint32_t *words) {
    for (int64_t i = 0; i < 4 * n; i += 4) {
        uint32_t a = counters[i], b = counters[i + 1], c = counters[i + 2], d = counters[i + 3], k = key0, l = key1;
        for (int round = 0; round < ROUNDS; round++, k += 0x9E3779B9u, l += 0xBB67AE85u) {
            uint64_t p = (uint64_t)a * 0xD2511F53u, q = (uint64_t)c * 0xCD9E8D57u;
            a = (uint32_t)(q >> 32) ^ b ^ k;
            b = (uint32_t)q;
            c = (uint32_t)(p >> 32) ^ d ^ l;
            d = (uint32_t)p;
        }
        words[i] = a, words[i + 1] = b, words[i + 2] = c, words[i + 3] = d;
    }
}

static float single(double x) {
    const double most = 3.4028234663852886e38;
    return (float)(x < -most ? -most : x > most ? most : x);
}

/* What symbols of a perceptual channel stand for: dpcodec/coding/perceptual_channel.py, _fill_in. `factors` [64] are
 * those of scale factors, `bias` what is added to magnitude 1 and to larger ones, in steps. */
DPC_API void dpc_fill_in(const int32_t *q, const uint8_t *scale_factors, const uint8_t *levels, int64_t cells, double step,
                         const double *bias, double dead_zone, double noise_unit, const double *factors, uint8_t *kept,
                         float *value, float *centre, float *halfwidth, float *bound, float *noise) {
    for (int64_t i = 0; i < cells; i++) {
        double factor = factors[scale_factors[i]], unit = step * factor;
        kept[i] = q[i] != 0;
        if (!q[i]) {
            value[i] = centre[i] = halfwidth[i] = 0;
            bound[i] = single(dead_zone * unit);
            noise[i] = single(step * (factor * levels[i] * noise_unit));
            continue;
        }
        double magnitude = q[i] < 0 ? -(double)q[i] : q[i], sign = q[i] < 0 ? -1 : 1;
        value[i] = single(sign * (magnitude + bias[magnitude > 1]) * step * factor);
        centre[i] = single(sign * (magnitude + (dead_zone - 0.5)) * unit);
        halfwidth[i] = single(0.5 * unit);
        bound[i] = noise[i] = 0;
    }
}

/* The cheapest paths through costs [channels][splits][frames], `price` for each doubling from one frame to the next:
 * dpcodec/transform/block_switching.py, _cheapest. came_from [frames][splits]; path [channels][frames]. */
DPC_API void dpc_cheapest(const double *costs, int64_t channels, int64_t splits, int64_t frames, double price, int64_t *came_from,
                          int64_t *path) {
    double total[8], next[8];
    for (int64_t c = 0; c < channels; c++, costs += splits * frames, path += frames) {
        for (int64_t s = 0; s < splits; s++) total[s] = costs[s * frames];
        for (int64_t f = 1; f < frames; f++) {
            for (int64_t s = 0; s < splits; s++) {
                int64_t best = 0;
                double least = total[0] + price * (double)s;
                for (int64_t from = 1; from < splits; from++) {
                    double way = total[from] + price * (double)(from < s ? s - from : from - s);
                    if (way < least) least = way, best = from;
                }
                came_from[f * splits + s] = best;
                next[s] = least + costs[s * frames + f];
            }
            for (int64_t s = 0; s < splits; s++) total[s] = next[s];
        }
        int64_t here = 0;
        for (int64_t s = 1; s < splits; s++) here = total[s] < total[here] ? s : here;
        for (int64_t f = frames; f-- > 0; here = came_from[f * splits + here]) path[f] = here;
    }
}

/* Lines [lines][frames] rounded, which stay until a number has moved by more than `hold`: dpcodec/hearing/threshold.py,
 * hold_scale_factors. */
DPC_API void dpc_hold(const double *x, int64_t lines, int64_t frames, double hold, int64_t *held) {
    for (int64_t line = 0; line < lines; line++, x += frames, held += frames) {
        double here = rint(x[0]);
        for (int64_t f = 0; f < frames; f++) {
            if (fabs(x[f] - here) > hold) here = rint(x[f]);
            held[f] = (int64_t)here;
        }
    }
}
