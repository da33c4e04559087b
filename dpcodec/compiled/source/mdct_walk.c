/* The passes over a channel's MDCT coefficients: dpcodec/coding/mdct_symbols.py and mdct_contexts.py. */
#include "magnitudes.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

enum { MARGIN = 4, MOST_AROUND = 24, SILENT = -(1 << 14), STAGES = 6 };
enum { A_SCALE_FACTOR = 8, PAIRED = 64, A_NOISE = 16, A_BAND = 4, A_SPLIT = 32 };

/* A strided sub-grid; its neighbours (rows, frames away). */
typedef struct {
    int32_t bin0, bin_stride, frame0, stride, stage, network, nearness, around;
    int32_t rows_away[MOST_AROUND], frames_away[MOST_AROUND];
} Pass;

/* rows, frames    K and L
 * scale_factors, noise  [K][L] of each cell
 * bands [K], block_splits [L]
 * coded           [K][L], NULL: all
 * paired          log magnitude of the paired channel [paired_rows][L], NULL: none
 * networks        what network.h says of each
 * loudness        log magnitude of each magnitude class */
typedef struct {
    int64_t rows, frames, gain;
    const uint8_t *scale_factors, *noise;
    const int32_t *bands, *block_splits;
    const uint8_t *coded;
    const int16_t *paired;
    int64_t paired_rows;
    const Network *networks;
    const int16_t *loudness;
    int64_t *nonzero, *magnitudes; /* tables [STAGES * ZERO_CONTEXTS][2], [MAGNITUDE_CONTEXTS][MAGNITUDE_CLASSES - 1] */
    const Pass *passes;
    int64_t pass_count;
    int64_t parts; /* what a network is told of them */
} Channel;

/* Numbers of cells lie frame by frame, the even rows before the odd ones, so that those of a pass follow each other,
 * whichever neighbour is looked at: [L + 1][2][half], where frame L is none and MARGIN rows stand before the first. */
typedef struct {
    const Channel *of;
    Coder *coder;
    int64_t half;
    int16_t *log_magnitude, *paired, *own, *noise, *bands; /* bands [2][half]; own: scale factors as log magnitudes */
    int16_t *spread;                                       /* lines of every other number [MOST_NEAR + 3][half] */
    uint8_t *zero, *size, *classes;                        /* of a pass's cells: frames, rows; rows, frames */
    int32_t *q;                                            /* [K][L] */
    Found found;
} Walk;

static int64_t count_of(int64_t first, int64_t stride, int64_t end) {
    return first < end ? (end - first + stride - 1) / stride : 0;
}

/* Where a row of a frame lies. */
static int64_t place_of(const Walk *k, int64_t frame, int64_t row) {
    row += MARGIN;
    return (frame * 2 + (row & 1)) * k->half + (row >> 1);
}

/* What lies so far off a pass's frame: where there is none, the frame as far off on the other side, or none. */
static int64_t frame_at(const Walk *k, int64_t frame, int64_t away) {
    int64_t there = frame + away, L = k->of->frames;
    if (there < 0 || there >= L) there = frame - away;
    return there < 0 || there >= L ? L : there;
}

/* Numbers of the rows of a pass, one after the other: `from` where they lie so, else copied to `to`. */
static const int16_t *line_of(const Pass *p, const int16_t *from, int64_t rows, int16_t *to) {
    int64_t step = p->bin_stride / 2;
    if (step == 1) return from;
    for (int64_t i = 0; i < rows; i++) to[i] = from[i * step];
    return to;
}

/* The bias of each hidden unit, with what all cells of a frame are told. */
static void told(const Walk *k, const Pass *p, const Network *n, int64_t frame, int32_t *bias) {
    int32_t of[TOLD] = {k->of->paired ? PAIRED : 0, k->of->block_splits[frame] * A_SPLIT, p->nearness, (int32_t)k->of->parts};
    memcpy(bias, n->bias, HIDDEN * sizeof *bias);
    for (int t = 0; t < TOLD; t++)
        for (int h = 0; h < HIDDEN; h++) bias[h] += of[t] * n->told[t * HIDDEN + h];
}

