/* The MDCT on either side of its FFT in one precision: included by mdct.c once for each. */

/* Slopes by split exponent: weights of a sample on a block's own side of a boundary, and of its mirror image. */
typedef struct {
    int64_t hop;
    const REAL *near[8], *far[8], *turns[8]; /* [hop >> split >> 1] each; turns complex [hop >> split >> 1] */
} NAME(Mdct);

/* Samples of a block [size], folded: `before` and `after` are half the overlaps at its ends. */
static void NAME(fold)(const REAL *restrict x, int64_t size, const NAME(Mdct) *m, int64_t first, int64_t last, REAL *restrict v) {
    int64_t before = m->hop >> first >> 1, after = m->hop >> last >> 1;
    const REAL *near = m->near[first], *far = m->far[first];
    for (int64_t t = 0; t < before; t++) v[t] = near[t] * x[t] + far[t] * x[-1 - t];
    for (int64_t t = before; t < size - after; t++) v[t] = x[t];
    near = m->near[last], far = m->far[last];
    for (int64_t t = 0; t < after; t++) v[size - 1 - t] = near[t] * x[size - 1 - t] - far[t] * x[size + t];
}

/* Pairs of numbers v [size], `apart` from one to the next, turned. */
static inline void NAME(turn_in)(const REAL *restrict v, int64_t size, int64_t apart, const REAL *restrict turns,
                           REAL *restrict pairs) {
    for (int64_t i = 0; i < size / 2; i++) {
        REAL a = v[2 * i * apart], b = v[(size - 1 - 2 * i) * apart], c = turns[2 * i], s = turns[2 * i + 1];
        pairs[2 * i] = a * c - b * s;
        pairs[2 * i + 1] = a * s + b * c;
    }
}

/* The spectrum of pairs, turned, as numbers `apart` from one to the next. */
static inline void NAME(turn_out)(const REAL *restrict spectrum, int64_t size, int64_t apart, const REAL *restrict turns,
                            REAL *restrict to) {
    for (int64_t i = 0; i < size / 2; i++) {
        REAL x = spectrum[2 * i], y = spectrum[2 * i + 1], c = turns[2 * i], s = turns[2 * i + 1];
        to[2 * i * apart] = x * c - y * s;
        to[(size - 1 - 2 * i) * apart] = -(x * s + y * c);
    }
}

/* What goes into the FFTs of the frames that are cut into 2**split blocks: pairs complex [channels][count][blocks][size / 2].
 *
 * x         [channels][samples], which begins `left` samples after half a frame before the first frame's own
 * frames    [count]
 * splits    [L + 2], exponents of all frames, from the one before them to the one after */
CLONES DPC_API void NAME(dpc_mdct_in)(const NAME(Mdct) *m, const REAL *x, int64_t channels, int64_t samples, int64_t left, const int64_t *frames,
                                int64_t count, const int64_t *splits, int64_t split, REAL *edge, REAL *v, REAL *pairs) {
    int64_t hop = m->hop, blocks = (int64_t)1 << split, size = hop >> split;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < count; n++) {
            int64_t f = frames[n], from = f * hop - left; /* half a frame before the own samples */
            const REAL *own = x + c * samples + from;
            if (from < 0 || from + 2 * hop > samples) {
                int64_t skip = from < 0 ? -from : 0, end = samples - from;
                end = end > 2 * hop ? 2 * hop : end;
                memset(edge, 0, (size_t)(2 * hop) * sizeof *edge);
                if (end > skip) memcpy(edge + skip, x + c * samples + from + skip, (size_t)(end - skip) * sizeof *edge);
                own = edge;
            }
            own += hop / 2;
            for (int64_t b = 0; b < blocks; b++, pairs += size) {
                int64_t before = b ? split : splits[f] > split ? splits[f] : split;
                int64_t after = b + 1 < blocks ? split : splits[f + 2] > split ? splits[f + 2] : split;
                NAME(fold)(own + b * size, size, m, before, after, v);
                NAME(turn_in)(v, size, 1, m->turns[split], pairs);
            }
        }
}

/* What comes out of them, into coefficients [channels][all][hop] sorted by frequency. */
CLONES DPC_API void NAME(dpc_mdct_out)(const NAME(Mdct) *m, const REAL *spectra, int64_t channels, const int64_t *frames, int64_t count,
                                 int64_t split, int64_t all, REAL *out) {
    int64_t hop = m->hop, blocks = (int64_t)1 << split, size = hop >> split;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < count; n++)
            for (int64_t b = 0; b < blocks; b++, spectra += size) {
                REAL *to = out + (c * all + frames[n]) * hop + b;
                if (blocks == 1) NAME(turn_out)(spectra, size, 1, m->turns[split], to);
                else NAME(turn_out)(spectra, size, blocks, m->turns[split], to);
            }
}

/* The way back: coefficients [channels][hop][all] into pairs. */
CLONES DPC_API void NAME(dpc_mdct_back_in)(const NAME(Mdct) *m, const REAL *x, int64_t channels, const int64_t *frames, int64_t count,
                                     int64_t split, int64_t all, REAL *pairs) {
    int64_t hop = m->hop, blocks = (int64_t)1 << split, size = hop >> split;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < count; n++)
            for (int64_t b = 0; b < blocks; b++, pairs += size)
                NAME(turn_in)(x + (c * hop + b) * all + frames[n], size, blocks * all, m->turns[split], pairs);
}

/* Their spectra into folded samples [channels][all + 1][hop], which begin half a frame before the first frame's own. */
CLONES DPC_API void NAME(dpc_mdct_back_out)(const NAME(Mdct) *m, const REAL *spectra, int64_t channels, const int64_t *frames,
                                      int64_t count, int64_t split, int64_t all, REAL *out) {
    int64_t hop = m->hop, blocks = (int64_t)1 << split, size = hop >> split;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t n = 0; n < count; n++)
            for (int64_t b = 0; b < blocks; b++, spectra += size) {
                REAL *to = out + (c * (all + 1) + frames[n]) * hop + hop / 2 + b * size;
                NAME(turn_out)(spectra, size, 1, m->turns[split], to);
            }
}

/* Rotates the pairs around a boundary of exponent `split` back; `after` is its first sample. */
static inline void NAME(back)(const NAME(Mdct) *m, int64_t split, REAL *after) {
    int64_t half = m->hop >> split >> 1;
    const REAL *restrict near = m->near[split], *restrict far = m->far[split];
    REAL *restrict right = after, *restrict left = after - half;
    for (int64_t i = 0; i < half; i++) {
        REAL r = right[i], l = left[half - 1 - i];
        right[i] = near[i] * r - far[i] * l;
        left[half - 1 - i] = near[i] * l + far[i] * r;
    }
}

/* The same around all boundaries of folded samples [channels][(frames + 1) * hop]; splits as in dpc_mdct_in. */
CLONES DPC_API void NAME(dpc_mdct_unfold)(const NAME(Mdct) *m, REAL *x, int64_t channels, int64_t frames, const int64_t *splits) {
    for (int64_t c = 0; c < channels; c++, x += (frames + 1) * m->hop)
        for (int64_t f = 0; f <= frames; f++) {
            int64_t before = splits[f], own = splits[f + 1], size = m->hop >> own;
            REAL *start = x + m->hop / 2 + f * m->hop;
            NAME(back)(m, own > before ? own : before, start);
            for (int64_t b = 1; f < frames && b < (int64_t)1 << own; b++) NAME(back)(m, own, start + b * size);
        }
}

#undef REAL
#undef NAME
