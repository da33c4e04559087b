"""The delay against known shifts, and against all correlations taken one by one."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.errors import AudioError, SettingsError
from dpcodec.metrics import align as package_level
from dpcodec.metrics.align import _BLOCK, align, find_delay


def shifted(x: np.ndarray, delay: int) -> np.ndarray:
    """x late by `delay` samples; early ones lose their front."""
    if delay >= 0:
        return np.concatenate([np.zeros((*x.shape[:-1], delay)), x], axis=-1)
    return x[..., -delay:]


def slow_delay(x: np.ndarray, y: np.ndarray, most: int) -> int:
    def strength(d: int) -> float:
        pairs = [(n, n + d) for n in range(x.shape[-1]) if 0 <= n + d < y.shape[-1]]
        return abs(sum(float(np.dot(x[..., a], y[..., b])) for a, b in pairs))

    return max(sorted(range(-most, most + 1), key=abs), key=strength)


@pytest.mark.parametrize("delay", [0, 1, -1, 312, -312, 1105])
@pytest.mark.parametrize("gain", [1.0, -0.4])
def test_a_delay_is_found_and_taken_off(delay: int, gain: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 6000))
    y = gain * shifted(x, delay)
    y += 0.5 * rng.standard_normal(y.shape)
    reference, estimate, found = align(x, y, 2000)
    assert found == delay
    assert reference.shape == estimate.shape == (2, 6000 - max(-delay, 0))
    np.testing.assert_array_equal(reference, x[:, max(-delay, 0) :])
    np.testing.assert_array_equal(estimate, y[:, max(delay, 0) :])


def test_long_signals_go_block_by_block() -> None:
    x = np.random.default_rng(2).standard_normal(2 * _BLOCK + 77).astype(np.float32)
    for delay in (5000, -5000):
        assert find_delay(x, shifted(x, delay), 6000) == delay
        assert find_delay(x, shifted(x, delay)[: _BLOCK // 2], 6000) == delay


@pytest.mark.parametrize("seed", range(20))
def test_all_correlations_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 3)), int(rng.integers(1, 40)))
    x, y = rng.standard_normal(shape), rng.standard_normal((shape[0], int(rng.integers(1, 40))))
    most = int(rng.integers(0, 30))
    assert find_delay(x, y, most) == slow_delay(x, y, most)


def test_of_a_tone_the_smallest_delay_is_taken() -> None:
    tone = np.sin(2 * np.pi * np.arange(4000) / 100)
    assert find_delay(tone, shifted(tone, 20)[:4000], 1000) == 20


def test_only_so_far_as_asked() -> None:
    x = np.random.default_rng(4).standard_normal(500)
    assert abs(find_delay(x, shifted(x, 50), 49)) <= 49
    assert find_delay(x, shifted(x, 50), 0) == 0
    assert find_delay(x, shifted(x, 50), 10**9) == 50


def test_silence_has_no_delay() -> None:
    x = np.random.default_rng(4).standard_normal(500)
    assert find_delay(x, np.zeros(400), 100) == find_delay(np.zeros(400), x, 100) == 0
    reference, estimate, delay = align(x, np.zeros(400), 100)
    assert (reference.size, estimate.size, delay) == (400, 400, 0)


def test_real_recordings_are_in_step(pairs: list[tuple[dict[str, str], np.ndarray, np.ndarray]]) -> None:
    for row, reference, degraded in pairs:
        assert find_delay(reference, degraded, 4800) == 0, row["pair"]
        assert find_delay(reference, shifted(degraded, 1105), 4800) == 1105, row["pair"]


def test_what_cannot_be_aligned_is_refused() -> None:
    with pytest.raises(SettingsError, match="0 or more"):
        align(np.ones(3), np.ones(3), -1)
    with pytest.raises(AudioError, match="channels"):
        align(np.ones((1, 3)), np.ones((2, 3)), 1)
    with pytest.raises(AudioError, match="no samples"):
        align(np.ones((1, 0)), np.ones((1, 3)), 1)


def test_the_package_exports_the_function() -> None:
    assert package_level is align
