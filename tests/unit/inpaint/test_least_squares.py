"""Least squares against dense linear algebra, against blocks of itself, on torch, and where nothing helps."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from dpcodec.inpaint import least_squares, zeros
from dpcodec.inpaint.choose import halo_frames
from dpcodec.inpaint.observation import observe
from dpcodec.inpaint.problem import Problem, reinsert, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.signal.stft import Span, Stft

SETTINGS = SolverSettings()
S = Stft(256, 64, "hann")


def chord(samples: int, seed: int = 0) -> np.ndarray:
    """Partials with slow decay and a little noise, peak about 0.5."""
    rng, n = np.random.default_rng(seed), np.arange(samples)
    tones = [np.cos(2 * np.pi * f * n + p) for f, p in rng.random((6, 2)) * (0.4, 6.28)]
    tone = np.sum(tones, axis=0) * np.exp(-n / 8000) + 1e-3 * rng.standard_normal(samples)
    return 0.5 * tone / np.abs(tone).max(initial=1e-30)


def masked(x: np.ndarray, kept: np.ndarray, stft: Stft = S, step: float = 0.0) -> Problem:
    """A problem with exact coefficients, or with coefficients rounded to multiples of a step."""
    X = stft.forward(np.atleast_2d(x))
    if step:
        X = step * (np.round(X.real / step) + 1j * np.round(X.imag / step))
    halfwidth = np.where(kept, step / 2, 0).astype(np.float32)
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    centre = np.where(kept, X, 0).astype(np.complex64)
    return Problem(stft, stft.span(x.shape[-1]), kept, centre, halfwidth, bound)


def random_mask(stft: Stft, samples: int, drop: float, seed: int = 0) -> np.ndarray:
    frames = stft.span(samples).frames
    return np.random.default_rng(seed).random((1, stft.bins, frames)) >= drop


def weakest_dropped(x: np.ndarray, drop: float, step: float = 0.0) -> Problem:
    """The energy mask: the weakest of each column go, bounded by the weakest that stay."""
    X = np.abs(S.forward(np.atleast_2d(x)))
    kept = np.quantile(X, drop, axis=-2, keepdims=True) < X
    problem = masked(x, kept, step=step)
    reach = np.abs(problem.centre) + np.sqrt(2) * problem.halfwidth
    bound = np.where(kept, reach, np.inf).min(axis=-2, keepdims=True)
    return replace(problem, bound=np.where(kept, 0, bound).astype(np.float32))


def snr(problem: Problem, x: np.ndarray, estimate: np.ndarray) -> float:
    y = problem.stft.inverse(reinsert(problem, estimate).astype(complex), x.shape[-1])
    return 10 * float(np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


def test_determined_signal_comes_back() -> None:
    x = chord(6000)
    problem = masked(x, random_mask(S, x.size, 0.4))
    assert snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) > 95


def test_same_as_dense_least_squares() -> None:
    """Kept coefficients that fit no signal: the estimate is numpy's own least-squares solution."""
    stft, N = Stft(64, 16, "hann"), 160
    rng = np.random.default_rng(1)
    kept = random_mask(stft, N, 0.3)
    noise = rng.standard_normal((2, *kept.shape))
    problem = replace(
        masked(np.zeros(N), kept, stft), centre=(kept * (noise[0] + 1j * noise[1])).astype("c8")
    )
    rows = stft.forward(np.eye(N)) * (kept * np.sqrt(stft.weights))
    rows = np.concatenate([rows.real.reshape(N, -1), rows.imag.reshape(N, -1)], axis=1).T
    Y = problem.centre[0] * np.sqrt(stft.weights)
    x = np.linalg.lstsq(rows, np.concatenate([Y.real.ravel(), Y.imag.ravel()]), rcond=None)[0]
    estimate = least_squares.solve(problem, SETTINGS, silent)
    np.testing.assert_allclose(estimate[0], stft.forward(x), atol=1e-4)


def test_missing_columns_that_overlaps_determine() -> None:
    x = chord(6000)
    kept = np.ones((1, S.bins, S.span(x.size).frames), bool)
    kept[..., 30:32] = kept[..., 60:62] = False
    problem = masked(x, kept)
    assert snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) > 95


def test_prior_bridges_a_gap_that_no_frame_covers() -> None:
    x = chord(6000)
    kept = np.ones((1, S.bins, S.span(x.size).frames), bool)
    kept[..., 40:45] = False
    problem = masked(x, kept)
    gain = snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) - snr(
        problem, x, zeros.solve(problem, SETTINGS, silent)
    )
    assert gain > 10


def test_prior_helps_where_the_mask_leaves_too_little() -> None:
    x = chord(12000)
    problem = masked(x, random_mask(S, x.size, 0.8))
    plain = SolverSettings(iterations=least_squares.FIRST_STEPS)
    before = snr(problem, x, least_squares.solve(problem, plain, silent))
    assert snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) > before + 6


