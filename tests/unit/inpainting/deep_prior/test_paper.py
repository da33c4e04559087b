"""The published fit: repeatable, bounded in time, finite whatever happens."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from dpcodec.errors import SettingsError
from dpcodec.inpainting.deep_prior import paper, solve
from dpcodec.inpainting.deep_prior.fit import Fit
from dpcodec.inpainting.deep_prior.speed import measure_step
from dpcodec.inpainting.network_size import NETWORKS, NetworkSize
from dpcodec.inpainting.problem import Problem, stft_problem
from dpcodec.inpainting.progress import silent
from dpcodec.inpainting.solver_settings import SolverSettings
from dpcodec.settings import LOSSES
from dpcodec.transform.stft import Stft

STFT = Stft(128, 32, "hann")
TINY: dict[str, Any] = {"width": 8, "skip": 4, "scales": 3, "frames": 3}


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "tiny", NetworkSize(**TINY, steps=4))
    monkeypatch.setitem(NETWORKS, "quick", NetworkSize(**TINY, learning_rate=1e-2))
    torch.set_num_threads(1)


def tones(channels: int, samples: int = 700, level: float = 1.0) -> np.ndarray:
    t = np.arange(samples)
    return level * np.stack([np.sin(0.2 * t * (c + 1)) + 0.5 * np.sin(0.4 * t) for c in range(channels)])


def problem(x: np.ndarray, drop: float = 0.3, stft: Stft = STFT) -> Problem:
    X = stft.forward(x)
    kept = np.random.default_rng(1).random(X.shape) >= drop
    zeros = np.zeros(X.shape, np.float32)
    bound = np.where(kept, 0, np.inf).astype(np.float32)
    span = stft.span(x.shape[-1])
    return stft_problem(stft, span, kept, np.where(kept, X, 0).astype(np.complex64), zeros, bound)


def settings(**changes: Any) -> SolverSettings:
    return SolverSettings(**{"fit": "paper", "network": "tiny", **changes})


def relative_error(p: Problem, estimate: np.ndarray) -> float:
    """Of the kept cells."""
    return float(np.linalg.norm((estimate - p.centre)[p.kept]) / np.linalg.norm(p.centre[p.kept]))


def test_modulated_network_fits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "turned", NetworkSize(**TINY, modulated=True, learning_rate=1e-2))
    p = problem(tones(1, 300))
    few, many = (solve(p, settings(network="turned", iterations=n, loss="mse"), silent) for n in (1, 20))
    assert relative_error(p, many) < 0.85 * relative_error(p, few)


@pytest.mark.parametrize("loss", LOSSES)
def test_fit_approaches_the_kept_cells(loss: str) -> None:
    p = problem(tones(1, 300))
    few, many = (solve(p, settings(network="quick", iterations=n, loss=loss), silent) for n in (1, 20))
    assert many.dtype == np.complex64
    assert many.shape == p.kept.shape
    assert np.isfinite(many).all()
    assert not many[:, -1].any()  # the Nyquist bin
    assert relative_error(p, many) < 0.85 * relative_error(p, few)


def test_same_seed_twice_in_a_row_gives_the_same_result() -> None:
    p = problem(tones(2))
    state = torch.get_rng_state()
    first, second = (solve(p, settings(seed=2**64 - 1, iterations=5), silent) for _ in range(2))
    assert np.array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
    assert not np.array_equal(first, solve(p, settings(seed=3, iterations=5), silent))


def test_equal_channels_come_out_equal() -> None:
    x = tones(1)
    p = problem(np.concatenate([x, x]))
    p.kept[1], p.centre[1] = p.kept[0], p.centre[0]
    estimate = solve(p, settings(), silent)
    assert np.array_equal(estimate[0], estimate[1])


def test_level_of_the_signal_does_not_matter() -> None:
    loud = solve(problem(tones(1)), settings(), silent)
    quiet = solve(problem(tones(1, level=2.0**-20)), settings(), silent)
    assert np.allclose(quiet * 2.0**20, loud, rtol=1e-4, atol=1e-4 * np.abs(loud).max())


def test_no_dropped_value_reaches_the_fit() -> None:
    p = problem(tones(1))
    before = solve(p, settings(), silent)
    p.centre[~p.kept] = 99
    assert np.array_equal(solve(p, settings(), silent), before)


def test_result_is_the_output_with_the_lowest_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: list[torch.Tensor] = []
    losses = iter([3.0, 1.0, 2.0, 1.5])

    def step(self: Fit, z: torch.Tensor) -> tuple[float, torch.Tensor]:
        outputs.append(torch.full((1, 2, 64, 24), float(len(outputs))))
        return next(losses), outputs[-1]

    monkeypatch.setattr(Fit, "step", step)
    estimate = solve(problem(tones(1)), settings(), silent)
    assert np.ptp(estimate[:, :-1].real) == 0
    assert estimate[0, 0, 0].real > 0  # the second output: ones, times the scale


def test_progress_counts_all_channels_and_can_stop() -> None:
    p = problem(tones(2))
    seen: list[tuple[float, float | None]] = []

    def stop_at_six(done: float, total: float | None, detail: str) -> bool:
        assert detail
        seen.append((done, total))
        return len(seen) == 6

    estimate = solve(p, settings(), stop_at_six)
    assert seen == [(250 * n, 2000) for n in range(1, 7)]
    assert np.isfinite(estimate).all()
    after_stop = solve(p, settings(), lambda done, total, detail: True)
    assert np.array_equal(after_stop[1], p.centre[1])


def test_deadline_ends_the_fit_and_is_shared_by_the_channels() -> None:
    p = problem(tones(2))
    steps: list[float] = []
    s = settings(iterations=10**6, deadline=time.monotonic() + 1.0)
    solve(p, s, lambda done, total, detail: steps.append(done))
    assert any(n < 1000 for n in steps)
    assert any(n >= 1000 for n in steps)


def test_without_time_the_kept_coefficients_come_back() -> None:
    p = problem(tones(1))
    assert np.array_equal(solve(p, settings(deadline=time.monotonic() - 1), silent), p.centre)


@pytest.mark.parametrize("drop", [0.3, 1.1])
def test_silence_and_nothing_kept_are_zero(drop: float) -> None:
    p = problem(tones(1, level=float(drop > 1)), drop)
    assert not solve(p, settings(), silent).any()


@pytest.mark.parametrize("samples", [0, 1, 31, 33])
@pytest.mark.parametrize("n_fft", [64, 90])
def test_short_signals_and_odd_sizes(samples: int, n_fft: int) -> None:
    stft = Stft(n_fft, 16, "sine")
    p = problem(np.ones((1, samples)), stft=stft)
    estimate = solve(p, settings(network="multiresunet-small", iterations=1), silent)
    assert estimate.shape == p.kept.shape
    assert np.isfinite(estimate).all()


def test_divergence_after_a_finite_step_keeps_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "wild", NetworkSize(**TINY, learning_rate=1e30))
    estimate = solve(problem(tones(1)), settings(network="wild", iterations=20), silent)
    assert np.isfinite(estimate).all()
    assert estimate.any()


def test_divergence_at_once_falls_back_to_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(tones(2))

    def broken(self: Fit, z: torch.Tensor) -> tuple[float, torch.Tensor]:
        return float("nan"), torch.full((1, 2, 64, 24), float("nan"))

    monkeypatch.setattr(Fit, "step", broken)
    with pytest.warns(RuntimeWarning, match="replaced by least squares"):
        estimate = solve(p, settings(), silent)
    assert np.isfinite(estimate).all()
    assert relative_error(p, estimate) < 0.1


def test_device_without_memory_hands_over_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(tones(1))
    wanted, real = solve(p, settings(), silent), paper.solve

    def cuda_is_full(p: Problem, s: SolverSettings, *rest: object) -> np.ndarray:
        if s.device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(p, s, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(paper, "solve", cuda_is_full)
    with pytest.warns(RuntimeWarning, match=r"cuda:0 .*memory.*CPU"):
        assert np.array_equal(solve(p, settings(device="cuda:0"), silent), wanted)


def test_other_faults_of_a_device_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> np.ndarray:
        raise RuntimeError("CUDA error: device lost")

    monkeypatch.setattr(paper, "solve", broken)
    with pytest.raises(RuntimeError, match="device lost"):
        solve(problem(tones(1)), settings(device="cuda"), silent)


@pytest.mark.parametrize(
    "bad",
    [
        {"network": "vgg"},
        {"loss": "huber"},
        {"fit": "slow"},
    ],
)
def test_unknown_names_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        solve(problem(tones(1)), settings(**bad), silent)


def test_the_published_fit_has_the_published_numbers() -> None:
    fit, inputs = paper.published_fit(problem(tones(1)), settings(seed=3), NETWORKS["tiny"])
    (group,) = fit._optimizer.param_groups
    assert isinstance(fit._optimizer, torch.optim.Adam)
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (1e-3, (0.9, 0.999), 1e-8, 0)
    drawn = torch.cat([next(inputs) for _ in range(400)])
    noise = torch.from_numpy(np.sqrt(400 / 399) * (drawn - drawn.mean(0)).numpy())
    assert float(noise.std()) == pytest.approx(0.03, rel=0.01)
    z = drawn.mean(0)  # the noise in it has a deviation of 0.0015
    assert -0.01 < float(z.min()) < 0.005
    assert 0.095 < float(z.max()) < 0.11
    assert float(z.std()) == pytest.approx(0.1 / 12**0.5, rel=0.03)


def test_the_target_has_unit_power_where_it_is_kept_and_cells_beyond_the_grid_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, torch.Tensor] = {}

    def noted(name: str, target: torch.Tensor, kept: torch.Tensor, *rest: object) -> None:
        seen.update(target=target, kept=kept)

    monkeypatch.setattr(paper, "MaskedLoss", noted)
    p = problem(tones(1, level=7.0))
    paper.published_fit(p, settings(), NETWORKS["tiny"])
    assert seen["target"].shape == (1, 2, 64, 24)
    assert float(seen["target"][:, :, seen["kept"]].square().mean()) == pytest.approx(1, rel=1e-5)
    np.testing.assert_array_equal(seen["kept"][:64, : p.kept.shape[2]].numpy(), p.kept[0, :-1])
    assert not seen["kept"][:, p.kept.shape[2] :].any()


def test_measure_step_gives_seconds() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 < measure_step("tiny", 64, 16, "cpu") < 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_seed_same_result_on_cuda() -> None:
    p = problem(tones(1, 4000))
    first, second = (solve(p, settings(device="cuda", iterations=20), silent) for _ in range(2))
    assert np.array_equal(first, second)
