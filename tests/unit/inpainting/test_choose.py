"""`auto` decides from the problem, is never worse than its candidates, and says why in one line."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from problems import S, frame_mask, masked, randomly_masked

from dpcodec.inpainting import cautious, gap_duel, janssen, least_squares, zeros
from dpcodec.inpainting import choose as module
from dpcodec.inpainting.choose import choose, held_out_gain
from dpcodec.inpainting.problem import Problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.inpainting.solvers import halo_frames, solve_with
from dpcodec.transform.stft import Stft

SETTINGS = SolverSettings()


def tone(samples: int = 6000) -> np.ndarray:
    n = np.arange(samples)
    x: np.ndarray = 0.3 * np.sin(0.3 * n) + 0.2 * np.sin(1.1 * n)
    return x


def test_nothing_dropped() -> None:
    assert choose(randomly_masked(tone(), 0), SETTINGS).solver == "none"


@pytest.mark.parametrize("x", [np.zeros(3000), tone(1), tone(0)], ids=["silence", "one sample", "nothing"])
def test_small_and_silent(x: np.ndarray) -> None:
    for drop in (0.5, 1.0):
        estimate, told = solve_with("auto", randomly_masked(x, drop), SETTINGS, silent)
        assert np.isfinite(estimate).all()
        assert "\n" not in told


def test_everything_dropped() -> None:
    assert choose(randomly_masked(tone(), 1), SETTINGS).solver == "none"


def test_no_time_left() -> None:
    late = replace(SETTINGS, deadline=time.monotonic())
    assert choose(randomly_masked(tone(), 0.8), late).solver == "none"


def test_bounded_and_well_covered_need_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "held_out_gain", lambda *_: pytest.fail("a trial was made"))
    problem = randomly_masked(tone(), 0.8)
    bounded = replace(problem, bound=np.where(problem.kept, 0, 1).astype(np.float32))
    assert choose(bounded, SETTINGS).solver == "least-squares"
    assert choose(randomly_masked(tone(), 0.4), SETTINGS).solver == "least-squares"


def test_trial_finds_that_tones_can_be_filled_in() -> None:
    problem = randomly_masked(tone(), 0.8)
    assert held_out_gain(problem, replace(SETTINGS, iterations=module.TRIAL_STEPS)) > 3
    choice = choose(problem, SETTINGS)
    assert choice.solver == "least-squares"
    assert "better than zeros" in str(choice)
    assert choose(problem, SETTINGS) == choice


def test_worse_than_zeros_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Least squares that invents values is found out."""
    monkeypatch.setattr(least_squares, "solve", lambda problem, *_: np.full(problem.kept.shape, 9, "c8"))
    estimate, told = solve_with("auto", randomly_masked(tone(), 0.8), SETTINGS, silent)
    assert told.startswith("none: ")
    np.testing.assert_array_equal(estimate, zeros.solve(randomly_masked(tone(), 0.8), SETTINGS, silent))


@pytest.mark.parametrize("drop", [0.5, 0.8, 0.95])
def test_auto_is_never_worse_than_none_on_noise(drop: float) -> None:
    x = np.random.default_rng(1).standard_normal(4000)
    problem, truth = randomly_masked(x, drop), S.forward(x[None])
    estimate, _ = solve_with("auto", problem, SETTINGS, silent)
    dropped = ~problem.kept
    assert np.linalg.norm((estimate - truth)[dropped]) <= 1.001 * np.linalg.norm(truth[dropped])


def test_gaps_go_to_janssen_unless_frames_are_known_in_part_or_inexactly() -> None:
    gaps = masked(tone(), frame_mask(6000, slice(30, 36)))
    assert choose(gaps, SETTINGS).solver == "janssen"
    ours, told = solve_with("auto", gaps, SETTINGS, silent)
    np.testing.assert_array_equal(ours, gap_duel.solve(gaps, SETTINGS, silent)[0])
    assert told.startswith("janssen: whole frames are missing")
    partly = gaps.kept.copy()
    partly[0, 3, 50] = False
    bound = np.where(partly, 0, np.inf).astype(np.float32)
    assert choose(replace(gaps, kept=partly, bound=bound), SETTINGS).solver == "least-squares"
    quantised = replace(gaps, halfwidth=np.where(gaps.kept, 1e-4, 0).astype(np.float32))
    assert choose(quantised, SETTINGS).solver == "least-squares"
    bounded = replace(gaps, bound=np.where(gaps.kept, 0, 1e-3).astype(np.float32))
    assert choose(bounded, SETTINGS).solver == "least-squares"


