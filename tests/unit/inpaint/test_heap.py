"""Keeping freed memory: it must work on the C library at hand, whichever that is."""

from __future__ import annotations

import ctypes
import sys

import pytest
import torch

from dpcodec.inpaint.heap import kept_heap

resource = pytest.importorskip("resource")
HAS_MALLOPT = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")


def faults_of_copies(x: torch.Tensor) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        x.clone()
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


@pytest.mark.skipif(not HAS_MALLOPT, reason="needs glibc")
def test_freed_memory_is_taken_again_and_given_back_at_the_end() -> None:
    x = torch.zeros(9 * 2**20)
    with kept_heap():
        kept = faults_of_copies(x)
    returned = faults_of_copies(x)
    assert kept < returned / 2


def test_it_can_be_nested_and_lets_errors_through() -> None:
    with pytest.raises(ValueError, match="mine"), kept_heap(), kept_heap():
        raise ValueError("mine")
