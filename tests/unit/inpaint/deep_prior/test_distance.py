"""The data term, against loops over cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dpcodec.errors import SettingsError
from dpcodec.inpaint.deep_prior.distance import Distance
from dpcodec.inpaint.problem import Problem

from .conftest import Make


def slow(problem: Problem, cells: np.ndarray, scale: np.ndarray, name: str, X: np.ndarray) -> float:
    """The same by the book."""
    rho = abs if name == "l1" else (lambda v: v * v)
    total, count = 0.0, 0
    for at in np.ndindex(cells.shape):
        if cells[at] and problem.kept[0][at]:
            count += 1
            for part in (X[at] - problem.centre[0][at]).real, (X[at] - problem.centre[0][at]).imag:
                total += rho(max(0.0, abs(part) - problem.halfwidth[0][at]) / scale[at])
        if not problem.kept[0][at] and np.isfinite(problem.bound[0][at]):
            total += rho(max(0.0, abs(X[at]) - problem.bound[0][at]) / scale[at])
    return total / count


@pytest.fixture
def bounded(masked: Make) -> Problem:
    """Quantised, half of the dropped cells with a bound."""
    _, problem = masked(samples=400, step=0.4)
    bound = np.where(np.random.default_rng(3).random(problem.kept.shape) < 0.5, 0.3, np.inf)
    return replace(problem, bound=np.where(problem.kept, 0, bound).astype(np.float32))


@pytest.mark.parametrize("name", ["mse", "l1"])
def test_distance_by_the_book(bounded: Problem, name: str) -> None:
    rng = np.random.default_rng(0)
    shape = bounded.kept.shape[1:]
    X = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
    scale = rng.uniform(0.5, 2, shape).astype(np.float32)
    cells = rng.random(shape) < 0.6
    found = Distance(bounded, cells, torch.from_numpy(scale), name, intervals=True)(torch.from_numpy(X))
    assert float(found) == pytest.approx(slow(bounded, cells, scale, name, X), rel=1e-5)
    blind = replace(
        bounded, halfwidth=np.zeros_like(bounded.halfwidth), bound=np.full_like(bounded.bound, np.inf)
    )
    found = Distance(bounded, cells, torch.from_numpy(scale), name, intervals=False)(torch.from_numpy(X))
    assert float(found) == pytest.approx(slow(blind, cells, scale, name, X), rel=1e-5)


def test_frames_add_up_to_the_whole(bounded: Problem) -> None:
    unbounded = replace(bounded, bound=np.full_like(bounded.bound, np.inf))
    distance = Distance(
        unbounded, unbounded.kept[0], torch.ones(bounded.kept.shape[1:]), "mse", intervals=True
    )
    X = torch.from_numpy(1.5 * bounded.centre[0])
    frames = distance.by_frame(X)
    assert frames.shape == (bounded.kept.shape[2],)
    assert float(frames.sum()) == pytest.approx(float(distance(X)) * bounded.kept.sum(), rel=1e-5)


def test_inside_intervals_and_bounds_there_is_nothing_to_gain(bounded: Problem) -> None:
    scale = torch.ones(bounded.kept.shape[1:])
    inside = np.where(bounded.kept, bounded.centre + 0.49 * bounded.halfwidth * (1 - 1j), 0)[0]
    X = torch.from_numpy(inside.astype(np.complex64)).requires_grad_()
    loss = Distance(bounded, bounded.kept[0], scale, "mse", intervals=True)(X)
    loss.backward()
    assert float(loss.detach()) == 0
    assert X.grad is not None
    assert not X.grad.any()
    assert float(Distance(bounded, bounded.kept[0], scale, "mse", intervals=False)(X.detach())) > 0


def test_gradient_is_finite_where_a_bounded_cell_is_zero(bounded: Problem) -> None:
    X = torch.zeros(bounded.kept.shape[1:], dtype=torch.complex64, requires_grad=True)
    Distance(bounded, bounded.kept[0], torch.ones(X.shape), "mse", intervals=True)(X).backward()
    assert X.grad is not None
    assert bool(torch.view_as_real(X.grad).isfinite().all())


def test_signals_of_the_cells_count_where_asked(bounded: Problem) -> None:
    scale = torch.ones(bounded.kept.shape[1:])
    plain, more = (
        Distance(bounded, bounded.kept[0], scale, name, intervals=True) for name in ("mse", "mse+stft")
    )
    X = torch.from_numpy(1.5 * bounded.centre[0])
    assert float(more(X)) > float(plain(X))
    same = torch.from_numpy(bounded.centre[0])
    assert float(more(same)) == pytest.approx(0, abs=1e-6)
    X = X.clone()
    X[~torch.from_numpy(bounded.kept[0])] = 0.01  # far inside the bounds: cells that do not count
    assert float(more(X)) == pytest.approx(float(more(torch.from_numpy(1.5 * bounded.centre[0]))), rel=1e-6)


def test_unknown_loss_is_refused(bounded: Problem) -> None:
    with pytest.raises(SettingsError, match="huber"):
        Distance(bounded, bounded.kept[0], torch.ones(bounded.kept.shape[1:]), "huber", intervals=True)
