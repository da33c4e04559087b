/* Sums in the order in which numpy adds: np.add.reduce of contiguous numbers, np.add.reduceat. So what is decided by them is
 * decided alike with and without this library. */
#ifndef DPC_SUMS_H
#define DPC_SUMS_H

#include <stdint.h>
#include <stdlib.h>

/* A function compiled for two processors, of which the loader takes the better one. Neither has a product that is added
 * without being rounded: gcc 12 takes that where it turns complex numbers, whatever -ffp-contract says. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

/* Sum of x [n], numbers `stride` apart. */
double pairwise_sum(const double *x, int64_t n, int64_t stride);

/* Sums over the first axis of cells [rows][width]: out [width]. `spare` [SPARE_ROWS][width]. */
enum { SPARE_ROWS = 64 };
void sum_rows(const double *cells, int64_t rows, int64_t width, double *out, double *spare);

#endif
