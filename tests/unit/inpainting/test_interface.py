"""`dpcodec.inpaint` on arrays of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from problems import S, masked, random_mask
from signals import chord

import dpcodec
from dpcodec.inpainting import least_squares
from dpcodec.inpainting.problem import limit, reinsert
from dpcodec.inpainting.progress import silent

N = 6000


def case(drop: float = 0.5, batch: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals [B, N], their coefficients [B, K, L] and a mask of the same shape."""
    x = np.stack([chord(N, seed) for seed in range(batch)])
    return x, S.forward(x), random_mask(N, drop, channels=batch)


def loss_db(X: np.ndarray, Y: np.ndarray) -> float:
    return 10 * float(np.log10(np.sum(abs(X) ** 2) / np.sum(abs(X - Y) ** 2)))


def test_it_is_what_the_solver_gives_with_context() -> None:
    x, X, mask = case()
    problem = masked(x[0], mask)
    wanted = reinsert(problem, limit(problem, least_squares.solve(problem, dpcodec.SolverSettings(), silent)))
    found = dpcodec.inpaint(X[0], mask[0], S, solver="least-squares", samples=N)
    np.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-4)
    assert found.dtype == X.dtype
    assert np.array_equal(found[mask[0]], X[0][mask[0]])
    assert loss_db(X[0], found) > 30


def test_without_context_the_estimate_stays() -> None:
    _, X, mask = case()
    found = dpcodec.inpaint(X[0], mask[0], S, solver="least-squares", samples=N, context=False, iterations=3)
    assert not np.array_equal(found[mask[0]], X[0][mask[0]])


def test_what_was_dropped_is_never_looked_at() -> None:
    _, X, mask = case()
    hidden = np.where(mask, X, np.nan)
    found = dpcodec.inpaint(hidden, mask, S, samples=N, iterations=5)
    assert np.isfinite(found).all()
    assert np.array_equal(found, dpcodec.inpaint(X, mask, S, samples=N, iterations=5))


def test_items_of_a_batch_are_as_alone_and_a_mask_may_be_one_for_all() -> None:
    _, X, masks = case(batch=4)
    settings: dict[str, Any] = {"solver": "least-squares", "samples": N, "iterations": 20}
    shaped = dpcodec.inpaint(X.reshape(2, 2, *X.shape[1:]), masks[0], S, **settings)
    assert shaped.shape == (2, 2, *X.shape[1:])
    for i in range(4):
        alone = dpcodec.inpaint(X[i], masks[0], S, **settings)
        assert np.array_equal(shaped.reshape(X.shape)[i], alone)


def test_single_precision_stays_single() -> None:
    _, X, mask = case()
    assert dpcodec.inpaint(X.astype(np.complex64), mask, S, samples=N, iterations=2).dtype == np.complex64


def test_a_tensor_comes_back_as_one() -> None:
    torch = pytest.importorskip("torch")
    _, X, mask = case()
    settings: dict[str, Any] = {"solver": "least-squares", "samples": N, "iterations": 20}
    given = torch.from_numpy(X).requires_grad_()
    found = dpcodec.inpaint(given, torch.from_numpy(mask), S, **settings)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.complex128
    assert not found.requires_grad
    expected = dpcodec.inpaint(X, mask, S, **settings)
    np.testing.assert_array_equal(found.numpy()[mask], X[mask])
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5 * np.abs(expected).max())


def test_an_array_of_the_standard_comes_back_as_one() -> None:
    xp = pytest.importorskip("array_api_strict")
    _, X, mask = case()
    settings: dict[str, Any] = {"solver": "least-squares", "samples": N, "iterations": 20}
    found = dpcodec.inpaint(xp.asarray(X), xp.asarray(mask), S, **settings)
    assert type(found) is type(xp.asarray(X))
    assert found.dtype == xp.complex128
    np.testing.assert_array_equal(np.from_dlpack(found), dpcodec.inpaint(X, mask, S, **settings))


def test_an_mdct_s_zeros_are_its_least_squares() -> None:
    mdct = dpcodec.Mdct(256)
    X = mdct.forward(chord(N))
    mask = np.random.default_rng(0).random(X.shape) < 0.5
    found = dpcodec.inpaint(X, mask, mdct, samples=N)
    np.testing.assert_array_equal(found, np.where(mask, X, 0))


def test_bounds_and_boxes_hold() -> None:
    _, X, mask = case(drop=0.3)
    step = 0.05 * float(abs(X).max())
    coarse = step * (np.round(X.real / step) + 1j * np.round(X.imag / step))
    settings: dict[str, Any] = {"solver": "least-squares", "samples": N}
    found = dpcodec.inpaint(coarse, mask, S, halfwidth=step / 2, bounds=0.01, **settings)
    assert (abs(found[~mask]) <= 0.01 * (1 + 1e-5)).all()
    away = np.maximum(abs((found - coarse).real), abs((found - coarse).imag))[mask]
    assert away.max() <= step / 2 * (1 + 1e-5)
    assert away.max() > 0


