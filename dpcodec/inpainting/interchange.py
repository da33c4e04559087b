"""Arrays of a caller's own kind, there and back: numpy, torch, whatever speaks the array API standard."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_numpy_array, is_torch_array

Array = Any


def as_numpy(X: Array) -> np.ndarray:
    """The values on the CPU, no gradient; lists and numbers too."""
    if is_torch_array(X):
        return np.asarray(X.detach().cpu().resolve_conj())
    if is_array_api_obj(X) and not is_numpy_array(X) and hasattr(X, "__dlpack__"):
        return np.from_dlpack(X)
    return np.asarray(X)


def beside(values: np.ndarray, X: Array) -> Array:
    """Values as an array of the kind of X, of its type, where it lies."""
    values = values.astype(as_numpy(X).dtype, copy=False)
    if not is_array_api_obj(X) or is_numpy_array(X):
        return values
    return array_namespace(X).asarray(values, device=device(X))


def device_of(X: Array) -> str:
    """The name of the device that a solver may use for it: a tensor's own if solvers know it, else "cpu"."""
    kind = X.device.type if is_torch_array(X) else "cpu"
    return str(X.device) if kind == "cuda" else kind if kind == "mps" else "cpu"
