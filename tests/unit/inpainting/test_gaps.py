"""Gaps in known signals: what is bridged, how well, and what happens at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from signals import partials

from dpcodec.inpainting import gaps
from dpcodec.inpainting.gaps import LONGEST, STEPS, fill_gaps, find_gaps


def filled(x: np.ndarray, *holes: tuple[int, int], steps: int = 10**6) -> np.ndarray:
    missing = np.zeros(x.size, bool)
    for start, stop in holes:
        missing[start:stop] = True
    return fill_gaps(np.where(missing, np.nan, x), missing, 256, iter(range(steps)))


def snr(x: np.ndarray, y: np.ndarray, start: int, stop: int) -> float:
    x, y = x[start:stop], y[start:stop]
    return 10 * float(np.log10(np.sum(x**2) / np.sum((x - y) ** 2)))


def test_find_gaps() -> None:
    missing = np.zeros(3 * LONGEST, bool)
    assert find_gaps(missing) == []
    missing[5:7] = missing[LONGEST : 3 * LONGEST] = True
    half = LONGEST // 2
    assert find_gaps(missing) == [(5, 7), (LONGEST, LONGEST + half), (3 * LONGEST - half, 3 * LONGEST)]


@pytest.mark.parametrize("hole", [(4000, 4300), (0, 200), (9800, 10000), (500, 700), (3000, 4500)])
def test_tones_are_continued(hole: tuple[int, int]) -> None:
    x = partials(10000, count=5, decay=20000)
    y = filled(x, hole)
    assert snr(x, y, *hole) > 25
    known = np.ones(x.size, bool)
    known[slice(*hole)] = False
    np.testing.assert_array_equal(y[known], x[known])


def test_gaps_near_each_other() -> None:
    x = partials(10000, count=5, decay=20000)
    holes = [(start, start + 200) for start in range(3000, 6000, 500)]
    y = filled(x, *holes)
    assert min(snr(x, y, *hole) for hole in holes) > 25


def test_trials_tell_what_a_way_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """White noise cannot be predicted: the weights say so, where the mean of all ways does not."""
    x = np.random.default_rng(0).standard_normal(20000)
    weighted = filled(x, (10000, 10400))[10000:10400]
    monkeypatch.setattr(gaps, "WAYS_APART", ())
    even = filled(x, (10000, 10400))[10000:10400]
    assert np.sum(weighted**2) < np.sum(even**2) < np.sum(x[10000:10400] ** 2)


@pytest.mark.parametrize("samples", [1, 2, 40, 1000])
@pytest.mark.parametrize("level", [0.0, 1e-200, 1.0])
def test_finite_whatever_comes(samples: int, level: float) -> None:
    x = level * np.random.default_rng(1).standard_normal(samples)
    for hole in ((0, samples), (0, 1), (samples // 3, 2 * samples // 3)):
        assert np.isfinite(filled(x, hole)).all()


def test_silence_stays_silent() -> None:
    assert not filled(np.zeros(3000), (1000, 1500)).any()


def test_a_long_gap_fades() -> None:
    x = partials(4 * LONGEST, count=5, decay=20000)
    y = filled(x, (LONGEST, 3 * LONGEST))
    assert np.abs(y[LONGEST : LONGEST + 100]).max() > 0.1
    assert not y[2 * LONGEST - 100 : 2 * LONGEST + 100].any()


def test_as_many_bridges_as_are_counted_and_a_stop_between() -> None:
    x, hole = partials(10000, count=5, decay=20000), (4000, 4300)
    asked = iter(range(10**6))
    missing = np.zeros(x.size, bool)
    missing[slice(*hole)] = True
    fill_gaps(x, missing, 256, asked)
    assert next(asked) == STEPS
    assert not filled(x, hole, steps=3)[slice(*hole)].any()
    early = filled(x, hole, steps=5)
    assert snr(x, early, *hole) > 15
