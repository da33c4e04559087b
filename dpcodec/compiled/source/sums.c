#include "sums.h"

enum { EIGHT = 8, MOST = 128 };

double pairwise_sum(const double *x, int64_t n, int64_t stride) {
    if (n < EIGHT) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i * stride];
        return sum;
    }
    if (n <= MOST) {
        double r[EIGHT];
        int64_t i = EIGHT;
        for (int j = 0; j < EIGHT; j++) r[j] = x[j * stride];
        for (; i + EIGHT <= n; i += EIGHT)
            for (int j = 0; j < EIGHT; j++) r[j] += x[(i + j) * stride];
        double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        for (; i < n; i++) sum += x[i * stride];
        return sum;
    }
    int64_t half = n / 2 - n / 2 % EIGHT;
    return pairwise_sum(x, half, stride) + pairwise_sum(x + half * stride, n - half, stride);
}

static inline __attribute__((always_inline)) void add(double *restrict to, const double *restrict x, int64_t width) {
    for (int64_t f = 0; f < width; f++) to[f] += x[f];
}

/* The same of rows [n][width], column by column. */
CLONES static void pairwise_rows(const double *x, int64_t n, int64_t width, double *restrict out, double *restrict spare) {
    if (n < EIGHT) {
        for (int64_t f = 0; f < width; f++) out[f] = 0;
        for (int64_t i = 0; i < n; i++) add(out, x + i * width, width);
    } else if (n <= MOST) {
        int64_t i = EIGHT;
        for (int64_t f = 0; f < EIGHT * width; f++) spare[f] = x[f];
        for (; i + EIGHT <= n; i += EIGHT) add(spare, x + i * width, EIGHT * width);
        const double *r = spare;
        for (int64_t f = 0; f < width; f++, r++)
            out[f] = ((r[0] + r[width]) + (r[2 * width] + r[3 * width])) +
                     ((r[4 * width] + r[5 * width]) + (r[6 * width] + r[7 * width]));
        for (; i < n; i++) add(out, x + i * width, width);
    } else {
        int64_t half = n / 2 - n / 2 % EIGHT;
        pairwise_rows(x, half, width, out, spare);
        pairwise_rows(x + half * width, n - half, width, spare, spare + width);
        add(out, spare, width);
    }
}

void sum_rows(const double *cells, int64_t rows, int64_t width, double *out, double *spare) {
    pairwise_rows(cells + width, rows - 1, width, spare, spare + width);
    for (int64_t f = 0; f < width; f++) out[f] = cells[f] + spare[f];
}
