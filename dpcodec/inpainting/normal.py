"""S* W S, which a step of weighted least squares takes most of its time for: compiled where it can be."""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace, is_numpy_array

from dpcodec.inpainting.arrays import power
from dpcodec.transform.compiled_stft import CompiledStft, compiled_stft
from dpcodec.transform.operator import Operator, StftOperator

Array = Any


class Normal:
    """S* W S of an operator for weights W, real [K, L], stored frame by frame. For float32 of numpy's it is
    compiled, and one thread at a time may use it."""

    def __init__(self, operator: Operator, like: Array) -> None:
        """For signals that are arrays like `like`."""
        self.operator = operator
        self._compiled: CompiledStft | None = None
        if isinstance(operator, StftOperator) and is_numpy_array(like) and like.dtype == "float32":
            self._compiled = compiled_stft(operator.transform, operator.span)

    def times(self, x: Array, weights: Array) -> Array:
        """S* W S x: real [N] -> real [N]."""
        if self._compiled is not None:
            return self._compiled.normal(x, weights)
        X = self.operator.forward(x)
        X *= weights
        return self.operator.adjoint(X)

    def reweighted(
        self, x: Array, weights: Array, share: Array, known: Array | None, mu: float, e: float
    ) -> tuple[Array, float]:
        """S* w S x with new weights w = mu e share / (|S x|^2 + e), and the largest |S x|^2; w + known goes
        into `weights`. Without `known`: 0."""
        if self._compiled is not None:
            return self._compiled.reweighted(x, weights, share, known, mu * e, e)
        X = self.operator.forward(x)
        w = power(X)
        largest = float(array_namespace(w).max(w))
        w += e
        weights[...] = mu * e * share
        weights /= w
        X *= weights
        if known is not None:
            weights += known
        return self.operator.adjoint(X), largest
