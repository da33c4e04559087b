#include "network.h"
#include "range_coder.h"

#include <string.h>

#define ARGUMENTS                                                                                                       \
    const Network *n, const int32_t *bias, const Lines *in, int cells, uint8_t *zero, uint8_t *magnitude

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

enum { MOST_INPUTS = MOST_NEAR + 2, LANES = 4, TOGETHER = 2 * LANES };

typedef float Four __attribute__((vector_size(4 * LANES)));

static inline int clipped(int x, int most) { return x < 0 ? 0 : x > most ? most : x; }

/* Inputs of TOGETHER cells from `at` on, but those that are zero in all of them; which are left, and how many. */
static int inputs_of(const Lines *in, int at, float (*x)[TOGETHER], int *some) {
    int used = 0;
    for (int i = 0; i < in->near_count + 2; i++) {
        const int16_t *line = i < in->near_count ? in->near[i] : i == in->near_count ? in->noise : in->band;
        int any = 0;
        for (int j = 0; j < TOGETHER; j++) {
            int n = clipped(line[at + j] - (i < in->near_count ? in->own[at + j] : 0), UINT8_MAX);
            x[used][j] = (float)n;
            any |= n;
        }
        some[used] = i;
        used += any != 0;
    }
    return used;
}

/* For every processor. Float is exact: all numbers are integers below 2**24. Sums of four hidden units stay in registers. */
static void plain(ARGUMENTS) {
    for (int at = 0; at < cells; at += TOGETHER) {
        float x[MOST_INPUTS][TOGETHER], hidden[4][TOGETHER], out[2][TOGETHER];
        int some[MOST_INPUTS], used = inputs_of(in, at, x, some);
        for (int o = 0; o < 2; o++)
            for (int j = 0; j < TOGETHER; j++) out[o][j] = (float)n->output_bias[o];
        for (int h = 0; h < HIDDEN; h += 4) {
            Four low[4], high[4];
            for (int k = 0; k < 4; k++) low[k] = high[k] = (Four){0} + (float)bias[h + k];
            for (int u = 0; u < used; u++) {
                const int8_t *weights = n->weights + (some[u] / 4 * HIDDEN + h) * 4 + some[u] % 4;
                Four first, second;
                memcpy(&first, x[u], sizeof first);
                memcpy(&second, x[u] + LANES, sizeof second);
                for (int k = 0; k < 4; k++) {
                    low[k] += (float)weights[4 * k] * first;
                    high[k] += (float)weights[4 * k] * second;
                }
            }
            for (int k = 0; k < 4; k++) {
                memcpy(hidden[k], &low[k], sizeof low[k]);
                memcpy(hidden[k] + LANES, &high[k], sizeof high[k]);
                for (int j = 0; j < TOGETHER; j++)
                    hidden[k][j] = (float)clipped((int)hidden[k][j] >> HIDDEN_SHIFT, LARGEST_HIDDEN);
            }
            for (int o = 0; o < 2; o++)
                for (int k = 0; k < 4; k++) {
                    int place = (h / 4 * 2 + o) * 4 + k;
                    float weight = (float)(64 * n->coarse[place] + n->fine[place]);
                    for (int j = 0; j < TOGETHER; j++) out[o][j] += weight * hidden[k][j];
                }
        }
        for (int j = 0; j < TOGETHER; j++) {
            zero[at + j] = (uint8_t)clipped((int)out[0][j] >> OUTPUT_SHIFT, ZERO_CONTEXTS - 1);
            magnitude[at + j] = (uint8_t)clipped((int)out[1][j] >> OUTPUT_SHIFT, MAGNITUDE_CONTEXTS - 1);
        }
    }
}

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define WIDE
#include <immintrin.h>

/* Four products added up at once. */
#define NAME with_vnni
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define V __m512i
#define OP(name) _mm512_##name
#define LOAD(p) _mm512_loadu_si512(p)
#define ANY(x) (_mm512_test_epi32_mask(x, x) != 0)
#define OR(x, y) _mm512_or_si512(x, y)
#define ZERO _mm512_setzero_si512()
#define DOT(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#define STORE(p, x) _mm256_storeu_si256((void *)(p), _mm512_cvtepi16_epi8(x))
#define QUADS _mm512_broadcast_i32x4
#define UNITS 12
#include "network_wide.h"

/* Two at once, of 16-bit numbers: products of bytes added up in 16 bits would not fit. */
#define NAME with_avx2
#define TARGET __attribute__((target("avx2")))
#define V __m256i
#define OP(name) _mm256_##name
#define LOAD(p) _mm256_loadu_si256((const void *)(p))
#define ANY(x) (!_mm256_testz_si256(x, x))
#define OR(x, y) _mm256_or_si256(x, y)
#define ZERO _mm256_setzero_si256()
#define DOT(sum, x, w)                                                                                                  \
    _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(255)),               \
                                                             _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8))),           \
                     _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8)))
#define STORE(p, x)                                                                                                     \
    _mm_storeu_si128((void *)(p),                                                                                       \
                     _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi16(x, x), 8)))
#define QUADS _mm256_broadcastsi128_si256
#define UNITS 4
#include "network_wide.h"

static int widest(void) {
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) return 2;
    return __builtin_cpu_supports("avx2") ? 1 : 0;
}
#else
static int widest(void) { return 0; }
#endif

static int allowed = 2;

/* Let networks use at most this way, 0 to 2, so that each can be tested: the one that they take, which the processor has. */
DPC_API int dpc_network_way(int most) {
    allowed = most;
    return allowed < widest() ? allowed : widest();
}

void network_contexts(ARGUMENTS) {
#if defined(WIDE)
    int way = allowed < widest() ? allowed : widest();
    if (way == 2) with_vnni(n, bias, in, cells, zero, magnitude);
    else if (way == 1) with_avx2(n, bias, in, cells, zero, magnitude);
    else
#endif
        plain(n, bias, in, cells, zero, magnitude);
}
