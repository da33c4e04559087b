/* The network for one width of vectors: included by network.c once for each. Cells come in the order in which packing and
 * unpacking leave them, the same for every input; packing the outputs puts them back. */

enum { PASTE(NAME, _half) = sizeof(V) / 2 };

/* Bytes of an input, those of cells from `at` on and of as many after them. */
TARGET static inline V PASTE(NAME, _bytes)(const Lines *in, int i, int at) {
    enum { HALF = PASTE(NAME, _half) };
    if (i >= in->near_count + 2) return ZERO;
    const int16_t *line = i < in->near_count ? in->near[i] : i == in->near_count ? in->noise : in->band;
    V first = LOAD(line + at), second = LOAD(line + at + HALF);
    if (i < in->near_count) {
        first = OP(subs_epi16)(first, LOAD(in->own + at));
        second = OP(subs_epi16)(second, LOAD(in->own + at + HALF));
    }
    return OP(packus_epi16)(first, second);
}

TARGET static void NAME(ARGUMENTS) {
    enum { HALF = PASTE(NAME, _half) };
    const V order = QUADS(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const V largest = OP(set1_epi8)(LARGEST_HIDDEN), most[2] = {OP(set1_epi32)(ZERO_CONTEXTS - 1), OP(set1_epi32)(MAGNITUDE_CONTEXTS - 1)};
    const int32_t *weights = (const int32_t *)n->weights, *coarse = (const int32_t *)n->coarse, *fine = (const int32_t *)n->fine;
    for (int at = 0; at < cells; at += 2 * HALF) {
        V x[MOST_GROUPS][4];
        for (int g = 0; g < n->groups; g++) {
            V byte[4];
            for (int j = 0; j < 4; j++) byte[j] = PASTE(NAME, _bytes)(in, 4 * g + j, at);
            V a = OP(unpacklo_epi8)(byte[0], byte[1]), b = OP(unpacklo_epi8)(byte[2], byte[3]);
            V c = OP(unpackhi_epi8)(byte[0], byte[1]), d = OP(unpackhi_epi8)(byte[2], byte[3]);
            x[g][0] = OP(unpacklo_epi16)(a, b), x[g][1] = OP(unpackhi_epi16)(a, b);
            x[g][2] = OP(unpacklo_epi16)(c, d), x[g][3] = OP(unpackhi_epi16)(c, d);
        }
        for (int half = 0; half < 4 && at + half / 2 * HALF < cells; half += 2) {
            int some[MOST_GROUPS], used = 0;
            for (int g = 0; g < n->groups; g++) {
                some[used] = g;
                used += ANY(OR(x[g][half], x[g][half + 1]));
            }
            V rough[2][2], exact[2][2];
            for (int o = 0; o < 2; o++)
                for (int v = 0; v < 2; v++) rough[o][v] = ZERO, exact[o][v] = OP(set1_epi32)(n->output_bias[o]);
            for (int h = 0; h < HIDDEN; h += UNITS) {
                V sum[UNITS][2];
                for (int j = 0; j < UNITS; j++) sum[j][0] = sum[j][1] = OP(set1_epi32)(bias[h + j]);
                for (int u = 0; u < used; u++) {
                    const int32_t *w = weights + some[u] * HIDDEN + h;
                    V x0 = x[some[u]][half], x1 = x[some[u]][half + 1];
                    for (int j = 0; j < UNITS; j++) {
                        V four = OP(set1_epi32)(w[j]);
                        sum[j][0] = DOT(sum[j][0], x0, four);
                        sum[j][1] = DOT(sum[j][1], x1, four);
                    }
                }
                for (int j = 0; j < UNITS; j += 4)
                    for (int v = 0; v < 2; v++) {
                        V a = OP(srai_epi16)(OP(packs_epi32)(sum[j][v], sum[j + 1][v]), HIDDEN_SHIFT);
                        V b = OP(srai_epi16)(OP(packs_epi32)(sum[j + 2][v], sum[j + 3][v]), HIDDEN_SHIFT);
                        V hidden = OP(shuffle_epi8)(OP(min_epu8)(OP(packus_epi16)(a, b), largest), order);
                        for (int o = 0; o < 2; o++) {
                            int place = (h + j) / 4 * 2 + o;
                            rough[o][v] = DOT(rough[o][v], hidden, OP(set1_epi32)(coarse[place]));
                            exact[o][v] = DOT(exact[o][v], hidden, OP(set1_epi32)(fine[place]));
                        }
                    }
            }
            for (int o = 0; o < 2; o++) {
                V found[2];
                for (int v = 0; v < 2; v++) {
                    V out = OP(srai_epi32)(OP(add_epi32)(OP(slli_epi32)(rough[o][v], 6), exact[o][v]), OUTPUT_SHIFT);
                    found[v] = OP(min_epi32)(OP(max_epi32)(out, ZERO), most[o]);
                }
                STORE((o ? magnitude : zero) + at + half / 2 * HALF, OP(packs_epi32)(found[0], found[1]));
            }
        }
    }
}

#undef NAME
#undef TARGET
#undef V
#undef OP
#undef LOAD
#undef ANY
#undef OR
#undef ZERO
#undef DOT
#undef STORE
#undef QUADS
#undef UNITS
