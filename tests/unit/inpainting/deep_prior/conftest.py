"""Problems that a fit can be tried on in a second."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.transform.stft import Stft

STFT = Stft(128, 32, "hann")

Make = Callable[..., tuple[np.ndarray, Problem]]


@pytest.fixture
def masked() -> Make:
    """A maker of (signal [1, N], problem of one channel): two steady tones and one that glides."""

    def make(
        drop: float = 0.8,
        samples: int = 3000,
        step: float = 0.0,
        level: float = 1.0,
        frames: tuple[int, ...] = (),
    ) -> tuple[np.ndarray, Problem]:
        t = np.arange(samples)
        x = level * (np.sin(0.2 * t) + 0.5 * np.sin(0.53 * t) + 0.7 * np.sin(0.9 * t + 2e-5 * t**2))
        X = STFT.forward(x[np.newaxis])
        kept = np.random.default_rng(1).random(X.shape) >= drop
        if frames:
            kept[:] = True
            kept[:, :, list(frames)] = False
        if step:
            X = step * (np.round(X.real / step) + 1j * np.round(X.imag / step))
        problem = stft_problem(
            STFT,
            STFT.span(samples),
            kept,
            np.where(kept, X, 0).astype(np.complex64),
            np.where(kept, step / 2, 0).astype(np.float32),
            np.where(kept, 0, np.inf).astype(np.float32),
        )
        return x[np.newaxis], problem

    return make
