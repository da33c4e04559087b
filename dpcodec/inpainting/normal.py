"""S* W S, which a step of weighted least squares takes most of its time for: compiled where it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import is_numpy_array

from dpcodec.inpainting.arrays import peak, power
from dpcodec.transform.compiled_stft import CompiledStft, compiled_stft
from dpcodec.transform.operator import Operator, StftOperator

Array = Any


class Normal:
    """S* W S of an operator for B signals and weights W, real [B, K, L], stored frame by frame. For float32
    of numpy's it is compiled, and one thread at a time may use it."""

    def __init__(self, operator: Operator, like: Array) -> None:
        """For signals that are arrays like `like`."""
        self.operator = operator
        self._compiled: CompiledStft | None = None
        if isinstance(operator, StftOperator) and is_numpy_array(like) and like.dtype == "float32":
            self._compiled = compiled_stft(operator.transform, operator.span)

    def times(self, x: Array, weights: Array) -> Array:
        """S* W S x: real [B, N] -> real [B, N]."""
        if self._compiled is not None:
            return _together([self._compiled.normal(*one) for one in zip(x, weights, strict=True)])
        X = self.operator.forward(x)
        X *= weights
        return self.operator.adjoint(X)

    def reweighted(
        self, x: Array, weights: Array, share: Array, known: Array | None, mu: Array, e: Array
    ) -> tuple[Array, Array]:
        """S* w S x with new weights w = mu e share / (|S x|^2 + e), and the largest |S x|^2, real [B, 1, 1];
        w + known goes into `weights`. Without `known`: 0. mu and e are [B, 1, 1] too."""
        if self._compiled is not None:
            data = [None] * len(x) if known is None else known
            numbers = np.ravel(mu * e).tolist(), np.ravel(e).tolist()
            signals = zip(x, weights, share, data, *numbers, strict=True)
            found, largest = zip(*(self._compiled.reweighted(*one) for one in signals), strict=True)
            return _together(found), np.reshape(np.asarray(largest, np.float32), e.shape)
        X = self.operator.forward(x)
        w = power(X)
        largest = peak(w)
        w += e
        weights[...] = mu * e * share
        weights /= w
        X *= weights
        if known is not None:
            weights += known
        return self.operator.adjoint(X), largest


def _together(signals: Sequence[np.ndarray]) -> np.ndarray:
    """Of float32 [N] each: [B, N], of one without a copy."""
    return signals[0][np.newaxis] if len(signals) == 1 else np.stack(signals)
