"""Means and intervals against a textbook's table; ratios limited, missing values left out."""

from __future__ import annotations

import math

import pytest

from dpcodec.bench.engine.experiment import Row
from dpcodec.bench.engine.statistics import column, grouped, interval, mean, plus_minus, rounded


def rows(name: str, *values: object) -> list[Row]:
    return [{name: value} for value in values]


def test_mean_and_interval_are_student_s() -> None:
    """t of 0.975 with 4 degrees of freedom is 2.776 in every table; 1 ... 5 have the deviation sqrt(2.5)."""
    values = rows("lsd", 5, 1, 4, 2, 3)
    assert mean(values, "lsd") == 3
    half = 2.776 * math.sqrt(2.5 / 5)
    assert interval(values, "lsd") == pytest.approx((3 - half, 3 + half), abs=1e-3)
    assert plus_minus(values, "lsd") == "3.00 ± 1.96"
    assert interval(values[:4], "lsd") is None, "of four clips it would be wider than what it tells apart"
    assert plus_minus(values[:4], "lsd") == "3.00"


def test_ratios_are_limited_both_ways_and_nothing_else_is() -> None:
    values = ("inf", 200.0, 20.0, "-inf")
    assert column(rows("snr", *values), "snr").tolist() == [150, 150, 20, -150]
    assert mean(rows("bytes", 200.0, 400.0), "bytes") == 300


def test_missing_values_are_left_out() -> None:
    values: list[Row] = [*rows("snr", 1.0, None, 2.0), {"other": 3}]
    assert column(values, "snr").tolist() == [1, 2]
    assert mean(values[1:2], "snr") is None
    assert interval(values[:1], "snr") is None
    assert plus_minus(values[1:2], "snr") == ""
    assert plus_minus(values[:1], "snr") == "1.00"
    assert rounded(None) is None


def test_zero_has_no_sign() -> None:
    assert plus_minus(rows("snr", -0.001), "snr") == "0.00"


def test_groups_keep_the_order_of_first_appearance() -> None:
    values = [{"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 3}, {"b": 4}]
    groups = grouped(values, "a")
    assert list(groups) == [(2,), (1,), (None,)]
    assert [row["b"] for row in groups[(2,)]] == [1, 3]
