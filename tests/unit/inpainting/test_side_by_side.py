"""Signals solved side by side: each as it is alone, whatever the others are; nothing leaves the device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from problems import S, masked, random_mask
from signals import chord, notes

import dpcodec
from dpcodec.inpainting import least_squares
from dpcodec.inpainting.observation import observe
from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import CELL_BYTES, DEVICE_BYTES, SolverSettings
from dpcodec.inpainting.step_budget import StepBudget
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator

N = 4000
NAMES = ("kept", "value", "centre", "halfwidth", "bound")


def scattered(*drops: float) -> Problem:
    """Chords of different loudness, each with its own share of coefficients dropped."""
    x = np.stack([10.0 ** -(2 * c) * chord(N, c) for c in range(len(drops))])
    kept = np.concatenate([random_mask(N, drop, seed=c) for c, drop in enumerate(drops)])
    return masked(x, kept)


def quantised(*steps: float) -> Problem:
    """Energy masks with boxes: what is weaker than one and a half steps went."""
    x = np.stack([notes(N) * (1 + c) for c in range(len(steps))])
    X, step = S.forward(x), np.array(steps)[:, None, None]
    kept = np.abs(X) >= 1.5 * step
    centre = np.where(kept, step * (np.round(X.real / step) + 1j * np.round(X.imag / step)), 0)
    bound, halfwidth = np.where(kept, 0, 1.5 * step), np.where(kept, step / 2, 0)
    halves = halfwidth.astype("f4"), bound.astype("f4")
    return stft_problem(S, S.span(N), kept, centre.astype("c8"), *halves)


def of_an_mdct(*drops: float) -> Problem:
    transform = Mdct(256)
    X = np.stack([transform.forward(chord(N, c)) for c in range(len(drops))]).astype("f4")
    kept = np.random.default_rng(0).random(X.shape) >= np.array(drops)[:, None, None]
    value, nothing = np.where(kept, X, 0).astype("f4"), np.zeros(X.shape, "f4")
    operator = MdctOperator(transform, transform.span(N), np.zeros(X.shape[-1], np.int64))
    bound = np.where(kept, 0, np.inf).astype("f4")
    return Problem(operator, kept, value, value, nothing, bound, nothing)


def torch_of_one_thread() -> Any:
    """Arrays are small, and other tests run beside these: threads would wait for each other."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def steps_of(problem: Problem, steps: int, tensors: bool) -> np.ndarray:
    """The estimates of all signals, as so many steps side by side make them."""
    if tensors:
        torch = torch_of_one_thread()
        problem = replace(problem, **{name: torch.from_numpy(getattr(problem, name)) for name in NAMES})
    seen = observe(problem)
    found = least_squares.solve_signals(seen, StepBudget(silent, None, 0, 1, steps))
    return np.asarray(seen.operator.forward(found) * seen.level)


PROBLEMS = {
    "prior": (scattered(0.8, 0.85, 0.82), 75),
    "prior, all windows": (scattered(0.9, 0.95, 0.93), 75),
    "data alone": (scattered(0.1, 0.5, 0.45), 800),
    "data after the prior": (scattered(0.62, 0.65), 300),
    "boxes": (quantised(0.3, 0.2, 0.4), 40),
    "mdct": (of_an_mdct(0.6, 0.7), 60),
}


