/* The gate for one width of vectors: included by refine.c once for each. No product is added unrounded, so the numbers are
 * the same on every processor. */

typedef float PASTE(NAME, _lanes) __attribute__((vector_size(4 * WIDTH)));

/* Units first .. first + count - 1 of a layer, whose sums stay in registers where there are TOGETHER: in [inputs][at once],
 * out [outputs][at once]. */
TARGET static inline __attribute__((always_inline)) void PASTE(NAME, _units)(const Gate *g, int64_t layer, int64_t first,
                                                                             int count, const float *in, float *out) {
    enum { LANES = WIDTH * VECTORS };
    typedef PASTE(NAME, _lanes) Lanes;
    int64_t inputs = g->sizes[layer], outputs = g->sizes[layer + 1];
    const float *weights = g->weights[layer] + first;
    Lanes sum[TOGETHER][VECTORS], x[VECTORS];
    for (int j = 0; j < count; j++)
        for (int v = 0; v < VECTORS; v++) sum[j][v] = (Lanes){0};
    for (int64_t i = 0; i < inputs; i++, weights += outputs, in += LANES) {
        memcpy(x, in, sizeof x);
        for (int j = 0; j < count; j++)
            for (int v = 0; v < VECTORS; v++) sum[j][v] += weights[j] * x[v];
    }
    out += first * LANES;
    for (int j = 0; j < count; j++, out += LANES) {
        for (int v = 0; v < VECTORS; v++) sum[j][v] += g->biases[layer][first + j];
        memcpy(out, sum[j], sizeof x);
        if (layer + 1 == g->layers) continue;
        for (int l = 0; l < LANES; l++) out[l] = out[l] > 0 ? out[l] : 0;
    }
}

TARGET static void NAME(GATE_ARGUMENTS) {
    enum { LANES = WIDTH * VECTORS };
    for (int64_t at = 0; at < n; at += LANES) {
        float *in = spare, *out = spare + largest * LANES;
        int64_t left = n - at < LANES ? n - at : LANES;
        for (int64_t i = 0; i < g->sizes[0]; i++) {
            if (left < LANES) memset(in + i * LANES, 0, LANES * sizeof(float));
            memcpy(in + i * LANES, features + i * n + at, (size_t)left * sizeof(float));
        }
        for (int64_t layer = 0; layer < g->layers; layer++) {
            int64_t unit = 0;
            for (; unit + TOGETHER <= g->sizes[layer + 1]; unit += TOGETHER) PASTE(NAME, _units)(g, layer, unit, TOGETHER, in, out);
            for (; unit < g->sizes[layer + 1]; unit++) PASTE(NAME, _units)(g, layer, unit, 1, in, out);
            float *turned = in;
            in = out;
            out = turned;
        }
        int64_t last = g->sizes[g->layers] - 1;
        for (int64_t l = 0; l < left; l++) {
            float sum = 0;
            for (int64_t j = 0; j < last; j++) sum += in[j * LANES + l] * moves[j * n + at + l];
            made[at + l] = sum + in[last * LANES + l];
        }
    }
}

#undef NAME
#undef TARGET
#undef WIDTH
#undef VECTORS
#undef TOGETHER
