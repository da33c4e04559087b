"""numpy's FFT in single precision: as fast as scipy's, and there as soon as numpy is.

numpy takes its loops for float32 only where it has a factor of that type to multiply by; without one it works
in double precision, five times as long. So forward transforms are asked for divided by their length and
multiplied by it here. Both are exact where it is a power of two, and the numbers those of scipy.fft, bit by
bit.
"""

from __future__ import annotations

import numpy as np


def there() -> bool:
    """Whether this numpy has one: since 2.0."""
    return int(np.__version__.partition(".")[0]) >= 2


def fft(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Complex64 [..., n] -> complex64 [..., n]."""
    return _times(np.fft.fft(x, axis=axis, norm="forward"), x.shape[axis])


def rfft(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Float32 [..., n] -> complex64 [..., n // 2 + 1]."""
    return _times(np.fft.rfft(x, axis=axis, norm="forward"), x.shape[axis])


def irfft(X: np.ndarray, n: int, axis: int = -1) -> np.ndarray:
    """The inverse of `rfft`: float32 [..., n]."""
    return np.fft.irfft(X, n=n, axis=axis)


def _times(X: np.ndarray, length: int) -> np.ndarray:
    X *= np.float32(length)
    return X
