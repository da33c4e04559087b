"""The innermost loops, compiled from the C in `source/`: the only door to them.

They give the same bytes and numbers as the Python beside which they stand (an STFT for solvers but for
rounding); where the library is missing, or DPCODEC_COMPILED=0 is set, that runs instead. Calls let other
threads run.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).with_name(
    f"kernel{({'win32': '.dll', 'darwin': '.dylib'}).get(sys.platform, '.so')}"
)
"""Where `build.py` puts it."""
VERSION = 10
"""Of the functions; a library of another version is not taken."""

_off = os.environ.get("DPCODEC_COMPILED") == "0"

_P, _I, _N, _D, _U = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_double, ctypes.c_uint32
_F = ctypes.c_float
_TYPED: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "dpc_mdct_unfold": (None, (_P, _P, _N, _N, _P)),
    "dpc_mdct_in": (None, (_P, _P, _N, _N, _N, _P, _N, _P, _N, _P, _P, _P)),
    "dpc_mdct_out": (None, (_P, _P, _N, _P, _N, _N, _N, _P)),
    "dpc_mdct_back_in": (None, (_P, _P, _N, _P, _N, _N, _N, _P)),
    "dpc_mdct_back_out": (None, (_P, _P, _N, _P, _N, _N, _N, _P)),
}
"""Whose names end in `_double` or `_single`, as what they work on."""
_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "dpc_writer": (_P, ()),
    "dpc_reader": (_P, (ctypes.c_char_p, ctypes.c_size_t)),
    "dpc_copy": (_P, (_P,)),
    "dpc_free": (None, (_P,)),
    "dpc_code": (_I, (_P, _P, _N, _I, _N, _P, _P, _N)),
    "dpc_rows": (_I, (_P, _P, _I, _N, _P, _P, _N, _N)),
    "dpc_bits": (_I, (_P, _P, _N)),
    "dpc_room": (ctypes.c_size_t, (_P,)),
    "dpc_finish": (ctypes.c_size_t, (_P, _P)),
    "dpc_scale_factors": (_I, (_P, _N, _N, _P, _P, _P, _N, _P, _N, _N)),
    "dpc_mdct_walk": (_I, (_P, _P, _P)),
    "dpc_network_way": (_I, (_I,)),
    "dpc_bit_products": (None, (_P, _P, _N, _N, _N, _N, _P, _P, _N, _D, _P, _P)),
    "dpc_gate": (None, (_P, _P, _P, _N, _N, _P, _P)),
    "dpc_near": (None, (_P, _N, _N, _N, _N, _P, _P)),
    "dpc_cheapest": (None, (_P, _N, _N, _N, _D, _P, _P)),
    "dpc_hold": (None, (_P, _N, _N, _D, _P)),
    "dpc_quantize": (_I, (_P, _N, _D, _D, _D, _P)),
    "dpc_bias": (_I, (_P, _P, _N, _D, _P)),
    "dpc_energy_sums": (_I, (_P, _P, _N, _P, _N, _D, _P, _P, _P, _P)),
    "dpc_choose": (None, (_P, _P, _N, _P, _N, _P, _P)),
    "dpc_block_gains": (None, (_P, _N, _N, _P, _P, _P, _P)),
    "dpc_noise_sums": (_I, (_P, _P, _P, _N, _P, _N, _N, _P)),
    "dpc_philox": (None, (_P, _N, _U, _U, _P)),
    "dpc_stft_wiener": (None, (_P, _P, _P, _P)),
    "dpc_stft_normal": (_F, (_P, _P, _P, _P, _P, _F, _F, _P)),
    "dpc_fill_in": (None, (_P, _P, _P, _N, _D, _P, _D, _D, _P, _P, _P, _P, _P, _P, _P)),
}


def address(array: Any) -> int:
    """Where the numbers of a numpy array lie, which must be contiguous and stay alive while they are used."""
    if not array.flags.c_contiguous:
        raise ValueError("not contiguous")
    return int(array.__array_interface__["data"][0])


def held(fault: int) -> None:
    """Raise `MemoryError` where a function could not have its memory."""
    if fault:
        raise MemoryError


def library() -> ctypes.CDLL | None:
    """The library, None where there is none or it is not to be used."""
    return None if _off else _loaded()


@contextmanager
def off() -> Iterator[None]:
    """Run without it within."""
    global _off
    before, _off = _off, True
    try:
        yield
    finally:
        _off = before


@cache
def _loaded() -> ctypes.CDLL | None:
    try:
        found = ctypes.CDLL(str(LIBRARY))
        found.dpc_version.restype = _I
        if found.dpc_version() != VERSION:
            return None
        typed = {name + kind: told for name, told in _TYPED.items() for kind in ("_double", "_single")}
        for name, (result, arguments) in (_SIGNATURES | typed).items():
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):  # none was built, or for another machine, or an old one
        return None
    return found
