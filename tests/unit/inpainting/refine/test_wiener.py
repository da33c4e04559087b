"""Each window's filter against a slow one, frame by frame in float64."""

from __future__ import annotations

import numpy as np
import pytest
from quantised import quantised
from signals import chord, notes

from dpcodec.inpainting.refine.boxes import ChannelBoxes, channel_boxes
from dpcodec.inpainting.refine.wiener import (
    OVER_ESTIMATE,
    Filters,
    error_power,
    frame_means,
    span_over,
    windows,
)
from dpcodec.transform.mdct import Mdct


def slowly(boxes: ChannelBoxes, n_fft: int) -> np.ndarray:
    """One window's filter: [L, K]."""
    x = boxes.samples(boxes.value).astype(np.float64)
    hop, window = n_fft // 4, 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    out, weight = np.zeros(len(x) + 3 * n_fft), np.zeros(len(x) + 3 * n_fft)
    padded = np.concatenate([np.zeros(n_fft), x, np.zeros(2 * n_fft)])
    L, K = boxes.variance.shape
    M, longer = boxes.operator.hop, n_fft // boxes.operator.n_fft
    own = boxes.operator.span.left - boxes.operator.n_fft / 2
    for start in range(0, len(x) + n_fft, hop):
        X = np.fft.rfft(padded[start : start + n_fft] * window)
        middle, half = (start - n_fft / 2 + own) / M, max(0.5, n_fft / 4 / M)
        middle = min(max(middle, -0.5 - half + 1), L - 0.5 + half - 1)
        share = [max(0.0, min(i + 0.5, middle + half) - max(i - 0.5, middle - half)) for i in range(L)]
        error = np.average(boxes.variance.astype(np.float64), axis=0, weights=share)
        V = np.zeros(n_fft // 2 + 1)
        V[: K * longer] = np.repeat(error, longer)[: n_fft // 2 + 1] * np.sum(window**2)
        G = np.abs(X) ** 2 / (np.abs(X) ** 2 + float(OVER_ESTIMATE) * V + 1e-30)
        out[start : start + n_fft] += window * np.fft.irfft(G * X, n_fft)
        weight[start : start + n_fft] += window**2
    found = (out / np.maximum(weight, 1e-9))[n_fft:][: len(x)].astype(np.float32)
    coefficients: np.ndarray = boxes.coefficients(found[None])[0]
    return coefficients


@pytest.mark.parametrize("x", [chord(9000), notes(7000)], ids=["chord", "notes"])
def test_each_window_against_a_slow_filter(x: np.ndarray) -> None:
    boxes = channel_boxes(quantised(x, 0.05, noise=0.2), 0)
    assert boxes is not None
    for S, found in zip(windows(512), Filters.over(boxes).filtered(boxes.value), strict=True):
        np.testing.assert_allclose(found, slowly(boxes, S.n_fft), atol=2e-3 * np.abs(found).max())


def test_even_error_has_even_power() -> None:
    """White noise of a variance has that times the window's energy in every bin."""
    boxes = channel_boxes(quantised(chord(9000), 1e-3), 0)
    assert boxes is not None
    boxes.variance[:] = 0.5
    for S in windows(512):
        power = error_power(boxes, S, span_over(S, 0, 9000))
        K = boxes.variance.shape[1] * S.n_fft // 512
        np.testing.assert_allclose(power[:, :K], 0.5 * np.sum(S.analysis_window**2), rtol=1e-5)


def test_a_window_that_would_be_too_long_is_as_long_as_can_be() -> None:
    assert [S.n_fft for S in windows(65536)] == [65536] * 4
    assert [S.n_fft for S in windows(16384)] == [16384, 32768, 65536, 65536]


def test_frame_means_against_sums_of_overlaps() -> None:
    values = np.random.default_rng(0).random((7, 3)).astype(np.float32)
    at, half = np.array([0.0, 0.3, 3.0, 5.5, 6.0, 9.0]), 1.2
    for row, middle in zip(frame_means(values, at, half), at, strict=True):
        share = [max(0.0, min(i + 0.5, middle + half) - max(i - 0.5, middle - half)) for i in range(7)]
        if sum(share) >= 1:
            np.testing.assert_allclose(row, np.average(values, axis=0, weights=share), rtol=1e-5)


def test_a_tone_gains_in_longer_windows() -> None:
    """Of a steady tone the longest window takes most of the quantiser's error away."""
    n = np.arange(16000)
    x = np.cos(0.3 * n + 1)
    problem = quantised(x, 0.8, Mdct(256, "sine", 0))
    boxes = channel_boxes(problem, 0)
    assert boxes is not None
    truth = problem.operator.forward(x)[: boxes.value.shape[1]].T / boxes.level
    inside = slice(20, -20)
    errors = [
        np.sum((z - truth)[inside] ** 2) for z in (boxes.value, *Filters.over(boxes).filtered(boxes.value))
    ]
    assert errors[4] < 0.6 * errors[0]
    assert errors[4] < errors[2] < errors[0]
