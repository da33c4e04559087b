/* The passes over a channel's MDCT coefficients: dpcodec/coding/mdct_symbols.py and mdct_contexts.py. */
#include "magnitudes.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

enum { MARGIN = 3, LARGEST_INPUT = 255, MOST_AROUND = 24, OTHERS = 9, SILENT = -(1 << 14) };
enum { MOST_SETS = 6, MOST_STRIDE = 4, STAGES = 6, A_SCALE_FACTOR = 8, PAIRED = 64, A_NOISE = 16, A_BAND = 4, A_SPLIT = 32 };

/* A strided sub-grid; its neighbours (rows, frames away). */
typedef struct {
    int32_t bin0, bin_stride, frame0, stride, stage, network, nearness, around;
    int32_t rows_away[MOST_AROUND], frames_away[MOST_AROUND];
} Pass;

/* rows, frames    K and L
 * scale_factors, noise  [K][L] of each cell
 * bands [K], block_splits [L]
 * coded           [K][L], NULL: all
 * paired          log magnitude of the paired channel [K + 2 MARGIN][L], NULL: none
 * networks        numbers of each network, as network.h has them
 * loudness        log magnitude of each magnitude class */
typedef struct {
    int64_t rows, frames, gain;
    const uint8_t *scale_factors, *noise;
    const int32_t *bands, *block_splits;
    const uint8_t *coded;
    const int16_t *paired;
    const float *const *networks;
    const int16_t *loudness;
    int64_t *nonzero, *magnitudes; /* tables [STAGES * ZERO_CONTEXTS][2], [MAGNITUDE_CONTEXTS][MAGNITUDE_CLASSES - 1] */
    const Pass *passes;
    int64_t pass_count;
    int64_t parts; /* what a network is told of them */
} Channel;

typedef struct {
    const Channel *of;
    Coder *coder;
    int16_t *log_magnitude;   /* [K + 2 MARGIN][L] */
    int16_t *columns;         /* of a pass, [MOST_SETS] rows as `dealt` says, [frames of it] */
    int32_t *away;            /* frames away that a set is for */
    int16_t *own;             /* scale factors of a pass's cells, as log magnitudes */
    uint8_t *told[3];         /* noise, band and block switching of them, as networks are told */
    uint8_t *zero, *size, *classes; /* of a pass's cells */
    int32_t *q;               /* [K][L] */
    Found found;
} Walk;

static int64_t count_of(int64_t first, int64_t stride, int64_t end) {
    return first < end ? (end - first + stride - 1) / stride : 0;
}

/* Where row `row` of a grid with margins, lies when rows are dealt out over bin_stride parts of `lines`, so that those of a pass
 * follow each other whichever neighbour of theirs is looked at. */
static int64_t dealt(const Pass *p, int64_t lines, int64_t row) { return row % p->bin_stride * lines + row / p->bin_stride; }

static int64_t lines_of(const Channel *c, const Pass *p) { return (c->rows + 2 * MARGIN) / p->bin_stride + 1; }

/* All rows in the frames so far off a pass's; where there is none, as far off on the other side, or silence. */
static void column(const Walk *k, const Pass *p, const int16_t *from, int32_t away, int16_t *out) {
    int64_t L = k->of->frames, n = count_of(p->frame0, p->stride, L), lines = lines_of(k->of, p);
    for (int64_t r = 0; r < k->of->rows + 2 * MARGIN; r++) {
        const int16_t *row = from + r * L;
        int16_t *line = out + dealt(p, lines, r) * n;
        for (int64_t j = 0; j < n; j++) {
            int64_t here = p->frame0 + j * p->stride, there = here + away;
            if (there < 0 || there >= L) there = here - away;
            line[j] = there < 0 || there >= L ? SILENT : row[there];
        }
    }
}

/* How much louder than the own scale factor, as a network is told it. */
static void below(const int16_t *restrict line, const int16_t *restrict own, int n, float *restrict out) {
    for (int j = 0; j < n; j++) {
        int16_t d = (int16_t)(line[j] - own[j]);
        d = d < 0 ? 0 : d;
        out[j] = d > LARGEST_INPUT ? LARGEST_INPUT : d;
    }
}

