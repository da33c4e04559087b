"""The erasure code against a slow one."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from dpcodec.container.erasure import parity_of, recover

from . import slow_erasure


@pytest.mark.parametrize(("members", "parities"), [(1, 2), (3, 2), (4, 3)])
def test_any_so_many_are_enough(members: int, parities: int) -> None:
    draw = random.Random(members)
    strings = [draw.randbytes(draw.randint(1, 9)) for _ in range(members)]
    length = max(map(len, strings))
    made_ = [parity_of(strings, j) for j in range(parities)]
    assert made_ == [slow_erasure.parity(strings, j) for j in range(parities)]
    for kept in combinations(range(members + parities), members):
        there = [string if i in kept else None for i, string in enumerate(strings)]
        have = {j: made_[j] for j in range(parities) if members + j in kept}
        full = slow_erasure.solve(length, there, have)
        assert full == [string.ljust(length, b"\0") for string in strings]
        found = recover(length, members, there.__getitem__, have)
        assert found == {i: full[i] for i in range(members) if i not in kept}


def test_the_document_s_example() -> None:
    assert [parity_of([b"\1", b"\2"], j) for j in (0, 1)] == [b"\x01", b"\x99"]
    assert [slow_erasure.parity([b"\1", b"\2"], j) for j in (0, 1)] == [b"\x01", b"\x99"]


def test_the_largest_group() -> None:
    draw = random.Random(0)
    strings = [draw.randbytes(40) for _ in range(127)]
    have = {j: parity_of(strings, j) for j in range(127)}
    assert recover(40, 127, lambda i: None, have) == dict(enumerate(strings))
    assert recover(40, 127, lambda i: None, {j: have[j] for j in range(126)}) == {}