/* Contexts of the cells of a pass. */
static void contexts(Walk *k, const Pass *p) {
    const Network *n = k->of->networks + p->network;
    int64_t rows = count_of(p->bin0, p->bin_stride, k->of->rows), line = k->half + BATCH;
    uint8_t *zero = k->zero, *size = k->size;
    if (!rows) return;
    for (int64_t f = p->frame0; f < k->of->frames; f += p->stride, zero += rows, size += rows) {
        Lines in = {.near_count = p->around + 3};
        int32_t bias[HIDDEN];
        int16_t *to = k->spread;
        for (int i = 0; i < p->around; i++, to += line) {
            int64_t place = place_of(k, frame_at(k, f, p->frames_away[i]), p->bin0 + p->rows_away[i]);
            in.near[i] = line_of(p, k->log_magnitude + place, rows, to);
        }
        for (int r = -1; r <= 1; r++, to += line)
            in.near[p->around + r + 1] = k->paired ? line_of(p, k->paired + place_of(k, f, p->bin0 + r), rows, to)
                                                   : k->log_magnitude + place_of(k, k->of->frames, 0);
        int64_t here = place_of(k, f, p->bin0);
        in.own = line_of(p, k->own + here, rows, to);
        in.noise = line_of(p, k->noise + here, rows, to + line);
        in.band = line_of(p, k->bands + place_of(k, 0, p->bin0), rows, to + 2 * line);
        told(k, p, n, f, bias);
        network_contexts(n, bias, &in, (int)rows, zero, size);
    }
}

/* Calls `act` for every coded cell of a pass: its place in the pass, that of its contexts, and that in [K][L]. */
#define EACH_CELL(k, p, i, context, cell, act)                                                          \
    do {                                                                                                \
        int64_t i = 0, line_ = 0, rows_ = count_of((p)->bin0, (p)->bin_stride, (k)->of->rows);          \
        for (int64_t row = (p)->bin0; row < (k)->of->rows; row += (p)->bin_stride, line_++) {           \
            int64_t context = line_;                                                                    \
            for (int64_t f = (p)->frame0; f < (k)->of->frames; f += (p)->stride, i++, context += rows_) { \
                int64_t cell = row * (k)->of->frames + f;                                               \
                if (!(k)->of->coded || (k)->of->coded[cell]) act                                        \
            }                                                                                           \
        }                                                                                               \
    } while (0)

/* Zero or not, then the magnitude classes of what is not. */
static void code_pass(Walk *k, const Pass *p) {
    Coder *c = k->coder;
    uint32_t zeros[ZERO_CONTEXTS][3], sizes[MAGNITUDE_CONTEXTS][MAGNITUDE_CLASSES];
    int64_t *nonzero = k->of->nonzero + p->stage * ZERO_CONTEXTS * 2, *magnitudes = k->of->magnitudes;
    enum { ALPHABET = MAGNITUDE_CLASSES - 1 };
    for (int r = 0; r < ZERO_CONTEXTS; r++) cumulatives_of(nonzero + 2 * r, 2, zeros[r]);
    for (int r = 0; r < MAGNITUDE_CONTEXTS; r++) cumulatives_of(magnitudes + r * ALPHABET, ALPHABET, sizes[r]);
    Interval v = coder_interval(c);
    EACH_CELL(k, p, i, context, cell, {
        int class = c->reading ? 0 : magnitude_class(k->q[cell]);
        int some = interval_symbol(&v, c, zeros[k->zero[context]], 2, class != 0);
        nonzero[2 * k->zero[context] + some] += k->of->gain;
        k->classes[i] = (uint8_t)(c->reading ? some : class);
    });
    if (c->fault) return;
    EACH_CELL(k, p, i, context, cell, {
        int class = k->classes[i];
        if (class) {
            class = 1 + interval_symbol(&v, c, sizes[k->size[context]], ALPHABET, class - 1);
            magnitudes[k->size[context] * ALPHABET + class - 1] += k->of->gain;
            found_add(&k->found, cell, class);
            int64_t place = place_of(k, f, row);
            k->log_magnitude[place] = (int16_t)(k->of->loudness[class] + k->own[place]);
        }
    });
    coder_keep(c, v);
}

