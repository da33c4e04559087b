"""What decoding may take: memory, time, and the length of what comes out."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dpcodec import Audio, DecodeSettings, EncodeSettings, LimitError, decode, encode, inspect, profile
from dpcodec.codec.decoder import StreamInfo, decode_stream

KINDS = {
    "perceptual": profile("perceptual", quality=3.0),
    "mdct": profile("mdct"),
    "stft": profile("stft"),
    "stft, columns": profile("stft", mask="columns", columns=((3, 5),), drop=None),
    "stft, hop a sixteenth": profile("stft", n_fft=1024, hop=64, mask="random"),
    "exact": profile("paper", rate=None, mono=False),
    "exact, short segments": profile("paper", rate=None, mono=False, segment_frames=8),
}


@cache
def encoded(kind: str) -> bytes:
    x = np.random.default_rng(0).standard_normal((2, 30_000)) * 0.1
    settings: EncodeSettings = KINDS[kind]
    return encode(
        Audio(x, 44100), settings if settings.segment_frames else replace(settings, segment_frames=500)
    )


class BegunError(Exception):
    """The limits let it through."""


def begin(info: StreamInfo) -> None:
    raise BegunError("begun")


def accepted(data: bytes, settings: DecodeSettings) -> bool:
    with pytest.raises((BegunError, LimitError), match=r"begun|--max-memory") as raised:
        decode_stream(io.BytesIO(data), begin, settings)  # type: ignore[arg-type]
    return raised.type is BegunError


def least_memory(data: bytes, settings: DecodeSettings) -> int:
    """The smallest `max_memory` that lets the file through, to 3 %."""
    low, high = 1 << 20, 1 << 40
    while high > 1.03 * low:
        middle = int((low * high) ** 0.5)
        low, high = (low, middle) if accepted(data, replace(settings, max_memory=middle)) else (middle, high)
    return high


@pytest.mark.parametrize("solver", ["none", "noise", "least-squares", "janssen", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_memory_that_is_asked_for_is_enough(kind: str, solver: str) -> None:
    data = encoded(kind)
    settings = DecodeSettings(solver=solver, iterations=3)
    decode(data, settings)  # what is loaded and kept once is not the file's
    tracemalloc.start()
    try:
        decode(data, settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * least_memory(data, settings) + (4 << 20)


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_is_for_reading_alone(kind: str) -> None:
    data = encoded(kind)
    inspect(data)
    tracemalloc.start()
    try:
        inspect(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with pytest.raises(LimitError, match="--max-memory"):
        inspect(data, max_memory=max(1, int((peak - (4 << 20)) / 1.3)))


def test_time_is_limited_whatever_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded("exact, short segments")
    clock = itertools.count(0.0, 4.0)
    monkeypatch.setattr("dpcodec.codec.rebuild.time.monotonic", lambda: next(clock))
    with pytest.raises(LimitError, match="--time-limit"):
        decode(data, DecodeSettings(solver="none", time_limit=1.0))
    assert decode(data, DecodeSettings(solver="none", time_limit=1e6)).samples.shape == (2, 30_000)


def test_short_segments_are_solved_together() -> None:
    """A solver sees no more frames around those it solves than of them."""
    from dpcodec.codec.decode_report import DecodeReport
    from dpcodec.codec.rebuild import Rebuild
    from dpcodec.container.stream import Reader
    from dpcodec.inpainting.progress import silent
    from dpcodec.inpainting.solver_settings import SolverSettings

    for solver, batch in (("none", 1), ("least-squares", 6)):
        reader = Reader(io.BytesIO(encoded("exact, short segments")))
        made = Rebuild(reader, DecodeSettings(solver=solver), SolverSettings(), DecodeReport(1, 2), silent)
        assert made.batch == batch
        assert made.batch * 8 >= 2 * made.halo


def test_longer_audio_than_allowed() -> None:
    with pytest.raises(LimitError, match="--max-duration"):
        decode(encoded("mdct"), DecodeSettings(max_duration=0.5))
    decode(encoded("mdct"), DecodeSettings(max_duration=0.5, duration=0.4))
