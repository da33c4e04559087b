"""Keeping freed memory: it must work on the C library at hand, whichever that is."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from dpcodec.inpaint.heap import kept_heap

HAS_MALLOPT = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")
COPIES = """
import resource
import numpy as np
from dpcodec.inpaint.heap import kept_heap

x = np.zeros(9 * 2**20, np.float32)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        x.copy()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with kept_heap():
    print(faults())
print(faults())
"""


@pytest.mark.skipif(not HAS_MALLOPT, reason="needs glibc")
def test_freed_memory_is_taken_again_and_given_back_at_the_end() -> None:
    """In a process of its own: where freed blocks lie in a used heap is left to chance."""
    done = subprocess.run([sys.executable, "-c", COPIES], capture_output=True, text=True, check=True)
    kept, returned = map(int, done.stdout.split())
    assert kept < returned / 2


def test_it_can_be_nested_and_lets_errors_through() -> None:
    with pytest.raises(ValueError, match="mine"), kept_heap(), kept_heap():
        raise ValueError("mine")
