/* Contexts by a small network of integers: dpcodec/coding/context_network.py. Inputs are bytes, weights signed bytes, and no
 * sum passes 2**24. */
#ifndef DPC_NETWORK_H
#define DPC_NETWORK_H

#include <stdint.h>

enum { HIDDEN = 48, MOST_NEAR = 27, MOST_GROUPS = 8, TOLD = 4, BATCH = 64 };
enum { ZERO_CONTEXTS = 48, MAGNITUDE_CONTEXTS = 24, HIDDEN_SHIFT = 5, LARGEST_HIDDEN = 127, OUTPUT_SHIFT = 10 };

/* One network. Weights of four inputs or hidden units lie together, for instructions that add up four products.
 *
 * weights         [groups][HIDDEN][4], of what differs from cell to cell: the neighbours' sizes, noise, band
 * told            [TOLD][HIDDEN], of what is the same for cells of a frame
 * bias            [HIDDEN]
 * coarse, fine    [HIDDEN / 4][2][4]: 64 of the first and one of the second make a weight of an output
 * output_bias     [2] */
typedef struct {
    int groups;
    const int8_t *weights;
    const int32_t *told, *bias;
    const int8_t *coarse, *fine;
    const int32_t *output_bias;
} Network;

/* Cells of one frame. Of `near_count` inputs log magnitudes, of which the cell's own is taken away; then two more as they
 * are. Every line goes on for BATCH numbers after the last cell. */
typedef struct {
    int near_count;
    const int16_t *near[MOST_NEAR], *own, *noise, *band;
} Lines;

/* Contexts of `cells` cells, under a bias [HIDDEN] that holds what is told; up to BATCH - 1 more are written. */
void network_contexts(const Network *n, const int32_t *bias, const Lines *in, int cells, uint8_t *zero, uint8_t *magnitude);

#endif
