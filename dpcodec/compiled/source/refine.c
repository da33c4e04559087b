/* What solver refine takes most of its time for: dpcodec/inpainting/refine. */
#include "range_coder.h"
#include "sums.h"

#include <string.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

/* A perceptron: `layers` of weights [sizes[i]][sizes[i + 1]] and biases [sizes[i + 1]]. */
typedef struct {
    int64_t layers;
    const int64_t *sizes;
    const float *const *weights, *const *biases;
} Gate;

#define GATE_ARGUMENTS                                                                                                  \
    const Gate *g, const float *features, const float *moves, int64_t n, int64_t largest, float *spare, float *made

#define NAME gate_everywhere
#define TARGET
#define WIDTH 4
#define VECTORS 2
#define TOGETHER 4
#include "gate_wide.h"

#if defined(__x86_64__)
#define NAME gate_with_avx2
#define TARGET __attribute__((target("avx2")))
#define WIDTH 8
#define VECTORS 2
#define TOGETHER 6
#include "gate_wide.h"

#define NAME gate_with_avx512
#define TARGET __attribute__((target("avx512f")))
#define WIDTH 16
#define VECTORS 1
#define TOGETHER 12
#include "gate_wide.h"
#endif

/* How far each of n coefficients moves: features [sizes[0]][n], moves [last size - 1][n]. spare [2][largest size][16]. */
DPC_API void dpc_gate(GATE_ARGUMENTS) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) gate_with_avx512(g, features, moves, n, largest, spare, made);
    else if (__builtin_cpu_supports("avx2")) gate_with_avx2(g, features, moves, n, largest, spare, made);
    else
#endif
        gate_everywhere(g, features, moves, n, largest, spare, made);
}

static int64_t within(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* Means over `half` numbers on each side along a line, the outermost standing for those beyond. */
static void means_along(const float *restrict x, int64_t n, int64_t half, float *restrict out) {
    float share = 1 / (float)(2 * half + 1);
    int64_t inner = n - half;
    for (int64_t i = 0; i < n; i++) out[i] = i >= half && i < inner ? x[i - half] : x[within(i - half, n)];
    for (int64_t away = 1 - half; away <= half; away++) {
        for (int64_t i = 0; i < n && i < half; i++) out[i] += x[within(i + away, n)];
        for (int64_t i = half; i < inner; i++) out[i] += x[i + away];
        for (int64_t i = inner < half ? half : inner; i < n; i++) out[i] += x[within(i + away, n)];
    }
    for (int64_t i = 0; i < n; i++) out[i] *= share;
}

/* Means over so many neighbours on each side: x [L][K] -> out [L][K]. spare [K]. */
CLONES DPC_API void dpc_near(const float *x, int64_t L, int64_t K, int64_t frames, int64_t rows, float *spare, float *out) {
    for (int64_t f = 0; f < L; f++) {
        const float *line = x + f * K;
        float *restrict to = rows ? spare : out + f * K;
        if (frames) {
            float share = 1 / (float)(2 * frames + 1);
            memcpy(to, x + within(f - frames, L) * K, (size_t)K * sizeof(float));
            for (int64_t away = 1 - frames; away <= frames; away++) {
                const float *restrict from = x + within(f + away, L) * K;
                for (int64_t k = 0; k < K; k++) to[k] += from[k];
            }
            for (int64_t k = 0; k < K; k++) to[k] *= share;
            line = to;
        }
        if (rows) means_along(line, K, rows, out + f * K);
        else if (!frames) memcpy(to, line, (size_t)K * sizeof(float));
    }
}