@pytest.mark.parametrize("drop", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("step", [0.0, 1e-4, 1e-3])
def test_never_below_none_for_the_energy_mask(drop: float, step: float) -> None:
    x = chord(6000)
    problem = weakest_dropped(x, drop, step)
    estimate = least_squares.solve(problem, SETTINGS, silent)
    dropped = ~problem.kept
    assert np.all(np.abs(estimate[dropped]) <= problem.bound[dropped] * (1 + 1e-5))
    assert snr(problem, x, estimate) >= snr(problem, x, zeros.solve(problem, SETTINGS, silent))


def test_quantised_coefficients_are_no_more_trusted_than_they_deserve() -> None:
    x = chord(6000)
    problem = masked(x, random_mask(S, x.size, 0.6), step=1e-3)
    estimate = least_squares.solve(problem, replace(SETTINGS, iterations=200), silent)
    assert snr(problem, x, estimate) > snr(problem, x, zeros.solve(problem, SETTINGS, silent)) + 10


def block(problem: Problem, first: int, last: int, samples: int) -> Problem:
    """Frames first .. last - 1 of a whole signal's problem, as the codec cuts them."""
    hop, n_fft = problem.stft.hop, problem.stft.n_fft
    start = first * hop - n_fft // 2
    stop = min(start + (last - 1 - first) * hop + n_fft, samples)
    cut = (slice(None), slice(None), slice(first, last))
    fields = (problem.kept, problem.centre, problem.halfwidth, problem.bound)
    span = Span(stop - max(start, 0), last - first, max(0, -start))
    return Problem(problem.stft, span, *(field[cut] for field in fields))


def test_blocks_with_a_halo_agree_with_one_piece() -> None:
    x, F = chord(20000), 100
    problem = masked(x, random_mask(S, x.size, 0.45))
    whole = reinsert(problem, least_squares.solve(problem, SETTINGS, silent))
    halo, L = halo_frames(S, "least-squares"), whole.shape[-1]
    pieces = []
    for first in range(0, L, F):
        begin, end = max(0, first - halo), min(L, first + F + halo)
        part = block(problem, begin, end, x.size)
        estimate = reinsert(part, least_squares.solve(part, SETTINGS, silent))
        pieces.append(estimate[..., first - begin : min(first + F, L) - begin])
    one, many = (S.inverse(X.astype(complex), x.size) for X in (whole, np.concatenate(pieces, axis=-1)))
    assert 20 * np.log10(np.abs(one - many).max()) < -90


@pytest.mark.parametrize("drop", [0.5, 0.8])
def test_torch_agrees_with_numpy(drop: float) -> None:
    """Torch's CPU is named so that the arrays are moved: the path that GPUs take."""
    x = chord(3000)
    problem = masked(x, random_mask(S, x.size, drop))
    one = least_squares.solve(problem, replace(SETTINGS, iterations=40), silent)
    two = least_squares.solve(problem, replace(SETTINGS, iterations=40, device="cpu:0"), silent)
    assert np.abs(one - two).max() < 2e-3 * np.abs(one).max()


@pytest.mark.parametrize("samples", [0, 1, 2, 63, 257, 1000])
@pytest.mark.parametrize("drop", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("level", [0.0, 1e-40, 1.0, 1e18])
def test_finite_whatever_comes(samples: int, drop: float, level: float) -> None:
    x = level * np.random.default_rng(2).standard_normal(samples)
    problem = masked(x, random_mask(S, samples, drop))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = least_squares.solve(problem, replace(SETTINGS, iterations=40), silent)
    assert estimate.shape == problem.kept.shape
    assert estimate.dtype == np.complex64
    assert np.isfinite(estimate).all()
    if level == 0:
        assert not estimate.any()


def test_one_frame_of_noise_does_not_blow_up() -> None:
    rng = np.random.default_rng(3)
    kept = rng.random((1, S.bins, 1)) < 0.5
    X = S.forward(rng.standard_normal(S.n_fft), Span(S.n_fft, 1, 0))[None]
    zero = np.zeros(X.shape, np.float32)
    problem = Problem(
        S, Span(S.n_fft, 1, 0), kept, (kept * X).astype("c8"), zero, np.where(kept, 0, np.inf).astype("f4")
    )
    estimate = least_squares.solve(problem, SETTINGS, silent)
    assert np.abs(estimate).max() < 10 * np.abs(X).max()


def test_more_time_is_never_worse() -> None:
    x = chord(12000)
    for drop in (0.6, 0.8):
        problem = masked(x, random_mask(S, x.size, drop))
        limits = [replace(SETTINGS, iterations=n) for n in (10, 60, 240, 800)]
        figures = [snr(problem, x, least_squares.solve(problem, limit, silent)) for limit in limits]
        assert figures == sorted(figures)


def test_channels_are_independent() -> None:
    x = np.stack([chord(2000, 0), chord(2000, 1)])
    kept = np.concatenate([random_mask(S, 2000, 0.5, seed) for seed in (0, 1)])
    both = masked(x, kept)
    estimate = least_squares.solve(both, SETTINGS, silent)
    for c in range(2):
        alone = least_squares.solve(masked(x[c], kept[c : c + 1]), SETTINGS, silent)
        np.testing.assert_array_equal(estimate[c], alone[0])


def test_stops_when_asked_and_when_the_time_is_over() -> None:
    x = chord(20000)
    problem = masked(x, random_mask(S, x.size, 0.8))
    asked: list[tuple[int, int]] = []

    def stop(done: int, total: int, loss: float | None = None) -> bool:
        asked.append((done, total))
        return len(asked) > 3

    assert np.isfinite(least_squares.solve(problem, SETTINGS, stop)).all()
    assert [done for done, _ in asked][:4] == [0, 1, 2, 3]
    assert len(asked) == 4
    for seconds in (0.0, 0.3):
        start = time.process_time()  # a busy machine gives less of it before the deadline, never more
        least_squares.solve(problem, replace(SETTINGS, deadline=time.monotonic() + seconds), silent)
        assert time.process_time() - start < seconds + 1


def test_observation_diagonal_is_that_of_the_normal_equations() -> None:
    stft, N = Stft(64, 16, "hann"), 100
    seen = observe(masked(chord(N), random_mask(stft, N, 0.5), stft), 0)
    eye = np.eye(N, dtype=np.float32)
    gram = [seen.adjoint(seen.forward(row))[n] for n, row in enumerate(eye)]
    np.testing.assert_allclose(seen.diagonal(), gram, atol=1e-5)
