"""What a file would survive, against draws and against files."""

from __future__ import annotations

import random

import pytest

from dpcodec.container.parity import FLAG_METADATA, Group
from dpcodec.container.survival import survival_of


def group(
    members: int,
    parities: int,
    block: int = 1,
    number: int = 0,
    groups: int = 1,
    start: int = 0,
    flags: int = 0,
) -> Group:
    return Group(block, number, groups, members, parities, flags, 2500, start, 3 * bool(start), 100, b"")


@pytest.mark.parametrize("sizes", [[(80, 21)], [(12, 4)], [(100, 26), (100, 26), (99, 26)]])
def test_99_of_100_draws_survive_and_no_more(sizes: list[tuple[int, int]]) -> None:
    groups = [group(k, m, number=i, groups=len(sizes)) for i, (k, m) in enumerate(sizes)]
    found = survival_of(groups)
    assert found is not None
    assert found.parity_percent == 25
    draw = random.Random(3)

    def survive(percent: float) -> int:
        return sum(
            all(sum(draw.random() < percent / 100 for _ in range(k + m)) <= m for k, m in sizes)
            for _ in range(2000)
        )

    assert survive(found.random_percent) >= 2000 * 0.985
    assert survive(found.random_percent + 3) < 2000 * 0.985


def test_what_does_not_decide_is_left_out() -> None:
    start, picture = group(2, 3, block=0), group(1, 1, block=1, flags=FLAG_METADATA)
    audio = [group(40, 11, 2, number, 3, 2) for number in range(3)]
    assert survival_of([start, picture, *audio]) == survival_of(audio)
    assert survival_of(audio).row_packets == 31  # type: ignore[union-attr]
    assert survival_of([picture]) is None
    assert survival_of([]) is None
