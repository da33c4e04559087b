"""PEAQ's patterns over time (ITU-R BS.1387-1, annex 2, section 3) against frame-by-frame versions, and its
loudness against the definition of the sone."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.metrics.peaq.bands import QUARTER_BARK
from dpcodec.metrics.peaq.ear import hear
from dpcodec.metrics.peaq.patterns import Patterns, Smoother, Tracker

FRAMES = 40


def excitations(seed: int = 0, channels: int = 1) -> np.ndarray:
    """[2, C, FRAMES, BANDS] between -10 and 90 dB."""
    return 10 ** np.random.default_rng(seed).uniform(-1, 9, (2, channels, FRAMES, QUARTER_BARK.count))


def pole(at_100_hz: float, band: int) -> float:
    seconds = 0.008 + 100 / QUARTER_BARK.centre_hz[band] * (at_100_hz - 0.008)
    return float(np.exp(-1024 / 48000 / seconds))


def slow_adaptation(excitation: np.ndarray) -> np.ndarray:
    """Equations 42 to 53 on [2, F, BANDS], one frame and one band after the other."""
    a = [pole(0.050, k) for k in range(109)]
    P, R, PC = np.zeros((2, 109)), np.zeros((2, 109)), np.zeros((2, 109))
    adapted = np.zeros_like(excitation)
    for n in range(excitation.shape[1]):
        E = excitation[:, n].copy()
        for k in range(109):
            P[:, k] = a[k] * P[:, k] + (1 - a[k]) * E[:, k]
        level = (np.sum(np.sqrt(P[0] * P[1])) / np.sum(P[1])) ** 2
        if level > 1:
            E[0] /= level
        else:
            E[1] *= level
        ratio = np.ones((2, 109))
        for k in range(109):
            R[0, k] = a[k] * R[0, k] + E[1, k] * E[0, k]
            R[1, k] = a[k] * R[1, k] + E[0, k] ** 2
            if R[0, k] >= R[1, k]:
                ratio[1, k] = R[1, k] / R[0, k]
            else:
                ratio[0, k] = R[0, k] / R[1, k]
        for k in range(109):
            near = ratio[:, max(0, k - 3) : min(108, k + 4) + 1]
            PC[:, k] = a[k] * PC[:, k] + (1 - a[k]) * near.mean(1)
        adapted[:, n] = E * PC
    return adapted


def slow_modulation(spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equations 54 to 57 on [F, BANDS]: modulation and mean."""
    modulation, means = np.zeros_like(spread), np.zeros_like(spread)
    for k in range(109):
        a, change, mean, before = pole(0.050, k), 0.0, 0.0, 0.0
        for n in range(len(spread)):
            now = spread[n, k] ** 0.3
            change = a * change + (1 - a) * 48000 / 1024 * abs(now - before)
            mean = a * mean + (1 - a) * now
            modulation[n, k], means[n, k], before = change / (1 + mean / 0.3), mean, now
    return modulation, means


def test_smoother_is_its_recursion() -> None:
    x = np.random.default_rng(0).standard_normal((2, 30, QUARTER_BARK.count))
    poles, gains = np.linspace(0, 0.99, QUARTER_BARK.count), np.linspace(1, 2, QUARTER_BARK.count)
    y, last = np.empty_like(x), np.zeros((2, QUARTER_BARK.count))
    for n in range(30):
        last = poles * last + gains * x[:, n]
        y[:, n] = last
    assert Smoother(poles, gains)(x) == pytest.approx(y)


def test_spreading_over_time_decays_and_never_lags() -> None:
    spread = excitations(1)
    spread[..., 10:, :] = 1.0
    excitation = Tracker().follow(spread).excitation
    assert (excitation >= spread).all()
    for k in (0, 50, 108):
        a, held = pole(0.030, k), 0.0
        for n in range(FRAMES):
            held = a * held + (1 - a) * spread[0, 0, n, k]
            assert excitation[0, 0, n, k] == pytest.approx(max(held, spread[0, 0, n, k]))


