"""The guided fit: never worse than its start by what it can see, repeatable, bounded in time, each part at
work."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from dpcodec.inpaint import least_squares
from dpcodec.inpaint.deep_prior import guided, solve, starts
from dpcodec.inpaint.networks.sizes import NETWORKS, MixerSize, NetworkSize, WaveformSize
from dpcodec.inpaint.problem import Problem, Progress, silent
from dpcodec.inpaint.solver_settings import FitMemory, SolverSettings
from dpcodec.settings import FIT_PARTS, LOSSES

from .conftest import Make

TINY = NetworkSize(width=8, skip=4, scales=3, frames=3, guided_steps=4, learning_rate=1e-2)


def quick(problem: Problem, settings: SolverSettings, longer: int | None, told: Progress) -> np.ndarray:
    """The linear solver with fewer steps."""
    windows = None if longer is None else (longer,)
    return least_squares.solve(problem, replace(settings, iterations=60, longer=windows), told)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starts, "linear", quick)
    monkeypatch.setitem(NETWORKS, "mixer", MixerSize(guided_steps=12))
    monkeypatch.setitem(NETWORKS, "multiresunet-small", TINY)
    monkeypatch.setitem(NETWORKS, "waveform", WaveformSize(channels=(4, 6, 8), guided_steps=4))
    torch.set_num_threads(1)


def linear(problem: Problem) -> np.ndarray:
    return quick(problem, SolverSettings(), None, silent)


def error(x: np.ndarray, problem: Problem, estimate: np.ndarray) -> float:
    """Of the dropped coefficients, relative."""
    truth = problem.stft.forward(x)
    return float(np.linalg.norm((estimate - truth)[~problem.kept]) / np.linalg.norm(truth[~problem.kept]))


@pytest.mark.parametrize("network", ["mixer", "multiresunet-small", "waveform"])
def test_each_network_is_repeatable_finite_and_true_to_what_is_known(masked: Make, network: str) -> None:
    _, problem = masked()
    state = torch.get_rng_state()
    settings = SolverSettings(network=network, seed=2**64 - 1, without=("holdout",))
    first, second = (solve(problem, settings, silent) for _ in range(2))
    assert first.dtype == np.complex64
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
    assert not np.array_equal(first, linear(problem))
    known = problem.centre[problem.kept]
    assert np.linalg.norm(first[problem.kept] - known) < 3e-3 * np.linalg.norm(known)


def test_mixing_gains_where_the_solver_s_own_window_is_not_the_best(
    masked: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, problem = masked()
    noise = np.random.default_rng(0).standard_normal((2, 3, *problem.kept.shape[1:]))
    truth = problem.stft.forward(x)[0]

    def estimates(known: Problem, *rest: Any) -> np.ndarray:
        """The second one is right in low bins, the third in high ones, the first is poor throughout."""
        low = np.arange(truth.shape[0])[:, None] < 20
        poor = 0.4 * (noise[0] + 1j * noise[1]) * np.abs(truth).mean()
        made = truth + poor * np.stack([np.ones_like(low), ~low, low])
        return np.where(known.kept, truth, made).astype(np.complex64)

    monkeypatch.setattr(starts, "LONGER", (None, 1, 8))
    monkeypatch.setattr(starts, "estimates", lambda known, s, w, told: estimates(known)[-len(w) :])
    monkeypatch.setattr(starts, "linear", lambda known, s, longer, told: estimates(known)[:1])
    monkeypatch.setitem(NETWORKS, "mixer", MixerSize(guided_steps=80))
    mixed = error(x, problem, solve(problem, SolverSettings(), silent))
    assert mixed < 0.6 * error(x, problem, starts.exact(problem, estimates(problem)[:1], SolverSettings()))


def test_network_that_predicts_worse_is_not_used(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, problem = masked()
    real = starts.estimates

    def spoiled(*arguments: Any) -> np.ndarray:
        return np.concatenate([real(*arguments)[:1], 99 * real(*arguments)[1:]])

    monkeypatch.setattr(starts, "estimates", spoiled)
    monkeypatch.setitem(NETWORKS, "mixer", MixerSize(guided_steps=1))
    memory = FitMemory()
    assert np.array_equal(solve(problem, SolverSettings(memory=memory), silent), linear(problem))
    fitted, start = memory.fitted["errors"]
    assert fitted[0].sum() >= start[0].sum()
    taken = solve(problem, SolverSettings(without=("holdout",)), silent)
    assert not np.array_equal(taken, linear(problem))


@pytest.mark.parametrize("part", FIT_PARTS)
def test_each_part_does_something(masked: Make, part: str) -> None:
    _, problem = masked(step=0.02)
    whole = solve(problem, SolverSettings(without=("holdout",) if part != "holdout" else ()), silent)
    left_out = solve(problem, SolverSettings(without=(*{part, "holdout"},)), silent)
    assert np.isfinite(left_out).all()
    if part != "holdout":  # which only chooses: see above
        assert not np.array_equal(whole, left_out)


def test_from_noise_the_network_approaches_what_is_known(masked: Make) -> None:
    _, problem = masked(drop=0.5)
    settings = {"without": ("start",), "network": "multiresunet-small"}
    few, many = (solve(problem, SolverSettings(iterations=n, **settings), silent) for n in (1, 60))  # type: ignore[arg-type]
    assert not np.array_equal(few, many)
    assert np.linalg.norm(many) > 0


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(masked: Make, loss: str) -> None:
    _, problem = masked()
    assert np.isfinite(solve(problem, SolverSettings(loss=loss, without=("holdout",)), silent)).all()


def test_level_of_the_signal_does_not_matter(masked: Make) -> None:
    settings = SolverSettings(without=("holdout",))
    loud, quiet = (solve(masked(level=level)[1], settings, silent) for level in (1.0, 2.0**-20))
    assert np.allclose(quiet * 2.0**20, loud, rtol=1e-3, atol=1e-3 * np.abs(loud).max())


def test_no_dropped_value_reaches_the_fit(masked: Make) -> None:
    _, problem = masked()
    before = solve(problem, SolverSettings(), silent)
    problem.centre[~problem.kept] = 99
    assert np.array_equal(solve(problem, SolverSettings(), silent), before)


def test_equal_channels_come_out_equal_and_a_silent_one_silent(masked: Make) -> None:
    _, one = masked()
    three = [np.concatenate([a, a, a]) for a in (one.kept, one.centre, one.halfwidth, one.bound)]
    three[1][1] = 0
    estimate = solve(Problem(one.stft, one.span, *three), SolverSettings(), silent)
    assert np.array_equal(estimate[0], estimate[2])
    assert not estimate[1].any()


@pytest.mark.parametrize("network", ["mixer", "multiresunet-small", "waveform"])
@pytest.mark.parametrize("samples", [0, 1, 33, 130])
def test_short_signals(masked: Make, samples: int, network: str) -> None:
    _, problem = masked(samples=samples)
    estimate = solve(problem, SolverSettings(network=network, iterations=1), silent)
    assert estimate.shape == problem.kept.shape
    assert np.isfinite(estimate).all()


def test_nothing_dropped_is_settled_by_linear_algebra(masked: Make) -> None:
    _, problem = masked(drop=0.0)
    assert np.array_equal(solve(problem, SolverSettings(), silent), linear(problem))


def test_gaps_are_learnt_from_gaps(masked: Make) -> None:
    x, problem = masked(frames=(10, 11, 12, 40, 41, 42, 70, 71, 72))
    memory = FitMemory()
    estimate = solve(problem, SolverSettings(memory=memory), silent)
    assert memory.fitted["errors"]
    assert error(x, problem, estimate) < 1.5 * error(x, problem, linear(problem))


def test_without_time_the_linear_start_comes_back(masked: Make) -> None:
    _, problem = masked()
    past = time.monotonic() - 1
    late = solve(problem, SolverSettings(deadline=past), silent)
    assert np.array_equal(late, quick(problem, SolverSettings(deadline=past), None, silent))


def test_deadline_decides_how_many_estimates_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guided.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(starts, "LONGER", (None, 1, 8))
    for left, refit, count in (
        (1e9, True, 3),
        (6.1, True, 3),
        (5.9, True, 2),
        (3.9, True, 1),
        (3.1, False, 3),
    ):
        settings = SolverSettings(deadline=100.0 + left)
        assert len(guided._affordable(1.0, settings, refit)) == count
    assert guided._affordable(1.0, SolverSettings(), True) == starts.LONGER


def test_a_long_fit_ends_at_the_deadline(masked: Make) -> None:
    _, problem = masked(samples=1500)
    began = time.monotonic()
    settings = SolverSettings(deadline=began + 6, iterations=10**6)
    assert np.isfinite(solve(problem, settings, silent)).all()
    assert time.monotonic() - began < 12


def test_progress_grows_to_its_total_and_tells_the_loss(masked: Make) -> None:
    _, problem = masked()
    seen: list[tuple[int, int, float | None]] = []

    def told(done: int, total: int, loss: float | None = None) -> None:
        seen.append((done, total, loss))

    solve(problem, SolverSettings(), told)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert {total for _, total, _ in seen} == {1000}
    assert seen[-1][0] == 1000
    assert seen[-1][2] is not None


@pytest.mark.parametrize("after", [1, 50, 150, 240])
def test_a_stop_gives_the_best_so_far(masked: Make, after: int) -> None:
    _, problem = masked()
    calls = 0

    def told(done: int, total: int, loss: float | None = None) -> bool:
        nonlocal calls
        calls += 1
        return calls >= after

    assert np.isfinite(solve(problem, SolverSettings(), told)).all()


def test_one_network_serves_the_file_and_later_blocks_cost_less(
    masked: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, problem = masked()
    solved: list[int] = []

    def counted(problem: Problem, settings: SolverSettings, longer: int | None, told: Progress) -> np.ndarray:
        solved[-1] += 1
        return quick(problem, settings, longer, told)

    monkeypatch.setattr(starts, "linear", counted)
    memory = FitMemory()
    networks = []
    for _ in range(5):
        solved.append(0)
        solve(problem, SolverSettings(memory=memory, without=("holdout",)), silent)
        networks.append(memory.fitted["proposals"])
    assert solved == [4, 4, 2, 4, 2]
    assert networks[2] is networks[1]
    assert networks[1] is not networks[0]


def test_a_network_that_lost_costs_nothing_more_until_it_is_tried_again(masked: Make) -> None:
    _, problem = masked()
    lost = ([np.full(4, 0.375)], [np.full(4, 0.25)])
    memory = FitMemory({"proposals": [object()], "estimates": 2, "blocks": 2, "errors": lost})
    estimate = solve(problem, SolverSettings(memory=memory), silent)
    assert np.array_equal(estimate, linear(problem))


def test_a_network_is_judged_by_all_blocks_of_the_file() -> None:
    rough = np.array([0.5, 0.1, 0.1, 0.3])
    blocks = ([rough - 0.02 * rough], [rough])
    assert not guided._network_wins({}, SolverSettings())
    assert not guided._network_wins({"errors": blocks}, SolverSettings())
    assert guided._network_wins({"errors": (3 * blocks[0], 3 * blocks[1])}, SolverSettings())
    assert guided._network_wins({"errors": blocks}, SolverSettings(without=("holdout",)))


def test_a_fit_from_noise_that_diverges_is_replaced(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, problem = masked()
    wild = NetworkSize(width=8, skip=4, scales=3, frames=3, guided_steps=8, learning_rate=1e30)
    monkeypatch.setitem(NETWORKS, "multiresunet-small", wild)
    settings = SolverSettings(without=("start", "holdout"))
    with pytest.warns(RuntimeWarning, match="replaced by least squares"):
        estimate = solve(problem, settings, silent)
    assert np.array_equal(estimate, linear(problem))


def test_a_fit_that_diverges_leaves_the_linear_start(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, problem = masked()
    monkeypatch.setitem(NETWORKS, "mixer", MixerSize(guided_steps=8, learning_rate=float("inf")))
    estimate = solve(problem, SolverSettings(without=("holdout",)), silent)
    assert np.array_equal(estimate, linear(problem))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("network", ["mixer", "waveform"])
def test_same_seed_same_result_on_cuda(masked: Make, network: str) -> None:
    _, problem = masked()
    settings = SolverSettings(device="cuda", network=network)
    first, second = (solve(problem, settings, silent) for _ in range(2))
    assert np.array_equal(first, second)