/* What is known from the start of all cells, and silence where nothing is. */
static void lay_out(Walk *k, int64_t lines) {
    const Channel *c = k->of;
    for (int64_t i = 0; i < lines; i++) k->log_magnitude[i] = SILENT;
    if (k->paired) memcpy(k->paired, k->log_magnitude, (size_t)lines * sizeof(int16_t));
    memset(k->own, 0, (size_t)lines * sizeof(int16_t));
    memset(k->noise, 0, (size_t)lines * sizeof(int16_t));
    for (int64_t row = 0; row < c->rows; row++) {
        k->bands[place_of(k, 0, row)] = (int16_t)(c->bands[row] * A_BAND);
        for (int64_t f = 0; f < c->frames; f++) {
            int64_t place = place_of(k, f, row);
            k->own[place] = (int16_t)(A_SCALE_FACTOR * c->scale_factors[row * c->frames + f]);
            k->noise[place] = (int16_t)(A_NOISE * c->noise[row * c->frames + f]);
        }
    }
    int64_t seen = c->paired_rows < c->rows + 1 ? c->paired_rows : c->rows + 1;
    for (int64_t row = 0; k->paired && row < seen; row++)
        for (int64_t f = 0; f < c->frames; f++) k->paired[place_of(k, f, row)] = c->paired[row * c->frames + f];
}

static int held_memory(Walk *k) {
    size_t cells = (size_t)(k->of->rows * k->of->frames), most = cells + BATCH;
    k->half = (k->of->rows + 2 * MARGIN + 1) / 2;
    size_t half = (size_t)k->half, lines = 2 * half * (size_t)(k->of->frames + 1) + BATCH;
    size_t planes = k->of->paired ? 4 : 3, spread = (MOST_NEAR + 3) * (half + BATCH);
    k->log_magnitude = malloc((planes * lines + 2 * half + BATCH + spread) * sizeof(int16_t));
    k->zero = malloc(3 * most);
    k->found.places = malloc((cells + 1) * sizeof(int32_t));
    k->found.classes = malloc(cells + 1);
    if (!k->log_magnitude || !k->zero || !k->found.places || !k->found.classes) return 0;
    k->own = k->log_magnitude + lines;
    k->noise = k->own + lines;
    k->bands = k->noise + lines;
    k->spread = k->bands + 2 * half + BATCH;
    k->paired = k->of->paired ? k->spread + spread : NULL;
    k->size = k->zero + most;
    k->classes = k->size + most;
    memset(k->bands, 0, (2 * half + BATCH + spread) * sizeof(int16_t));
    lay_out(k, (int64_t)lines);
    return 1;
}

/* Symbols q [K][L]: written, or read into it. */
DPC_API int dpc_mdct_walk(Coder *c, const Channel *of, int32_t *q) {
    Walk k = {.of = of, .coder = c, .q = q};
    if (!held_memory(&k)) c->fault = NO_MEMORY;
    for (int64_t i = 0; i < of->pass_count && !c->fault; i++) {
        const Pass *p = of->passes + i;
        contexts(&k, p);
        code_pass(&k, p);
    }
    if (!c->fault) code_extras(c, &k.found, q);
    free(k.log_magnitude);
    free(k.zero);
    free(k.found.places);
    free(k.found.classes);
    return c->fault;
}
