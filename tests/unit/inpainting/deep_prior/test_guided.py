"""The guided fit: never worse than its start by what it can see, repeatable, bounded in time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from problems import stft_of
from torch import Tensor, nn

from dpcodec.inpainting import least_squares
from dpcodec.inpainting.deep_prior import guided, solve
from dpcodec.inpainting.deep_prior.fit import cells_of, coefficients_of, parts_of
from dpcodec.inpainting.deep_prior.holdout import hold_out
from dpcodec.inpainting.deep_prior.losses import MaskedLoss
from dpcodec.inpainting.deep_prior.multiresunet import build
from dpcodec.inpainting.holdout import surely_less
from dpcodec.inpainting.network_size import NETWORKS, NetworkSize
from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.inpainting.progress import Progress, silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.settings import LOSSES

from .conftest import STFT, Make

TINY = NetworkSize(width=8, skip=4, scales=3, frames=3, guided_steps=8, learning_rate=1e-2)
SETTINGS = SolverSettings()
real_solve = least_squares.solve


def quick(problem: Problem, settings: SolverSettings, told: Progress) -> np.ndarray:
    """Least squares with fewer steps."""
    return real_solve(problem, replace(settings, iterations=60), told)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_squares, "solve", quick)
    monkeypatch.setitem(NETWORKS, "multiresunet-small", TINY)
    torch.set_num_threads(1)


def linear(problem: Problem) -> np.ndarray:
    return quick(problem, SETTINGS, silent)


def error(x: np.ndarray, problem: Problem, estimate: np.ndarray) -> float:
    """Of the dropped coefficients, relative."""
    truth = stft_of(problem).forward(x)
    return float(np.linalg.norm((estimate - truth)[~problem.kept]) / np.linalg.norm(truth[~problem.kept]))


class Half(nn.Module):
    """A network that can say one thing: the whole should be smaller."""

    def forward(self, z: Tensor) -> Tensor:
        return -z


def doubling(monkeypatch: pytest.MonkeyPatch, x: np.ndarray) -> None:
    """Least squares that is exact where it knows and twice too large where it does not."""
    truth = STFT.forward(x).astype(np.complex64)
    monkeypatch.setattr(least_squares, "solve", lambda problem, *_: np.where(problem.kept, truth, 2 * truth))


def test_what_the_holdout_teaches_is_applied_to_all(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    x, problem = masked(samples=12000, drop=0.7)
    doubling(monkeypatch, x)
    monkeypatch.setattr(guided, "fresh_network", lambda settings, plan: Half())
    monkeypatch.setattr(guided, "_agree", lambda problem, estimate, settings: estimate)
    size = TINY._replace(guided_steps=48, learning_rate=0.05)
    monkeypatch.setitem(NETWORKS, "multiresunet-small", size)
    assert error(x, problem, least_squares.solve(problem, SETTINGS, silent)) == pytest.approx(1)
    assert error(x, problem, solve(problem, SETTINGS, silent)) < 0.05


def test_repeatable_and_true_to_what_is_known(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    x, problem = masked(drop=0.7)
    doubling(monkeypatch, x)
    monkeypatch.setattr(guided, "surely_less", lambda errors, than: True)
    state = torch.get_rng_state()
    settings = replace(SETTINGS, seed=2**64 - 1, iterations=4)
    first, second = (solve(problem, settings, silent) for _ in range(2))
    assert first.dtype == np.complex64
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert not np.array_equal(first, solve(problem, replace(settings, seed=1), silent))
    assert torch.equal(torch.get_rng_state(), state)
    known = problem.centre[problem.kept]
    assert np.linalg.norm(first[problem.kept] - known) < 3e-3 * np.linalg.norm(known)


def test_a_network_that_predicts_worse_is_not_used(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, problem = masked()
    judged: list[tuple[float, float]] = []
    real = surely_less

    def noted(errors: np.ndarray, than: np.ndarray) -> bool:
        judged.append((errors.sum(), than.sum()))
        return real(errors, than)

    def spoil(*rest: Any) -> Any:
        return lambda Y: -3 * Y

    monkeypatch.setattr(guided, "surely_less", noted)
    monkeypatch.setattr(guided, "_learn", spoil)
    assert np.array_equal(solve(problem, SETTINGS, silent), linear(problem))
    ((network, start),) = judged
    assert network > start
    monkeypatch.setattr(guided, "surely_less", lambda errors, than: True)
    assert not np.array_equal(solve(problem, SETTINGS, silent), linear(problem))


def test_a_fit_that_never_lowers_the_validation_loss_is_the_start(
    masked: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, problem = masked()
    monkeypatch.setattr(guided, "output_of", lambda network, z: z + 1)
    assert np.array_equal(solve(problem, SETTINGS, silent), linear(problem))


def test_correction_starts_at_what_it_is_given() -> None:
    z = torch.randn(1, 2, 8, 8)
    network = guided.Correction(build(TINY, 0))
    assert torch.equal(network(z), z)
    network.weight.data.fill_(0.5)
    assert torch.allclose(network(z), z + 0.5 * network.network(z))


def test_it_learns_on_one_part_of_the_holdout_and_is_judged_on_the_other(
    masked: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, problem = masked()
    masks: list[Tensor] = []
    real = MaskedLoss

    def noted(name: str, target: Tensor, cells: Tensor, *rest: Any) -> Any:
        masks.append(cells)
        return real(name, target, cells, *rest)

    monkeypatch.setattr(guided, "MaskedLoss", noted)
    solve(problem, SETTINGS, silent)
    holdout = hold_out(problem)
    assert holdout is not None
    validation, learning = masks
    assert torch.equal(validation, cells_of(holdout.validation, TINY.multiple))
    assert torch.equal(learning, cells_of(holdout.learning, TINY.multiple))
    assert not (validation & learning).any()


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(masked: Make, loss: str) -> None:
    _, problem = masked(samples=1500)
    assert np.isfinite(solve(problem, replace(SETTINGS, loss=loss), silent)).all()


def test_no_dropped_value_reaches_the_fit(masked: Make) -> None:
    _, problem = masked()
    before = solve(problem, SETTINGS, silent)
    problem.centre[~problem.kept] = 99
    assert np.array_equal(solve(problem, SETTINGS, silent), before)


def test_equal_channels_come_out_equal_and_a_silent_one_silent(masked: Make) -> None:
    _, one = masked(samples=1500)
    fields = (one.kept, one.centre, one.halfwidth, one.bound)
    kept, centre, halfwidth, bound = (np.concatenate([a, a, a]) for a in fields)
    centre[1] = 0
    three = stft_problem(stft_of(one), one.operator.span, kept, centre, halfwidth, bound)
    estimate = solve(three, SETTINGS, silent)
    assert np.array_equal(estimate[0], estimate[2])
    assert not estimate[1].any()


@pytest.mark.parametrize("samples", [0, 1, 33, 130])
def test_short_signals(masked: Make, samples: int) -> None:
    _, problem = masked(samples=samples)
    estimate = solve(problem, replace(SETTINGS, iterations=1), silent)
    assert estimate.shape == problem.kept.shape
    assert np.isfinite(estimate).all()


@pytest.mark.parametrize("drop", [0.0, 0.3])
def test_what_linear_algebra_settles_is_left_to_it(masked: Make, drop: float) -> None:
    _, problem = masked(drop=drop)
    found: list[Problem] = []

    def counted(problem: Problem, *rest: Any) -> np.ndarray:
        found.append(problem)
        return quick(problem, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(least_squares, "solve", counted)
        assert np.array_equal(solve(problem, SETTINGS, silent), linear(problem))
    assert len(found) == 1


def test_gaps_are_learnt_from_gaps(masked: Make) -> None:
    x, problem = masked(frames=(10, 11, 12, 40, 41, 42, 70, 71, 72))
    estimate = solve(problem, SETTINGS, silent)
    assert error(x, problem, estimate) < 1.5 * error(x, problem, linear(problem))


def test_without_time_the_start_comes_back(masked: Make) -> None:
    _, problem = masked()
    past = replace(SETTINGS, deadline=time.monotonic() - 1)
    assert np.array_equal(solve(problem, past, silent), quick(problem, past, silent))


def test_a_long_fit_ends_at_the_deadline(masked: Make) -> None:
    _, problem = masked(samples=1500)
    began = time.monotonic()
    settings = replace(SETTINGS, deadline=began + 1.0, iterations=10**6)
    assert np.isfinite(solve(problem, settings, silent)).all()
    assert time.monotonic() - began < 4


def test_progress_grows_to_its_total_and_tells_the_loss(masked: Make) -> None:
    _, problem = masked(samples=1500)
    seen: list[tuple[float, float | None, str]] = []

    def told(done: float, total: float | None, detail: str) -> None:
        seen.append((done, total, detail))

    solve(problem, SETTINGS, told)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert {total for _, total, _ in seen} == {1000}
    assert seen[-1][0] == 1000
    assert seen[-1][2]


@pytest.mark.parametrize("after", [1, 50, 100, 124])
def test_a_stop_gives_the_best_so_far(masked: Make, after: int) -> None:
    _, problem = masked(samples=1500)
    calls = 0

    def told(done: float, total: float | None, detail: str) -> bool:
        nonlocal calls
        calls += 1
        return calls >= after

    assert np.isfinite(solve(problem, SETTINGS, told)).all()
    assert calls == after


def test_a_fit_that_diverges_leaves_the_start(masked: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, problem = masked()
    monkeypatch.setitem(NETWORKS, "multiresunet-small", TINY._replace(learning_rate=float("inf")))
    assert np.array_equal(solve(problem, SETTINGS, silent), linear(problem))


def test_the_way_back_is_the_shortest_one(masked: Make) -> None:
    _, problem = masked(drop=0.85, samples=300)
    N = problem.operator.span.samples
    rows = np.stack([STFT.forward(e, problem.operator.span)[problem.kept[0]] for e in np.eye(N)], axis=1)
    c = np.sqrt(np.broadcast_to(STFT.weights, problem.kept.shape[1:])[problem.kept[0]])[:, None]
    A = np.concatenate([(c * rows).real, (c * rows).imag])
    known = problem.centre[problem.kept][:, None] * c
    y = np.concatenate([known.real, known.imag])[:, 0]
    before = np.random.default_rng(0).standard_normal(N)
    shortest = np.linalg.pinv(A, rcond=1e-3) @ (y - A @ before)
    estimate = STFT.forward(before[np.newaxis], problem.operator.span).astype(np.complex64)
    X = guided._agree(problem, estimate, SETTINGS)
    found = STFT.inverse(X[0], N)
    assert np.linalg.norm(found - before) < 1.05 * np.linalg.norm(shortest)
    after, start = (np.linalg.norm((Y - problem.centre)[problem.kept]) for Y in (X, estimate))
    assert after < 0.01 * start


def test_quantised_values_are_pulled_no_further_than_into_their_boxes(masked: Make) -> None:
    x, problem = masked(step=0.05)
    X = STFT.forward(x).astype(np.complex64)  # the truth is inside all of them
    found = guided._agree(problem, X, SETTINGS)
    assert np.linalg.norm(found - X) < 1e-4 * np.linalg.norm(X)


def test_bounds_hold_and_a_passed_deadline_is_heeded(masked: Make) -> None:
    x, problem = masked()
    problem = replace(problem, bound=np.where(problem.kept, 0, 0.01).astype(np.float32))
    X = STFT.forward(x).astype(np.complex64)
    found = guided._agree(problem, X, replace(SETTINGS, deadline=time.monotonic() - 1))
    assert np.isfinite(found).all()
    assert (np.abs(found)[~problem.kept] <= 0.01001).all()


@pytest.mark.parametrize(("bins", "frames", "multiple"), [(65, 20, 8), (65, 24, 16), (2, 1, 1)])
def test_parts_and_back(bins: int, frames: int, multiple: int) -> None:
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((1, bins, frames)) + 1j * rng.standard_normal((1, bins, frames))).astype("c8")
    parts = parts_of(X, multiple)
    assert parts.shape[2] % multiple == parts.shape[3] % multiple == 0
    np.testing.assert_array_equal(parts[0, 0, : bins - 1, :frames].numpy(), X[0, :-1].real)
    X[:, -1] = 0
    np.testing.assert_array_equal(coefficients_of(parts, X), X)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_seed_same_result_on_cuda(masked: Make) -> None:
    _, problem = masked()
    settings = replace(SETTINGS, device="cuda", network="multiresunet-small")
    first, second = (solve(problem, settings, silent) for _ in range(2))
    assert np.array_equal(first, second)
