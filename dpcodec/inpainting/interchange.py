"""Arrays of a caller's own kind, there and back: numpy, torch, whatever speaks the array API standard."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_array_api_obj,
    is_cupy_array,
    is_numpy_array,
    is_torch_array,
)

Array = Any


def as_numpy(X: Array) -> np.ndarray:
    """The values on the CPU, no gradient; lists and numbers too."""
    if is_torch_array(X):
        return np.asarray(X.detach().cpu().resolve_conj())
    if is_cupy_array(X):
        return np.asarray(X.get())
    if is_array_api_obj(X) and not is_numpy_array(X) and hasattr(X, "__dlpack__"):
        return np.from_dlpack(X)
    return np.asarray(X)


def in_place(X: Array) -> Array:
    """The array itself, no gradient, if it is a tensor or CuPy's; else its values as numpy's."""
    if is_torch_array(X):
        return X.detach()
    return X if is_cupy_array(X) else as_numpy(X)


def of_kind(a: Array, X: Array) -> Array:
    """An array or a number as an array of the kind of X, numpy's or another, where that lies; float64 as
    float32 where it has to move, for some devices have none."""
    if is_numpy_array(X):
        return as_numpy(a)
    xp, there = array_namespace(X), device(X)
    if is_torch_array(a) and is_torch_array(X):
        return a.detach().to(there)
    if is_cupy_array(a) and is_cupy_array(X):
        return a
    values = as_numpy(a)
    return xp.asarray(values.astype(np.float32) if values.dtype == np.float64 else values, device=there)


def beside(values: Array, X: Array) -> Array:
    """Values, numpy's or of the kind of X, as an array of that kind, of its type, where it lies."""
    if not is_array_api_obj(X) or is_numpy_array(X):
        return values.astype(as_numpy(X).dtype, copy=False)
    xp = array_namespace(X)
    if is_numpy_array(values):
        values = values.astype(as_numpy(X[:0, ...]).dtype, copy=False)
    return xp.asarray(values, dtype=X.dtype, device=device(X))


def device_of(X: Array) -> str:
    """The name of the device that a solver may use for it: a tensor's own if solvers know it, else "cpu"."""
    kind = X.device.type if is_torch_array(X) else "cpu"
    return str(X.device) if kind == "cuda" else kind if kind == "mps" else "cpu"
