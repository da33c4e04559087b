"""Boxes of a coarsely quantised energy mask: what they hold, their walls, and what the estimate gains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import snr
from signals import notes

from dpcodec.coding.quantize import dequantize, quantize, step_for_noise
from dpcodec.inpainting import bounded, least_squares, zeros
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.problem import Problem, reinsert, stft_problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.quantiser_boxes import boxes_of
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.mask.energy import energy_mask
from dpcodec.transform.stft import Stft

S = Stft(256, 128, "sine")
SETTINGS = SolverSettings()
ONE = np.ones((1, 1, 1), np.float32)
SQAM = Path(__file__).parents[4] / "shared" / "data" / "sqam"


def coarse(x: np.ndarray, drop: float, stft: Stft = S, finer: float = 1.0) -> tuple[Problem, np.ndarray]:
    """A default file's problem, by its definition, and the true coefficients [1, K, L]."""
    X = stft.forward(np.atleast_2d(np.asarray(x, np.float64)))
    mask = energy_mask(X, round(drop * 2**32))
    step = float(step_for_noise(X, mask, stft.weights)[0]) / finer
    q = quantize(np.where(mask, X, 0), step)
    kept: np.ndarray = np.any(q, axis=-1)
    centre = dequantize(q, step)
    reach = np.where(kept, np.abs(centre) + step / np.sqrt(2), np.inf).min(axis=1, keepdims=True)
    reach = np.where(kept.any(axis=1, keepdims=True), reach, step / np.sqrt(2))
    halfwidth, bound = np.where(kept, step / 2, 0), np.where(kept, 0, reach * 1.00001)
    problem = stft_problem(
        stft, stft.span(x.shape[-1]), kept, centre, halfwidth.astype("f4"), bound.astype("f4")
    )
    return problem, X


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
        assert float(bounded.box_force(np.array([mean]))[0][0]) == pytest.approx(force / 3, rel=0.06)


def test_wall_is_odd_and_its_slope_is_its_derivative() -> None:
    y, h = np.linspace(-1.5, 1.5, 300), 1e-6  # no point on a corner
    force, slope = bounded.box_force(y)
    np.testing.assert_allclose(force, -force[::-1], atol=1e-12)
    change = (bounded.box_force(y + h)[0] - bounded.box_force(y - h)[0]) / (2 * h)
    np.testing.assert_allclose(change, slope, rtol=1e-5)
    assert (np.diff(force) > 0).all()


def test_boxes_hold_the_truth() -> None:
    x = notes(20000)
    problem, X = coarse(x, 0.95)
    boxes = boxes_of(problem, ONE)
    assert boxes is not None
    away = X - boxes.centre
    over = np.maximum(np.abs(away.real), np.abs(away.imag)) > boxes.edge * 1.0001
    assert not over[problem.kept].any()
    assert over.mean() < 1e-3


def test_other_masks_and_finer_steps_have_no_cells() -> None:
    problem, _ = coarse(notes(8000), 0.9)
    assert boxes_of(problem, ONE) is not None
    assert boxes_of(replace(problem, halfwidth=0 * problem.halfwidth), ONE) is None
    unbounded = np.where(problem.kept, 0, np.inf).astype("f4")
    assert boxes_of(replace(problem, bound=unbounded), ONE) is None
    assert boxes_of(coarse(notes(8000), 0.9, finer=50.0)[0], ONE) is None


def test_curvature_is_the_change_of_the_gradient() -> None:
    """Without the prior, whose quadratic lies above it on purpose."""
    x = notes(4000)
    seen = observe(coarse(x, 0.9)[0])
    assert seen.boxes is not None
    rng = np.random.default_rng(0)
    at, d = x / seen.level[0] * 0.98, rng.standard_normal((1, x.size)) * 1e-7
    model, down = bounded._around(seen, seen.boxes, [], at)
    change = down - bounded._around(seen, seen.boxes, [], at + d)[1]
    np.testing.assert_allclose(bounded._curved(seen, [], model, d), change, atol=2e-3 * np.abs(change).max())


@pytest.mark.parametrize("drop", [0.8, 0.95, 0.98])
def test_better_than_zeros(drop: float) -> None:
    assert gain(notes(30000), drop) > 0.3


@pytest.mark.parametrize("drop", [0.8, 0.95])
def test_no_worse_than_zeros_on_noise(drop: float) -> None:
    assert gain(np.random.default_rng(0).standard_normal(20000), drop) > -0.05


@pytest.mark.parametrize(
    "stft", [Stft(250, 125, "sine"), Stft(64, 32, "sine"), Stft(256, 64, "hann"), Stft(256, 192, "sine")]
)
def test_any_transform(stft: Stft) -> None:
    assert gain(notes(12345), 0.95, stft) > 0


def test_shorter_than_a_window() -> None:
    gain(notes(100), 0.5)


def test_silence() -> None:
    problem, _ = coarse(notes(5000), 0.9)
    quiet = replace(problem, kept=0 * problem.kept > 0, centre=0 * problem.centre)
    assert not least_squares.solve(quiet, SETTINGS, silent).any()


def test_loud_and_quiet_segments_in_one_block() -> None:
    """Each half gains what it does by its own step, though one is 80 dB below the other."""
    x = notes(30000)
    one, _ = coarse(x, 0.95)
    half = one.kept.shape[2] // 2
    scale = np.where(np.arange(one.kept.shape[2]) < half, 1.0, 1e-4).astype("f4")
    names = ("value", "centre", "halfwidth", "bound")
    two = replace(one, **{name: getattr(one, name) * scale for name in names})
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
    problem, _ = coarse(notes(8000), 0.95)
    names = ("kept", "value", "centre", "halfwidth", "bound")
    moved = {name: torch.from_numpy(getattr(problem, name)) for name in names}
    found = []
    for one in (problem, replace(problem, **moved)):
        seen = observe(one)
        assert seen.boxes is not None
        x = bounded.refine(seen, seen.boxes, seen.adjoint(seen.target), iter([0.0] * 20))
        found.append(np.asarray(x))
    np.testing.assert_allclose(found[1], found[0], atol=2e-4 * np.abs(found[0]).max())


def test_stops_when_told_and_repeats_itself() -> None:
    problem, _ = coarse(notes(8000), 0.95)
    calls: list[float] = []

    def until(done: float, total: float | None, detail: str) -> bool:
        calls.append(done)
        return done >= 33

    a = least_squares.solve(problem, SETTINGS, until)
    assert calls[-1] == 33
    assert np.array_equal(a, least_squares.solve(problem, SETTINGS, lambda done, total, detail: done >= 33))


@pytest.mark.skipif(not SQAM.is_dir(), reason="needs the SQAM excerpts")
def test_music() -> None:
    from dpcodec.bench.clips import load_clip

    x = load_clip(SQAM / "a25_harp.flac", 16000, 3.0).samples[0].astype(np.float64)
    assert gain(x, 0.95, Stft(2048, 1024, "sine")) > 0.4
