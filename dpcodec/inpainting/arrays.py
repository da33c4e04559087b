"""Arithmetic that solvers share, on numpy arrays and torch tensors alike: B signals side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

Array = Any


def dot(x: Array, y: Array) -> Array:
    """<x, y> of real [B, N], signal by signal: [B]."""
    return array_namespace(x).vecdot(x, y)


def power(X: Array) -> Array:
    """|X|^2 of real or complex values, real and of the same shape."""
    xp = array_namespace(X)
    if X.dtype not in (xp.complex64, xp.complex128):
        return X**2
    return xp.real(X) ** 2 + xp.imag(X) ** 2


def quotient(a: Array, b: Array, where: Array) -> Array:
    """a / b where that is asked for, else 0; nothing else is divided."""
    xp = array_namespace(b)
    return xp.where(where, a / xp.where(where, b, xp.ones_like(b)), xp.zeros_like(b))


def peak(X: Array) -> Array:
    """The largest value of each signal's grid: [B, K, L] -> [B, 1, 1]."""
    return array_namespace(X).max(X, axis=(-2, -1), keepdims=True)


def by_frames(X: Array) -> Array:
    """The same values, stored frame by frame: [B, K, L]."""
    xp = array_namespace(X)
    frames = xp.matrix_transpose(X)
    return xp.matrix_transpose(xp.reshape(xp.reshape(frames, (-1,)), frames.shape))


def some(X: Array, which: Sequence[int]) -> Array:
    """The values of some of B signals, [B, m, n], stored as they were: a view where they are neighbours."""
    first, last = which[0], which[-1] + 1
    if last - first == len(which):
        return X[first:last]
    xp = array_namespace(X)
    return xp.matrix_transpose(xp.stack([xp.matrix_transpose(X[i]) for i in which]))


def like(values: np.ndarray, x: Array) -> Array:
    """Numbers that hold for any signal, as float32 beside x."""
    return array_namespace(x).asarray(np.asarray(values, np.float32), device=device(x))


def to_numpy(X: Array) -> np.ndarray:
    """The array itself, or a tensor's values on the CPU."""
    return X if isinstance(X, np.ndarray) else np.asarray(X.cpu())


def beside(X: Array, other: Array) -> Array:
    """The array where another one lies: as numpy's, if that is."""
    if isinstance(other, np.ndarray):
        return to_numpy(X)
    return X if device(X) == device(other) else X.to(other.device)
