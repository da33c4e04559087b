#include "network.h"

typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t Whole __attribute__((vector_size(4 * LANES)));

/* Floor of x / 2**shift, between 0 and most. */
#define SHIFTED(x, shift, most)                                    \
    ({                                                             \
        Whole n_ = __builtin_convertvector((x), Whole) >> (shift); \
        Whole over_ = n_ > (most);                                 \
        (n_ & (n_ > 0) & ~over_) | (over_ & (most));               \
    })

static inline __attribute__((always_inline)) void through(const float *numbers, int inputs, float (*columns)[BATCH],
                                                          int cells, uint8_t *zero, uint8_t *magnitude) {
    const float *bias = numbers + inputs * HIDDEN, *outputs = bias + HIDDEN, *output_bias = outputs + 2 * HIDDEN;
    for (int at = 0; at < cells; at += LANES) {
        Lanes zeros = (Lanes){0} + output_bias[0], sizes = (Lanes){0} + output_bias[1];
        for (int h = 0; h < HIDDEN; h += 4) {
            Lanes a = (Lanes){0} + bias[h], b = (Lanes){0} + bias[h + 1];
            Lanes c = (Lanes){0} + bias[h + 2], d = (Lanes){0} + bias[h + 3];
            for (int i = 0; i < inputs; i++) {
                const float *w = numbers + i * HIDDEN + h;
                Lanes x;
                __builtin_memcpy(&x, columns[i] + at, sizeof x);
                a += w[0] * x;
                b += w[1] * x;
                c += w[2] * x;
                d += w[3] * x;
            }
            Lanes hidden[4] = {a, b, c, d};
            for (int j = 0; j < 4; j++) {
                Whole n = SHIFTED(hidden[j], 5, 127);
                hidden[j] = __builtin_convertvector(n, Lanes);
                zeros += outputs[h + j] * hidden[j];
                sizes += outputs[HIDDEN + h + j] * hidden[j];
            }
        }
        Whole z = SHIFTED(zeros, 10, ZERO_CONTEXTS - 1), m = SHIFTED(sizes, 10, MAGNITUDE_CONTEXTS - 1);
        int left = cells - at < LANES ? cells - at : LANES;
        for (int j = 0; j < left; j++) {
            zero[at + j] = (uint8_t)z[j];
            magnitude[at + j] = (uint8_t)m[j];
        }
    }
}

/* The same C for processors of different width; the library is built for the oldest. */
#define ARGUMENTS const float *numbers, int inputs, float (*columns)[BATCH], int cells, uint8_t *zero, uint8_t *magnitude

static void plain(ARGUMENTS) { through(numbers, inputs, columns, cells, zero, magnitude); }

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
__attribute__((target("avx2,fma"))) static void with_avx2(ARGUMENTS) {
    through(numbers, inputs, columns, cells, zero, magnitude);
}

__attribute__((target("avx512f,avx2,fma"))) static void with_avx512(ARGUMENTS) {
    through(numbers, inputs, columns, cells, zero, magnitude);
}

void network_contexts(ARGUMENTS) {
    if (__builtin_cpu_supports("avx512f")) with_avx512(numbers, inputs, columns, cells, zero, magnitude);
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        with_avx2(numbers, inputs, columns, cells, zero, magnitude);
    else plain(numbers, inputs, columns, cells, zero, magnitude);
}
#else
void network_contexts(ARGUMENTS) { plain(numbers, inputs, columns, cells, zero, magnitude); }
#endif
