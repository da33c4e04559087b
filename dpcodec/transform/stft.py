"""The analysis operator S (the paper's A, equation 1), its adjoint and its inverse, written once.

Frame `l` of a signal is centred on sample `l * hop`; samples outside the signal are zero. A signal of
N > 0 samples has `L = ceil(N / hop) + 1` frames, so that every sample lies between two frame centres.

The window is scaled so that `sum_l window²(n - l * hop)` has mean 1 / n_fft over a period: when that sum
is constant (Hann at n_fft/4, sine at n_fft/2), S is a Parseval frame, `<Sx, Sx> = <x, x>` away from the ends:

    <X, Y> = Re sum_{k,l} c_k X_kl conj(Y_kl),   c_k = 1 at DC and Nyquist, 2 between.

`c_k` counts the bins of negative frequency that the one-sided grid leaves out (`Stft.weights`). The inverse
is the canonical dual frame, `x = S*X / diag(S*S)`: least squares, and exact where X = Sx.

Everything runs on numpy arrays and on torch tensors (differentiable, any device) through the array API.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from dpcodec.errors import SettingsError
from dpcodec.settings import check_transform

Array = Any
"""A numpy array or a torch tensor."""


class Span(NamedTuple):
    """Where a stretch of signal lies under a run of frames.

    Sample 0 of the stretch is sample `left` of the first frame's support; the stretch has `samples` samples
    and `frames` frames. Samples under the frames but outside the stretch are zero.
    """

    samples: int
    frames: int
    left: int


class Transform(Protocol):
    """What the loops over segments ask of a transform."""

    @property
    def n_fft(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def orthonormal(self) -> bool: ...

    def frames_under(self, first: int, last: int) -> tuple[int, int]:
        """First and last frame of the signal's grid that samples first .. last - 1 need."""


