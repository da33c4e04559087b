/* Included once for each width of vectors: LANES floats, NAME(x) for its names, TARGET for its functions. */
#define vec NAME(vector)
#define LOAD NAME(load)
#define STORE NAME(store)
#define INLINE TARGET static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int NAME(mask) __attribute__((vector_size(4 * LANES)));

#if LANES == 4
#define LOW(a, b) SHUFFLE(NAME(mask), a, b, 0, 4, 1, 5)
#define HIGH(a, b) SHUFFLE(NAME(mask), a, b, 2, 6, 3, 7)
#define REVERSED(a) SHUFFLE(NAME(mask), a, a, 3, 2, 1, 0)
#elif LANES == 8
#define LOW(a, b) SHUFFLE(NAME(mask), a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) SHUFFLE(NAME(mask), a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define REVERSED(a) SHUFFLE(NAME(mask), a, a, 7, 6, 5, 4, 3, 2, 1, 0)
#else
#define LOW(a, b) SHUFFLE(NAME(mask), a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) SHUFFLE(NAME(mask), a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define REVERSED(a) SHUFFLE(NAME(mask), a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

INLINE vec LOAD(const float *from) {
    vec v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

INLINE void STORE(float *to, vec v) { __builtin_memcpy(to, &v, sizeof v); }

INLINE vec NAME(larger)(vec a, vec b) {
    NAME(mask) m = a > b;
    return (vec)(((NAME(mask))a & m) | ((NAME(mask))b & ~m));
}

/* Transforms of four and of eight points, a vector each, in the order of their frequencies. */
INLINE void NAME(four)(vec *r, vec *i) {
    vec ar = r[0] + r[2], ai = i[0] + i[2], br = r[0] - r[2], bi = i[0] - i[2];
    vec cr = r[1] + r[3], ci = i[1] + i[3], dr = i[1] - i[3], di = r[3] - r[1];
    r[0] = ar + cr, i[0] = ai + ci, r[2] = ar - cr, i[2] = ai - ci;
    r[1] = br + dr, i[1] = bi + di, r[3] = br - dr, i[3] = bi - di;
}

INLINE void NAME(eight)(vec *r, vec *i) {
    const float half = 0.70710678118654752f;
    vec er[4], ei[4], dr[4], di[4];
    for (int k = 0; k < 4; k++) {
        er[k] = r[k] + r[k + 4], ei[k] = i[k] + i[k + 4];
        dr[k] = r[k] - r[k + 4], di[k] = i[k] - i[k + 4];
    }
    vec t = (dr[1] + di[1]) * half;
    di[1] = (di[1] - dr[1]) * half, dr[1] = t;
    t = di[2], di[2] = -dr[2], dr[2] = t;
    t = (di[3] - dr[3]) * half;
    di[3] = (dr[3] + di[3]) * -half, dr[3] = t;
    NAME(four)(er, ei);
    NAME(four)(dr, di);
    for (int k = 0; k < 4; k++) r[2 * k] = er[k], i[2 * k] = ei[k], r[2 * k + 1] = dr[k], i[2 * k + 1] = di[k];
}

INLINE void NAME(points)(vec *r, vec *i, int radix) {
    if (radix == 8) NAME(eight)(r, i);
    else NAME(four)(r, i);
}

/* A pass decimated in frequency, in blocks of `length` rows; from `re` and `im`, rows `stride` apart, or in place. */
INLINE void NAME(pass)(const float *re, const float *im, int64_t stride, int rows, int length, int radix,
                       const float *roots, vec *z) {
    int step = length / radix;
    for (int j = 0; j < step; j++) {
        float turn[16];
        for (int k = 1; k < radix; k++) {
            const float *root = roots + 2 * (j * k * (MOST_ROWS / length) % MOST_ROWS);
            turn[2 * k] = root[0], turn[2 * k + 1] = root[1];
        }
        for (int at = j; at < rows; at += length) {
            vec r[8], i[8];
            for (int k = 0; k < radix; k++) {
                int row = at + k * step;
                if (re) r[k] = LOAD(re + row * stride), i[k] = LOAD(im + row * stride);
                else r[k] = z[2 * row], i[k] = z[2 * row + 1];
            }
            NAME(points)(r, i, radix);
            z[2 * at] = r[0], z[2 * at + 1] = i[0];
            for (int k = 1; k < radix; k++) {
                int row = at + k * step;
                z[2 * row] = r[k] * turn[2 * k] - i[k] * turn[2 * k + 1];
                z[2 * row + 1] = r[k] * turn[2 * k + 1] + i[k] * turn[2 * k];
            }
        }
    }
}

/* All passes but the last, of 4 points for 16 rows and of 8 for more. */
INLINE void NAME(passes)(const float *re, const float *im, int64_t stride, int rows, const float *roots, vec *z) {
    if (rows == 64) {
        NAME(pass)(re, im, stride, rows, rows, 8, roots, z);
        return;
    }
    NAME(pass)(re, im, stride, rows, rows, 4, roots, z);
    if (rows == 128) NAME(pass)(0, 0, 0, rows, rows / 4, 4, roots, z);
    if (rows == 256) NAME(pass)(0, 0, 0, rows, rows / 4, 8, roots, z);
}

/* The last pass on rows `at` and following; its frequencies are first_of(at, rows) and every rows / last-th. */
INLINE void NAME(last_pass)(const vec *z, int at, int last, vec *r, vec *i) {
    for (int k = 0; k < last; k++) r[k] = z[2 * (at + k)], i[k] = z[2 * (at + k) + 1];
    NAME(points)(r, i, last);
}

INLINE void NAME(transpose)(vec *v) {
    for (int round = 1; round < LANES; round *= 2) {
        vec u[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            u[2 * i] = LOW(v[i], v[i + LANES / 2]);
            u[2 * i + 1] = HIGH(v[i], v[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++) v[i] = u[i];
    }
}

/* Along the columns of a matrix [rows][columns], turned by `outer` and transposed: [n] -> [columns][rows]. */
TARGET static void NAME(along_columns)(const dpc_stft *s, const float *re, const float *im, float *to_re, float *to_im) {
    int rows = (int)s->rows, columns = (int)s->columns, last = LAST(rows);
    vec z[2 * MOST_ROWS], turned[2 * MOST_ROWS];
    for (int b = 0; b < columns; b += LANES) {
        NAME(passes)(re + b, im + b, columns, rows, s->roots, z);
        const float *outer = s->outer + (int64_t)(b / BLOCK) * rows * 2 * BLOCK + b % BLOCK;
        for (int at = 0; at < rows; at += last) {
            vec r[8], i[8];
            NAME(last_pass)(z, at, last, r, i);
            int row = first_of(at, rows);
            for (int k = 0; k < last; k++, row += rows / last) {
                vec c = LOAD(outer + row * 2 * BLOCK), d = LOAD(outer + row * 2 * BLOCK + BLOCK);
                turned[row] = r[k] * c - i[k] * d;
                turned[rows + row] = r[k] * d + i[k] * c;
            }
        }
        for (int k = 0; k < rows; k += LANES) {
            NAME(transpose)(turned + k);
            NAME(transpose)(turned + rows + k);
            for (int i = 0; i < LANES; i++) {
                STORE(to_re + (int64_t)(b + i) * rows + k, turned[k + i]);
                STORE(to_im + (int64_t)(b + i) * rows + k, turned[rows + k + i]);
            }
        }
    }
}

/* Along the columns of the transposed matrix: the transform, in the order of its frequencies. */
TARGET static void NAME(along_rows)(const dpc_stft *s, const float *re, const float *im, float *to_re, float *to_im) {
    int rows = (int)s->columns, columns = (int)s->rows, last = LAST(rows);
    vec z[2 * MOST_ROWS];
    for (int b = 0; b < columns; b += LANES) {
        NAME(passes)(re + b, im + b, columns, rows, s->roots, z);
        for (int at = 0; at < rows; at += last) {
            vec r[8], i[8];
            NAME(last_pass)(z, at, last, r, i);
            int row = first_of(at, rows);
            for (int k = 0; k < last; k++, row += rows / last) {
                STORE(to_re + (int64_t)row * columns + b, r[k]);
                STORE(to_im + (int64_t)row * columns + b, i[k]);
            }
        }
    }
}

/* The spectra of two frames, times the weights of their bins, and these back and added to `sum`. */
TARGET static float NAME(pair)(const dpc_stft *s, const float *x, float *sum, int alone, const float *w0,
                               const float *w1, const reweighting *q) {
    int64_t n = s->n, nyquist = n / 2;
    float *re = s->re, *im = s->im, largest = 0;
    const float *y = x + (alone ? 0 : s->hop);
    float second = alone ? 0 : 0.5f;
    for (int64_t t = 0; t < n; t += LANES) {
        vec w = LOAD(s->window + t);
        STORE(re + t, LOAD(x + t) * w * 0.5f);
        STORE(im + t, LOAD(y + t) * w * second);
    }
    NAME(along_columns)(s, re, im, s->turned_re, s->turned_im);
    NAME(along_rows)(s, s->turned_re, s->turned_im, re, im);
    re[n] = re[0], im[n] = im[0];
    vec most = LOAD(re) * 0;
    for (int64_t k = 0, m = n - LANES + 1; k < nyquist; k += LANES, m -= LANES) {
        vec a = LOAD(re + k), b = LOAD(im + k), c = LOAD(re + m), d = LOAD(im + m);
        c = REVERSED(c), d = REVERSED(d);
        vec p = a + c, r = b - d, u = b + d, v = c - a, f, g;
        if (q && q->error[0]) {
            vec P = p * p + r * r, U = u * u + v * v;
            f = P / (P + LOAD(q->error[0] + k)), g = U / (U + LOAD(q->error[1] + k));
        } else if (q) {
            vec P = p * p + r * r, U = u * u + v * v;
            most = NAME(larger)(P, most), most = NAME(larger)(U, most);
            f = q->mu_e * LOAD(q->share[0] + k) / (P + q->e), g = q->mu_e * LOAD(q->share[1] + k) / (U + q->e);
            vec F = f, G = g;
            if (q->known[0]) F += LOAD(q->known[0] + k), G += LOAD(q->known[1] + k);
            STORE(q->weights[0] + k, F), STORE(q->weights[1] + k, G);
        } else f = LOAD(w0 + k), g = LOAD(w1 + k);
        p *= f, r *= f, u *= g, v *= g;
        a = p - v, b = r + u, c = p + v, d = u - r;
        STORE(re + k, a), STORE(im + k, b);
        STORE(re + m, REVERSED(c)), STORE(im + m, REVERSED(d));
    }
    for (int i = 0; i < LANES; i++) largest = most[i] > largest ? most[i] : largest;
    for (int j = 0; j < 2; j++) {
        float *last = (j ? im : re) + nyquist, value = 2 * *last, power = value * value;
        if (q && q->error[0]) {
            *last = value * (power / (power + q->error[j][nyquist]));
            continue;
        }
        float w = q ? q->mu_e * q->share[j][nyquist] / (power + q->e) : (j ? w1 : w0)[nyquist];
        *last = w * value;
        if (!q) continue;
        q->weights[j][nyquist] = q->known[j] ? w + q->known[j][nyquist] : w;
        largest = power > largest ? power : largest;
    }
    NAME(along_columns)(s, im, re, s->turned_im, s->turned_re);
    NAME(along_rows)(s, s->turned_im, s->turned_re, im, re);
    for (int64_t t = 0; t < n; t += LANES) STORE(sum + t, LOAD(sum + t) + LOAD(s->window + t) * LOAD(re + t));
    if (!alone)
        for (int64_t t = 0; t < n; t += LANES)
            STORE(sum + s->hop + t, LOAD(sum + s->hop + t) + LOAD(s->window + t) * LOAD(im + t));
    return largest;
}

#undef vec
#undef LOAD
#undef STORE
#undef INLINE
#undef LOW
#undef HIGH
#undef REVERSED
#undef LANES
#undef TARGET
#undef NAME
