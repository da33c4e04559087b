"""The MDCT of numpy's float64, compiled on either side of its FFT: the same numbers as `mdct.py` gives."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np

from dpcodec.compiled import address, library

_MOST_SPLITS = 8


class _Mdct(ctypes.Structure):
    _fields_ = (
        ("hop", ctypes.c_int64),
        *((name, ctypes.c_void_p * _MOST_SPLITS) for name in ("near", "far", "turns")),
    )


class CompiledMdct:
    """Of a hop and the slopes and turns of each split exponent: float64 [hop >> split >> 1], twice, and
    complex128 [hop >> split >> 1]. `library()` must be there."""

    def __init__(self, hop: int, tables: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
        self._hop, self._held = hop, [tuple(map(np.ascontiguousarray, table)) for table in tables]
        self._told = _Mdct(hop)
        for split, (near, far, turns) in enumerate(self._held):
            self._told.near[split], self._told.far[split] = address(near), address(far)
            self._told.turns[split] = address(turns)

    def forward(self, x: np.ndarray, left: int, exponents: np.ndarray, around: tuple[int, int]) -> np.ndarray:
        """Coefficients [C, L, M] of x float64 [C, n], which begins `left` samples after half a frame before
        the first frame's own samples; silence around it."""
        (channels, samples), frames = x.shape, len(exponents)
        x, splits = np.ascontiguousarray(x), np.array([around[0], *exponents.tolist(), around[1]], np.int64)
        spare, out = np.empty(3 * self._hop), np.empty((channels, frames, self._hop))
        compiled, told = _library(), ctypes.addressof(self._told)
        for split, places, pairs in self._parts(channels, exponents):
            compiled.dpc_mdct_in(
                *(told, address(x), channels, samples, left, address(places), len(places)),
                *(address(splits), split, address(spare), address(spare[2 * self._hop :]), address(pairs)),
            )
            spectra = np.fft.fft(pairs, axis=-1)
            where = address(places), len(places), split, frames
            compiled.dpc_mdct_out(told, address(spectra), channels, *where, address(out))
        return out

    def folded(self, X: np.ndarray, exponents: np.ndarray) -> np.ndarray:
        """Samples [C, (L + 1) M] from half a frame before the first frame's own on, before slopes are
        rotated back, of coefficients float64 [C, M, L]."""
        channels, _, frames = X.shape
        X, out = np.ascontiguousarray(X), np.zeros((channels, (frames + 1) * self._hop))
        compiled, told = _library(), ctypes.addressof(self._told)
        for split, places, pairs in self._parts(channels, exponents):
            where = channels, address(places), len(places), split, frames
            compiled.dpc_mdct_back_in(told, address(X), *where, address(pairs))
            spectra = np.fft.fft(pairs, axis=-1)
            compiled.dpc_mdct_back_out(told, address(spectra), *where, address(out))
        return out

    def _parts(self, channels: int, exponents: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Split exponents, the frames that have each, and room for what goes into their FFTs."""
        for split in sorted({*exponents.tolist()}):
            places = np.flatnonzero(exponents == split)
            yield (
                split,
                places,
                np.empty((channels, len(places), 1 << split, self._hop >> split >> 1), np.complex128),
            )


def _library() -> ctypes.CDLL:
    found = library()
    assert found is not None
    return found
