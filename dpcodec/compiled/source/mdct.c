/* The MDCT on either side of its FFT, and what its coefficients cost: dpcodec/transform/mdct.py and block_switching.py, with
 * the numbers of numpy to the last bit. */
#include "range_coder.h"
#include "sums.h"

#include <math.h>
#include <string.h>

/* The same for both precisions. */
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define REAL double
#define NAME(name) PASTE(name, _double)
#include "mdct_typed.h"
#define REAL float
#define NAME(name) PASTE(name, _single)
#include "mdct_typed.h"

/* Products of 1 + min(|x| / unit, most) over every groups-th number of a line, whose log2 are bits: [lines][groups].
 *
 * A line is `parts` stretches of `width` numbers: x [parts][lines][width], their units at `unit` [parts][unit_lines][width],
 * in line of[line], each times `gains` [lines]; `of` NULL: line itself, gains NULL: 1. spare [parts * width]. */
CLONES DPC_API void dpc_bit_products(const double *x, const double *unit, int64_t lines, int64_t parts, int64_t width,
                                     int64_t unit_lines, const int64_t *of, const double *gains, int64_t groups, double most,
                                     double *spare, double *products) {
    for (int64_t line = 0; line < lines; line++, products += groups) {
        double gain = gains ? gains[line] : 1;
        for (int64_t p = 0; p < parts; p++) {
            const double *restrict a = x + (p * lines + line) * width;
            const double *restrict u = unit + (p * unit_lines + (of ? of[line] : line)) * width;
            double *restrict to = spare + p * width;
            for (int64_t i = 0; i < width; i++) {
                double ratio = fabs(a[i]) / (u[i] * gain);
                to[i] = (ratio < most ? ratio : most) + 1;
            }
        }
        for (int64_t g = 0; g < groups; g++) products[g] = spare[g];
        for (int64_t first = groups; first < parts * width; first += groups) {
            int64_t left = parts * width - first < groups ? parts * width - first : groups;
            const double *restrict from = spare + first;
            double *restrict to = products;
            for (int64_t g = 0; g < left; g++) to[g] *= from[g];
        }
    }
}
