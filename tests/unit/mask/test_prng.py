"""Philox against its published vectors, the document, and a slow scalar version."""

import numpy as np
import pytest

from dpcodec.mask.prng import philox4x32

from .slow_prng import doc_lines, slow_philox


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize("line", doc_lines("philox"))
def test_published_vectors(line: str) -> None:
    counter, key, result = (words(field) for field in line.split("|"))
    assert slow_philox(counter, key) == result
    assert philox4x32(np.array(counter, np.uint32), np.array(key, np.uint32)).tolist() == result


def test_there_are_three_published_vectors() -> None:
    assert len(doc_lines("philox")) == 3


@pytest.mark.parametrize("count", [0, 1, 8191, 8192, 8193])
def test_many_blocks_agree_with_the_slow_version(count: int) -> None:
    rng = np.random.default_rng(count)
    counters = rng.integers(0, 2**32, (count, 4), dtype=np.uint32)
    key = rng.integers(0, 2**32, 2, dtype=np.uint32)
    got = philox4x32(counters, key)
    assert got.dtype == np.uint32
    assert got.shape == counters.shape
    for i in range(0, count, 97):
        assert got[i].tolist() == slow_philox(counters[i].tolist(), key.tolist())


def test_any_leading_shape() -> None:
    counters = np.arange(48, dtype=np.uint32).reshape(3, 4, 4)
    key = np.array([1, 2], np.uint32)
    assert np.array_equal(philox4x32(counters, key).reshape(12, 4), philox4x32(counters.reshape(12, 4), key))