/* Columns of every neighbour; set 0 is the paired channel's. What is known of each cell itself. */
static void lay_out(Walk *k, const Pass *p, int *set) {
    const Channel *c = k->of;
    int sets = 1;
    int64_t n = count_of(p->frame0, p->stride, c->frames), size = lines_of(c, p) * p->bin_stride * n, cell = 0;
    if (c->paired) column(k, p, c->paired, 0, k->columns);
    for (int i = 0; i < p->around; i++) {
        int s = 1;
        while (s < sets && k->away[s] != p->frames_away[i]) s++;
        if (s == sets) {
            k->away[sets++] = p->frames_away[i];
            column(k, p, k->log_magnitude, p->frames_away[i], k->columns + s * size);
        }
        set[i] = s;
    }
    for (int64_t row = p->bin0; row < c->rows; row += p->bin_stride)
        for (int64_t f = p->frame0; f < c->frames; f += p->stride, cell++) {
            k->own[cell] = A_SCALE_FACTOR * c->scale_factors[row * c->frames + f];
            k->told[0][cell] = (uint8_t)(c->noise[row * c->frames + f] * A_NOISE);
            k->told[1][cell] = (uint8_t)(c->bands[row] * A_BAND);
            k->told[2][cell] = (uint8_t)(c->block_splits[f] * A_SPLIT);
        }
}

/* What the network sees of `count` cells of a pass from the one at `at` on. */
static void inputs_of(const Walk *k, const Pass *p, const int *set, int64_t at, int count, float (*in)[BATCH]) {
    const Channel *c = k->of;
    int64_t n = count_of(p->frame0, p->stride, c->frames), lines = lines_of(c, p);
    int64_t size = lines * p->bin_stride * n, first = p->bin0 + MARGIN;
    int i = 0;
    for (; i < p->around; i++)
        below(k->columns + set[i] * size + dealt(p, lines, first + p->rows_away[i]) * n + at, k->own + at, count, in[i]);
    for (int r = -1; r <= 1; r++, i++) {
        if (c->paired) below(k->columns + dealt(p, lines, first + r) * n + at, k->own + at, count, in[i]);
        else memset(in[i], 0, sizeof in[i]);
    }
    for (int j = 0; j < count; j++) {
        in[i][j] = c->paired ? PAIRED : 0;
        in[i + 1][j] = k->told[0][at + j];
        in[i + 2][j] = k->told[1][at + j];
        in[i + 3][j] = k->told[2][at + j];
        in[i + 4][j] = (float)p->nearness;
        in[i + 5][j] = (float)c->parts;
    }
}

static void contexts(Walk *k, const Pass *p) {
    _Alignas(64) float in[MOST_INPUTS][BATCH];
    int set[MOST_AROUND];
    int64_t cells = count_of(p->frame0, p->stride, k->of->frames) * count_of(p->bin0, p->bin_stride, k->of->rows);
    memset(in, 0, sizeof in);
    lay_out(k, p, set);
    for (int64_t at = 0; at < cells; at += BATCH) {
        int count = cells - at < BATCH ? (int)(cells - at) : BATCH;
        inputs_of(k, p, set, at, count, in);
        network_contexts(k->of->networks[p->network], p->around + OTHERS, in, count, k->zero + at, k->size + at);
    }
}

/* Calls `act` for every coded cell of a pass: its place in the pass and in [K][L]. */
#define EACH_CELL(k, p, i, cell, act)                                                         \
    do {                                                                                      \
        int64_t i = 0;                                                                        \
        for (int64_t row_ = (p)->bin0; row_ < (k)->of->rows; row_ += (p)->bin_stride)         \
            for (int64_t f_ = (p)->frame0; f_ < (k)->of->frames; f_ += (p)->stride, i++) {    \
                int64_t cell = row_ * (k)->of->frames + f_;                                   \
                if (!(k)->of->coded || (k)->of->coded[cell]) act                              \
            }                                                                                 \
    } while (0)

