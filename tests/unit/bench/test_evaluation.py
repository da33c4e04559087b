"""The comparison of two clips as rows hold it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from dpcodec import Audio
from dpcodec.bench.clips import melody
from dpcodec.bench.engine.statistics import number
from dpcodec.bench.evaluation import compare
from dpcodec.metrics.snr import si_sdr, snr


def test_values_are_the_metrics_rounded_as_json() -> None:
    clip = melody(8000, 0.5)
    other = Audio(clip.samples + np.float32(0.01), 8000)
    row = compare(clip, other, ("snr", "si-sdr"))
    assert row["snr"] == pytest.approx(snr(clip.samples, other.samples), abs=5e-6)
    assert row["si_sdr"] == pytest.approx(si_sdr(clip.samples, other.samples), abs=5e-6)
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_padding_at_the_end_costs_nothing() -> None:
    clip = melody(8000, 0.5)
    padded = Audio(np.pad(clip.samples, ((0, 0), (0, 99))), 8000)
    assert compare(clip, padded) == compare(padded, clip) == {"snr": "inf"}


def test_numbers_come_back_from_json() -> None:
    assert number("inf") == math.inf
    assert number(-2.5) == -2.5
    assert math.isnan(number(None))
