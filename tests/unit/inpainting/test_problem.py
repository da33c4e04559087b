"""What the decoder does to an estimate with what it knows: context and bounds."""

from __future__ import annotations

import numpy as np

from dpcodec.inpainting.problem import Problem, limit, reinsert, stft_problem
from dpcodec.transform.stft import Span, Stft

STFT = Stft(64, 16, "hann")


def problem(kept: list[bool], centre: list[complex], halfwidth: list[float], bound: list[float]) -> Problem:
    def row(values: list[object], kind: type) -> np.ndarray:
        return np.array(values, kind).reshape(1, -1, 1)

    return stft_problem(
        STFT,
        Span(64, 1, 0),
        row([*kept], bool),
        row([*centre], np.complex64),
        row([*halfwidth], np.float32),
        row([*bound], np.float32),
    )


def test_context_moves_kept_coefficients_into_their_intervals_and_no_others() -> None:
    p = problem([True, True, True, False], [1 + 1j, 1 + 1j, 2j, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 9])
    estimate = np.array([5 + 5j, 1.2 + 3j, -2 + 1.9j, 7 - 7j], np.complex64).reshape(1, -1, 1)
    expected = np.array([1 + 1j, 1.2 + 1.5j, -0.5 + 1.9j, 7 - 7j], np.complex64)
    np.testing.assert_allclose(reinsert(p, estimate).ravel(), expected)


def test_bounds_hold_dropped_coefficients_and_keep_their_phase() -> None:
    p = problem([True, False, False, False, False], [1, 0, 0, 0, 0], [0] * 5, [0, 1, np.inf, 0, 3e38])
    estimate = np.array([9, 3 + 4j, 9, 2, 1e-42], np.complex64).reshape(1, -1, 1)
    limited = limit(p, estimate).ravel()
    np.testing.assert_allclose(limited, [9, 0.6 + 0.8j, 9, 0, 1e-42], rtol=1e-6, atol=1e-43)
