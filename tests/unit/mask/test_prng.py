"""Philox against its published vectors, the document, and a slow scalar version."""

import re
from pathlib import Path

import numpy as np
import pytest

from dpcodec.mask.prng import philox4x32

DOCS = Path(__file__).parents[3] / "docs"


def doc_lines(name):
    """Lines of the fenced block `name` in the format's description, wherever it stands under docs/."""
    for path in sorted(DOCS.rglob("*.md")):
        match = re.search(rf"^```{name}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
        if match:
            return match[1].splitlines()
    raise AssertionError(f"no block {name} in {DOCS}")


def slow_philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c3 ^ k1, p & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


def words(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize("line", doc_lines("philox"))
def test_published_vectors(line):
    counter, key, result = (words(field) for field in line.split("|"))
    assert slow_philox(counter, key) == result
    assert philox4x32(np.array(counter, np.uint32), np.array(key, np.uint32)).tolist() == result


def test_there_are_three_published_vectors():
    assert len(doc_lines("philox")) == 3


@pytest.mark.parametrize("count", [0, 1, 8191, 8192, 8193])
def test_many_blocks_agree_with_the_slow_version(count):
    rng = np.random.default_rng(count)
    counters = rng.integers(0, 2**32, (count, 4), dtype=np.uint32)
    key = rng.integers(0, 2**32, 2, dtype=np.uint32)
    got = philox4x32(counters, key)
    assert got.dtype == np.uint32
    assert got.shape == counters.shape
    for i in range(0, count, 97):
        assert got[i].tolist() == slow_philox(counters[i].tolist(), key.tolist())


def test_any_leading_shape():
    counters = np.arange(48, dtype=np.uint32).reshape(3, 4, 4)
    key = np.array([1, 2], np.uint32)
    assert np.array_equal(philox4x32(counters, key).reshape(12, 4), philox4x32(counters.reshape(12, 4), key))
