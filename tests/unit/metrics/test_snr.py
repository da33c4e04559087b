"""SNR, SI-SNR and SI-SDR against their definitions, torchmetrics (1e-9 dB) and `reference.csv` (1e-4 dB)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from dpcodec.errors import AudioError
from dpcodec.metrics.snr import si_sdr, si_snr, snr

Metric = Callable[[np.ndarray, np.ndarray], float]
ALL: list[Metric] = [snr, si_snr, si_sdr]
FITTED: list[Metric] = [si_snr, si_sdr]


def noisy(channels: int = 1, samples: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((channels, samples)) + 0.3
    return x, 0.7 * x + 0.2 * rng.standard_normal(x.shape) - 0.05


@pytest.mark.parametrize("level", [-20.0, 0.0, 6.5, 90.0])
def test_known_noise_gives_known_level(level: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, 1000))
    error = np.random.default_rng(1).standard_normal(x.shape)
    error *= np.sqrt(np.sum(x**2) / np.sum(error**2)) * 10 ** (-level / 20)
    assert snr(x, x + error) == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize("level", [-20.0, 0.0, 6.5, 90.0])
@pytest.mark.parametrize("gain", [1.0, -0.01])
def test_noise_at_right_angles_gives_known_level_at_any_gain(level: float, gain: float) -> None:
    x = np.tile([1.0, -1.0, 1.0, -1.0], (2, 50))
    error = np.tile([1.0, 1.0, -1.0, -1.0], (2, 50)) * 10 ** (-level / 20)
    for metric in FITTED:
        assert metric(x, gain * (x + error)) == pytest.approx(level, abs=1e-9)


# What torchmetrics 1.9.0 gives in float64 for `noisy()`: signal_noise_ratio,
# scale_invariant_signal_noise_ratio and scale_invariant_signal_distortion_ratio.
TORCHMETRICS_DB = (8.537968020846648, 10.699842642686082, 10.729539042899724)
# source_aggregated_signal_distortion_ratio for three channels, the second at a fifth of its level, with
# (scale_invariant, zero_mean) False, False; True, True; True, False.
TORCHMETRICS_AGGREGATED_DB = (4.674104725338658, 4.320534846638686, 4.341008273049845)


def test_one_channel_is_torchmetrics() -> None:
    x, y = noisy()
    for ours, expected in zip(ALL, TORCHMETRICS_DB, strict=True):
        assert ours(x, y) == ours(x[0], y[0]) == pytest.approx(expected, abs=1e-9)


def test_channels_are_torchmetrics_source_aggregated() -> None:
    x, y = noisy(channels=3)
    y[1] *= 0.2
    for ours, expected in zip(ALL, TORCHMETRICS_AGGREGATED_DB, strict=True):
        assert ours(x, y) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "metric, column",
    [(snr, "SNR_dB"), (si_snr, "SISNR_dB"), (si_sdr, "SISDR_dB")],
    ids=["snr", "si-snr", "si-sdr"],
)
def test_degraded_recordings(
    pairs: list[tuple[dict[str, str], np.ndarray, np.ndarray]], metric: Metric, column: str
) -> None:
    for row, reference, degraded in pairs:
        assert metric(reference, degraded) == pytest.approx(float(row[column]), abs=1e-4), row["pair"]


def test_equal_silent_and_flipped_signals_have_a_stated_answer() -> None:
    zeros, x = np.zeros(4), np.array([1.0, -2.0, 3.0, 1.0])
    for metric in ALL:
        assert metric(x, x) == math.inf
        assert metric(zeros, zeros) == math.inf
        assert metric(zeros, x) == -math.inf
    assert snr(x, zeros) == 0
    assert snr(x, -x) == pytest.approx(-6.0206, abs=1e-4)
    assert snr(x, 0.5 * x) == pytest.approx(6.0206, abs=1e-4)
    for metric in FITTED:
        assert metric(x, zeros) == -math.inf
        assert metric(x, -x) == math.inf
        assert metric(x, 0.3 * x) == math.inf
        assert metric(np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])) == -math.inf


def test_fitted_ratios_beyond_150_db_are_infinite() -> None:
    x = np.tile([1.0, -1.0, 1.0, -1.0], 50)
    error = np.tile([1.0, 1.0, -1.0, -1.0], 50)
    for metric in FITTED:
        assert metric(x, x + 10**-7.4 * error) == pytest.approx(148, abs=1e-3)
        assert metric(x, x + 10**-7.6 * error) == math.inf
        assert metric(x, 10**-7.6 * x + error) == -math.inf
    assert snr(x, x + 10**-7.6 * error) == pytest.approx(152, abs=1e-3)


def test_si_snr_is_blind_to_offsets() -> None:
    x, y = noisy(channels=2)
    assert si_snr(x, y + np.array([[1.0], [-2.0]])) == pytest.approx(si_snr(x, y), abs=1e-9)
    assert si_sdr(x, y + 1) < si_sdr(x, y) - 1
    assert si_snr(np.full(10, 0.1), np.arange(10.0)) == -math.inf  # constant: silent once its mean is off
    assert si_snr(np.full(10, 0.1), np.full(10, 0.7)) == math.inf


@pytest.mark.parametrize("metric", ALL)
def test_what_cannot_be_compared_is_refused(metric: Metric) -> None:
    with pytest.raises(AudioError, match="differ"):
        metric(np.ones(3), np.ones(4))
    with pytest.raises(AudioError, match="no samples"):
        metric(np.ones((2, 0)), np.ones((2, 0)))
    with pytest.raises(AudioError, match=r"\[C, N\]"):
        metric(np.ones((1, 2, 3)), np.ones((1, 2, 3)))
    with pytest.raises(AudioError, match="sample 2 of channel 1 of the estimate is nan"):
        metric(np.ones((2, 3)), np.array([[1.0, 1, 1], [1, 1, np.nan]]))
    with pytest.raises(AudioError, match="sample 0 of channel 0 of the reference is inf"):
        metric(np.array([np.inf]), np.ones(1))


def test_integers_are_taken_for_what_they_are() -> None:
    x = np.array([100, -100, 100, 50], np.int8)
    assert snr(x, -x) == pytest.approx(-6.0206, abs=1e-4)  # in int8 100 + 100 would wrap around
