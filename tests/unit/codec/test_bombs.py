"""Small files that ask for very much: refused before any work, or decoded as what they are."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from fuzz import bombs
from streams import Pipe

from dpcodec import DecodeSettings, LimitError, decode, decode_stream, inspect, inspect_stream, repair
from dpcodec.audio.streams import ArrayWriter
from dpcodec.codec.decoder import StreamInfo
from dpcodec.container.stream import Reader

MEGABYTE = 1 << 20
NONE = DecodeSettings(solver="none")


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fails where more than 64 MB were taken at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 64 * MEGABYTE
    finally:
        tracemalloc.stop()


def never(info: StreamInfo) -> ArrayWriter:
    raise AssertionError("output was begun")


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("solver", ["auto", "none", "noise", "least-squares", "janssen"])
@pytest.mark.parametrize("name", bombs.FORGED)
def test_forged_files_are_refused(name: str, solver: str) -> None:
    data, settings = bombs.FORGED[name](), DecodeSettings(solver=solver)
    with pytest.raises(LimitError):
        decode(data, settings)
    with pytest.raises(LimitError):
        decode_stream(Pipe(data), lambda info: Sink(), settings)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("name", bombs.FORGED)
def test_so_they_are_without_audio(name: str) -> None:
    data = bombs.FORGED[name]()
    with pytest.raises(LimitError):
        inspect(data)
    with pytest.raises(LimitError):
        inspect_stream(Pipe(data))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("name", bombs.FORGED)
def test_repair_ends_too(name: str) -> None:
    with contextlib.suppress(LimitError):
        repair(bombs.FORGED[name]())


@pytest.mark.parametrize("name", bombs.MALFORMED)
@pytest.mark.parametrize("opened", [io.BytesIO, Pipe])
@pytest.mark.usefixtures("little_memory")
def test_others_come_out_as_long_as_they_say_and_finite(
    name: str, opened: Callable[[bytes], io.BytesIO]
) -> None:
    sink = Sink()
    decode_stream(opened(bombs.MALFORMED[name]()), lambda info: sink, NONE)
    assert (sink.samples, sink.finite) == (bombs.STFT.samples, True)


class Sink(ArrayWriter):
    """Counts what it is given, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(44100, 1, bombs.FORMAT)
        self.samples, self.finite = 0, True

    def write(self, block: np.ndarray) -> None:
        self.samples += block.shape[1]
        self.finite &= bool(np.isfinite(block).all())


HOUR = replace(bombs.PERCEPTUAL, channels=2, samples=3600 * 44100, segment_frames=220)


def test_an_hour_of_silence_passes() -> None:
    data, sink = bombs.silence(HOUR), Sink()
    assert not decode_stream(io.BytesIO(data), lambda info: sink, NONE).damaged
    assert sink.samples == HOUR.samples


def test_more_silence_than_bytes_can_hold() -> None:
    data = bombs.silence(replace(HOUR, segment_frames=2**16, samples=50 * 3600 * 44100))
    assert len(data) < 6000
    with pytest.raises(LimitError, match="--max-expansion"):
        decode_stream(io.BytesIO(data), never, NONE)
    Reader(io.BytesIO(data))  # that there are so many is no fault
    with pytest.raises(LimitError, match="--max-duration"):
        decode_stream(io.BytesIO(data), never, replace(NONE, max_expansion=1 << 40, max_duration=1000.0))
    with pytest.raises(LimitError, match="--max-memory"):
        decode_stream(
            io.BytesIO(data), never, replace(NONE, max_expansion=1 << 40, max_memory=256 * MEGABYTE)
        )


def test_a_pipe_that_goes_on_and_on_is_cut_off() -> None:
    data = bombs.silence(replace(HOUR, segment_frames=2**11))
    with pytest.raises(LimitError, match="--max-duration"):
        decode_stream(Pipe(data), lambda info: Sink(), replace(NONE, max_duration=100.0))


@pytest.mark.parametrize("solver", ["auto", "least-squares", "janssen"])
def test_no_solver_counts_with_values_that_no_encoder_writes(solver: str) -> None:
    settings, data = DecodeSettings(solver=solver), bombs.MALFORMED["the largest step"]()
    report = decode_stream(io.BytesIO(data), lambda info: Sink(), settings)
    assert list(report.choices) == ["none: no encoder writes values as large as these"]
