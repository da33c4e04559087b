"""Janssen's method: gaps and scattered coefficients against least squares, and where nothing helps."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from dpcodec.inpaint import janssen, least_squares, zeros
from dpcodec.inpaint.observation import observe
from dpcodec.inpaint.problem import Problem, reinsert, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.signal.stft import Stft

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
    return Problem(stft, stft.span(x.shape[-1]), kept, np.where(kept, X, 0).astype("c8"), halfwidth, bound)


def scattered(samples: int, drop: float, stft: Stft = S, channels: int = 1) -> np.ndarray:
    frames = stft.span(samples).frames
    return np.random.default_rng(0).random((channels, stft.bins, frames)) >= drop


def columns(samples: int, missing: slice, stft: Stft = S) -> np.ndarray:
    kept = np.ones((1, stft.bins, stft.span(samples).frames), bool)
    kept[..., missing] = False
    return kept


def snr(problem: Problem, x: np.ndarray, estimate: np.ndarray) -> float:
    y = problem.stft.inverse(reinsert(problem, estimate).astype(complex), x.shape[-1])
    return 10 * float(np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


def gain(problem: Problem, x: np.ndarray) -> float:
    """dB over least squares."""
    estimates = (solver.solve(problem, SETTINGS, silent) for solver in (janssen, least_squares))
    ours, theirs = (snr(problem, x, estimate) for estimate in estimates)
    return ours - theirs


def glide(samples: int) -> np.ndarray:
    """A tone whose pitch rises slowly, and its octave: all but exactly predictable."""
    n = np.arange(samples)
    phase = 0.2 * n + 2e-6 * n**2
    return 0.4 * np.cos(phase) + 0.2 * np.cos(2 * phase + 1)


def test_bridges_what_is_predictable_better_than_sparsity() -> None:
    x = glide(6000)
    assert gain(masked(x, columns(x.size, slice(40, 45))), x) > 5


@pytest.mark.parametrize("stft", [S, Stft(128, 64, "sine"), Stft(300, 70, "hann")])
@pytest.mark.parametrize("step", [0.0, 1e-3])
def test_bridges_a_gap_in_a_chord(stft: Stft, step: float) -> None:
    x = chord(6000)
    problem = masked(x, columns(x.size, slice(40, 45), stft), stft, step)
    before = snr(problem, x, zeros.solve(problem, SETTINGS, silent))
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > before + 20


@pytest.mark.parametrize("missing", [slice(0, 5), slice(90, 95)])
def test_bridges_a_gap_at_an_end(missing: slice) -> None:
    x = chord(6000)
    problem = masked(x, columns(x.size, missing))
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > 20


def test_columns_that_overlaps_determine_need_no_bridge() -> None:
    x = chord(6000)
    problem = masked(x, columns(x.size, slice(30, 32)))
    missing = janssen.gap_samples(observe(problem, 0))
    assert missing is not None
    assert not missing.any()
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > 95


def test_gap_samples_are_those_that_no_kept_frame_covers() -> None:
    kept = columns(3000, slice(20, 26))
    missing = janssen.gap_samples(observe(masked(chord(3000), kept), 0))
    assert missing is not None
    covered = np.zeros(3000, bool)
    for frame in np.flatnonzero(kept[0, 0]):
        covered[max(frame * 64 - 127, 0) : frame * 64 + 128] = True
    assert not (missing & covered)[: 19 * 64 + 110].any()
    assert missing[~covered].all()
    assert np.count_nonzero(missing & covered) < 20
    kept[0, 5, 3] = False
    assert janssen.gap_samples(observe(masked(chord(3000), kept), 0)) is None


def test_scattered_coefficients_no_worse_than_least_squares() -> None:
    x = chord(4000)
    assert gain(masked(x, scattered(x.size, 0.8)), x) > -0.1


def test_bounds_on_all_dropped_ones_leave_it_to_least_squares() -> None:
    x = chord(4000)
    problem = masked(x, scattered(x.size, 0.8))
    problem = replace(problem, bound=np.where(problem.kept, 0, 0.01).astype(np.float32))
    np.testing.assert_array_equal(
        janssen.solve(problem, SETTINGS, silent), least_squares.solve(problem, SETTINGS, silent)
    )


def test_quantised_columns_with_bounds() -> None:
    """The energy mask with lost packets: what is left of a frame is known in full, the gap is bridged."""
    x = chord(6000)
    problem = masked(x, scattered(x.size, 0.5), step=1e-3)
    bound = np.where(problem.kept, 0, np.abs(S.forward(x[None])) + 1e-4).astype(np.float32)
    lost = ~columns(x.size, slice(40, 45))
    kept = problem.kept & ~lost
    problem = replace(
        problem,
        kept=kept,
        centre=np.where(kept, problem.centre, 0),
        halfwidth=np.where(kept, problem.halfwidth, 0),
        bound=np.where(lost, np.float32(np.inf), bound),
    )
    before = snr(problem, x, zeros.solve(problem, SETTINGS, silent))
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > before + 10


@pytest.mark.parametrize("samples", [0, 1, 2, 63, 257, 1000])
@pytest.mark.parametrize("kind", ["scattered", "columns", "all"])
@pytest.mark.parametrize("level", [0.0, 1e-40, 1.0, 1e18])
def test_finite_whatever_comes(samples: int, kind: str, level: float) -> None:
    x = level * np.random.default_rng(2).standard_normal(samples)
    kept = {
        "scattered": scattered(samples, 0.8),
        "columns": columns(samples, slice(2, 8)),
        "all": columns(samples, slice(None)),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = janssen.solve(masked(x, kept), replace(SETTINGS, iterations=120), silent)
    assert estimate.shape == kept.shape
    assert estimate.dtype == np.complex64
    assert np.isfinite(estimate).all()
    if level == 0:
        assert not estimate.any()


def test_one_answer_however_often() -> None:
    x = chord(3000)
    for kept in (scattered(x.size, 0.8), columns(x.size, slice(20, 26))):
        problem = masked(x, kept)
        one, two = (janssen.solve(problem, replace(SETTINGS, iterations=120), silent) for _ in range(2))
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("kind", ["scattered", "columns"])
def test_torch_agrees_with_numpy(kind: str) -> None:
    """Torch's CPU is named so that the arrays are moved: the path that GPUs take."""
    x = chord(3000)
    problem = masked(x, scattered(x.size, 0.8) if kind == "scattered" else columns(x.size, slice(20, 26)))
    one = janssen.solve(problem, replace(SETTINGS, iterations=60), silent)
    two = janssen.solve(problem, replace(SETTINGS, iterations=60, device="cpu:0"), silent)
    assert np.abs(one - two).max() < 1e-2 * np.abs(one).max()


