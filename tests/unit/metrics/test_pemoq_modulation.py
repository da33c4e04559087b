"""The modulation filterbank against the centres, bandwidths and forms of Dau et al. (1997)."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.metrics.pemoq.modulation import CENTRES_HZ, RATE_HZ, bandwidth, decimate, modulation_channels

TIME = np.arange(4 * RATE_HZ) / RATE_HZ


def settled(x: np.ndarray) -> np.ndarray:
    """[N] -> [8, N / 2]: the channels' second half."""
    return np.stack([c[x.size // 2 :] for c in modulation_channels(x)])


def test_centres_and_bandwidths() -> None:
    assert pytest.approx([0, 5, 10, 16.7, 27.8, 46.3, 77.2, 128.6], abs=0.05) == CENTRES_HZ
    assert [bandwidth(c) for c in CENTRES_HZ[:3]] == [5, 5, 5]
    assert [bandwidth(c) for c in CENTRES_HZ[3:]] == pytest.approx([c / 2 for c in CENTRES_HZ[3:]])


def test_a_constant_passes_the_lowest_filter_alone() -> None:
    passed = settled(np.ones(TIME.size))[:, -1]
    assert passed[0] == pytest.approx(1)
    assert np.all(np.abs(passed[1:]) < 0.6)


@pytest.mark.parametrize("k", range(3, 8))
def test_high_channels_give_the_magnitude_and_fall_to_half_power_at_the_edges(k: int) -> None:
    centre, width = CENTRES_HZ[k], bandwidth(CENTRES_HZ[k])
    at, edge = (np.cos(2 * np.pi * f * TIME) for f in (centre, centre + width / 2))
    # A real cosine is half a complex exponential; its other half lies far outside.
    assert np.mean(settled(at)[k]) == pytest.approx(0.5, rel=0.03)
    assert np.mean(settled(edge)[k]) == pytest.approx(0.5 * np.sqrt(0.5), rel=0.05)


def test_low_channels_keep_the_phase() -> None:
    channel = settled(np.cos(2 * np.pi * 10 * TIME))[2]
    assert np.max(channel) == pytest.approx(-np.min(channel), rel=0.01)
    assert np.max(channel) > 0.5


def test_decimation_keeps_modulations_and_removes_carriers() -> None:
    t = np.arange(48000) / 48000
    slow = np.sin(2 * np.pi * 100 * t)
    out = decimate((3 + slow + np.sin(2 * np.pi * 1000 * t))[np.newaxis], 48000)
    assert out.shape == (1, RATE_HZ)
    inner = slice(100, -100)
    assert out[0, inner] == pytest.approx(3 + slow[::60][inner], abs=5e-3)
