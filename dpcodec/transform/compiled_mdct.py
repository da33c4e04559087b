"""The MDCT of numpy's arrays, compiled on either side of its FFT: the same numbers as `mdct.py` gives."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.transform.stft import fft_of

_MOST_SPLITS = 8


class _Mdct(ctypes.Structure):
    _fields_ = (
        ("hop", ctypes.c_int64),
        *((name, ctypes.c_void_p * _MOST_SPLITS) for name in ("near", "far", "turns")),
    )


class CompiledMdct:
    """Of a hop and the slopes and turns of each split exponent, real [hop >> split >> 1], twice, and complex
    [hop >> split >> 1], all of one precision. `library()` must be there."""

    def __init__(self, hop: int, tables: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
        self._hop, self._held = hop, [tuple(map(np.ascontiguousarray, table)) for table in tables]
        self._real, self._complex = self._held[0][0].dtype, self._held[0][2].dtype
        self._kind = "double" if self._real == np.float64 else "single"
        self._told = _Mdct(hop)
        for split, (near, far, turns) in enumerate(self._held):
            self._told.near[split], self._told.far[split] = address(near), address(far)
            self._told.turns[split] = address(turns)

    def forward(self, x: np.ndarray, left: int, exponents: np.ndarray, around: tuple[int, int]) -> np.ndarray:
        """Coefficients [C, L, M] of x [C, n], which begins `left` samples after half a frame before the first
        frame's own samples; silence around it."""
        (channels, samples), frames = x.shape, len(exponents)
        x, splits = np.ascontiguousarray(x), np.array([around[0], *exponents.tolist(), around[1]], np.int64)
        edge, folded = np.empty(2 * self._hop, self._real), np.empty(self._hop, self._real)
        out = np.empty((channels, frames, self._hop), self._real)
        before, after = self._called("in"), self._called("out")
        for split, places, pairs in self._parts(channels, exponents):
            before(
                *(address(x), channels, samples, left, address(places), len(places)),
                *(address(splits), split, address(edge), address(folded), address(pairs)),
            )
            spectra = fft_of(pairs).fft(pairs, axis=-1)
            after(address(spectra), channels, address(places), len(places), split, frames, address(out))
        return out

    def adjoint(self, X: np.ndarray, exponents: np.ndarray, around: tuple[int, int]) -> np.ndarray:
        """Samples [C, (L + 1) M] from half a frame before the first frame's own on, of coefficients [C, M,
        L]."""
        channels, _, frames = X.shape
        X, out = np.ascontiguousarray(X), np.zeros((channels, (frames + 1) * self._hop), self._real)
        before, after = self._called("back_in"), self._called("back_out")
        for split, places, pairs in self._parts(channels, exponents):
            where = channels, address(places), len(places), split, frames
            before(address(X), *where, address(pairs))
            spectra = fft_of(pairs).fft(pairs, axis=-1)
            after(address(spectra), *where, address(out))
        splits = np.array([around[0], *exponents.tolist(), around[1]], np.int64)
        self._called("unfold")(address(out), channels, frames, address(splits))
        return out

    def _parts(self, channels: int, exponents: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Split exponents, the frames that have each, and room for what goes into their FFTs."""
        for split in sorted({*exponents.tolist()}):
            places = np.flatnonzero(exponents == split)
            room = channels, len(places), 1 << split, self._hop >> split >> 1
            yield split, places, np.empty(room, self._complex)

    def _called(self, way: str) -> Callable[..., None]:
        """A function of the library with its first argument."""
        return partial(getattr(library(), f"dpc_mdct_{way}_{self._kind}"), ctypes.addressof(self._told))
