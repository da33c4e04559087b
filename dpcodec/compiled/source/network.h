/* Contexts by a small network of integers: dpcodec/coding/context_network.py. Every sum is an integer below 2**24, so
 * float is exact in any order. */
#ifndef DPC_NETWORK_H
#define DPC_NETWORK_H

#include <stdint.h>

enum { HIDDEN = 48, MOST_INPUTS = 33, BATCH = 256, LANES = 16 };
enum { ZERO_CONTEXTS = 48, MAGNITUDE_CONTEXTS = 24 };

/* inputs [inputs][BATCH], of which `cells`, rounded up to LANES, count.
 * numbers: weights [inputs][HIDDEN], bias [HIDDEN], outputs [2][HIDDEN], output bias [2]. */
void network_contexts(const float *numbers, int inputs, float (*columns)[BATCH], int cells, uint8_t *zero,
                      uint8_t *magnitude);

#endif
