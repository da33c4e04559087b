"""PEMO-Q-like as a whole: the published map to grades, the comparison against one that follows the definition
with loops, and what must hold for any sound. test_pemoq_published.py has the original program's grades."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.errors import AudioError
from dpcodec.metrics.pemoq import PemoqResult, measure, odg_of, pemoq
from dpcodec.metrics.pemoq.measure import internal_representations
from dpcodec.metrics.pemoq.modulation import RATE_HZ, modulation_channels

RATE = 48000


def chord(rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    """Three notes, one after the other, that ring out; [N]."""
    t = np.arange(round(rate * seconds)) / rate
    notes = ((220.0, 0.0), (554.4, 0.2), (1318.5, 0.45))
    ringing: np.ndarray = sum(
        0.2 * (t > start) * np.exp(-5 * (t - start)) * np.sin(2 * np.pi * k * f * (t - start)) / k
        for f, start in notes
        for k in (1, 2, 3)
    ) + np.zeros(t.size)
    return ringing


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


# The grade


def test_the_map_is_the_published_one() -> None:
    assert odg_of(1.0) == 0
    assert odg_of(0.9) == pytest.approx(-1.64)
    assert odg_of(0.8) == pytest.approx(-4.13 + 0.22 / 0.18)
    assert odg_of(0.0) == pytest.approx(-4.13 + 0.22 / 0.98)
    assert odg_of(-0.8) == -4


def test_the_map_rises_and_has_no_jump() -> None:
    below, above = odg_of(np.nextafter(0.864, 0)), odg_of(0.864)
    assert abs(above - below) < 0.004
    grades = [odg_of(p) for p in np.linspace(-1, 1, 401)]
    assert np.all(np.diff(grades) >= 0)


# The comparison


def by_the_definition(reference: np.ndarray, estimate: np.ndarray) -> tuple[float, float]:
    """PSM and PSMt, channel by channel and frame by frame."""
    heard, degraded = internal_representations(np.stack([reference, estimate]), RATE)
    channels = []
    for r, e in zip(modulation_channels(heard), modulation_channels(degraded), strict=True):
        channels.append((r, np.where(np.abs(e) < np.abs(r), 0.25 * r + 0.75 * e, e)))
    weights = [np.mean(e**2) for _, e in channels]
    psm = np.average([np.corrcoef(r.ravel(), e.ravel())[0, 1] for r, e in channels], weights=weights)
    frames, activity = [], []
    for k in range(heard.shape[1] // 8):
        cut = [(r[:, 8 * k : 8 * k + 8], e[:, 8 * k : 8 * k + 8]) for r, e in channels]
        alike = [np.corrcoef(r.ravel(), e.ravel())[0, 1] for r, e in cut]
        frames.append(np.average(alike, weights=[np.mean(e**2) for _, e in cut]))
        activity.append(np.mean([e for _, e in cut]))
    averaged = [max(np.mean(activity[max(k - 50, 0) : k + 51]), 0.0) for k in range(len(activity))]
    held = 0.0
    for psmt, weight in sorted(zip(frames, averaged, strict=True)):
        held += weight
        if held >= 0.05 * sum(averaged):
            return float(psm), float(psmt)
    raise AssertionError


def test_similarities_are_those_of_the_definition() -> None:
    x = chord(seconds=1.5).astype(np.float32).astype(np.float64)
    y = (x + 0.004 * noise(x.size)).astype(np.float32).astype(np.float64)
    y *= np.sqrt(np.sum(x**2) / np.sum(y**2))
    result = pemoq(x, y, RATE)
    assert (result.psm, result.psmt) == pytest.approx(by_the_definition(x, y), abs=1e-4)


def test_segments_of_a_long_sound_join(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.tile(chord(seconds=1.0), 8)
    y = x + 0.003 * noise(x.size)
    whole = pemoq(x, y, RATE)
    monkeypatch.setattr(measure, "_SEGMENT", 6 * RATE_HZ)
    parts = pemoq(x, y, RATE)
    assert (parts.odg, parts.psm, parts.psmt) == pytest.approx((whole.odg, whole.psm, whole.psmt), abs=1e-5)


def test_channels_are_measured_each_by_itself() -> None:
    x = np.stack([chord(seconds=0.3), noise(RATE * 3 // 10) / 10])
    y = x + 0.01 * noise(x.shape[1], 1)
    both = pemoq(x, y, RATE)
    alone = [pemoq(x[c], y[c], RATE) for c in range(2)]
    for name in ("odg", "psm", "psmt"):
        assert getattr(both, name) == pytest.approx(np.mean([getattr(r, name) for r in alone]))


# What must hold for any sound


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_a_sound_is_like_itself_and_like_itself_louder(rate: int) -> None:
    x = chord(rate, 0.4)
    for gain in (1.0, 0.5, 1e-3, 3.0):
        result = pemoq(x, gain * x, rate)
        assert (result.odg, result.psm, result.psmt) == pytest.approx((0, 1, 1), abs=1e-4)


def test_more_noise_is_never_a_better_grade() -> None:
    x, n = chord(), noise(RATE)
    grades = [pemoq(x, x + level * n, RATE) for level in (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)]
    for name in ("odg", "psm", "psmt"):
        assert np.all(np.diff([getattr(g, name) for g in grades]) < 0)
    assert grades[1].odg > -0.5
    assert grades[-1].odg < -3.7


def test_the_grade_hardly_depends_on_the_rate_of_the_recording() -> None:
    def graded(rate: int) -> float:
        x = chord(rate)
        return pemoq(x, np.clip(x, -0.3, 0.3), rate).psmt

    assert graded(44100) == pytest.approx(graded(48000), abs=0.02)


def test_polarity_is_heard_below_the_limit_of_phase_locking_only() -> None:
    t = np.arange(RATE // 2) / RATE
    low, high = (np.sin(2 * np.pi * f * t) * np.sin(2 * np.pi * 4 * t) ** 2 for f in (300, 6000))
    assert pemoq(low, -low, RATE).psm < pemoq(high, -high, RATE).psm
    assert pemoq(high, -high, RATE).psm > 0.99


def test_silence_has_stated_answers() -> None:
    x, silence = chord(seconds=0.2), np.zeros(RATE // 5)
    assert pemoq(silence, silence, RATE) == PemoqResult(0, 1, 1)
    for a, b in ((x, silence), (silence, x)):
        assert pemoq(a, b, RATE) == PemoqResult(odg_of(0), 0, 0)
    # Both below the threshold of hearing: nothing is heard of either.
    assert pemoq(1e-8 * x, 1e-8 * noise(x.size), RATE) == PemoqResult(0, 1, 1)


def test_the_shortest_sound_is_10_ms() -> None:
    assert -4 <= pemoq(chord()[:480], chord()[1:481], RATE).odg <= 0
    with pytest.raises(AudioError, match="10 ms"):
        pemoq(chord()[:479], chord()[:479], RATE)


@pytest.mark.parametrize(
    "reference, estimate, told",
    [
        (np.zeros(0), np.zeros(0), "no samples"),
        (np.zeros(1000), np.zeros(1001), "differ"),
        (np.full(1000, np.nan), np.zeros(1000), "not finite"),
    ],
)
def test_what_cannot_be_measured_is_refused(reference: np.ndarray, estimate: np.ndarray, told: str) -> None:
    with pytest.raises(AudioError, match=told):
        pemoq(reference, estimate, RATE)