def test_adaptation_and_modulation_are_what_the_slow_versions_give() -> None:
    spread = excitations(2, channels=2)
    got = Tracker().follow(spread)
    for c in range(2):
        assert got.adapted[:, c] == pytest.approx(slow_adaptation(got.excitation[:, c]), rel=1e-9)
        for i in range(2):
            modulation, mean = slow_modulation(spread[i, c])
            assert got.modulation[i, c] == pytest.approx(modulation, rel=1e-9)
            if i == 0:
                assert got.envelope[c] == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("gain", [0.01, 1.0, 100.0])
def test_adaptation_removes_a_constant_gain(gain: float) -> None:
    spread = excitations(3)
    spread[1] = gain * spread[0]
    reference, estimate = Tracker().follow(spread).adapted
    assert estimate == pytest.approx(reference, rel=1e-6)


def test_blocks_change_nothing() -> None:
    spread = excitations(4, channels=2)
    whole, tracker = Tracker().follow(spread), Tracker()
    pieces = [tracker.follow(spread[:, :, start : start + 7]) for start in range(0, FRAMES, 7)]
    for name, axis in (
        ("excitation", 2),
        ("adapted", 2),
        ("modulation", 2),
        ("envelope", 1),
        ("loudness", 2),
    ):
        joined = np.concatenate([getattr(piece, name) for piece in pieces], axis)
        assert joined == pytest.approx(getattr(whole, name), rel=1e-12), name


def tone_loudness(db_spl: float) -> float:
    """Of a lasting tone at 1 kHz."""
    n = np.arange(2048 * 10)
    tone = 10 ** ((db_spl - 92) / 20) * np.sin(2 * np.pi * n / 48)
    frames = np.lib.stride_tricks.sliding_window_view(tone, 2048)[::1024]
    heard = hear(np.stack([frames, frames])[:, np.newaxis])
    patterns: Patterns = Tracker().follow(heard.excitation)
    return float(patterns.loudness[0, 0, -1])


def test_loudness_of_a_tone() -> None:
    """The standard claims 1 sone at 1 kHz and 40 dB SPL for its constants; Kabal's report finds 0.584,
    and so does the test of GstPEAQ. Per 10 dB loudness doubles, nearly."""
    loudness = [tone_loudness(db) for db in (40, 60, 70, 80, 90)]
    assert loudness[0] == pytest.approx(0.584, abs=0.0005)
    assert np.divide(loudness[2:], loudness[1:-1]) == pytest.approx(2, rel=0.2)


def test_another_program_gives_these_patterns() -> None:
    """Numbers in the unit test of GstPEAQ (testpeaq.c): energies 1 ... 109 and 109 ... 1 for two frames."""
    rising = np.arange(1.0, 110)
    spread = np.stack([rising, rising[::-1]])[:, np.newaxis, np.newaxis].repeat(2, axis=2)
    got = Tracker().follow(spread)
    modulation, envelope, adapted = got.modulation[0, 0], got.envelope[0], got.adapted[1, 0]
    assert modulation[0, [0, 1, 2, 108]] == pytest.approx([7.337918, 8.578334, 9.345931, 13.028187], rel=5e-5)
    assert modulation[1, [0, 1, 2, 108]] == pytest.approx([3.653446, 3.853811, 3.875632, 0.914025], rel=5e-5)
    assert envelope[0, [0, 1, 2, 108]] == pytest.approx([0.327362, 0.469260, 0.594453, 3.778796], rel=5e-5)
    assert envelope[1, [0, 1, 2, 108]] == pytest.approx([0.547559, 0.759658, 0.934751, 4.062336], rel=5e-5)
    assert adapted[1, [0, 1, 2, 108]] == pytest.approx([1.583720, 2.080140, 2.587399, 0.680369], rel=5e-5)


def test_silence_is_not_loud() -> None:
    quiet = hear(np.zeros((2, 1, 30, 2048))).excitation
    assert Tracker().follow(quiet).loudness.max() < 0.1
