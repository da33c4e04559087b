"""The random mask against the document's vectors and a slow version written from the document."""

import hashlib

import numpy as np
import pytest

from dpcodec.errors import LimitError
from dpcodec.mask.count import dropped_count
from dpcodec.mask.random import _smallest, random_mask

from .slow_prng import doc_lines, slow_philox


def slow_block(seed: int, segment: int, channel: int, block: int) -> list[int]:
    counter = [block, segment, channel, int.from_bytes(b"MASK", "little")]
    return slow_philox(counter, divmod(seed, 2**32)[::-1])


def slow_mask(seed: int, drop_q32: int, segment: int, channel: int, bins: int, frames: int) -> list[bool]:
    cells = bins * frames
    values = [slow_block(seed, segment, channel, i // 4)[i % 4] for i in range(cells)]
    count = (drop_q32 * cells + 2**31) >> 32
    dropped = set(sorted(range(cells), key=lambda i: (values[i], i))[:count])
    return [i not in dropped for i in range(cells)]


@pytest.mark.parametrize("line", doc_lines("blocks"))
def test_blocks_of_the_document(line: str) -> None:
    place, words = line.split("|")
    assert slow_block(*map(int, place.split())) == [int(word, 16) for word in words.split()]


@pytest.mark.parametrize("line", doc_lines("masks"))
def test_masks_of_the_document(line: str) -> None:
    numbers, cells = line.split("|")
    seed, drop, segment, channel, bins, frames, count = map(int, numbers.split())
    expected = [cell == "1" for cell in cells.strip()]
    assert slow_mask(seed, drop, segment, channel, bins, frames) == expected
    mask = random_mask(seed, drop, segment, channel + 1, bins, frames)
    assert mask.shape == (channel + 1, bins, frames)
    assert mask[channel].reshape(-1).tolist() == expected
    assert expected.count(False) == count == dropped_count(drop, bins * frames)


def test_large_mask_of_the_document() -> None:
    mask = random_mask(7, 2**31, 2, 2, 1025, 221)
    packed = np.packbits(mask.reshape(-1)).tobytes()
    assert hashlib.sha256(packed).hexdigest() == doc_lines("mask-sha256")[0]


@pytest.mark.parametrize("drop", [0, 1, 2**29, 2**31, 2**32 - 1])
@pytest.mark.parametrize("bins,frames", [(33, 0), (33, 1), (33, 7), (129, 50)])
def test_exact_count_in_every_channel(drop: int, bins: int, frames: int) -> None:
    mask = random_mask(2**64 - 1, drop, 9, 3, bins, frames)
    assert mask.dtype == bool
    for channel in mask:
        assert np.count_nonzero(~channel) == (drop * bins * frames + 2**31) >> 32


def test_channels_segments_and_seeds_differ() -> None:
    base = random_mask(1, 2**31, 0, 2, 33, 20)
    assert not np.array_equal(base[0], base[1])
    assert not np.array_equal(base, random_mask(1, 2**31, 1, 2, 33, 20))
    assert not np.array_equal(base, random_mask(2, 2**31, 0, 2, 33, 20))
    assert not np.array_equal(base, random_mask(1 + 2**32, 2**31, 0, 2, 33, 20))


def test_more_channels_leave_the_first_alone() -> None:
    assert np.array_equal(random_mask(5, 2**30, 4, 3, 17, 9)[:2], random_mask(5, 2**30, 4, 2, 17, 9))


def test_masks_look_random() -> None:
    mask = random_mask(3, 2**31, 0, 1, 257, 256)[0].astype(float) - 0.5
    for neighbour in (mask[:-1] * mask[1:], mask[:, :-1] * mask[:, 1:]):
        assert abs(neighbour.mean() * 4) < 5 / np.sqrt(neighbour.size)
    assert np.abs(mask.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(257)


def test_smaller_drop_keeps_what_a_larger_one_keeps() -> None:
    less, more = (random_mask(3, drop, 0, 1, 65, 30) for drop in (2**30, 3 * 2**30))
    assert np.all(less | ~more)


def test_equal_values_go_from_the_lower_index() -> None:
    values = np.array([5, 2, 5, 2, 9, 5], np.uint32)
    for count in range(7):
        order = sorted(range(6), key=lambda i: (values[i], i))
        assert np.flatnonzero(_smallest(values, count)).tolist() == sorted(order[:count])


def test_too_many_cells_are_refused_before_anything_is_made() -> None:
    with pytest.raises(LimitError, match="shorter segments"):
        random_mask(0, 0, 0, 1, 32769, 2**20)
