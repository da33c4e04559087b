/* What noise stands for: dpcodec/coding/block_noise.py and dpcodec/hearing/noise.py, with the numbers of numpy to the last bit. */
#include "range_coder.h"
#include "sums.h"

#include <math.h>
#include <string.h>

enum { REGIONS = 3, LARGEST_SYMBOL = 64, ZERO_WEIGHT = 100, PRIOR_CELLS = 4, MOST_BLOCKS = 128 };
static const double LARGEST_GAIN = 2.0;
static const int64_t REGION_BANDS[REGIONS - 1] = {24, 34};

static int region_of(int64_t band) { return (band >= REGION_BANDS[0]) + (band >= REGION_BANDS[1]); }

/* Of one frame: how loud the noise of each region and block is, of `blocks`. Counts are of cells in all rows. */
static void gains_of(const int32_t *q, int64_t rows, int64_t frames, const int64_t *row_of, const int64_t *bands, int blocks,
                     int64_t (*count)[MOST_BLOCKS], double (*gain)[MOST_BLOCKS]) {
    int64_t total[REGIONS][MOST_BLOCKS] = {{0}};
    for (int64_t r = 0; r < rows; r++) {
        int64_t m = q[r * frames] < 0 ? -(int64_t)q[r * frames] : q[r * frames];
        m = m > LARGEST_SYMBOL ? LARGEST_SYMBOL : m;
        total[region_of(bands[r])][row_of[r] & (blocks - 1)] += m * m * ZERO_WEIGHT + 1;
    }
    for (int g = 0; g < REGIONS; g++) {
        int64_t whole = 0, cells = 0;
        for (int b = 0; b < blocks; b++) whole += total[g][b], cells += count[g][b];
        for (int b = 0; b < blocks; b++) {
            double own = (double)total[g][b] * (double)cells + PRIOR_CELLS * (double)whole;
            double all = ((double)count[g][b] + PRIOR_CELLS) * (double)whole, root = sqrt(own / (all < 1 ? 1 : all));
            gain[g][b] = root < LARGEST_GAIN ? root : LARGEST_GAIN;
        }
    }
}

/* What the noise of each cell is multiplied by, [rows][frames], of symbols q [rows][frames]; rows of the grid, their bands
 * and the split exponents of frames. */
DPC_API void dpc_block_gains(const int32_t *q, int64_t rows, int64_t frames, const int64_t *row_of, const int64_t *bands,
                             const int64_t *splits, double *gains) {
    int64_t count[REGIONS][MOST_BLOCKS];
    double gain[REGIONS][MOST_BLOCKS];
    int64_t counted = 0;
    for (int64_t i = 0; i < rows * frames; i++) gains[i] = 1;
    for (int64_t f = 0; f < frames; f++) {
        int blocks = 1 << splits[f];
        if (blocks == 1) continue;
        if (counted != blocks) {
            memset(count, 0, sizeof count);
            for (int64_t r = 0; r < rows; r++) count[region_of(bands[r])][row_of[r] & (blocks - 1)]++;
            counted = blocks;
        }
        gains_of(q + f, rows, frames, row_of, bands, blocks, count, gain);
        for (int64_t r = 0; r < rows; r++) gains[r * frames + f] = gain[region_of(bands[r])][row_of[r] & (blocks - 1)];
    }
}

CLONES static void four_of(const double *x, const int32_t *q, const double *gains, int64_t n, double *left, double *filled,
                           double *square, double *size) {
    for (int64_t i = 0; i < n; i++) {
        double zero = q[i] ? 0.0 : 1.0, here = x[i] * x[i];
        square[i] = here;
        left[i] = q[i] ? 0.0 : here;
        size[i] = q[i] ? 0.0 : fabs(x[i]);
        filled[i] = gains ? zero * gains[i] : zero;
    }
}

/* Sums over the cells of each band and group of frames, [4][bands][groups]: the energy of those that became zero, how many
 * there are, each times its gain, the energy of all, and the magnitudes of those that became zero. gains [rows][frames],
 * NULL: 1; edges [bands + 1], groups of `each` frames. */
DPC_API int dpc_noise_sums(const double *x, const int32_t *q, const double *gains, int64_t frames, const int64_t *edges,
                           int64_t bands, int64_t each, double *sums) {
    int64_t most = 0, groups = (frames + each - 1) / each;
    for (int64_t b = 0; b < bands; b++) most = edges[b + 1] - edges[b] > most ? edges[b + 1] - edges[b] : most;
    double *cells = malloc((size_t)((4 * most + SPARE_ROWS + 1) * frames + 1) * sizeof *cells);
    if (!cells) return NO_MEMORY;
    double *line = cells + 4 * most * frames, *spare = line + frames;
    for (int64_t b = 0; b < bands; b++) {
        int64_t first = edges[b] * frames, rows = edges[b + 1] - edges[b], n = most * frames;
        four_of(x + first, q + first, gains ? gains + first : NULL, rows * frames, cells, cells + n, cells + 2 * n, cells + 3 * n);
        for (int kind = 0; kind < 4; kind++) {
            double *out = sums + (kind * bands + b) * groups;
            sum_rows(cells + kind * n, rows, frames, line, spare);
            for (int64_t g = 0; g < groups; g++) {
                int64_t from = g * each, to = from + each < frames ? from + each : frames;
                out[g] = line[from] + pairwise_sum(line + from + 1, to - from - 1, 1);
            }
        }
    }
    free(cells);
    return GOOD;
}
