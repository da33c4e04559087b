"""Runs of segments, coded apart and joined, are the bytes of one go."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import pytest
from signals import bursts

import dpcodec
from dpcodec.audio.streams import ArrayReader
from dpcodec.codec.runs import code_run, cut, join_runs

RATE = 8000


def clip(seconds: float, channels: int = 1) -> dpcodec.Audio:
    return dpcodec.Audio(bursts(seconds, RATE, channels), RATE)


@pytest.mark.parametrize(
    "name, changes",
    [
        ("perceptual", {}),
        ("perceptual", {"quality": 9.0, "segment_frames": 7}),
        ("mdct", {}),
        ("mdct", {"snr": 20.0, "segment_frames": 11}),
        ("stft", {"segment_frames": 9}),
        ("stft", {"exact": True, "segment_frames": 30}),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_runs_are_the_bytes_of_one_go(name: str, changes: dict[str, float], channels: int) -> None:
    settings = dpcodec.profile(name, **changes)
    audio = clip(17.3, channels)
    runs = cut(ArrayReader(audio), settings, 5.0)
    assert runs is not None
    assert len(runs.firsts) > 2
    pieces = [code_run(ArrayReader(audio), settings, runs, first) for first in runs.firsts]
    for before, piece in pairwise(pieces):
        assert piece.begun == before.left
    coded = [segment for piece in pieces for segment in piece.segments]
    assert len(coded) == runs.segments
    out, whole = io.BytesIO(), io.BytesIO()
    report = join_runs(out, ArrayReader(audio), settings, coded)
    plain = dpcodec.encode_stream(ArrayReader(audio), whole, settings)
    assert out.getvalue() == whole.getvalue()
    assert vars(report) == vars(plain)


@pytest.mark.parametrize(
    "changes",
    [
        {"bitrate": 32.0},
        {"name": "perceptual", "snr": 20.0},
        {"effort": 1},
        {"rate": 16000},
        {"transform": "stft", "mask": "random"},
    ],
)
def test_what_goes_through_a_file_is_not_cut(changes: dict[str, Any]) -> None:
    assert cut(ArrayReader(clip(30)), dpcodec.profile(**changes), 6.0) is None


def test_short_files_and_those_of_unknown_length_are_not_cut() -> None:
    assert cut(ArrayReader(clip(4)), dpcodec.EncodeSettings(), 6.0) is None
    reader = ArrayReader(clip(30))
    reader.samples = None
    assert cut(reader, dpcodec.EncodeSettings(), 6.0) is None
