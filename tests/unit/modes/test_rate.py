"""The search for a size: near what was wanted, in few trials, whatever the curve."""

from __future__ import annotations

import pytest

from dpcodec.modes.base import CodedSegment
from dpcodec.modes.rate import MOST_TRIALS, TOLERANCE, search


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
