"""The search for a size: near what was wanted, in few trials, whatever the curve."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.modes.base import CodedSegment
from dpcodec.modes.rate import MOST_TRIALS, TOLERANCE, WIDEST, Forecast, search, tolerance_of


class Curve:
    """Bytes as a function of the step's logarithm."""

    def __init__(self, slope: float, floor: int) -> None:
        self.slope, self.floor, self.trials = slope, floor, 0

    def __call__(self, log2_step: float) -> CodedSegment:
        self.trials += 1
        size = self.floor + int(5000 * 2 ** (-self.slope * log2_step))
        return CodedSegment([bytes(size // 2), bytes(size - size // 2)], 0, 0)


@pytest.mark.parametrize("slope", [0.3, 0.9, 2.0])
@pytest.mark.parametrize("start", [-8.0, 0.0, 8.0])
@pytest.mark.parametrize("wanted", [1000, 30000])
def test_it_finds_the_size(slope: float, start: float, wanted: int) -> None:
    curve = Curve(slope, 60)
    coded, log2_step = search(curve, wanted, start)
    size = sum(map(len, coded.bodies))
    assert wanted * (1 - 2 * TOLERANCE) * 0.999 <= size <= wanted
    assert size == 60 + int(5000 * 2 ** (-slope * log2_step))
    assert curve.trials <= MOST_TRIALS


def test_no_finer_step_than_the_finest_is_taken() -> None:
    coded, log2_step = search(Curve(0.9, 60), 30000, -8.0, finest=0.5)
    assert coded.finest
    assert log2_step == 0.5
    coded, log2_step = search(Curve(0.9, 60), 3000, -8.0, finest=0.5)
    assert not coded.finest
    assert log2_step > 0.5


def test_what_cannot_be_smaller_comes_out_as_small_as_it_gets() -> None:
    coded, _ = search(Curve(1.0, 400), 100, 0.0)
    assert sum(map(len, coded.bodies)) < 440


def test_steps_of_a_staircase_end() -> None:
    def stairs(log2_step: float) -> CodedSegment:
        return CodedSegment([bytes(1000 if log2_step < 1 else 2)], 0, 0)

    coded, _ = search(stairs, 500, 3.0)
    assert len(coded.bodies[0]) in (2, 1000)


@pytest.mark.parametrize("start", [-3.0, 0.0, 3.0])
def test_a_forecast_finds_the_size_in_fewer_trials(start: float) -> None:
    """Bytes that follow the forecast but for a tenth, which is told whatever the step."""
    rng = np.random.default_rng(5)
    magnitudes = np.exp2(rng.normal(0, 3, 4000))
    forecast = Forecast(magnitudes)
    trials = []

    def attempt(log2_step: float) -> CodedSegment:
        trials.append(log2_step)
        return CodedSegment(
            [bytes(200 + int(np.log2(1 + (magnitudes / 2.0**log2_step) ** 2).sum() / 7))], 0, 0
        )

    coded, _ = search(attempt, 2000, start, forecast=forecast)
    assert 2000 * (1 - 2 * TOLERANCE) * 0.999 <= len(coded.bodies[0]) <= 2000
    assert len(trials) <= 4
    trials.clear()
    search(attempt, 2000, start, forecast=forecast, tolerance=0.02)
    assert len(trials) <= 3


def test_a_forecast_is_its_formula_and_its_inverse() -> None:
    magnitudes = 2.0 ** np.array([[-1000.0, -2.0], [0.25, 3.0]])
    forecast = Forecast(np.append(magnitudes, 0.0))
    for step in (-3.0, 0.0, 2.5):
        expected = np.log2(1 + (magnitudes / 2**step) ** 2).sum()
        assert forecast.log2_cost(step) == pytest.approx(np.log2(expected), abs=1e-9)
        assert forecast.log2_step(np.log2(expected)) == pytest.approx(step, abs=1e-6)
    assert np.isfinite(Forecast(np.zeros(5)).log2_cost(0.0))


def test_where_size_jumps_it_stays_below_what_was_wanted() -> None:
    trials = []

    def attempt(log2_step: float) -> CodedSegment:
        trials.append(log2_step)
        return CodedSegment([bytes(int((1000 if log2_step > 0.3 else 1250) * 2 ** (-0.8 * log2_step)))], 0, 0)

    coded, log2_step = search(attempt, 900, 2.0)
    assert len(coded.bodies[0]) <= 900
    assert 0.3 < log2_step < 0.3 + 1 / 32
    assert len(trials) <= 10


def test_tolerance_grows_with_the_bytes_before_and_has_an_end() -> None:
    assert [tolerance_of(k) / TOLERANCE for k in (0, 1, 2)] == [1, 2, 3]
    assert tolerance_of(1000) == WIDEST
    assert tolerance_of(1003) == WIDEST / 2  # a group's last: those that may know of it come much later
