"""S* W S of an STFT in one pass over its frames, compiled: a frame goes from signal to spectrum and back
while it is in the cache, in a third of the time of an FFT of all frames, a product and an FFT back."""

from __future__ import annotations

import ctypes
from functools import lru_cache

import numpy as np

from dpcodec.compiled import address, library
from dpcodec.transform.stft import Span, Stft

SIZES = (256, 65536)
"""Least and greatest window, a power of two, that the kernel knows."""
_MOST_ROWS, _BLOCK, _LINE = 256, 16, 64


class _Sizes(ctypes.Structure):
    """`dpc_stft` of `source/stft.c`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("n", "hop", "frames", "left", "samples", "rows", "columns")),
        *((name, ctypes.c_void_p) for name in ("window", "roots", "outer")),
        *(
            (name, ctypes.c_void_p)
            for name in ("signal", "sum", "re", "im", "turned_re", "turned_im", "spare")
        ),
    )


def compiled_stft(stft: Stft, span: Span) -> CompiledStft | None:
    """The compiled transform; None where there is no kernel, or none for this window."""
    n = stft.n_fft
    if library() is None or n & (n - 1) or not SIZES[0] <= n <= SIZES[1] or span.frames == 0:
        return None
    return CompiledStft(stft, span)


class CompiledStft:
    """S of an STFT and a stretch. One thread at a time may use it, for its room is kept."""

    def __init__(self, stft: Stft, span: Span) -> None:
        n = stft.n_fft
        rows = 1 << ((n.bit_length() - 1) // 2)
        under = (span.frames - 1) * stft.hop + n
        room = {"signal": under, "sum": under, "re": n + 1, "im": n + 1, "turned_re": n, "turned_im": n}
        self._shape = (n // 2 + 1, span.frames)
        self._kept = {name: _aligned(size) for name, size in {**room, "spare": n // 2 + 1}.items()}
        self._kept |= {
            "window": stft.analysis_window.astype(np.float32),
            "roots": _roots(),
            "outer": _outer(n),
        }
        self._sizes = _Sizes(
            *(n, stft.hop, span.frames, span.left, span.samples, rows, n // rows),
            **{name: address(array) for name, array in self._kept.items()},
        )

    def normal(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """S* W S x: float32 [N] and, frame by frame, [K, L] -> float32 [N]."""
        return self._run(x, weights, None, None, 0.0, 1.0)[0]

    def reweighted(
        self,
        x: np.ndarray,
        weights: np.ndarray,
        share: np.ndarray,
        known: np.ndarray | None,
        mu_e: float,
        e: float,
    ) -> tuple[np.ndarray, float]:
        """S* w S x with w = mu_e share / (|S x|^2 + e), and the largest |S x|^2; w + known goes into
        `weights`. All [K, L] are float32, frame by frame."""
        return self._run(x, weights, share, known, mu_e, e)

    def wiener(self, x: np.ndarray, error: np.ndarray) -> np.ndarray:
        """S* G S x with G = |S x|^2 / (|S x|^2 + error): float32 [N] and, frame by frame, [K, L] -> float32
        [N]."""
        found = library()
        assert found is not None
        x = self._checked(x)
        out = np.empty_like(x)
        found.dpc_stft_wiener(ctypes.addressof(self._sizes), address(x), self._address(error), address(out))
        return out

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.ascontiguousarray(x, np.float32)
        if x.shape != (self._sizes.samples,):
            raise ValueError(f"a signal of shape {x.shape}, not {(self._sizes.samples,)}")
        return x

    def _run(
        self,
        x: np.ndarray,
        weights: np.ndarray,
        share: np.ndarray | None,
        known: np.ndarray | None,
        mu_e: float,
        e: float,
    ) -> tuple[np.ndarray, float]:
        found = library()
        assert found is not None
        x = self._checked(x)
        out = np.empty_like(x)
        grids = [None if a is None else self._address(a) for a in (weights, share, known)]
        largest = found.dpc_stft_normal(
            ctypes.addressof(self._sizes), address(x), *grids, mu_e, e, address(out)
        )
        return out, float(largest)

    def _address(self, grid: np.ndarray) -> int:
        if grid.shape != self._shape or grid.dtype != np.float32:
            raise ValueError(f"{grid.dtype} {grid.shape}, not float32 {self._shape}")
        return address(grid.T)


def _aligned(size: int) -> np.ndarray:
    """Room for float32 numbers that begins where a line of the cache does."""
    room = np.zeros(size + _LINE // 4, np.float32)
    first = -address(room) % _LINE // 4
    return room[first : first + size]


@lru_cache(maxsize=1)
def _roots() -> np.ndarray:
    return _turns(np.arange(_MOST_ROWS) / _MOST_ROWS)


@lru_cache(maxsize=8)
def _outer(n: int) -> np.ndarray:
    """Turns between the transforms along columns and along rows, [columns / 16, rows, 2, 16]."""
    rows = 1 << ((n.bit_length() - 1) // 2)
    row, column = np.arange(rows), np.arange(n // rows).reshape(-1, 1, _BLOCK)
    return np.ascontiguousarray(np.moveaxis(_turns(row[:, None] * column / n), -1, 2))


def _turns(part: np.ndarray) -> np.ndarray:
    """Cosine and sine of parts of a turn backwards: float32 [..., 2]."""
    angle = -2 * np.pi * part
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32)
