"""Arithmetic that solvers share, on numpy arrays and torch tensors alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace

Array = Any


def dot(x: Array, y: Array) -> float:
    """<x, y> of real [N]."""
    return float(array_namespace(x).vecdot(x, y))


def power(X: Array) -> Array:
    """|X|^2 of real or complex values, real and of the same shape."""
    xp = array_namespace(X)
    if X.dtype not in (xp.complex64, xp.complex128):
        return X**2
    return xp.real(X) ** 2 + xp.imag(X) ** 2


def to_numpy(X: Array) -> np.ndarray:
    """The array itself, or a tensor's values on the CPU."""
    return X if isinstance(X, np.ndarray) else np.asarray(X.cpu())
