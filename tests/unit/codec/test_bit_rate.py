"""Budgets of groups: nothing is promised twice, silence is known, and what is left comes back."""

from __future__ import annotations

import numpy as np
import pytest

from dpcodec.codec.bit_rate import BitRate
from dpcodec.container.constants import OVERHEAD_BYTES
from dpcodec.container.header import Header
from dpcodec.modes.base import CodedSegment
from dpcodec.modes.rate import FIRST_GROUP, LAG, Spending, first_of, place_of
from dpcodec.transform.stft import Span
from dpcodec.transform.streaming import FrameRun

HEADER = Header(
    sample_rate=8000, channels=1, samples=None, n_fft=512, hop=256, window="kbd", mask="perceptual",
    drop_q32=0, segment_frames=31, parts=1, transform="mdct", revised=True, frame_parts=True,
)  # fmt: skip
LENGTH = 31 * 256
NOMINAL = 0.25
"""Bytes a sample."""
BEGUN = 100


def run_of(loud: bool, last: bool = False) -> FrameRun:
    return FrameRun(np.full((1, LENGTH), float(loud), np.float32), Span(LENGTH, 32 - last, 0), 31)


def simulate(loud: list[bool], used: float, ahead: int) -> tuple[list[int], int]:
    """What each segment wanted, and the bytes of the file in the end. Each takes a share of what it wants,
    and groups are written `ahead` groups after they were asked for."""
    bytes_now = BEGUN
    control = BitRate(HEADER, NOMINAL, lambda: bytes_now)
    spending, wanted = Spending(), list[int]()
    coded: list[tuple[int, CodedSegment]] = []
    for index, sound in enumerate(loud):
        group, place = place_of(index)
        if not place:
            while len(coded) and group - place_of(coded[0][0])[0] >= ahead:
                at, one = coded.pop(0)
                bytes_now += one.size + OVERHEAD_BYTES
                control.told(at, one)
        run = run_of(sound, index + 1 == len(loud))
        allowance = control.allow(index, run, (index + 1) * LENGTH)
        wanted.append(spending.wanted(index, allowance, False)[0])
        size = int(used * wanted[-1]) if sound else 2
        coded.append((index, spending.spend(CodedSegment([bytes(size)], 0, 0, found=(float(index), 0.0)))))
    return wanted, bytes_now + sum(one.size + OVERHEAD_BYTES for _, one in coded)


@pytest.mark.parametrize("ahead", [1, 2, LAG])
@pytest.mark.parametrize("used", [1.0, 0.97])
@pytest.mark.parametrize("count", [1, 3, 17, 200])
def test_a_file_is_at_its_bit_rate_and_not_above(count: int, used: float, ahead: int) -> None:
    wanted, size = simulate([True] * count, used, ahead)
    allowed = NOMINAL * LENGTH * count
    # What the index and copies of the header may yet take is left.
    assert used**2 * allowed - 300 < size <= allowed
    assert wanted == simulate([True] * count, used, 1)[0]  # whoever codes, and however late it is known


def test_a_frame_after_whole_segments_is_paid_for() -> None:
    """However little of it is sound, and though each segment before has taken all that it may."""
    for samples in (1, 100, 256):
        control, spending, size = BitRate(HEADER, NOMINAL, lambda: BEGUN), Spending(), BEGUN
        for index in range(6):
            allowance = control.allow(index, run_of(True, index == 5), 5 * LENGTH + samples)
            wanted, _ = spending.wanted(index, allowance, index == 5)
            size += wanted + OVERHEAD_BYTES
            spending.spend(CodedSegment([bytes(wanted)], 0, 0))
        assert wanted >= NOMINAL * 256 - 1
        assert 0.999 * NOMINAL * (5 * LENGTH + samples) - 20 < size <= NOMINAL * (5 * LENGTH + samples)


def test_silence_leaves_its_bytes_to_what_follows_at_once() -> None:
    loud = [True] * 6 + [False] * 10 + [True] * 8
    wanted, size = simulate(loud, 1.0, LAG)
    assert wanted[16] > 8 * NOMINAL * LENGTH
    assert 0.99 * NOMINAL * LENGTH * len(loud) - 300 < size <= NOMINAL * LENGTH * len(loud)


def test_a_group_knows_what_was_found_so_many_groups_before() -> None:
    control = BitRate(HEADER, NOMINAL, lambda: BEGUN)
    found = []
    for index in range(first_of(LAG + 2)):
        found.append(control.allow(index, run_of(True), (index + 1) * LENGTH).found)
        control.told(index, CodedSegment([b""], 0, 0, found=(float(index), 0.5)))
    assert found[: first_of(LAG)] == [None] * first_of(LAG)
    assert set(found[first_of(LAG) : first_of(LAG + 1)]) == {(FIRST_GROUP - 1.0, 0.5)}
    assert found[-1] == (first_of(2) - 1.0, 0.5)


def test_what_the_first_segments_leave_is_spent_at_once() -> None:
    """By those after them in the first group: a file of a few seconds has no other."""
    control, spending = BitRate(HEADER, NOMINAL, lambda: BEGUN), Spending()
    for index in range(FIRST_GROUP):
        allowance = control.allow(index, run_of(True), (index + 1) * LENGTH)
        wanted, _ = spending.wanted(index, allowance, False)
        spending.spend(CodedSegment([bytes(wanted // 4 if index < 8 else wanted)], 0, 0))
        if index == 8:
            assert wanted > 3.5 * NOMINAL * LENGTH
