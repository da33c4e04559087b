"""Which coefficients may move."""

from __future__ import annotations

import numpy as np
from quantised import quantised

from dpcodec.inpainting.refine.boxes import channel_boxes
from dpcodec.inpainting.refine.features import ROWS_NEARBY, seen
from dpcodec.inpainting.refine.wiener import Filters


def test_where_a_sound_has_stopped_nothing_moves() -> None:
    """Longer windows hear a loud chord beyond its end; the frames there stay empty."""
    n = np.arange(12000)
    x = np.where(n < 6000, sum(np.cos(f * n) for f in (0.3, 0.7, 1.1)), 0)
    boxes = channel_boxes(quantised(x, 0.5), 0)
    assert boxes is not None
    filters = Filters.over(boxes)
    found = seen(boxes, boxes.value, filters.filtered(boxes.value))
    frames, rows = np.divmod(found.at, boxes.value.shape[1])
    coded = boxes.symbol > 0
    empty = np.array([not frame.any() for frame in coded])
    assert empty.any()
    assert not empty[frames].any()
    for frame, row in zip(frames.tolist(), rows.tolist(), strict=True):
        assert coded[frame, max(0, row - ROWS_NEARBY) : row + ROWS_NEARBY + 1].any()
    assert (boxes.symbol.reshape(-1)[found.at] == 0).any()
