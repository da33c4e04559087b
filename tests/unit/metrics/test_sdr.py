"""SDR of 512 taps against a slow projection (1e-6 dB), figures of mir_eval (1e-3 dB) and `reference.csv`
(1e-3 dB)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import toeplitz

from dpcodec.errors import AudioError
from dpcodec.metrics.sdr import TAPS, sdr
from dpcodec.metrics.snr import si_sdr


def echoed(samples: int = 3000, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """White noise, and the same through a short filter with noise added."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((channels, samples))
    y = 0.5 * x + 0.1 * rng.standard_normal(x.shape)
    y[:, 7:] += 0.3 * x[:, :-7]
    return x, y


def energies(reference: np.ndarray, estimate: np.ndarray) -> tuple[float, float]:
    """Target and distortion by least squares on the matrix of all delayed references."""
    column = np.concatenate([reference, np.zeros(TAPS - 1)])
    delayed = toeplitz(column, np.zeros(TAPS))
    padded = np.concatenate([estimate, np.zeros(TAPS - 1)])
    target = delayed @ np.linalg.lstsq(delayed, padded, rcond=None)[0]
    return float(np.sum(target**2)), float(np.sum((padded - target) ** 2))


@pytest.mark.parametrize("samples", [1, 100, 300, 511, 513, 3000])
def test_slow_projection(samples: int) -> None:
    x, y = (z[0, :samples] for z in echoed())
    if samples == 1:
        assert sdr(x, y) == math.inf  # a gain explains one sample
        return
    target, distortion = energies(x, y)
    assert sdr(x, y) == pytest.approx(10 * math.log10(target / distortion), abs=1e-6)


def test_energies_of_channels_are_added() -> None:
    x, y = echoed(1500, 3)
    y[1] *= 0.1
    y[2] = np.random.default_rng(8).standard_normal(1500)
    targets, distortions = zip(*(energies(r, e) for r, e in zip(x, y, strict=True)), strict=True)
    assert sdr(x, y) == pytest.approx(10 * math.log10(sum(targets) / sum(distortions)), abs=1e-6)


MIR_EVAL_DB = [(0.0, 0, 37.205922), (0.1, 1, 8.980599), (1.0, 2, -6.568852), (0.0, 3, 37.233981)]
"""(noise added, seed, what mir_eval 0.8.2 gives for `chord(noise, seed)`):
mir_eval.separation.bss_eval_sources(x[None], y[None], compute_permutation=False)[0][0]."""


def chord(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A decaying chord of partials over a faint noise floor, 4000 samples; and the same with an echo,
    clipped, and with noise."""
    rng = np.random.default_rng(seed)
    n = np.arange(4000)
    x = sum(np.sin(2 * np.pi * 0.011 * k * n) / k for k in range(1, 9)) * np.exp(-n / 1500)
    x = x + 1e-3 * rng.standard_normal(n.size)
    y = 0.8 * x + 0.3 * np.roll(x, 40) * (n >= 40)
    return x, np.clip(y, -0.9, 0.9) + noise * rng.standard_normal(n.size)


@pytest.mark.parametrize("noise, seed, expected", MIR_EVAL_DB)
def test_mir_eval(noise: float, seed: int, expected: float) -> None:
    assert sdr(*chord(noise, seed)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("frequency", [0.02, 0.173, 0.5])
def test_a_tone_that_fades_in_and_out(frequency: float) -> None:
    """Its autocorrelation is singular but for rounding: the recursion of Levinson gives nothing there. White
    noise 40 dB below the tone is 40 dB and what 512 taps of the tone explain of it: a few numbers of 8000."""
    n = np.arange(8000)
    x = np.sin(frequency * n) * np.hanning(n.size)
    noise = np.random.default_rng(0).standard_normal(n.size)
    noise *= 0.01 * np.linalg.norm(x) / np.linalg.norm(noise)
    assert sdr(x, x + noise) == pytest.approx(40, abs=0.1)
    assert sdr(x, np.roll(x, 100) + noise) == pytest.approx(40, abs=0.1)
    assert sdr(x, x) == math.inf


def test_degraded_recordings(pairs: list[tuple[dict[str, str], np.ndarray, np.ndarray]]) -> None:
    for row, reference, degraded in pairs:
        expected = float(row["SDR512_torchmetrics_dB"])
        assert sdr(reference, degraded) == pytest.approx(expected, abs=1e-3), row["pair"]


@pytest.mark.parametrize("kind", ["noise", "tone", "constant", "impulse", "lowpassed"])
def test_what_a_filter_can_do_is_no_distortion(kind: str) -> None:
    n = np.arange(8000)
    noise = np.random.default_rng(0).standard_normal(n.size)
    x = {
        "noise": noise,
        "tone": np.sin(0.173 * n),
        "constant": np.ones(n.size),
        "impulse": (n == 50) * 1.0,
        "lowpassed": np.convolve(noise, np.hanning(200), "same"),
    }[kind]
    assert sdr(x, x) == sdr(x, -x) == sdr(x, 0.3 * x) == sdr(1e-9 * x, x) == math.inf
    x = x * (n < n.size - TAPS)  # nothing is shifted out
    assert sdr(x, np.roll(x, TAPS - 1)) > 100
    assert sdr(x, x + 0.1 * noise) > si_sdr(x, x + 0.1 * noise) - 1e-9


def test_silence_has_a_stated_answer() -> None:
    x, zeros = echoed()[0], np.zeros((1, 3000))
    assert sdr(zeros, zeros) == math.inf
    assert sdr(zeros, x) == sdr(x, zeros) == -math.inf
    one_silent = np.concatenate([x, zeros])
    assert sdr(one_silent, one_silent) == math.inf
    assert sdr(one_silent, np.concatenate([x, x])) == pytest.approx(0, abs=1e-9)


def test_an_estimate_before_its_reference_is_distortion() -> None:
    impulse = np.zeros(4000)
    impulse[100] = 1
    assert sdr(impulse, np.roll(impulse, -5)) == -math.inf
    assert sdr(impulse, np.roll(impulse, TAPS)) == -math.inf
    assert sdr(impulse, np.roll(impulse, TAPS - 1)) == math.inf


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(AudioError, match="differ"):
        sdr(np.ones(3), np.ones(4))
    with pytest.raises(AudioError, match="no samples"):
        sdr(np.ones(0), np.ones(0))
