"""Least squares against dense linear algebra, against blocks of itself, on torch, and where nothing helps."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from problems import S, frame_mask, masked, random_mask, snr, stft_of
from signals import chord

from dpcodec.inpainting import least_squares, zeros
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.problem import Problem, reinsert, stft_problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import halo_frames
from dpcodec.transform.stft import Span, Stft

SETTINGS = SolverSettings()


def weakest_dropped(x: np.ndarray, drop: float, step: float = 0.0) -> Problem:
    """The energy mask: the weakest of each column go, bounded by the weakest that stay."""
    X = np.abs(S.forward(np.atleast_2d(x)))
    kept = np.quantile(X, drop, axis=-2, keepdims=True) < X
    problem = masked(x, kept, step=step)
    reach = np.abs(problem.centre) + np.sqrt(2) * problem.halfwidth
    bound = np.where(kept, reach, np.inf).min(axis=-2, keepdims=True)
    return replace(problem, bound=np.where(kept, 0, bound).astype(np.float32))


def test_determined_signal_comes_back() -> None:
    x = chord(6000)
    problem = masked(x, random_mask(x.size, 0.4))
    assert snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) > 95


def test_same_as_dense_least_squares() -> None:
    """Kept coefficients that fit no signal: the estimate is numpy's own least-squares solution."""
    stft, N = Stft(64, 16, "hann"), 160
    rng = np.random.default_rng(1)
    kept = random_mask(N, 0.3, stft)
    noise = rng.standard_normal((2, *kept.shape))
    given = (kept * (noise[0] + 1j * noise[1])).astype("c8")
    problem = replace(masked(np.zeros(N), kept, stft), value=given, centre=given)
    rows = stft.forward(np.eye(N)) * (kept * np.sqrt(stft.weights))
    rows = np.concatenate([rows.real.reshape(N, -1), rows.imag.reshape(N, -1)], axis=1).T
    Y = problem.centre[0] * np.sqrt(stft.weights)
    x = np.linalg.lstsq(rows, np.concatenate([Y.real.ravel(), Y.imag.ravel()]), rcond=None)[0]
    estimate = least_squares.solve(problem, SETTINGS, silent)
    np.testing.assert_allclose(estimate[0], stft.forward(x), atol=1e-4)


def test_missing_columns_that_overlaps_determine() -> None:
    x = chord(6000)
    problem = masked(x, frame_mask(x.size, slice(30, 32), slice(60, 62)))
    assert snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) > 95


def test_prior_bridges_a_gap_that_no_frame_covers() -> None:
    x = chord(6000)
    problem = masked(x, frame_mask(x.size, slice(40, 45)))
    gain = snr(problem, x, least_squares.solve(problem, SETTINGS, silent)) - snr(
        problem, x, zeros.solve(problem, SETTINGS, silent)
    )
    assert gain > 10


def test_prior_helps_where_the_mask_leaves_too_little() -> None:
    x = chord(12000)
    problem = masked(x, random_mask(x.size, 0.8))
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
    problem = masked(x, random_mask(x.size, 0.6), step=1e-3)
    estimate = least_squares.solve(problem, replace(SETTINGS, iterations=200), silent)
    assert snr(problem, x, estimate) > snr(problem, x, zeros.solve(problem, SETTINGS, silent)) + 10


def block(problem: Problem, first: int, last: int, samples: int) -> Problem:
    """Frames first .. last - 1 of a whole signal's problem, as the codec cuts them."""
    stft = stft_of(problem)
    hop, n_fft = stft.hop, stft.n_fft
    start = first * hop - n_fft // 2
    stop = min(start + (last - 1 - first) * hop + n_fft, samples)
    cut = (slice(None), slice(None), slice(first, last))
    span = Span(stop - max(start, 0), last - first, max(0, -start))
    return stft_problem(
        stft, span, problem.kept[cut], problem.centre[cut], problem.halfwidth[cut], problem.bound[cut]
    )


def test_blocks_with_a_halo_agree_with_one_piece() -> None:
    x, F = chord(20000), 100
    problem = masked(x, random_mask(x.size, 0.45))
    whole = reinsert(problem, least_squares.solve(problem, SETTINGS, silent))
    halo, L = halo_frames(S, "least-squares")[0], whole.shape[-1]
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
    pytest.importorskip("torch")
    x = chord(3000)
    problem = masked(x, random_mask(x.size, drop))
    one = least_squares.solve(problem, replace(SETTINGS, iterations=40), silent)
    two = least_squares.solve(problem, replace(SETTINGS, iterations=40, device="cpu:0"), silent)
    assert np.abs(one - two).max() < 2e-3 * np.abs(one).max()


@pytest.mark.parametrize("samples", [0, 1, 2, 63, 257, 1000])
@pytest.mark.parametrize("drop", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("level", [0.0, 1e-40, 1.0, 1e18])
def test_finite_whatever_comes(samples: int, drop: float, level: float) -> None:
    x = level * np.random.default_rng(2).standard_normal(samples)
    problem = masked(x, random_mask(samples, drop))
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
    problem = stft_problem(
        S, Span(S.n_fft, 1, 0), kept, (kept * X).astype("c8"), zero, np.where(kept, 0, np.inf).astype("f4")
    )
    estimate = least_squares.solve(problem, SETTINGS, silent)
    assert np.abs(estimate).max() < 10 * np.abs(X).max()


def test_more_time_is_never_worse() -> None:
    x = chord(12000)
    for drop in (0.6, 0.8):
        problem = masked(x, random_mask(x.size, drop))
        limits = [replace(SETTINGS, iterations=n) for n in (10, 60, 240, 800)]
        figures = [snr(problem, x, least_squares.solve(problem, limit, silent)) for limit in limits]
        assert figures == sorted(figures)


def test_channels_are_independent() -> None:
    x = np.stack([chord(2000, 0), chord(2000, 1)])
    kept = np.concatenate([random_mask(2000, 0.5, seed=seed) for seed in (0, 1)])
    both = masked(x, kept)
    estimate = least_squares.solve(both, SETTINGS, silent)
    for c in range(2):
        alone = least_squares.solve(masked(x[c], kept[c : c + 1]), SETTINGS, silent)
        np.testing.assert_array_equal(estimate[c], alone[0])


def test_stops_when_asked_and_when_the_time_is_over() -> None:
    x = chord(20000)
    problem = masked(x, random_mask(x.size, 0.8))
    asked: list[tuple[float, float | None]] = []

    def stop(done: float, total: float | None, detail: str) -> bool:
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
    seen = observe(masked(chord(N), random_mask(N, 0.5, stft), stft))
    eye = np.eye(N, dtype=np.float32)
    gram = [seen.adjoint(seen.forward(row[None]))[0, n] for n, row in enumerate(eye)]
    np.testing.assert_allclose(seen.diagonal()[0], gram, atol=1e-5)