/* Zero or not, then the magnitude classes of what is not. */
static void code_pass(Walk *k, const Pass *p) {
    Coder *c = k->coder;
    uint32_t zeros[ZERO_CONTEXTS][3], sizes[MAGNITUDE_CONTEXTS][MAGNITUDE_CLASSES];
    int64_t *nonzero = k->of->nonzero + p->stage * ZERO_CONTEXTS * 2, *magnitudes = k->of->magnitudes;
    enum { ALPHABET = MAGNITUDE_CLASSES - 1 };
    for (int r = 0; r < ZERO_CONTEXTS; r++) cumulatives_of(nonzero + 2 * r, 2, zeros[r]);
    for (int r = 0; r < MAGNITUDE_CONTEXTS; r++) cumulatives_of(magnitudes + r * ALPHABET, ALPHABET, sizes[r]);
    EACH_CELL(k, p, i, cell, {
        int class = c->reading ? 0 : magnitude_class(k->q[cell]);
        int some = coder_symbol(c, zeros[k->zero[i]], 2, class != 0);
        nonzero[2 * k->zero[i] + some] += k->of->gain;
        k->classes[i] = (uint8_t)(c->reading ? some : class);
    });
    if (c->fault) return;
    EACH_CELL(k, p, i, cell, {
        int class = k->classes[i];
        if (class) {
            class = 1 + coder_symbol(c, sizes[k->size[i]], ALPHABET, class - 1);
            magnitudes[k->size[i] * ALPHABET + class - 1] += k->of->gain;
            found_add(&k->found, cell, class);
        }
        k->log_magnitude[cell + MARGIN * k->of->frames] =
            (int16_t)(k->of->loudness[class] + A_SCALE_FACTOR * k->of->scale_factors[cell]);
    });
}

static int held_memory(Walk *k) {
    size_t cells = (size_t)(k->of->rows * k->of->frames), lines = (size_t)((k->of->rows + 2 * MARGIN) * k->of->frames);
    size_t most = cells + BATCH, width = 0;
    for (int64_t i = 0; i < k->of->pass_count; i++) {
        const Pass *p = k->of->passes + i;
        size_t n = (size_t)count_of(p->frame0, p->stride, k->of->frames);
        width = n > width ? n : width;
    }
    k->log_magnitude = malloc((lines + 1) * sizeof(int16_t));
    k->columns = malloc((MOST_SETS * width * (size_t)(k->of->rows + 2 * MARGIN + MOST_STRIDE) + 1) * sizeof(int16_t));
    k->own = malloc(most * sizeof(int16_t));
    k->zero = malloc(6 * most);
    k->found.places = malloc((cells + 1) * sizeof(int32_t));
    k->found.classes = malloc(cells + 1);
    if (!k->log_magnitude || !k->columns || !k->own || !k->zero || !k->found.places || !k->found.classes) return 0;
    k->size = k->zero + most;
    k->classes = k->size + most;
    for (int i = 0; i < 3; i++) k->told[i] = k->classes + (size_t)(i + 1) * most;
    for (size_t i = 0; i < lines; i++) k->log_magnitude[i] = SILENT;
    return 1;
}

/* Symbols q [K][L]: written, or read into it. */
DPC_API int dpc_mdct_walk(Coder *c, const Channel *of, int32_t *q) {
    int32_t away[MOST_AROUND + 1];
    Walk k = {.of = of, .coder = c, .away = away, .q = q};
    if (!held_memory(&k)) c->fault = NO_MEMORY;
    for (int64_t i = 0; i < of->pass_count && !c->fault; i++) {
        const Pass *p = of->passes + i;
        contexts(&k, p);
        code_pass(&k, p);
    }
    if (!c->fault) code_extras(c, &k.found, q);
    free(k.log_magnitude);
    free(k.columns);
    free(k.own);
    free(k.zero);
    free(k.found.places);
    free(k.found.classes);
    return c->fault;
}
