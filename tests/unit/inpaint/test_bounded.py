"""Boxes of a coarsely quantised energy mask: what they hold, their walls, and what the estimate gains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dpcodec.coding.quantize import dequantize, quantize, step_for_noise
from dpcodec.inpaint import bounded, least_squares, zeros
from dpcodec.inpaint.cells import cells_of
from dpcodec.inpaint.observation import observe
from dpcodec.inpaint.problem import Problem, reinsert, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.mask.energy import energy_mask
from dpcodec.signal.stft import Stft

S = Stft(256, 128, "sine")
SETTINGS = SolverSettings()
SQAM = Path(__file__).parents[4] / "shared" / "data" / "sqam"


def chord(samples: int, seed: int = 0) -> np.ndarray:
    """Decaying partials that begin one after the other, float64."""
    rng, n = np.random.default_rng(seed), np.arange(samples)
    x = np.zeros(samples)
    for f, phase, share in rng.random((8, 3)):
        start = share * samples / 2
        x += (
            (n >= start) * np.exp(-np.maximum(n - start, 0) / 3000) * np.cos(0.1 + 1.2 * f * n + 6.28 * phase)
        )
    return x + 0.01 * rng.standard_normal(samples)


def coarse(x: np.ndarray, drop: float, stft: Stft = S, finer: float = 1.0) -> tuple[Problem, np.ndarray]:
    """A default file's problem, by its definition, and the true coefficients [1, K, L]."""
    X = stft.forward(np.atleast_2d(np.asarray(x, np.float64)))
    mask = energy_mask(X, round(drop * 2**32))
    step = float(step_for_noise(X, mask, stft.weights)[0]) / finer
    q = quantize(np.where(mask, X, 0), step)
    kept = q.any(axis=-1)
    centre = dequantize(q, step)
    reach = np.where(kept, np.abs(centre) + step / np.sqrt(2), np.inf).min(axis=1, keepdims=True)
    reach = np.where(kept.any(axis=1, keepdims=True), reach, step / np.sqrt(2))
    halfwidth, bound = np.where(kept, step / 2, 0), np.where(kept, 0, reach * 1.00001)
    problem = Problem(stft, stft.span(x.shape[-1]), kept, centre, halfwidth.astype("f4"), bound.astype("f4"))
    return problem, X