@pytest.mark.parametrize("shape", [(129, 0), (0, 129, 9), (2, 0, 129, 9)])
def test_nothing_comes_back_as_nothing(shape: tuple[int, ...]) -> None:
    assert dpcodec.inpaint(np.zeros(shape, complex), np.zeros(shape, bool), S).shape == shape


def test_lists_and_masks_that_keep_nothing() -> None:
    _, X, _ = case()
    nothing = np.zeros(X[0].shape, bool)
    assert not dpcodec.inpaint(X[0].tolist(), nothing.tolist(), S, samples=N).any()
    np.testing.assert_array_equal(dpcodec.inpaint(X[0].tolist(), ~nothing, S, samples=N), X[0])


def test_a_function_is_a_solver() -> None:
    _, X, mask = case()
    seen = []

    def ones(problem: dpcodec.Problem, settings: dpcodec.SolverSettings, progress: Any) -> np.ndarray:
        seen.append((problem.value.shape, settings.seed))
        return np.ones_like(problem.value)

    found = dpcodec.inpaint(X, mask, S, solver=ones, samples=N, seed=7, bounds=0.5)
    assert seen == [((1, *X.shape[1:]), 7)]
    np.testing.assert_allclose(found[~mask], 0.5)
    np.testing.assert_array_equal(found[mask], X[mask])


@pytest.mark.parametrize(
    "give, message",
    [
        (lambda problem: problem.value[0], "solver give_it gave complex64 "),
        (lambda problem: problem.value * np.nan, "solver give_it gave numbers that are not finite"),
        (lambda problem: problem.nothing, "solver give_it failed: AttributeError: "),
    ],
)
def test_a_function_that_fails_is_named(give: Any, message: str) -> None:
    _, X, mask = case()

    def give_it(problem: Any, settings: Any, progress: Any) -> Any:
        return give(problem)

    with pytest.raises(dpcodec.PluginError, match=message) as caught:
        dpcodec.inpaint(X, mask, S, solver=give_it, samples=N)
    assert "\n" not in str(caught.value)


def test_a_callback_sees_each_step_and_stops() -> None:
    _, X, mask = case()
    seen: list[tuple[int, float]] = []
    last = []

    def look(step: int, loss: float, estimate: np.ndarray) -> bool:
        assert estimate.shape == X.shape[1:]
        assert estimate.dtype == X.dtype
        seen.append((step, loss))
        last.append(estimate)
        return step == 6

    found = dpcodec.inpaint(X, mask, S, solver="least-squares", samples=N, callback=look, context=False)
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1][1] < 0.1 * seen[0][1]
    kept = np.where(mask[0], last[-1] - X[0], 0)
    assert seen[-1][1] == pytest.approx(np.mean(abs(kept) ** 2), rel=1e-3)
    np.testing.assert_array_equal(found[0], last[-1])


def test_trials_of_auto_are_not_shown() -> None:
    _, X, mask = case(drop=0.85)
    losses = []
    dpcodec.inpaint(
        X, mask, S, samples=N, iterations=4, callback=lambda step, loss, estimate: losses.append(loss)
    )
    assert len(losses) == 4


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"X": np.zeros((129, 95))}, "X is of float64: this transform has complex coefficients"),
        ({"X": np.zeros((128, 95), complex)}, r"X has shape \(128, 95\)"),
        ({"mask": np.ones((129, 95))}, "mask is of float64: give booleans"),
        ({"mask": np.ones((129, 4), bool)}, r"mask has shape \(129, 4\): it does not fit X"),
        ({"bounds": -1.0}, "bounds: give real numbers from 0 on"),
        ({"halfwidth": np.nan}, "halfwidth: give real numbers from 0 on"),
        ({"samples": 100}, "100 samples make 3 frames of hop 64, X has 95"),
        ({"solver": "magic"}, "solver is 'magic'"),
        ({"X": np.full((129, 95), np.nan, complex)}, "X is not finite where the mask keeps it"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, Any], message: str) -> None:
    _, X, mask = case()
    arguments = {"X": X[0], "mask": mask[0], "transform": S, **changes}
    with pytest.raises(dpcodec.SettingsError, match=message):
        dpcodec.inpaint(**arguments)


def test_transforms_need_no_span_of_whole_signals() -> None:
    x, X, _ = case()
    np.testing.assert_allclose(S.inverse(X, N), x, atol=1e-12)
    Y = np.random.default_rng(1).standard_normal(X.shape) + 0j
    inner = np.sum((S.weights * X * Y.conj()).real)
    assert inner == pytest.approx(np.sum(x * S.adjoint(Y, N)))
    mdct = dpcodec.Mdct(256)
    np.testing.assert_allclose(mdct.inverse(mdct.forward(x), N), x, atol=1e-12)
    np.testing.assert_array_equal(mdct.adjoint(mdct.forward(x), None, N), mdct.inverse(mdct.forward(x), N))
