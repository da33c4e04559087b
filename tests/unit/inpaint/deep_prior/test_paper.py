"""The published fit: repeatable, bounded in time, finite whatever happens."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
import torch

from dpcodec.errors import SettingsError
from dpcodec.inpaint import deep_prior
from dpcodec.inpaint.deep_prior import measure_step, paper, solve
from dpcodec.inpaint.networks.sizes import NETWORKS, NetworkSize
from dpcodec.inpaint.problem import Problem, silent
from dpcodec.inpaint.solver_settings import SolverSettings
from dpcodec.settings import LOSSES
from dpcodec.signal.stft import Stft

STFT = Stft(128, 32, "hann")
TINY = {"width": 8, "skip": 4, "scales": 3, "frames": 3}


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "tiny", NetworkSize(**TINY, steps=4))
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
    return Problem(stft, span, kept, np.where(kept, X, 0).astype(np.complex64), zeros, bound)


def settings(**changes: object) -> SolverSettings:
    return SolverSettings(**{"fit": "paper", "network": "tiny", **changes})  # type: ignore[arg-type]


def relative_error(p: Problem, estimate: np.ndarray) -> float:
    """Of the kept cells."""
    return float(np.linalg.norm((estimate - p.centre)[p.kept]) / np.linalg.norm(p.centre[p.kept]))


def test_modulated_network_fits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "turned", NetworkSize(**TINY, modulated=True))
    p = problem(tones(1))
    few, many = (solve(p, settings(network="turned", iterations=n, loss="mse"), silent) for n in (1, 120))
    assert relative_error(p, many) < 0.85 * relative_error(p, few)


@pytest.mark.parametrize("loss", LOSSES)
def test_fit_approaches_the_kept_cells(loss: str) -> None:
    p = problem(tones(1))
    few, many = (solve(p, settings(iterations=n, loss=loss), silent) for n in (1, 120))
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

    def step(self: paper.Fit) -> tuple[float, torch.Tensor]:
        outputs.append(torch.full((1, 2, 64, 24), float(len(outputs))))
        return next(losses), outputs[-1]

    monkeypatch.setattr(paper.Fit, "step", step)
    estimate = solve(problem(tones(1)), settings(), silent)
    assert np.ptp(estimate[:, :-1].real) == 0
    assert estimate[0, 0, 0].real > 0  # the second output: ones, times the scale


def test_progress_counts_all_channels_and_can_stop() -> None:
    p = problem(tones(2))
    seen: list[tuple[int, int]] = []

    def stop_at_six(done: int, total: int, loss: float | None = None) -> bool:
        assert loss is not None
        seen.append((done, total))
        return done == 6

    estimate = solve(p, settings(), stop_at_six)
    assert seen == [(n, 8) for n in range(1, 7)]
    assert np.isfinite(estimate).all()
    seen.clear()
    solve(p, settings(iterations=2), lambda done, total, loss=None: done == 1)
    after_stop = solve(p, settings(), lambda done, total, loss=None: True)
    assert np.array_equal(after_stop[1], p.centre[1])


def test_deadline_ends_the_fit_and_is_shared_by_the_channels() -> None:
    p = problem(tones(2))
    steps: list[int] = []
    s = settings(iterations=10**6, deadline=time.monotonic() + 1.0)
    solve(p, s, lambda done, total, loss=None: steps.append(done))
    assert any(n < 10**6 for n in steps)
    assert any(n > 10**6 for n in steps)


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

    def broken(self: paper.Fit) -> tuple[float, torch.Tensor]:
        return float("nan"), torch.full((1, 2, 64, 24), float("nan"))

    monkeypatch.setattr(paper.Fit, "step", broken)
    with pytest.warns(RuntimeWarning, match="replaced by least squares"):
        estimate = solve(p, settings(), silent)
    assert np.isfinite(estimate).all()
    assert relative_error(p, estimate) < 0.1


def test_device_without_memory_hands_over_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(tones(1))
    wanted = solve(p, settings(), silent)

    def cuda_is_full(p: Problem, s: SolverSettings, *rest: object) -> np.ndarray:
        if s.device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return paper.solve(p, s, *rest)  # type: ignore[arg-type]

    monkeypatch.setitem(deep_prior.SOLVES, "paper", cuda_is_full)
    with pytest.warns(RuntimeWarning, match=r"cuda:0 .*memory.*CPU"):
        assert np.array_equal(solve(p, settings(device="cuda:0"), silent), wanted)


def test_other_faults_of_a_device_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> np.ndarray:
        raise RuntimeError("CUDA error: device lost")

    monkeypatch.setitem(deep_prior.SOLVES, "paper", broken)
    with pytest.raises(RuntimeError, match="device lost"):
        solve(problem(tones(1)), settings(device="cuda"), silent)


@pytest.mark.parametrize(
    "bad",
    [
        {"network": "vgg"},
        {"loss": "huber"},
        {"fit": "slow"},
        {"without": ("start",)},
        {"network": "waveform"},
    ],
)
def test_unknown_names_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        solve(problem(tones(1)), settings(**bad), silent)


def test_measure_step_gives_seconds() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 < measure_step("tiny", 64, 16, "cpu") < 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_seed_same_result_on_cuda() -> None:
    p = problem(tones(1, 4000))
    first, second = (solve(p, settings(device="cuda", iterations=20), silent) for _ in range(2))
    assert np.array_equal(first, second)