def snr(problem: Problem, x: np.ndarray, estimate: np.ndarray) -> float:
    y = problem.stft.inverse(reinsert(problem, estimate).astype(complex), x.shape[-1])[0]
    return 10 * float(np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


def gain(x: np.ndarray, drop: float, stft: Stft = S) -> float:
    problem, _ = coarse(x, drop, stft)
    estimate = least_squares.solve(problem, SETTINGS, silent)
    assert np.isfinite(estimate).all()
    return snr(problem, x, estimate) - snr(problem, x, zeros.solve(problem, SETTINGS, silent))


def test_wall_is_the_inverse_of_the_mean_under_a_force() -> None:
    """Slow truth: the mean of a value in [-1, 1] with density exp(force y), summed."""
    y = np.linspace(-1, 1, 20001)
    for force in (0.01, 0.5, 2.0, 6.0):
        density = np.exp(force * y)
        mean = np.sum(y * density) / np.sum(density)
        assert float(bounded.wall(np.array([mean]))[0][0]) == pytest.approx(force / 3, rel=0.06)


def test_wall_is_odd_and_its_slope_is_its_derivative() -> None:
    y, h = np.linspace(-1.5, 1.5, 300), 1e-6  # no point on a corner
    force, slope = bounded.wall(y)
    np.testing.assert_allclose(force, -force[::-1], atol=1e-12)
    change = (bounded.wall(y + h)[0] - bounded.wall(y - h)[0]) / (2 * h)
    np.testing.assert_allclose(change, slope, rtol=1e-5)
    assert (np.diff(force) > 0).all()


def test_boxes_hold_the_truth() -> None:
    x = chord(20000)
    problem, X = coarse(x, 0.95)
    cells = cells_of(problem, 0, 1.0)
    assert cells is not None
    away = X[0] - cells.centre
    over = np.maximum(np.abs(away.real), np.abs(away.imag)) > cells.edge * 1.0001
    assert not over[problem.kept[0]].any()
    assert over.mean() < 1e-3


def test_other_masks_and_finer_steps_have_no_cells() -> None:
    problem, _ = coarse(chord(8000), 0.9)
    assert cells_of(problem, 0, 1.0) is not None
    assert cells_of(replace(problem, halfwidth=0 * problem.halfwidth), 0, 1.0) is None
    unbounded = np.where(problem.kept, 0, np.inf).astype("f4")
    assert cells_of(replace(problem, bound=unbounded), 0, 1.0) is None
    assert cells_of(coarse(chord(8000), 0.9, finer=50.0)[0], 0, 1.0) is None


def test_curvature_is_the_change_of_the_gradient() -> None:
    """Without the prior, whose quadratic lies above it on purpose."""
    x = chord(4000)
    seen = observe(coarse(x, 0.9)[0], 0)
    assert seen.cells is not None
    rng = np.random.default_rng(0)
    at, d = x / seen.level * 0.98, rng.standard_normal(x.size) * 1e-7
    model, down = bounded._around(seen, seen.cells, [], at)
    change = down - bounded._around(seen, seen.cells, [], at + d)[1]
    np.testing.assert_allclose(bounded._curved(seen, [], model, d), change, atol=2e-3 * np.abs(change).max())


@pytest.mark.parametrize("drop", [0.8, 0.95, 0.98])
def test_better_than_zeros(drop: float) -> None:
    assert gain(chord(30000), drop) > 0.3


@pytest.mark.parametrize("drop", [0.8, 0.95])
def test_no_worse_than_zeros_on_noise(drop: float) -> None:
    assert gain(np.random.default_rng(0).standard_normal(20000), drop) > -0.05


@pytest.mark.parametrize(
    "stft", [Stft(250, 125, "sine"), Stft(64, 32, "sine"), Stft(256, 64, "hann"), Stft(256, 192, "sine")]
)
def test_any_transform(stft: Stft) -> None:
    assert gain(chord(12345), 0.95, stft) > 0


def test_shorter_than_a_window() -> None:
    gain(chord(100), 0.5)


def test_silence() -> None:
    problem, _ = coarse(chord(5000), 0.9)
    quiet = replace(problem, kept=0 * problem.kept > 0, centre=0 * problem.centre)
    assert not least_squares.solve(quiet, SETTINGS, silent).any()


def test_loud_and_quiet_segments_in_one_block() -> None:
    """Each half gains what it does by its own step, though one is 80 dB below the other."""
    x = chord(30000)
    one, _ = coarse(x, 0.95)
    half = one.kept.shape[2] // 2
    scale = np.where(np.arange(one.kept.shape[2]) < half, 1.0, 1e-4).astype("f4")
    two = replace(one, centre=one.centre * scale, halfwidth=one.halfwidth * scale, bound=one.bound * scale)
    estimate = least_squares.solve(two, SETTINGS, silent) / scale
    plain = zeros.solve(one, SETTINGS, silent)
    later = slice((half + 4) * S.hop, None)
    truth = x[later]

    def error(E: np.ndarray) -> float:
        y = S.inverse(reinsert(one, E.astype(np.complex64)).astype(complex), x.size)[0]
        return float(np.sum((truth - y[later]) ** 2))

    assert error(estimate) < 0.97 * error(plain)


def test_same_on_torch() -> None:
    torch = pytest.importorskip("torch")
    seen = observe(coarse(chord(8000), 0.95)[0], 0)
    assert seen.cells is not None

    def move(a: np.ndarray) -> object:
        return torch.from_numpy(a.T).mT

    x = seen.adjoint(seen.target)
    there = replace(seen, target=move(seen.target), root=move(seen.root), cells=seen.cells.moved(move))
    assert there.cells is not None
    a = bounded.refine(seen, seen.cells, x, iter([0.0] * 20))
    b = bounded.refine(there, there.cells, torch.from_numpy(x), iter([0.0] * 20))
    np.testing.assert_allclose(b.numpy(), a, atol=2e-4 * np.abs(a).max())


def test_stops_when_told_and_repeats_itself() -> None:
    problem, _ = coarse(chord(8000), 0.95)
    calls: list[int] = []

    def until(done: int, total: int, loss: float | None = None) -> bool:
        calls.append(done)
        return done >= 33

    a = least_squares.solve(problem, SETTINGS, until)
    assert calls[-1] == 33
    assert np.array_equal(a, least_squares.solve(problem, SETTINGS, lambda d, t, loss=None: d >= 33))


@pytest.mark.skipif(not SQAM.is_dir(), reason="needs the SQAM excerpts")
def test_music() -> None:
    from dpcodec.bench.clips import load_clip

    x = load_clip(SQAM / "a25_harp.flac", 16000, 3.0).samples[0].astype(np.float64)
    assert gain(x, 0.95, Stft(2048, 1024, "sine")) > 0.4
