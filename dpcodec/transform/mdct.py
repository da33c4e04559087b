"""The MDCT with window switching: a real, orthonormal transform with as many coefficients as samples.

Frame `l` is centred on sample `l * M`, as in the STFT with `n_fft = 2 M` and `hop = M`, and owns the M
samples from `l * M - M / 2` on. A split exponent `s` cuts them into `2**s` blocks of `B = M / 2**s` samples.
Where two blocks meet, at a boundary, they overlap by the smaller size of the two, half of it on either side.

Two steps, both orthogonal: around every boundary pairs of samples at equal distance are rotated (time-domain
aliasing), then each block goes through a DCT-IV,

    X_k = sqrt(2 / B) sum_t v_t cos(pi / B (t + 1/2) (k + 1/2)),

which is even about its left end and odd about its right one; so the aliasing of neighbours cancels (Princen,
Johnson and Bradley, ICASSP 1987; the view as rotations is Malvar's, IEEE Trans. ASSP 38 (1990), p. 969). A
frame's coefficients are sorted by frequency: number j of block b stands in row `j * 2**s + b`.

Everything runs on numpy arrays and on torch tensors (differentiable, any device) through the array API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from dpcodec.compiled import library
from dpcodec.errors import SettingsError
from dpcodec.settings import check_transform
from dpcodec.transform.compiled_mdct import CompiledMdct
from dpcodec.transform.stft import (
    Array,
    Span,
    array_namespace,
    constant,
    device,
    fft_of,
    frame_count,
)

KBD_ALPHA = 2.0
"""Of the Kaiser-Bessel-derived slope: of sine, Vorbis's and alpha 2 and 4 it cost least
(docs/experiments/transforms.md)."""

BlockSplits = Sequence[int] | np.ndarray
"""Split exponents of frames, one each."""


@dataclass(frozen=True)
class Mdct:
    """The transform with windows of at most `n_fft` samples, frames of `M = n_fft / 2` and up to
    `2**max_block_split` blocks a frame; `window` names the slope, "sine" or "kbd".

    Raises `SettingsError` if these do not make a transform.

    >>> x = np.arange(100.0)
    >>> Mdct(64).forward(x).shape
    (32, 5)
    >>> T = Mdct(64, "sine", 2)
    >>> X = T.forward(x, [0, 2, 1, 0, 0])
    >>> X.shape, bool(np.allclose(T.inverse(X, 100, [0, 2, 1, 0, 0]), x))
    ((32, 5), True)
    """

    orthonormal: ClassVar[bool] = True
    n_fft: int
    window: str = "kbd"
    max_block_split: int = 0

    def __post_init__(self) -> None:
        check_transform("mdct", self.n_fft, self.n_fft // 2, self.window, self.max_block_split)

    @property
    def hop(self) -> int:
        """Samples between frames, M."""
        return self.n_fft // 2

    @property
    def bins(self) -> int:
        """Number of coefficients K = M of a frame."""
        return self.n_fft // 2

    def span(self, samples: int) -> Span:
        """The span of a whole signal."""
        return Span(samples, frame_count(samples, self.hop), self.hop)

    def frames_under(self, first: int, last: int) -> tuple[int, int]:
        """First and last frame of the signal's grid that samples first .. last - 1 need."""
        return first // self.hop, -(-last // self.hop)

    def forward(
        self,
        x: Array,
        block_splits: BlockSplits | None = None,
        span: Span | None = None,
        around: tuple[int, int] = (0, 0),
    ) -> Array:
        """Analyse: real [..., N] -> real [..., K, L], with L block_splits (None: no frame is cut). `span`
        defaults to the whole signal's.

        around  block_splits of the frames before and after these
        """
        xp = array_namespace(x)
        span = span or self.span(x.shape[-1])
        exponents = self._checked(block_splits, span.frames)
        if span.frames == 0:
            return xp.zeros((*x.shape[:-1], self.bins, 0), dtype=x.dtype, device=device(x))
        if compiled := self._compiled(x):
            lead = x.shape[:-1]
            rows = x[..., : span.samples].reshape(-1, min(span.samples, x.shape[-1]))
            found = compiled.forward(rows, span.left, exponents, around)
            return found.reshape(*lead, span.frames, self.hop).swapaxes(-1, -2)
        total = (span.frames + 1) * self.hop
        keep = min(span.samples, total - span.left)
        padded = _padded(x[..., :keep], span.left, total - span.left - keep)
        half = self.hop // 2
        own = self._rotate(padded, exponents, around, 1.0)[..., half:-half]
        frames = xp.reshape(own, (*x.shape[:-1], span.frames, self.hop))
        return xp.matrix_transpose(_by_block_split(frames, exponents, _spectra))

    def adjoint(
        self,
        X: Array,
        block_splits: BlockSplits | None,
        span: Span | int,
        around: tuple[int, int] = (0, 0),
    ) -> Array:
        """The adjoint: real [..., K, L] -> real [..., N]. It is the inverse for samples between the centres
        of the first and the last frame. Of a whole signal its samples N say enough of the span."""
        xp = array_namespace(X)
        span = self.span(span) if isinstance(span, int) else span
        exponents = self._checked(block_splits, span.frames)
        if span.frames == 0:
            return xp.zeros((*X.shape[:-2], span.samples), dtype=X.dtype, device=device(X))
        if compiled := self._compiled(X):
            found = compiled.adjoint(X.reshape(-1, *X.shape[-2:]), exponents, around)
            flat = found.reshape(*X.shape[:-2], found.shape[-1])
        else:
            frames = _by_block_split(xp.matrix_transpose(X), exponents, _blocks)
            own = xp.reshape(frames, (*X.shape[:-2], span.frames * self.hop))
            flat = self._rotate(_padded(own, self.hop // 2, self.hop // 2), exponents, around, -1.0)
        short = span.left + span.samples - flat.shape[-1]
        return _padded(flat, 0, max(short, 0))[..., span.left : span.left + span.samples]

    def inverse(self, X: Array, samples: int, block_splits: BlockSplits | None = None) -> Array:
        """Invert: real [..., K, L] -> real [..., samples], exact where X is the transform of a signal."""
        return self.adjoint(X, block_splits, self.span(samples))

    def _compiled(self, x: Array) -> CompiledMdct | None:
        """What transforms arrays like `x` in compiled code; None where there is nothing."""
        if library() is None or not isinstance(x, np.ndarray) or x.dtype not in (np.float32, np.float64):
            return None
        return _compiled_mdct(self.hop, self.window, self.max_block_split, x.dtype.type)

    def _checked(self, block_splits: BlockSplits | None, frames: int) -> np.ndarray:
        if block_splits is None:
            return np.zeros(frames, np.int64)
        exponents = np.asarray(block_splits, np.int64).reshape(-1)
        if len(exponents) != frames or np.any((exponents < 0) | (exponents > self.max_block_split)):
            raise SettingsError(f"block_splits: give {frames} exponents from 0 to {self.max_block_split}")
        return exponents

    def _rotate(self, out: Array, exponents: np.ndarray, around: tuple[int, int], sign: float) -> Array:
        """Rotate pairs of samples around every boundary, in place, sign 1.0 there and -1.0 back:
        [..., (L + 1) M], which starts M / 2 before the frames' own samples."""
        xp = array_namespace(out)
        for overlap, places in _boundaries(self.hop, exponents.tobytes(), around):
            near, far = (constant(w, out) for w in slope(self.window, overlap))
            if isinstance(out, np.ndarray) and _rotated_in_place(out, places, overlap, near, sign * far):
                continue
            away = np.arange(overlap // 2)
            after = xp.asarray(places[:, None] + away, device=device(out))
            before = xp.asarray(places[:, None] - 1 - away, device=device(out))
            right, left = out[..., after], out[..., before]
            out[..., after] = near * right + sign * far * left
            out[..., before] = near * left - sign * far * right
        return out


def _rotated_in_place(
    out: np.ndarray, places: np.ndarray, overlap: int, near: np.ndarray, far: np.ndarray
) -> bool:
    """What `Mdct._rotate` does around the boundaries at `places`, in a fraction of the time: on views,
    where slopes touch. False where they do not; nothing is done then."""
    half = overlap // 2
    if not len(places) or (np.diff(places) != overlap).any():
        return False
    first = int(places[0]) - half
    around = out[..., first : first + overlap * len(places)]
    around = around.reshape(*out.shape[:-1], len(places), overlap)
    right, left = around[..., half:], around[..., half - 1 :: -1]
    turned = near * right + far * left
    left[...] = near * left - far * right
    right[...] = turned
    return True


@lru_cache(maxsize=8)
def _compiled_mdct(hop: int, window: str, most: int, kind: type[np.floating]) -> CompiledMdct:
    sizes, turned = [hop >> split for split in range(most + 1)], np.result_type(kind, np.complex64)
    found = []
    for size in sizes:
        near, far = slope(window, size)
        found.append((near.astype(kind), far.astype(kind), _turns(size).astype(turned)))
    return CompiledMdct(hop, found)


@lru_cache(maxsize=64)
def slope(window: str, overlap: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the sample at distance `i + 1/2` on a block's own side of a boundary, and of its mirror
    image on the other: float64 [overlap / 2] each, whose squares add up to 1."""
    if window == "sine":
        angle = (0.5 + (np.arange(overlap // 2) + 0.5) / overlap) * np.pi / 2
        return np.sin(angle), np.cos(angle)
    energy = np.cumsum(np.kaiser(overlap + 1, KBD_ALPHA * np.pi))
    rising = np.sqrt(energy[:-1] / energy[-1])
    return rising[overlap // 2 :], rising[: overlap // 2][::-1].copy()


@lru_cache(maxsize=16)
def _boundaries(hop: int, splits: bytes, around: tuple[int, int]) -> list[tuple[int, np.ndarray]]:
    """All boundaries of a run of frames, whose exponents int64 [L] `splits` are: (overlap, int64 [n] offsets
    of the first sample after them), in samples from M / 2 before the first frame's own."""
    origin, exponents = hop // 2, np.frombuffer(splits, np.int64)
    found: dict[int, list[np.ndarray]] = {}
    for split in set(exponents.tolist()):
        blocks, size = 1 << split, hop >> split
        frames = np.flatnonzero(exponents == split)
        inner = origin + frames[:, None] * hop + np.arange(1, blocks) * size
        found.setdefault(size, []).append(inner.reshape(-1))
    padded = np.concatenate([around[:1], exponents, around[1:]])
    smaller = np.maximum(padded[1:], padded[:-1])
    for split in set(smaller.tolist()):
        found.setdefault(hop >> split, []).append(origin + np.flatnonzero(smaller == split) * hop)
    return [(overlap, np.sort(np.concatenate(places))) for overlap, places in found.items()]


def _by_block_split(frames: Array, exponents: np.ndarray, change: Callable[[Array, int], Array]) -> Array:
    """Apply `change(frames of one split, split)` to [..., L, M], keeping their order."""
    block_splits = sorted(set(exponents.tolist()))
    if len(block_splits) == 1:
        return change(frames, block_splits[0])
    xp = array_namespace(frames)
    places = [np.flatnonzero(exponents == split) for split in block_splits]
    parts = [
        change(xp.take(frames, xp.asarray(p, device=device(frames)), axis=-2), split)
        for split, p in zip(block_splits, places, strict=True)
    ]
    order = xp.asarray(np.argsort(np.concatenate(places)), device=device(frames))
    return xp.take(xp.concat(parts, axis=-2), order, axis=-2)


def _spectra(frames: Array, split: int) -> Array:
    """Folded samples [..., n, M] -> coefficients [..., n, M] by frequency."""
    xp = array_namespace(frames)
    lead = frames.shape[:-1]
    blocks = dct4(xp.reshape(frames, (*lead, 1 << split, frames.shape[-1] >> split)))
    return xp.reshape(xp.matrix_transpose(blocks), (*lead, frames.shape[-1]))


def _blocks(frames: Array, split: int) -> Array:
    """The inverse of `_spectra`."""
    xp = array_namespace(frames)
    lead = frames.shape[:-1]
    blocks = xp.matrix_transpose(xp.reshape(frames, (*lead, frames.shape[-1] >> split, 1 << split)))
    return xp.reshape(dct4(blocks), (*lead, frames.shape[-1]))


def dct4(x: Array) -> Array:
    """The orthonormal DCT-IV along the last axis, its own inverse: [..., B], B even, by a complex FFT of B /
    2 points."""
    xp = array_namespace(x)
    size = x.shape[-1]
    turns = constant(_turns(size), x)
    if isinstance(x, np.ndarray):
        return _dct4_of_numpy(x, turns)
    pairs = (x[..., ::2] + 1j * xp.flip(x, axis=-1)[..., ::2]) * turns
    spectrum = fft_of(pairs).fft(pairs, axis=-1) * turns
    both = xp.stack([xp.real(spectrum), -xp.flip(xp.imag(spectrum), axis=-1)], axis=-1)
    return xp.reshape(both, (*x.shape[:-1], size))


def _dct4_of_numpy(x: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The same numbers, in less time: nothing is copied twice. Products are those of real numbers, each
    rounded: the same everywhere, as a complex product's are not."""
    pairs = np.empty((*x.shape[:-1], len(turns)), turns.dtype)
    both = np.empty(x.shape, x.dtype)
    first, last, c, s = x[..., ::2], x[..., ::-2], turns.real, turns.imag
    pairs.real, pairs.imag = first * c - last * s, first * s + last * c
    spectrum = fft_of(pairs).fft(pairs, axis=-1)
    both[..., ::2] = spectrum.real * c - spectrum.imag * s
    np.negative((spectrum.real * s + spectrum.imag * c)[..., ::-1], out=both[..., 1::2])
    return both


@lru_cache(maxsize=64)
def _turns(size: int) -> np.ndarray:
    """What the DCT-IV turns its pairs by, before and after its FFT: complex128 [size / 2]."""
    n = np.arange(size // 2)
    values: np.ndarray = np.exp(-1j * np.pi * (8 * n + 1) / (8 * size)) * (2 / size) ** 0.25
    return values


def _padded(x: Array, before: int, after: int) -> Array:
    """Zeros on both sides of the last axis."""
    xp = array_namespace(x)
    gaps: list[Any] = [
        xp.zeros((*x.shape[:-1], count), dtype=x.dtype, device=device(x)) for count in (before, after)
    ]
    return xp.concat([gaps[0], x, gaps[1]], axis=-1)
