"""The analysis operator S over one stretch of one channel, for solvers: the same few words for every
transform.

    <Sx, X>_c = <x, S*X>,   <X, Y>_c = Re sum_{k,l} c_k X_kl conj(Y_kl)

A solver that knows no more than this takes every kind of file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from dpcodec.transform.mdct import Mdct, slope
from dpcodec.transform.stft import Array, Span, Stft, array_namespace, constant, device


class Operator(Protocol):
    """What a solver may ask of S. Arrays are numpy's or torch's.

    span         how the N unknown samples lie under the L frames
    orthonormal  whether S*S = I: then a dropped coefficient shares nothing with the kept ones
    """

    @property
    def span(self) -> Span: ...
    @property
    def n_fft(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def bins(self) -> int: ...
    @property
    def orthonormal(self) -> bool: ...
    @property
    def weights(self) -> np.ndarray:
        """c_k, float64 [K, 1]."""

    def forward(self, x: Array) -> Array:
        """S: real [..., N] -> [..., K, L], complex for an STFT, real for an MDCT."""

    def adjoint(self, X: Array) -> Array:
        """S*: [..., K, L] -> real [..., N]."""

    def diagonal(self, shares: Array) -> Array:
        """diag(S* W S) for weights W = `shares`, real [..., L], of whole frames: real [..., N]."""

    def gram_diagonal(self, like: Array) -> Array:
        """diag(S*S), real [N], as an array like `like`; it falls to zero at cut ends."""


class _Sizes:
    """The sizes of an operator are its transform's."""

    transform: Stft | Mdct

    @property
    def n_fft(self) -> int:
        return self.transform.n_fft

    @property
    def hop(self) -> int:
        return self.transform.hop

    @property
    def bins(self) -> int:
        return self.transform.bins

    @property
    def orthonormal(self) -> bool:
        return self.transform.orthonormal


@dataclass(frozen=True)
class StftOperator(_Sizes):
    """S of an STFT."""

    transform: Stft
    span: Span

    @property
    def weights(self) -> np.ndarray:
        return self.transform.weights

    def forward(self, x: Array) -> Array:
        return self.transform.forward(x, self.span)

    def adjoint(self, X: Array) -> Array:
        return self.transform.adjoint(X, self.span)

    def diagonal(self, shares: Array) -> Array:
        xp = array_namespace(shares)
        ones = xp.ones(self.span.samples, dtype=shares.dtype, device=device(shares))
        weighted = self.transform.forward(ones, self.span) * shares[..., None, :]
        return self.transform.adjoint(weighted, self.span)

    def gram_diagonal(self, like: Array) -> Array:
        return self.transform.gram_diagonal(self.span, like)


@dataclass(frozen=True)
class MdctOperator(_Sizes):
    """S of an MDCT whose frames are cut as `block_splits` say, int [L], with `around` the exponents of the
    frames before and after."""

    transform: Mdct
    span: Span
    block_splits: np.ndarray
    around: tuple[int, int] = (0, 0)

    @cached_property
    def weights(self) -> np.ndarray:
        return np.ones((self.bins, 1))

    def forward(self, x: Array) -> Array:
        return self.transform.forward(x, self.block_splits, self.span, self.around)

    def adjoint(self, X: Array) -> Array:
        return self.transform.adjoint(X, self.block_splits, self.span, self.around)

    def diagonal(self, shares: Array) -> Array:
        xp = array_namespace(shares)
        M, L = self.hop, self.span.frames
        own = np.repeat(np.concatenate([[-1], np.arange(L), [-1]]), [M // 2, *[M] * L, M // 2])
        other = self._across_boundaries(own)
        frame, mirror = (xp.asarray(a, device=device(shares)) for a in (own, other[1]))
        cosine = constant(other[0], shares)

        def beyond(count: int) -> Array:
            return xp.zeros((*shares.shape[:-1], count), dtype=shares.dtype, device=device(shares))

        padded = xp.concat([shares, beyond(1)], axis=-1)
        near = cosine**2
        values = near * padded[..., frame] + (1 - near) * padded[..., mirror]
        short = max(self.span.left + self.span.samples - values.shape[-1], 0)
        values = xp.concat([values, beyond(short)], axis=-1)
        return values[..., self.span.left : self.span.left + self.span.samples]

    def gram_diagonal(self, like: Array) -> Array:
        xp = array_namespace(like)
        return self.diagonal(xp.ones(self.span.frames, dtype=like.dtype, device=device(like)))

    def _across_boundaries(self, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of every sample under the frames, what its own frame has of it (the cosine of its rotation) and the
        frame across the nearest boundary that has the rest."""
        near, mirror = np.ones(len(own)), own.copy()
        exponents = np.concatenate([self.around[:1], self.block_splits, self.around[1:]])
        for boundary, split in enumerate(np.maximum(exponents[1:], exponents[:-1])):
            at = self.hop // 2 + boundary * self.hop
            rise, _ = slope(self.transform.window, self.hop >> int(split))
            half = len(rise)
            near[at : at + half], near[at - half : at] = rise, rise[::-1]
            mirror[at : at + half], mirror[at - half : at] = own[at - 1], own[at]
        return near, mirror