@pytest.mark.parametrize("tensors", [False, True], ids=["numpy", "torch"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_each_is_what_it_is_alone(name: str, tensors: bool) -> None:
    """To rounding. Torch's differs from batch to batch: where the prior decides, a step may turn on it."""
    problem, steps = PROBLEMS[name]
    near = 2e-2 if tensors and name.startswith("prior") else 1e-5
    together = steps_of(problem, steps, tensors)
    for c in range(len(together)):
        alone = steps_of(problem.part(c, c + 1), steps, tensors)[0]
        assert np.linalg.norm(together[c] - alone) < near * np.linalg.norm(alone)


def test_one_that_is_done_waits_for_the_others() -> None:
    """With nothing dropped two steps do; those after it leave it where it is."""
    problem = scattered(0.0, 0.55)
    both = steps_of(problem, 800, tensors=False)
    first = steps_of(problem.part(0, 1), 800, tensors=False)
    assert np.array_equal(both[:1], first)
    truth = S.forward(1e-2 * chord(N, 1))
    assert np.linalg.norm(both[1] - truth) < 1e-4 * np.linalg.norm(truth)


def many() -> Problem:
    """What is known of each of six channels calls for another way; one of them is silent."""
    parts = [scattered(0.8, 0.4, 0.85), quantised(0.3, 0.2), scattered(1.0)]
    arrays: dict[str, Any] = {}
    for name in (*NAMES, "noise"):
        arrays[name] = np.concatenate([getattr(part, name) for part in parts])[[0, 3, 1, 5, 4, 2]]
    return replace(parts[0], **arrays)


def test_channels_of_every_kind_on_a_device() -> None:
    """Torch's CPU is named, so that arrays are moved and channels sorted: the path that GPUs take."""
    torch_of_one_thread()
    settings = SolverSettings(iterations=70)
    told: list[float] = []
    found = least_squares.solve(
        many(),
        replace(settings, device="cpu:0"),
        lambda done, total, detail: told.append(done / (total or 1)),
    )
    alone = least_squares.solve(many(), settings, silent)
    assert isinstance(found, np.ndarray)
    assert not found[3].any()
    for c in range(6):
        assert np.linalg.norm(found[c] - alone[c]) <= 1e-3 * np.linalg.norm(alone[c])
    assert told == sorted(told)
    assert told[-1] < 1


def test_memory_bounds_how_many_are_solved_side_by_side() -> None:
    problem, device = scattered(0.5), SolverSettings(device="cuda:0")
    cells = problem.kept[0].size
    most = least_squares.together(problem, device)
    used = most * cells * CELL_BYTES
    assert used <= DEVICE_BYTES < used + cells * CELL_BYTES
    assert least_squares.together(problem, SolverSettings()) == 1
    assert least_squares.together(problem, replace(device, watch=lambda loss, estimate: None)) == 1


@pytest.mark.parametrize("given", ["exact", "bounded", "boxes"])
def test_tensors_stay_tensors(given: str) -> None:
    """Complex64 in: no tensor is made an array of numpy's or moved, and none is of double precision. Only
    numbers, one a signal, come to Python to decide on."""
    torch = torch_of_one_thread()
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    class NoCopies(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = getattr(func, "__name__", "")
            assert name not in ("numpy", "cpu", "__array__", "__dlpack__"), name
            if name in ("tolist", "item", "__float__", "__bool__"):
                assert args[0].numel() <= 2, name
            return func(*args, **(kwargs or {}))

    class NoDoubles(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for one in out if isinstance(out, tuple | list) else [out]:
                assert getattr(one, "dtype", None) not in (torch.float64, torch.complex128), func
            return out

    problem = quantised(0.3, 0.2) if given == "boxes" else scattered(0.8, 0.85)
    X, mask = torch.from_numpy(problem.value), torch.from_numpy(problem.kept)
    around: dict[str, Any] = {
        "exact": {},
        "bounded": {"bounds": 0.01},
        "boxes": {
            "bounds": torch.from_numpy(problem.bound),
            "halfwidth": torch.from_numpy(problem.halfwidth),
        },
    }[given]
    about: dict[str, Any] = {"solver": "least-squares", "samples": N, "iterations": 60}
    with NoCopies(), NoDoubles():  # type: ignore[no-untyped-call]
        found = dpcodec.inpaint(X, mask, S, **about, **around)
    assert found.device == X.device
    assert found.dtype == torch.complex64
    arrays: dict[str, Any] = {name: np.asarray(array) for name, array in around.items()}
    expected = dpcodec.inpaint(problem.value, problem.kept, S, **about, **arrays)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-3 * np.abs(expected).max())
