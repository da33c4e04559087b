"""Inpainting problems of known signals, and how well they are solved."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting.problem import Problem, reinsert, stft_problem
from dpcodec.transform.operator import StftOperator
from dpcodec.transform.stft import Stft

S = Stft(256, 64, "hann")


def masked(x: np.ndarray, kept: np.ndarray, stft: Stft = S, step: float = 0.0) -> Problem:
    """A problem of x [N] or [C, N] with exact coefficients, or with coefficients rounded to multiples of a
    step; nothing is known of the dropped ones."""
    X = stft.forward(np.atleast_2d(x))
    if step:
        X = step * (np.round(X.real / step) + 1j * np.round(X.imag / step))
    halfwidth = np.where(kept, step / 2, 0).astype(np.float32)
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    centre = np.where(kept, X, 0).astype(np.complex64)
    return stft_problem(stft, stft.span(x.shape[-1]), kept, centre, halfwidth, bound)


def random_mask(samples: int, drop: float, stft: Stft = S, seed: int = 0, channels: int = 1) -> np.ndarray:
    """Bool [C, K, L], each False with probability `drop`."""
    frames = stft.span(samples).frames
    return np.random.default_rng(seed).random((channels, stft.bins, frames)) >= drop


def randomly_masked(x: np.ndarray, drop: float) -> Problem:
    """x [N] or [C, N] with exact coefficients, each dropped with probability `drop`."""
    channels, samples = np.atleast_2d(x).shape
    return masked(x, random_mask(samples, drop, channels=channels))


def frame_mask(samples: int, *missing: slice, stft: Stft = S) -> np.ndarray:
    """Bool [1, K, L], False in whole frames."""
    kept = np.ones((1, stft.bins, stft.span(samples).frames), bool)
    for frames in missing:
        kept[..., frames] = False
    return kept


def stft_of(problem: Problem) -> Stft:
    assert isinstance(problem.operator, StftOperator)
    return problem.operator.transform


def snr(problem: Problem, x: np.ndarray, estimate: np.ndarray) -> float:
    """dB of x [N] over the error of the signal that the estimate with the kept coefficients gives."""
    y = stft_of(problem).inverse(reinsert(problem, estimate).astype(complex), x.shape[-1])
    return 10 * float(np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))
