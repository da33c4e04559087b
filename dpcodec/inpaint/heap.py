"""Memory that a fit frees and takes again in each step stays with the process in between.

glibc gives blocks above 32 MB back to the system when they are freed, and gets them page by page and zeroed
when they are needed again: on a CPU that is a quarter of a wide network's step.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# The parameters of mallopt(3), and what glibc comes to by itself when large blocks have been freed.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_LARGEST_MMAP_THRESHOLD = 32 * 2**20


@contextmanager
def kept_heap() -> Iterator[None]:
    """Inside, freed blocks are kept for the next taker; afterwards what is free goes back to the system.

    For the whole process, so a second user at the same time may lose it early, which costs time only. Does
    nothing where the C library is not glibc.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    libc.mallopt(_MMAP_MAX, 0)
    libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        libc.mallopt(_MMAP_MAX, 65536)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST_MMAP_THRESHOLD)
        libc.malloc_trim(0)