def test_turns_run_on_torch() -> None:
    torch = pytest.importorskip("torch")
    x = chord(3000).astype(np.float32)
    seen = observe(masked(x, scattered(x.size, 0.7)), 0)
    moved = replace(seen, target=torch.from_numpy(seen.target), root=torch.from_numpy(seen.root))
    start = x + 0.01
    one = janssen.take_turns(seen, start, janssen.GRAINS[1], iter(np.arange(20) / 20))
    two = janssen.take_turns(moved, torch.from_numpy(start), janssen.GRAINS[1], iter(np.arange(20) / 20))
    np.testing.assert_allclose(two.numpy(), one, atol=1e-3)


@pytest.mark.parametrize("kind", ["scattered", "columns"])
def test_stops_when_asked_and_when_the_time_is_over(kind: str) -> None:
    x = chord(20000)
    kept = scattered(x.size, 0.8) if kind == "scattered" else columns(x.size, slice(100, 108))
    problem = masked(x, kept)
    asked: list[tuple[int, int]] = []

    def stop(done: int, total: int, loss: float | None = None) -> bool:
        asked.append((done, total))
        return len(asked) > 3

    assert np.isfinite(janssen.solve(problem, SETTINGS, stop)).all()
    assert len(asked) == 4
    for seconds in (0.0, 0.3):
        start = time.process_time()
        janssen.solve(problem, replace(SETTINGS, deadline=time.monotonic() + seconds), silent)
        assert time.process_time() - start < seconds + 1.5


def test_progress_rises() -> None:
    seen: list[tuple[int, int]] = []
    x = chord(3000)
    janssen.solve(masked(x, scattered(x.size, 0.8)), SETTINGS, lambda *step: seen.append(step[:2]))
    done = [now for now, _ in seen]
    assert done == sorted(done)
    assert len({total for _, total in seen}) == 1
    assert done[-1] < seen[0][1]


def test_bounded_coefficients_are_left_to_least_squares() -> None:
    """Hidden from it, one would lose its bound, and the trial would be of another problem."""
    x = chord(4000)
    kept = scattered(x.size, 0.8)
    problem = masked(x, kept, step=2e-3)
    problem = replace(problem, bound=np.where(kept, 0, 0.05).astype(np.float32))
    ours, theirs = (solver.solve(problem, SETTINGS, silent) for solver in (janssen, least_squares))
    np.testing.assert_array_equal(ours, theirs)
