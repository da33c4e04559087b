#include "network.h"

#define ARGUMENTS const float *numbers, int inputs, float (*columns)[BATCH], int cells, uint8_t *zero, uint8_t *magnitude

/* Products and sums may become one instruction here: every number is an integer that float32 holds. */
#if defined(__clang__)
#pragma clang fp contract(fast)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=fast")
#endif

/* Floor of x / 2**shift, between 0 and most. */
static inline __attribute__((always_inline)) float shifted(float x, int shift, int most) {
    int n = (int)x >> shift;
    n = n < 0 ? 0 : n;
    return (float)(n > most ? most : n);
}

/* Inputs that are not zero in all of `lanes` cells: most are, where nothing is coded around. */
static inline __attribute__((always_inline)) int some_of(float (*columns)[BATCH], int inputs, int at, int lanes, int *some) {
    int count = 0;
    for (int i = 0; i < inputs; i++) {
        int any = 0;
        for (int j = 0; j < lanes; j++) any |= columns[i][at + j] != 0;
        some[count] = i;
        count += any;
    }
    return count;
}

/* The same for processors of different width: vectors of LANES, two at a time, for UNITS hidden units at once, so that
 * all sums stay in registers. */
#define FOR_WIDTH(NAME, TARGET, LANES, UNITS)                                                                      \
    typedef float NAME##_lanes __attribute__((vector_size(4 * LANES)));                                            \
    TARGET static void NAME(ARGUMENTS) {                                                                           \
        const float *bias = numbers + inputs * HIDDEN, *outputs = bias + HIDDEN, *last = outputs + 2 * HIDDEN;     \
        for (int at = 0; at < cells; at += 2 * LANES) {                                                            \
            float hidden[HIDDEN][2 * LANES], out[2][2 * LANES];                                                    \
            int some[MOST_INPUTS], count = some_of(columns, inputs, at, 2 * LANES, some);                          \
            for (int h = 0; h < HIDDEN; h += UNITS) {                                                              \
                NAME##_lanes near[UNITS], far[UNITS], x, y;                                                        \
                for (int j = 0; j < UNITS; j++) near[j] = far[j] = (NAME##_lanes){0} + bias[h + j];                \
                for (int i = 0; i < count; i++) {                                                                  \
                    const float *w = numbers + some[i] * HIDDEN + h, *from = columns[some[i]] + at;                \
                    __builtin_memcpy(&x, from, sizeof x);                                                          \
                    __builtin_memcpy(&y, from + LANES, sizeof y);                                                  \
                    for (int j = 0; j < UNITS; j++) {                                                              \
                        near[j] += w[j] * x;                                                                       \
                        far[j] += w[j] * y;                                                                        \
                    }                                                                                              \
                }                                                                                                  \
                for (int j = 0; j < UNITS; j++) {                                                                  \
                    __builtin_memcpy(hidden[h + j], near + j, sizeof x);                                           \
                    __builtin_memcpy(hidden[h + j] + LANES, far + j, sizeof y);                                    \
                }                                                                                                  \
            }                                                                                                      \
            for (int j = 0; j < 2 * LANES; j++) out[0][j] = last[0], out[1][j] = last[1];                          \
            for (int h = 0; h < HIDDEN; h++)                                                                       \
                for (int j = 0; j < 2 * LANES; j++) {                                                              \
                    float x = shifted(hidden[h][j], 5, 127);                                                       \
                    out[0][j] += outputs[h] * x;                                                                   \
                    out[1][j] += outputs[HIDDEN + h] * x;                                                          \
                }                                                                                                  \
            int left = cells - at < 2 * LANES ? cells - at : 2 * LANES;                                            \
            for (int j = 0; j < left; j++) {                                                                       \
                zero[at + j] = (uint8_t)shifted(out[0][j], 10, ZERO_CONTEXTS - 1);                                 \
                magnitude[at + j] = (uint8_t)shifted(out[1][j], 10, MAGNITUDE_CONTEXTS - 1);                       \
            }                                                                                                      \
        }                                                                                                          \
    }

FOR_WIDTH(plain, , 4, 4)

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
FOR_WIDTH(with_avx2, __attribute__((target("avx2,fma"))), 8, 4)
FOR_WIDTH(with_avx512, __attribute__((target("avx512f,avx2,fma"))), 16, 8)

void network_contexts(ARGUMENTS) {
    if (__builtin_cpu_supports("avx512f")) with_avx512(numbers, inputs, columns, cells, zero, magnitude);
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        with_avx2(numbers, inputs, columns, cells, zero, magnitude);
    else plain(numbers, inputs, columns, cells, zero, magnitude);
}
#else
void network_contexts(ARGUMENTS) { plain(numbers, inputs, columns, cells, zero, magnitude); }
#endif