def frame_count(samples: int, hop: int) -> int:
    """Number of frames L of a signal of `samples` samples.

    >>> frame_count(0, 512), frame_count(1, 512), frame_count(512, 512), frame_count(513, 512)
    (0, 2, 2, 3)
    """
    return -(-samples // hop) + 1 if samples else 0


def block_span(transform: Transform, first_frame: int, frames: int, samples: int | None) -> Span:
    """How the signal of `samples` samples (None: not known) lies under a run of frames of its grid that
    begins with `first_frame`: clipped to the samples 0 .. N - 1."""
    start = first_frame * transform.hop - transform.n_fft // 2
    stop = start + (frames - 1) * transform.hop + transform.n_fft
    stop = stop if samples is None else min(stop, samples)
    return Span(stop - max(start, 0), frames, max(0, -start))


def window_values(window: str, n_fft: int) -> np.ndarray:
    """Periodic `hann` or half-sample `sine` window, float64 [n_fft], not scaled."""
    n = np.arange(n_fft)
    if window == "hann":
        return 0.5 - 0.5 * np.cos(2 * np.pi * n / n_fft)
    if window == "sine":
        return np.sin(np.pi * (n + 0.5) / n_fft)
    raise SettingsError(f"window {window!r} is unknown: use hann or sine")


@dataclass(frozen=True)
class Stft:
    """The short-time Fourier transform with `n_fft` points, `hop` samples between frames and a named window.

    Raises `SettingsError` if the three do not make a transform that can be inverted.

    >>> S = Stft(64, 16, "hann")
    >>> x = np.arange(100.0)
    >>> X = S.forward(x)
    >>> X.shape, bool(np.allclose(S.inverse(X, 100), x))
    ((33, 8), True)
    """

    orthonormal: ClassVar[bool] = False
    n_fft: int
    hop: int
    window: str

    def __post_init__(self) -> None:
        check_transform("stft", self.n_fft, self.hop, self.window)
        energy = self._fold(window_values(self.window, self.n_fft) ** 2)
        if energy.min() < 1e-3 * energy.max():
            raise SettingsError(
                f"hop {self.hop} is too large for a {self.window} window of {self.n_fft}: "
                "some samples would be lost; use a smaller hop"
            )

    @property
    def bins(self) -> int:
        """Number of bins K of the one-sided spectrum."""
        return self.n_fft // 2 + 1

    @cached_property
    def analysis_window(self) -> np.ndarray:
        """The scaled window, float64 [n_fft]."""
        values = window_values(self.window, self.n_fft)
        scaled: np.ndarray = values / np.sqrt(self._fold(values**2).mean() * self.n_fft)
        return scaled

    @cached_property
    def weights(self) -> np.ndarray:
        """The weights c_k of the inner product on the one-sided grid, float64 [K, 1]."""
        c = np.full((self.bins, 1), 2.0)
        c[0] = c[-1] = 1.0
        return c

    def span(self, samples: int) -> Span:
        """The span of a whole signal."""
        return Span(samples, frame_count(samples, self.hop), self.n_fft // 2)

    def frames_under(self, first: int, last: int) -> tuple[int, int]:
        """First and last frame of the signal's grid that samples first .. last - 1 need."""
        half = self.n_fft // 2
        return max(0, (first - half) // self.hop), -(-(last + half) // self.hop)

    def forward(self, x: Array, span: Span | None = None) -> Array:
        """Analyse: real [..., N] -> complex [..., K, L]. `span` defaults to the whole signal's."""
        xp = array_namespace(x)
        span = span or self.span(x.shape[-1])
        if span.frames == 0:
            return xp.zeros((*x.shape[:-1], self.bins, 0), dtype=complex_dtype(xp, x), device=device(x))
        frames = self._cut(x, span) * self._window_like(x)
        return xp.matrix_transpose(fft_of(x).rfft(frames, axis=-1))

    def adjoint(self, X: Array, span: Span | int) -> Array:
        """The adjoint S*: complex [..., K, L] -> real [..., N], `<Sx, X> = <x, S*X>`; of a whole signal its
        samples N say enough."""
        xp = array_namespace(X)
        span = self.span(span) if isinstance(span, int) else span
        if span.frames == 0:
            return xp.zeros((*X.shape[:-2], span.samples), dtype=xp.real(X).dtype, device=device(X))
        frames = fft_of(X).irfft(xp.matrix_transpose(X), n=self.n_fft, axis=-1)
        frames *= self._window_like(frames) * self.n_fft
        return self._overlap_add(frames, span)

    def inverse(self, X: Array, samples: int) -> Array:
        """Invert: complex [..., K, L] -> real [..., samples], exact where X is the STFT of a signal."""
        span = self.span(samples)
        x = self.adjoint(X, span)
        return x / self.gram_diagonal(span, x)

    def gram_diagonal(self, span: Span, like: Array) -> Array:
        """diag(S*S), which is all of S*S: real [N], as an array like `like`.

        Positive for a whole signal; for a stretch cut from the middle it falls to zero at the cut ends.
        """
        squares = np.broadcast_to(self.analysis_window**2 * self.n_fft, (span.frames, self.n_fft))
        return constant(self._overlap_add(squares, span), like)

    def overlap_add(self, X: Array) -> Array:
        """Windowed frames added up without cropping: [..., K, L] -> real [..., (L - 1) * hop + n_fft]."""
        return self.adjoint(X, Span((X.shape[-1] - 1) * self.hop + self.n_fft, X.shape[-1], 0))

    def _fold(self, values: np.ndarray) -> np.ndarray:
        """Sum over shifts by the hop, one period: [n_fft] -> [hop]."""
        padded = np.zeros(-(-self.n_fft // self.hop) * self.hop)
        padded[: self.n_fft] = values
        folded: np.ndarray = padded.reshape(-1, self.hop).sum(0)
        return folded

    def _window_like(self, x: Array) -> Array:
        return _window_as(self, array_namespace(x), x.dtype, device(x))

    def _cut(self, x: Array, span: Span) -> Array:
        """Signal -> frames [..., L, n_fft], by stacking shifted blocks of `hop` samples; for reading only."""
        xp = array_namespace(x)
        shifts = -(-self.n_fft // self.hop)
        total = (span.frames + shifts - 1) * self.hop
        keep = min(span.samples, total - span.left)
        lead = xp.zeros((*x.shape[:-1], span.left), dtype=x.dtype, device=device(x))
        tail = xp.zeros((*x.shape[:-1], total - span.left - keep), dtype=x.dtype, device=device(x))
        padded = xp.concat([lead, x[..., :keep], tail], axis=-1)
        if isinstance(padded, np.ndarray):  # nothing is copied
            windows = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft, axis=-1)
            return windows[..., :: self.hop, :][..., : span.frames, :]
        blocks = xp.reshape(padded, (*x.shape[:-1], span.frames + shifts - 1, self.hop))
        rows = [blocks[..., j : j + span.frames, :] for j in range(shifts)]
        return xp.concat(rows, axis=-1)[..., : self.n_fft]

    def _overlap_add(self, frames: Array, span: Span) -> Array:
        """Frames [..., L, n_fft] -> samples of the span, summing overlaps."""
        xp = array_namespace(frames)
        lead = frames.shape[:-2]
        shifts = -(-self.n_fft // self.hop)
        short = shifts * self.hop - self.n_fft
        if short:
            gap = xp.zeros((*lead, span.frames, short), dtype=frames.dtype, device=device(frames))
            frames = xp.concat([frames, gap], axis=-1)
        total = xp.zeros(
            (*lead, span.frames + shifts - 1, self.hop), dtype=frames.dtype, device=device(frames)
        )
        for j in range(shifts):
            part = frames[..., j * self.hop : (j + 1) * self.hop]
            total[..., j : j + span.frames, :] += part
        flat = xp.reshape(total, (*lead, -1))
        short = span.left + span.samples - flat.shape[-1]
        if short > 0:
            gap = xp.zeros((*lead, short), dtype=frames.dtype, device=device(frames))
            flat = xp.concat([flat, gap], axis=-1)
        return flat[..., span.left : span.left + span.samples]


def array_namespace(x: Array) -> Any:
    """The functions for an array. numpy 2.1 speaks the standard itself, and wrapping it takes a tenth of a
    second, which every command would pay."""
    if isinstance(x, np.ndarray) and hasattr(np, "astype"):
        return np
    import array_api_compat

    return array_api_compat.array_namespace(x)


def device(x: Array) -> Any:
    """Where an array lies, as the functions that make arrays take it."""
    if isinstance(x, np.ndarray):
        return "cpu"
    import array_api_compat

    return array_api_compat.device(x)


def constant(values: np.ndarray, x: Array) -> Array:
    """Numbers that hold for any signal, real or complex, in the precision of x, real, and where it lies."""
    return _rounded(values, array_namespace(x), x.dtype, device(x))


def _rounded(values: np.ndarray, xp: Any, dtype: Any, where: Any) -> Array:
    """Rounded before they are moved: some devices have no float64."""
    single = np.complex64 if np.iscomplexobj(values) else np.float32
    return xp.asarray(values.astype(single) if dtype == xp.float32 else values, device=where)


@lru_cache(maxsize=64)
def _window_as(stft: Stft, xp: Any, dtype: Any, where: Any) -> Array:
    """Its scaled window, moved once: each transform needs it."""
    return _rounded(stft.analysis_window, xp, dtype, where)


def complex_dtype(xp: Any, x: Array) -> Any:
    """The complex type as precise as an array's."""
    return xp.complex64 if x.dtype == xp.float32 else xp.complex128


def fft_of(x: Array) -> Any:
    """The FFT to use: of numpy arrays in single precision one that is quick, else the namespace's own."""
    if isinstance(x, np.ndarray) and x.dtype in (np.float32, np.complex64):
        from dpcodec.transform import single_fft  # lazy: the encoder works in float64

        if single_fft.there():
            return single_fft
        import scipy.fft

        return scipy.fft
    return array_namespace(x).fft
