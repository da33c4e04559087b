"""The search for a size: near what was wanted, in few trials, whatever the curve."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.modes.base import Allowance, CodedSegment
from dpcodec.modes.rate import (
    FIRST_GROUP,
    GROUP,
    LAG,
    MOST_TRIALS,
    OF_ALL,
    TOLERANCE,
    WIDEST,
    Spending,
    ends_group,
    first_of,
    place_of,
    search,
)


class Curve:
    """Bytes as a function of the step's logarithm."""

    def __init__(self, slope: float, floor: int) -> None:
        self.slope, self.floor, self.trials = slope, floor, 0

    def __call__(self, log2_step: float) -> CodedSegment:
        self.trials += 1
        size = self.floor + int(5000 * 2 ** (-self.slope * log2_step))
        return CodedSegment([bytes(size // 2), bytes(size - size // 2)], 0, 0)


def straight(log2_step: float) -> float:
    """An estimate that knows next to nothing."""
    return float(100 * 2 ** (-0.9 * log2_step))


@pytest.mark.parametrize("slope", [0.3, 0.9, 2.0])
@pytest.mark.parametrize("start", [-8.0, 0.0, 8.0])
@pytest.mark.parametrize("wanted", [1000, 30000])
def test_it_finds_the_size(slope: float, start: float, wanted: int) -> None:
    curve = Curve(slope, 60)
    coded, (log2_step, dearer) = search(curve, straight, wanted, start)
    size = sum(map(len, coded.bodies))
    assert wanted * (1 - 2 * TOLERANCE) * 0.999 <= size <= wanted
    assert size == 60 + int(5000 * 2 ** (-slope * log2_step))
    assert dearer == pytest.approx(np.log2(size / straight(log2_step)), abs=1e-9)
    assert curve.trials <= MOST_TRIALS


def test_no_finer_step_than_the_finest_is_taken() -> None:
    curve = Curve(0.9, 60)
    coded, (log2_step, _) = search(curve, straight, 30000, -8.0, finest=0.5)
    assert coded.finest
    assert curve.trials <= 3
    assert log2_step == 0.5
    coded, (log2_step, _) = search(Curve(0.9, 60), straight, 3000, -8.0, finest=0.5)
    assert not coded.finest
    assert log2_step > 0.5


def test_what_cannot_be_smaller_comes_out_as_small_as_it_gets() -> None:
    coded, _ = search(Curve(1.0, 400), straight, 100, 0.0)
    assert sum(map(len, coded.bodies)) < 440


def test_steps_of_a_staircase_end() -> None:
    def stairs(log2_step: float) -> CodedSegment:
        return CodedSegment([bytes(1000 if log2_step < 1 else 2)], 0, 0)

    coded, _ = search(stairs, straight, 500, 3.0)
    assert len(coded.bodies[0]) in (2, 1000)


@pytest.mark.parametrize("start", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_an_estimate_off_by_a_factor_needs_few_trials_and_one_that_knows_it_one(
    start: float, factor: float
) -> None:
    """Bytes that follow the estimate but for a tenth of them, which are told whatever the step."""
    rng = np.random.default_rng(5)
    magnitudes = np.exp2(rng.normal(0, 3, 4000))
    trials = []

    def values(log2_step: float) -> float:
        return float(np.log2(1 + (magnitudes / 2.0**log2_step) ** 2).sum() / 7)

    def attempt(log2_step: float) -> CodedSegment:
        trials.append(log2_step)
        return CodedSegment([bytes(200 + int(factor * values(log2_step)))], 0, 0)

    coded, (_, dearer) = search(attempt, values, 2000, start, tolerance=0.02)
    assert 2000 * (1 - 2 * 0.02) * 0.999 <= len(coded.bodies[0]) <= 2000
    assert len(trials) <= 3
    trials.clear()
    again, _ = search(attempt, values, 2000, start, tolerance=0.02, dearer=dearer)
    assert 2000 * (1 - 2 * 0.02) * 0.999 <= len(again.bodies[0]) <= 2000
    assert len(trials) == 1


def test_an_estimate_that_does_not_change_ends() -> None:
    coded, _ = search(Curve(0.9, 60), lambda log2_step: 1000.0, 3000, 1.0)
    assert 3000 * (1 - 2 * TOLERANCE) * 0.999 <= sum(map(len, coded.bodies)) <= 3000


def test_where_size_jumps_it_stays_below_what_was_wanted() -> None:
    trials = []

    def attempt(log2_step: float) -> CodedSegment:
        trials.append(log2_step)
        return CodedSegment([bytes(int((1000 if log2_step > 0.3 else 1250) * 2 ** (-0.8 * log2_step)))], 0, 0)

    coded, (log2_step, _) = search(attempt, straight, 900, 2.0)
    assert len(coded.bodies[0]) <= 900
    assert 0.3 < log2_step < 0.3 + 1 / 32
    assert len(trials) <= 10


def test_little_is_left_of_a_group_and_of_a_file() -> None:
    def tolerance(index: int, upto: int, last: bool = False) -> float:
        return Spending().wanted(index, Allowance(upto, 10, None), last)[1]

    assert [tolerance(k, 8000) / OF_ALL for k in (0, 1, 2)] == [1, 1, 1]  # all that was not spent before
    assert tolerance(FIRST_GROUP, 8000) == WIDEST
    assert tolerance(FIRST_GROUP - 1, 8000) == tolerance(FIRST_GROUP + GROUP - 1, 8000) == TOLERANCE
    assert tolerance(FIRST_GROUP, 8000, last=True) < TOLERANCE
    assert tolerance(FIRST_GROUP, 100, last=True) == 0.04  # 8 bytes in all
    assert tolerance(FIRST_GROUP, 1, last=True) < 0.5


def test_what_may_be_left_grows_with_what_was_spent() -> None:
    spending, found = Spending(), []
    for index in range(8):
        wanted, tolerance = spending.wanted(index, Allowance(1000 * (index + 1), 10, None), False)
        assert wanted == 1000
        found.append(tolerance)
        spending.spend(CodedSegment([bytes(wanted)], 0, 0))
    assert found == pytest.approx([min(OF_ALL * (k + 1), WIDEST) for k in range(8)])


def test_groups_follow_each_other() -> None:
    places = [place_of(segment) for segment in range(FIRST_GROUP + 5 * GROUP)]
    starts = [0] + [FIRST_GROUP + GROUP * k for k in range(5)]
    assert [first_of(group) for group in range(6)] == starts
    assert [k for k, (_, place) in enumerate(places) if not place] == starts
    assert [k + 1 for k in range(len(places)) if ends_group(k)] == [*starts[1:], len(places)]
    assert [first_of(group) + place for group, place in places] == list(range(len(places)))
    assert LAG > 1  # one group at a time would be coded apart by nobody
