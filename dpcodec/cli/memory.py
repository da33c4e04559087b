"""What this process does with memory that it has freed, and in what pages it is given new one."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's options in malloc.h."""
KEPT_BYTES, LARGEST_BYTES = 64 << 20, 32 << 20
ROOM_BYTES = 24 << 20
"""Asked for twice: less than what is kept, and each less than what glibc would map by itself."""
HUGE_BYTES, ADVISE_HUGE = 2 << 20, 14
"""A huge page, and MADV_HUGEPAGE of Linux."""


def keep() -> None:
    """Let glibc keep up to KEPT_BYTES of what was freed: every segment needs the same again, and new pages
    from the system cost an eighth of the time. Elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, LARGEST_BYTES)
        _ask_for_huge_pages(library)


def _ask_for_huge_pages(library: Any) -> None:
    """Get what memory will be taken from, say what pages it may have, and give it back untouched: an eighth
    of the page faults, and none but a hint to a system that has no such pages."""
    malloc, free, madvise = library.malloc, library.free, library.madvise
    malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    free.argtypes = (ctypes.c_void_p,)
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    room = [start for _ in range(2) if (start := malloc(ROOM_BYTES)) is not None]
    for start in room:
        first = -(-start // HUGE_BYTES) * HUGE_BYTES
        last = (start + ROOM_BYTES) // HUGE_BYTES * HUGE_BYTES
        madvise(first, last - first, ADVISE_HUGE)
    for start in room:
        free(start)
