"""Which coefficients may move."""

from __future__ import annotations

import numpy as np
from quantised import quantised
from signals import chord

from dpcodec.inpainting.refine.boxes import channel_boxes
from dpcodec.inpainting.refine.features import ROWS_NEARBY, seen
from dpcodec.inpainting.refine.wiener import Filters


def test_nothing_moves_in_frames_cut_into_eight_blocks_or_more() -> None:
    splits = np.arange(25) % 4
    boxes = channel_boxes(quantised(chord(6000), 0.2, splits=splits), 0)
    assert boxes is not None
    filters = Filters.over(boxes)
    found = seen(boxes, boxes.value, filters.filtered(boxes.value))
    frames = found.at // boxes.value.shape[1]
    assert set(splits[frames].tolist()) == {0, 1, 2}


def test_zeros_move_only_beside_values() -> None:
    """Longer windows hear a loud chord beyond its end; the frames there stay empty."""
    n = np.arange(12000)
    x = np.where(n < 6000, np.cos(0.3 * n) + np.cos(0.7 * n) + np.cos(1.1 * n), 0)
    boxes = channel_boxes(quantised(x, 0.5), 0)
    assert boxes is not None
    filters = Filters.over(boxes)
    found = seen(boxes, boxes.value, filters.filtered(boxes.value))
    frames, rows = np.divmod(found.at, boxes.value.shape[1])
    coded = boxes.symbol > 0
    assert not coded[-1].any()
    for frame, row in zip(frames.tolist(), rows.tolist(), strict=True):
        assert coded[frame, max(0, row - ROWS_NEARBY) : row + ROWS_NEARBY + 1].any()
    assert (boxes.symbol.reshape(-1)[found.at] == 0).any()
