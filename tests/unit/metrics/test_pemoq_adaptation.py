"""Hair cells and adaptation loops: steady states, the same loops sample by sample, and the recursion with a
division that the literature prints (Dau et al., 1996), to which they must come near."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dpcodec.metrics.pemoq.adaptation import FLOOR, LOOP_TIMES_S, adapt, hair_cells
from dpcodec.metrics.pemoq.gammatone import band_signals
from dpcodec.metrics.pemoq.modulation import decimate

RATE = 48000


def model_units(v: np.ndarray) -> np.ndarray:
    rest = FLOOR ** (1 / 32)
    units: np.ndarray = (v - rest) * 100 / (1 - rest)
    return units


def one_by_one(x: np.ndarray, rate: int) -> np.ndarray:
    """[S, N]: the loops sample by sample, the squares of the divisors as states."""
    squares = [np.full(x.shape[0], FLOOR ** (1 / 2**j)) for j in range(5)]
    keeps = [math.exp(-2 / (tau * rate)) for tau in LOOP_TIMES_S]
    out = np.empty_like(x)
    for n in range(x.shape[1]):
        v = np.maximum(x[:, n], FLOOR)
        for j in range(5):
            y = v / np.sqrt(squares[j])
            squares[j] = keeps[j] * squares[j] + (1 - keeps[j]) * v
            v = y
        out[:, n] = v
    return model_units(out)


def recursion(x: np.ndarray, rate: int) -> np.ndarray:
    """[S, N]: the printed recursion; divisors no less than at rest, as in the program of its authors."""
    rests = [FLOOR ** (1 / 2 ** (j + 1)) for j in range(5)]
    divisors = [np.full(x.shape[0], r) for r in rests]
    keeps = [math.exp(-1 / (tau * rate)) for tau in LOOP_TIMES_S]
    out = np.empty_like(x)
    for n in range(x.shape[1]):
        v = np.maximum(x[:, n], FLOOR)
        for j in range(5):
            v = v / divisors[j]
            divisors[j] = np.maximum(keeps[j] * divisors[j] + (1 - keeps[j]) * v, rests[j])
        out[:, n] = v
    return model_units(out)


def swells(rate: int, seconds: float = 0.4) -> np.ndarray:
    """Swelling and fading envelopes, near the threshold and loud, [3, N]."""
    t = np.arange(round(seconds * rate)) / rate
    swell = np.sin(np.pi * t / 0.1) ** 2
    return np.stack([1e-4 * swell, 0.03 * swell * (1 + np.sin(2 * np.pi * 60 * t)), 0.5 * swell**4])


def rms_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Relative to b."""
    return float(np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)))


def test_the_whole_signal_at_once_is_the_same_as_sample_by_sample() -> None:
    rng = np.random.default_rng(0)
    bursts = np.repeat(10 ** rng.uniform(-7, 0, (2, 30)), 800, axis=1)
    x = np.concatenate([bursts * rng.random(bursts.shape), swells(8000, 3.0)])
    assert adapt(x, 8000) == pytest.approx(one_by_one(x, 8000), rel=1e-9, abs=1e-6)


def test_the_printed_recursion_tends_to_it_with_the_rate() -> None:
    errors = [
        rms_difference(adapt(x, r), recursion(x, r)) for r in (24000, 48000, 96000) for x in [swells(r)]
    ]
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.03)
    assert errors[2] == pytest.approx(errors[1] / 2, rel=0.03)
    assert errors[2] < 6e-4


def test_at_48_khz_the_recursion_gives_the_same_representation() -> None:
    """Within 1 % of its rms, for two notes struck out of silence, as the basilar membrane passes them on."""
    t = np.arange(RATE // 3) / RATE
    notes = [
        0.2 * np.exp(-12 * s) * np.sin(2 * np.pi * f * s) * (s > 0) for f, s in ((440, t), (660, t - 0.1))
    ]
    bands = np.stack([band[0] for band in band_signals(np.sum(notes, axis=0)[np.newaxis], RATE)])
    x = hair_cells(bands, RATE)
    assert rms_difference(decimate(adapt(x, RATE), RATE), decimate(recursion(x, RATE), RATE)) < 0.01


def test_after_a_sound_of_seconds_the_bound_on_divisors_matters_little() -> None:
    """The loops of 129 and 253 ms are longer than half of the next: in the silence after a long sound a
    divisor may go below its rest, by 0.5 model units of the output."""
    x = np.zeros((1, 8000 * 10))
    x[0, : 8000 * 8] = 1.0
    difference = np.abs(adapt(x, 8000) - recursion(x, 8000))[0, 8000 * 8 + 2000 :]
    assert difference.max() < 0.5


@pytest.mark.parametrize("x", [1.0, 0.1, 1e-3, 3e-5])
def test_a_steady_input_tends_to_its_32nd_root(x: float) -> None:
    out = adapt(np.full(8000 * 12, x), 8000)
    assert out[-1] == pytest.approx(model_units(np.array(x ** (1 / 32))), abs=1e-6)
    assert out[0] > 2 * out[-1]  # the onset


@pytest.mark.parametrize("x", [0.0, FLOOR / 2, FLOOR])
def test_what_is_not_above_the_floor_stays_at_rest(x: float) -> None:
    assert np.array_equal(adapt(np.full(2000, x), RATE), np.zeros(2000))


def test_an_offset_undershoots_and_recovers() -> None:
    x = np.zeros(8000 * 12)
    x[:8000] = 0.1
    out = adapt(x, 8000)
    assert out[8000:8400].max() < -50
    assert abs(out[-1]) < 0.01
    assert out[8000:].max() < 0.5


def test_rows_do_not_touch_each_other_and_the_input_is_left_alone() -> None:
    x = swells(8000)
    before = x.copy()
    together = adapt(x, 8000)
    assert np.array_equal(x, before)
    assert np.array_equal(together[1], adapt(x[1], 8000))


def test_hair_cells_rectify_and_follow_envelopes_only() -> None:
    t = np.arange(RATE // 2) / RATE
    high = hair_cells(np.sin(2 * np.pi * 7001 * t), RATE)[RATE // 4 :]
    assert np.mean(high) == pytest.approx(1 / np.pi, rel=1e-3)
    assert np.ptp(high) < 0.2
    slow = hair_cells(1 + 0.5 * np.sin(2 * np.pi * 1000 * t), RATE)[RATE // 4 :]
    assert np.sqrt(2) * np.std(slow) == pytest.approx(0.5 * math.sqrt(0.5), rel=0.01)
    assert np.array_equal(hair_cells(-np.ones(10), RATE), np.zeros(10))
