"""Layouts of other containers as channel masks, and the order of channels."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dpcodec.audio import speakers as s


@pytest.mark.parametrize("channels", range(1, 9))
def test_vorbis_and_back(channels: int) -> None:
    mask, order = s.vorbis_layout(channels)
    assert mask.bit_count() == channels
    x = np.arange(channels, dtype=np.float32)[:, np.newaxis]
    back = s.order_in_vorbis(mask, channels)
    np.testing.assert_array_equal(s.turned(s.turned(x, order), back), x)


def test_vorbis_of_six_as_the_specification_lists_it() -> None:
    """Front left, centre, right, rear left, right, bass."""
    assert s.vorbis_layout(6) == (0x3F, (0, 2, 1, 5, 3, 4))
    assert s.order_in_vorbis(0x60F, 6) == s.order_in_vorbis(0x3F, 6), "sides for rears"
    assert s.order_in_vorbis(0, 6) == tuple(range(6)), "nothing is known of them"
    assert s.vorbis_layout(9) == (0, tuple(range(9)))


@pytest.mark.parametrize(
    "tag, mask, order",
    [
        (121 << 16 | 6, 0x3F, (0, 1, 2, 3, 4, 5)),
        (124 << 16 | 6, 0x3F, (1, 2, 0, 5, 3, 4)),
        (116 << 16 | 4, 0x107, (1, 2, 0, 3)),
        (108 << 16 | 4, 0x33, (0, 1, 2, 3)),
        (121 << 16 | 6, 0, (0, 1, 2, 3)),
        (999 << 16 | 4, 0, (0, 1, 2, 3)),
    ],
)
def test_layouts_of_apple(tag: int, mask: int, order: tuple[int, ...]) -> None:
    assert s.parse_apple_layout(struct.pack(">III", tag, 0, 0), len(order)) == (mask, order)


def test_descriptions_of_apple() -> None:
    """Centre, left, right; then one that is none of the eighteen."""
    for labels, expected in (
        ((3, 1, 2), (7, (1, 2, 0))),
        ((3, 1, 200), (0, (0, 1, 2))),
        ((1, 1, 2), (0, (0, 1, 2))),
    ):
        body = struct.pack(">III", 0, 0, 3) + b"".join(struct.pack(">I16x", label) for label in labels)
        assert s.parse_apple_layout(body, 3) == expected
        assert s.parse_apple_layout(body[:-1], 3)[0] == 0
    assert s.parse_apple_layout(b"", 2) == (0, (0, 1))


def test_any_mask_comes_back_from_apple() -> None:
    for mask in (0x60F, 0x107, 0x3, 1 << 17):
        assert s.parse_apple_layout(s.build_apple_layout(mask), 4) == (mask, (0, 1, 2, 3))


@pytest.mark.parametrize("channels", s.FLAC_MASKS)
def test_flac(channels: int) -> None:
    assert s.FLAC_MASKS[channels].bit_count() == channels