def test_noise_is_taken_cautiously_and_a_tone_is_not() -> None:
    noise = randomly_masked(np.random.default_rng(1).standard_normal(4000), 0.95)
    choice = choose(noise, SETTINGS)
    assert (choice.solver, choice.twice) == ("least-squares", True)
    estimate, told = solve_with("auto", noise, SETTINGS, silent)
    np.testing.assert_array_equal(estimate, cautious.solve(noise, SETTINGS, silent)[0])
    assert "%" in told
    assert not choose(randomly_masked(tone(), 0.8), SETTINGS).twice


def test_steps_asked_for_are_taken_where_a_short_fit_would_do() -> None:
    noise = randomly_masked(np.random.default_rng(1).standard_normal(4000), 0.95)
    asked = replace(SETTINGS, iterations=100)
    np.testing.assert_array_equal(
        solve_with("auto", noise, asked, silent)[0], least_squares.solve(noise, asked, silent)
    )


def test_a_trial_leaves_most_of_the_time_to_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take a tenth of what is left: a limit buys a solution, not a choice."""
    given: list[float] = []

    def noted(problem: Problem, settings: SolverSettings) -> float:
        assert settings.deadline is not None
        given.append(settings.deadline - time.monotonic())
        return 0.0

    monkeypatch.setattr(module, "held_out_gain", noted)
    limit = replace(SETTINGS, deadline=time.monotonic() + 50)
    choose(randomly_masked(np.random.default_rng(1).standard_normal(4000), 0.95), limit)
    assert 4 < given[0] <= 5


@pytest.mark.parametrize(("deep_is", "winner"), [("right", "deep-prior"), ("wrong", "least-squares")])
def test_duel_on_a_gpu(monkeypatch: pytest.MonkeyPatch, deep_is: str, winner: str) -> None:
    """Where least squares hardly helps and a GPU is there, the better prediction of hidden ones wins."""
    pytest.importorskip("torch")
    from dpcodec.inpainting import deep_prior

    x = np.random.default_rng(2).standard_normal(3000)
    truth = S.forward(x[None]).astype(np.complex64)
    answer = {"right": truth, "wrong": -truth}[deep_is]

    def weak(problem: Problem, *_: Any) -> np.ndarray:
        """Just better than zeros."""
        estimate: np.ndarray = 0.01 * truth
        return estimate

    monkeypatch.setattr(least_squares, "solve", weak)
    monkeypatch.setattr(deep_prior, "solve", lambda *_: answer)
    problem = randomly_masked(x, 0.9)
    assert choose(problem, SETTINGS).solver == "least-squares"
    estimate, told = solve_with("auto", problem, replace(SETTINGS, device="cuda:0"), silent)
    assert told.startswith(winner)
    np.testing.assert_array_equal(estimate, answer if winner == "deep-prior" else 0.01 * truth)


@pytest.mark.parametrize("name", ["none", "least-squares", "janssen", "deep-prior"])
def test_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    modules = {"none": zeros, "least-squares": least_squares, "janssen": janssen}
    if name == "deep-prior":
        pytest.importorskip("torch")
        from dpcodec.inpainting import deep_prior

        modules[name] = deep_prior
    monkeypatch.setattr(modules[name], "solve", lambda problem, *_: problem.centre)
    problem = randomly_masked(tone(), 0.5)
    estimate, told = solve_with(name, problem, SETTINGS, silent)
    assert estimate is problem.centre
    assert told.startswith(name)


def test_halo() -> None:
    assert halo_frames(S, "none") == (0, 0)
    assert halo_frames(S, "refine") == (16, 0)
    assert halo_frames(S, "least-squares") == halo_frames(S, "auto") == (24, 24)
    assert halo_frames(Stft(2048, 1024, "sine"), "auto") == (12, 12)
