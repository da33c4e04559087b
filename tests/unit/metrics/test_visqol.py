"""ViSQOL's door: the package's own scores (`reference.csv`, 0.01 MOS), and what the door adds to them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from dpcodec.errors import AudioError, SettingsError
from dpcodec.metrics.visqol import RATE_HZ, SHORTEST_S, visqol

HIGHEST_MOS = 4.7321


@pytest.fixture
def package() -> None:
    pytest.importorskip("visqol")


def noise(seconds: float, rate: int = RATE_HZ, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((channels, round(seconds * rate)))


@pytest.mark.parametrize("number", [2, 11])
def test_degraded_recordings(
    pairs: list[tuple[dict[str, str], np.ndarray, np.ndarray]], package: None, number: int
) -> None:
    """Two of them: each takes seconds."""
    row, reference, degraded = pairs[number]
    assert visqol(reference, degraded, RATE_HZ) == pytest.approx(float(row["ViSQOL_MOSLQO"]), abs=0.01)


@pytest.mark.parametrize("rate, channels", [(RATE_HZ, 1), (44100, 2), (16000, 1)])
def test_equal_signals_of_the_shortest_length(package: None, rate: int, channels: int) -> None:
    x = noise(SHORTEST_S, rate, channels)
    assert visqol(x, x, rate) == pytest.approx(HIGHEST_MOS, abs=1e-3)


def test_gain_and_polarity_do_not_count(package: None) -> None:
    x = noise(1)
    assert visqol(x, -0.1 * x, RATE_HZ) == pytest.approx(HIGHEST_MOS, abs=1e-3)


def test_channels_are_mixed(package: None) -> None:
    x = noise(1)
    y = x + noise(1, channels=2)[1:]
    assert visqol(np.concatenate([x, x]), np.concatenate([y, y]), RATE_HZ) == visqol(x[0], y[0], RATE_HZ) < 4


def test_what_it_has_no_score_for_is_refused(package: None) -> None:
    x = noise(1)
    with pytest.raises(AudioError, match=r"0.950 s are too short: give 0.96 s"):
        visqol(noise(0.95), noise(0.95), RATE_HZ)
    with pytest.raises(AudioError, match="estimate is silent"):
        visqol(x, np.zeros_like(x), RATE_HZ)
    with pytest.raises(AudioError, match="reference is silent"):
        visqol(np.concatenate([x, -x]), np.concatenate([x, x]), RATE_HZ)
    with pytest.raises(AudioError, match="differ"):
        visqol(x, x[:, 1:], RATE_HZ)


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "visqol", None)
    with pytest.raises(SettingsError, match=r"pip install 'dpcodec\[visqol\]'"):
        visqol(noise(1), noise(1), RATE_HZ)
