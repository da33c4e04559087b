"""Which coefficients may move."""

from __future__ import annotations

import numpy as np
from quantised import quantised
from signals import chord

from dpcodec.inpainting.refine.boxes import channel_boxes
from dpcodec.inpainting.refine.features import seen
from dpcodec.inpainting.refine.wiener import Filters


def test_nothing_moves_in_frames_cut_into_four_blocks_or_more() -> None:
    splits = np.arange(25) % 4
    boxes = channel_boxes(quantised(chord(6000), 0.2, splits=splits), 0)
    assert boxes is not None
    filters = Filters.over(boxes)
    found = seen(boxes, boxes.value, filters.filtered(boxes.value))
    frames = found.at // boxes.value.shape[1]
    assert set(splits[frames].tolist()) == {0, 1}
