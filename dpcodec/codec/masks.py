"""Which mask a header means for a segment."""

from __future__ import annotations

import numpy as np

from dpcodec.container.header import Header
from dpcodec.mask.columns import columns_mask
from dpcodec.mask.energy import energy_mask
from dpcodec.mask.seeded import random_mask
from dpcodec.mask.significance import significance_mask


def mask_of(header: Header, segment: int, X: np.ndarray) -> np.ndarray:
    """The mask M of a segment, bool [C, K, L], from its spectrogram [C, K, L] (whose values only stored masks
    look at)."""
    if header.mask == "significance":
        return significance_mask(X, header.drop_q32)
    if header.mask == "energy":
        return energy_mask(X, header.drop_q32)
    return known_mask(header, segment, X.shape[2])


def known_mask(header: Header, segment: int, frames: int) -> np.ndarray:
    """A mask that the header alone determines, bool [C, K, L]: random or columns."""
    if header.mask == "random":
        return random_mask(header.seed, header.drop_q32, segment, header.channels, header.bins, frames)
    return columns_mask(header.columns, header.channels, header.bins, segment * header.segment_frames, frames)
