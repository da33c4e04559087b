/* S* W S of an STFT in one pass over its frames: dpcodec/transform/compiled_stft.py. Two real frames are the real and
 * imaginary part of one transform of n = rows * columns points. Frames stay in the cache from signal to signal. */
#include "range_coder.h"

enum { MOST_ROWS = 256, BLOCK = 16 };
#define LAST(rows) ((rows) == 16 ? 4 : 8)

/* A transform and its room, as in Python. n from 256 to 65536, a power of two, rows and columns from 16 to 256.
 * `window` [n]; `roots` [256][2] cosine and sine of -2 pi j / 256; `outer` [columns / 16][rows][2][16] of
 * -2 pi row * column / n; `signal` and `sum` [(frames - 1) * hop + n]; `re`, `im` [n + 1]; `turned_re`, `turned_im`
 * [n]; `spare` [n / 2 + 1]. */
typedef struct {
    int64_t n, hop, frames, left, samples, rows, columns;
    const float *window, *roots, *outer;
    float *signal, *sum, *re, *im, *turned_re, *turned_im, *spare;
} dpc_stft;

/* What new weights are made of: weights = w + known, w = mu_e share / (power + e); or, where there is an `error`,
 * w = power / (power + error), of which nothing is kept. */
typedef struct {
    float mu_e, e;
    const float *share[2], *known[2], *error[2];
    float *weights[2];
} reweighting;

/* As in network.c; here rounding may differ, and decides nothing. */
#if defined(__clang__)
#pragma clang fp contract(fast)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=fast")
#endif

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(mask, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(mask, a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

/* The first frequency of the last pass's rows from `at` on: digits in reverse. */
static inline int first_of(int at, int rows) {
    if (rows <= 32) return at / (rows / 4);
    if (rows == 64) return at / 8;
    if (rows == 128) return at / 32 + at / 8 % 4 * 4;
    return at / 64 + at / 8 % 8 * 4;
}

#define LANES 4
#define TARGET
#define NAME(x) plain_##x
#include "stft_lanes.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define LANES 8
#define TARGET __attribute__((target("avx2,fma")))
#define NAME(x) avx2_##x
#include "stft_lanes.h"
#define LANES 16
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define NAME(x) avx512_##x
#include "stft_lanes.h"
#endif

static float pair(const dpc_stft *s, const float *x, float *sum, int alone, const float *w0, const float *w1,
                  const reweighting *q) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    if (__builtin_cpu_supports("avx512f")) return avx512_pair(s, x, sum, alone, w0, w1, q);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_pair(s, x, sum, alone, w0, w1, q);
#endif
    return plain_pair(s, x, sum, alone, w0, w1, q);
}

static int64_t begun(const dpc_stft *s, const float *x) {
    int64_t under = (s->frames - 1) * s->hop + s->n;
    int64_t here = s->samples < under - s->left ? s->samples : under - s->left;
    for (int64_t t = 0; t < under; t++) s->signal[t] = s->sum[t] = 0;
    __builtin_memcpy(s->signal + s->left, x, (size_t)here * sizeof(float));
    return here;
}

/* S* W S x. x and out [samples]; weights [frames][n / 2 + 1]. Or, where there are shares, also [frames][n / 2 + 1],
 * S* w S x, with the weights made anew; `known` may be null. Returns the largest power, 0 where none was looked for. */
DPC_API float dpc_stft_normal(const dpc_stft *s, const float *x, float *weights, const float *share, const float *known,
                              float mu_e, float e, float *out) {
    int64_t bins = s->n / 2 + 1, here = begun(s, x);
    float largest = 0;
    for (int64_t f = 0; f < s->frames; f += 2) {
        int alone = f + 1 == s->frames;
        int64_t first = f * bins, second = alone ? first : first + bins;
        reweighting q = {.mu_e = mu_e, .e = e, .weights = {weights + first, weights + second}};
        if (alone) q.weights[1] = s->spare;
        if (share) q.share[0] = share + first, q.share[1] = share + second;
        q.known[0] = known ? known + first : 0, q.known[1] = known ? known + second : 0;
        float power = pair(s, s->signal + f * s->hop, s->sum + f * s->hop, alone, weights + first, weights + second,
                           share ? &q : 0);
        largest = power > largest ? power : largest;
    }
    for (int64_t t = 0; t < s->samples; t++) out[t] = t < here ? s->sum[s->left + t] : 0;
    return largest;
}

/* S* G S x, G = power / (power + error): error [frames][n / 2 + 1]. */
DPC_API void dpc_stft_wiener(const dpc_stft *s, const float *x, const float *error, float *out) {
    int64_t bins = s->n / 2 + 1, here = begun(s, x);
    for (int64_t f = 0; f < s->frames; f += 2) {
        int alone = f + 1 == s->frames;
        const float *first = error + f * bins, *second = alone ? first : first + bins;
        reweighting q = {.error = {first, second}};
        pair(s, s->signal + f * s->hop, s->sum + f * s->hop, alone, first, second, &q);
    }
    for (int64_t t = 0; t < s->samples; t++) out[t] = t < here ? s->sum[s->left + t] : 0;
}
