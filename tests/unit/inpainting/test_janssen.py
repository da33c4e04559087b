"""Janssen's method: gaps against least squares and zeros, and least squares where there is none."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from problems import S, frame_mask, masked, random_mask, snr
from signals import chord

from dpcodec.inpainting import janssen, least_squares, zeros
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.transform.stft import Stft

SETTINGS = SolverSettings()


def gain(problem: Problem, x: np.ndarray) -> float:
    """dB over least squares."""
    estimates = (solver.solve(problem, SETTINGS, silent) for solver in (janssen, least_squares))
    ours, theirs = (snr(problem, x, estimate) for estimate in estimates)
    return ours - theirs


def glide(samples: int) -> np.ndarray:
    """A tone whose pitch rises slowly, and its octave: all but exactly predictable."""
    n = np.arange(samples)
    phase = 0.2 * n + 2e-6 * n**2
    x: np.ndarray = 0.4 * np.cos(phase) + 0.2 * np.cos(2 * phase + 1)
    return x


def test_bridges_what_is_predictable_better_than_sparsity() -> None:
    x = glide(6000)
    assert gain(masked(x, frame_mask(x.size, slice(40, 45))), x) > 5


@pytest.mark.parametrize("stft", [S, Stft(128, 64, "sine"), Stft(300, 70, "hann")])
@pytest.mark.parametrize("step", [0.0, 1e-3])
def test_bridges_a_gap_in_a_chord(stft: Stft, step: float) -> None:
    x = chord(6000)
    problem = masked(x, frame_mask(x.size, slice(40, 45), stft=stft), stft, step)
    before = snr(problem, x, zeros.solve(problem, SETTINGS, silent))
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > before + 20


@pytest.mark.parametrize("missing", [slice(0, 5), slice(90, 95)])
def test_bridges_a_gap_at_an_end(missing: slice) -> None:
    x = chord(6000)
    problem = masked(x, frame_mask(x.size, missing))
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > 20


def test_columns_that_overlaps_determine_need_no_bridge() -> None:
    x = chord(6000)
    problem = masked(x, frame_mask(x.size, slice(30, 32)))
    missing = janssen.gap_samples(observe(problem))
    assert missing is not None
    assert not missing.any()
    assert snr(problem, x, janssen.solve(problem, SETTINGS, silent)) > 95


def test_gap_samples_are_those_that_no_kept_frame_covers() -> None:
    kept = frame_mask(3000, slice(20, 26))
    missing = janssen.gap_samples(observe(masked(chord(3000), kept)))
    assert missing is not None
    covered = np.zeros(3000, bool)
    for frame in np.flatnonzero(kept[0, 0]):
        covered[max(frame * 64 - 127, 0) : frame * 64 + 128] = True
    assert not (missing & covered)[: 19 * 64 + 110].any()
    assert missing[~covered].all()
    assert np.count_nonzero(missing & covered) < 20
    kept[0, 5, 3] = False
    assert janssen.gap_samples(observe(masked(chord(3000), kept))) is None


@pytest.mark.parametrize("kind", ["scattered", "bounded", "in part"])
def test_without_whole_missing_frames_alone_it_is_least_squares(kind: str) -> None:
    x = chord(2000)
    kept = frame_mask(x.size, slice(12, 16)) if kind == "in part" else random_mask(x.size, 0.8)
    kept[0, 5, 3] = False
    problem = masked(x, kept)
    if kind == "bounded":
        problem = replace(problem, bound=np.where(kept, 0, 0.01).astype(np.float32))
    short = replace(SETTINGS, iterations=60)
    ours, theirs = (solver.solve(problem, short, silent) for solver in (janssen, least_squares))
    np.testing.assert_array_equal(ours, theirs)


def test_quantised_columns_with_bounds() -> None:
    """The energy mask with lost packets: what is left of a frame is known in full, the gap is bridged."""
    x = chord(6000)
    problem = masked(x, random_mask(x.size, 0.5), step=1e-3)
    bound = np.where(problem.kept, 0, np.abs(S.forward(x[None])) + 1e-4).astype(np.float32)
    lost = ~frame_mask(x.size, slice(40, 45))
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
        "scattered": random_mask(samples, 0.8),
        "columns": frame_mask(samples, slice(2, 8)),
        "all": frame_mask(samples, slice(None)),
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
    problem = masked(x, frame_mask(x.size, slice(20, 26)))
    one, two = (janssen.solve(problem, replace(SETTINGS, iterations=120), silent) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_torch_agrees_with_numpy() -> None:
    """Torch's CPU is named so that the arrays are moved: the path that GPUs take."""
    pytest.importorskip("torch")
    x = chord(3000)
    problem = masked(x, frame_mask(x.size, slice(20, 26)))
    one = janssen.solve(problem, replace(SETTINGS, iterations=60), silent)
    two = janssen.solve(problem, replace(SETTINGS, iterations=60, device="cpu:0"), silent)
    assert np.abs(one - two).max() < 1e-2 * np.abs(one).max()


def test_stops_when_asked_and_when_the_time_is_over() -> None:
    x = chord(20000)
    problem = masked(x, frame_mask(x.size, slice(100, 108)))
    asked: list[tuple[float, float | None]] = []

    def stop(done: float, total: float | None, detail: str) -> bool:
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
    janssen.solve(masked(x, frame_mask(x.size, slice(20, 26))), SETTINGS, lambda *step: seen.append(step[:2]))
    done = [now for now, _ in seen]
    assert done == sorted(done)
    assert len({total for _, total in seen}) == 1
    assert done[-1] < seen[0][1]
