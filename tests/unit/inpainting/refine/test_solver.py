"""Solver refine: inside the boxes, nearer to the truth, and at ease with every kind of problem."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import randomly_masked
from quantised import MDCT, quantised
from signals import chord, notes

from dpcodec.inpainting.problem import Origin, Problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.refine import solve
from dpcodec.inpainting.refine.boxes import channel_boxes
from dpcodec.inpainting.refine.solver import still_missing
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import solve_with
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import block_span

SETTINGS = SolverSettings()


def refined(problem: Problem) -> np.ndarray:
    return solve(problem, SETTINGS, silent)


def error(problem: Problem, x: np.ndarray, estimate: np.ndarray) -> float:
    return float(np.sum((estimate[0] - problem.operator.forward(x)) ** 2))


@pytest.mark.parametrize("n_fft", [256, 2048])
@pytest.mark.parametrize("step", [0.02, 0.1])
def test_tones_come_nearer_to_what_they_were(n_fft: int, step: float) -> None:
    x = chord(16000)
    problem = quantised(x, step, Mdct(n_fft, "kbd", 2))
    assert error(problem, x, refined(problem)) < 0.95 * error(problem, x, problem.value)


@pytest.mark.parametrize("seed", range(4))
def test_white_noise_is_hardly_harmed(seed: int) -> None:
    x = 0.1 * np.random.default_rng(seed).standard_normal(16000)
    problem = quantised(x, 0.2)
    assert error(problem, x, refined(problem)) < 1.01 * error(problem, x, problem.value)


@given(
    seed=st.integers(0, 2**32 - 1),
    samples=st.integers(1, 3000),
    log_step=st.floats(-3, 1),
    log_size=st.floats(-30, 30),
    n_fft=st.sampled_from([64, 256, 1024]),
)
def test_no_value_leaves_its_box(
    seed: int, samples: int, log_step: float, log_size: float, n_fft: int
) -> None:
    rng = np.random.default_rng(seed)
    mdct, size = Mdct(n_fft, "kbd", 3), 10.0**log_size
    splits = rng.integers(0, 4, mdct.span(samples).frames)
    x = (notes(samples, seed) + rng.random() * rng.standard_normal(samples)) * size
    problem = quantised(x, size * 10.0**log_step, mdct, splits=splits)
    found = refined(problem)
    assert np.isfinite(found).all()
    slack = 1e-5 * (np.abs(problem.centre) + problem.halfwidth + problem.bound)
    assert (np.abs(found - problem.centre) <= problem.halfwidth + problem.bound + slack).all()


def test_what_nothing_is_known_of_stays_as_it_came() -> None:
    problem = quantised(chord(9000), 0.05)
    lost = np.zeros(problem.kept.shape, bool)
    lost[..., 9:13] = True
    value = np.where(lost, 0.25, problem.value).astype(np.float32)
    holed = replace(
        problem,
        kept=problem.kept & ~lost,
        value=value,
        bound=np.where(lost, np.inf, problem.bound).astype(np.float32),
    )
    found = refined(holed)
    np.testing.assert_allclose(found[lost], 0.25, rtol=1e-6)
    assert (found != value)[~lost].any()


@pytest.mark.parametrize("samples", [1, 200, 9000])
def test_silence_stays_silent(samples: int) -> None:
    problem = quantised(np.zeros(samples), 0.05)
    assert not refined(problem).any()


def test_exact_values_stay() -> None:
    problem = quantised(chord(5000), 0.05)
    exact = replace(problem, halfwidth=0 * problem.halfwidth)
    found = refined(exact)
    np.testing.assert_allclose(found[problem.kept], problem.value[problem.kept], rtol=1e-6)


def test_both_signs_are_treated_alike() -> None:
    problem = quantised(notes(9000), 0.1)
    mirrored = replace(problem, value=-problem.value, centre=-problem.centre)
    np.testing.assert_allclose(refined(mirrored), -refined(problem), atol=1e-5)


def test_loudness_does_not_matter() -> None:
    problem = quantised(notes(9000), 0.1)
    names = ("value", "centre", "halfwidth", "bound", "noise")
    louder = replace(problem, **{name: 4096 * getattr(problem, name) for name in names})
    np.testing.assert_array_equal(refined(louder), 4096 * refined(problem))


def test_noise_stands_for_what_was_not_found() -> None:
    """Noise of the told level where no window finds anything; less of it where one does."""
    rng = np.random.default_rng(0)
    problem = quantised(rng.standard_normal(9000) * 0.01 + chord(9000), 0.3, noise=0.2)
    boxes = channel_boxes(problem, 0)
    assert boxes is not None
    told = boxes.noise * boxes.step
    np.testing.assert_allclose(still_missing(boxes, boxes.value), told, rtol=1e-6)
    found = boxes.value + np.where(boxes.symbol == 0, 0.5 * told, 0).astype(np.float32)
    dropped = boxes.symbol == 0
    np.testing.assert_allclose(still_missing(boxes, found)[dropped], 0.75**0.5 * told[dropped], rtol=1e-4)
    without = refined(replace(problem, noise=0 * problem.noise))
    assert not np.array_equal(refined(problem), without)


def test_noise_depends_on_the_place_alone() -> None:
    problem = quantised(chord(4000), 0.3, noise=0.2)
    first, later = (
        refined(replace(problem, origin=Origin(frame=frame, segment_frames=10))) for frame in (0, 10)
    )
    assert not np.array_equal(first, later)


def test_a_time_that_is_over_leaves_the_values() -> None:
    problem = quantised(chord(9000), 0.05)
    late = solve(problem, SolverSettings(deadline=time.monotonic() - 1), silent)
    np.testing.assert_allclose(late, problem.value, rtol=1e-6)
    stopped = solve(problem, SETTINGS, lambda done, total, detail: True)
    np.testing.assert_allclose(stopped, problem.value, rtol=1e-6)


def test_progress_counts_the_rounds_of_all_channels() -> None:
    told: list[tuple[float, float | None]] = []

    def hear(done: float, total: float | None, detail: str) -> None:
        told.append((done, total))

    solve(quantised(chord(3000), 0.05), SETTINGS, hear)
    assert all(total is not None and done <= total for done, total in told)
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]


def test_an_stft_is_solved_by_least_squares() -> None:
    problem = randomly_masked(chord(3000), 0.3)
    expected, _ = solve_with("least-squares", problem, SETTINGS, silent)
    np.testing.assert_array_equal(refined(problem), expected)


def test_auto_refines_what_was_quantised_and_nothing_else() -> None:
    problem = quantised(chord(3000), 0.05, noise=0.2)
    exact = replace(problem, halfwidth=0 * problem.halfwidth, noise=0 * problem.noise)
    for one, name in ((problem, "refine"), (exact, "none")):
        _, told = solve_with("auto", one, SETTINGS, silent)
        assert told.startswith(f"{name}: ")
    huge = replace(problem, centre=problem.centre * np.float32(1e36))
    assert solve_with("auto", huge, SETTINGS, silent)[1].startswith("none: ")


def test_a_block_with_its_halo_is_as_good_as_one_piece() -> None:
    """Windows stand on one grid of the file, and four windows of the MDCT on each side are enough."""
    x, reach = notes(12000), 8
    whole = quantised(x, 0.1)
    first, last = 13, 30
    around = slice(first - reach, last + reach)
    names = ("kept", "value", "centre", "halfwidth", "bound", "noise")
    frames = around.stop - around.start
    part = replace(
        whole,
        operator=MdctOperator(
            MDCT, block_span(MDCT, around.start, frames, 12000), np.zeros(frames, np.int64)
        ),
        origin=Origin(frame=around.start),
        **{name: getattr(whole, name)[..., around] for name in names},
    )
    in_one, alone = refined(whole)[..., first:last], refined(part)[..., reach:-reach]
    moved = np.sum((in_one - whole.value[..., first:last]) ** 2)
    assert np.sum((alone - in_one) ** 2) < 0.01 * moved
