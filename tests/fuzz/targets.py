"""What is called with each input, and what must hold of the outcome.

A target raises `FaultError`, or lets an exception through that is none of dpcodec's own: both are faults.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

import numpy as np
from streams import Pipe

import dpcodec
from dpcodec.audio.streams import AudioWriter
from dpcodec.cli import exits
from dpcodec.container.stream import Reader

from .javascript import Verdict, decoder, difference

SETTINGS = dpcodec.DecodeSettings(solver="none", device="cpu", max_memory=256 << 20)
MOST_SAMPLES = 1 << 22
"""Of an audio file, after which reading stops."""


class FaultError(AssertionError):
    """Something that must hold does not. The first line names it, without numbers of the input."""


@dataclass(frozen=True)
class Origin:
    """What the file was before it was damaged: of an input whose checksums were not made right again."""

    data: bytes

    @cached_property
    def samples(self) -> np.ndarray:
        """Float32 [C, N]."""
        return dpcodec.decode(self.data, SETTINGS).samples

    @cached_property
    def info(self) -> dpcodec.FileInfo:
        """What `inspect` says."""
        return dpcodec.inspect(self.data)

    @cached_property
    def parts(self) -> list[dict[int, bytes]]:
        """The bodies of each segment."""
        return [segment.parts for segment in Reader(io.BytesIO(self.data)).segments()]


Target = Callable[[bytes, Origin | None], bool]
"""Takes the input, and what it was where that is known; whether it was accepted."""


def require(holds: object, what: str, detail: object = "") -> None:
    """Raise `FaultError` unless it holds."""
    if not holds:
        raise FaultError(f"{what}\n{detail}")


@dataclass
class _Sink(AudioWriter):
    """Checks what is written."""

    info: dpcodec.StreamInfo
    blocks: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clipped, self.warnings = 0, []

    def write(self, block: np.ndarray) -> None:
        require(block.dtype == np.float32, "samples are not float32")
        require(block.ndim == 2 and len(block) == self.info.channels, "a block of another number of channels")
        require(np.isfinite(block).all(), "samples are not finite")
        self.blocks.append(block.copy())

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass

    @property
    def samples(self) -> np.ndarray:
        """Float32 [C, N]."""
        return np.concatenate([np.zeros((self.info.channels, 0), np.float32), *self.blocks], axis=1)


def _decoded(source: BinaryIO) -> tuple[dpcodec.DecodeReport, _Sink]:
    sinks: list[_Sink] = []

    def open_sink(info: dpcodec.StreamInfo) -> _Sink:
        sinks.append(_Sink(info))
        return sinks[0]

    report = dpcodec.decode_stream(source, open_sink, SETTINGS)
    sink = sinks[0]
    require(len(sinks) == 1, "the output was opened twice")
    require(1 <= sink.info.channels <= 255 and 1 <= sink.info.sample_rate < 2**20, "a stream that cannot be")
    require(report.samples == sink.samples.shape[1], "the report tells another number of samples")
    return report, sink


def _one_in(times: int, data: bytes) -> bool:
    """Whether to do what takes long, always the same for the same input."""
    return zlib.crc32(data) % times == 0


def decode(data: bytes, origin: Origin | None) -> bool:
    """A file that can be sought."""
    try:
        report, sink = _decoded(io.BytesIO(data))
    except dpcodec.DpcodecError as error:
        return _refused(error)
    length = sink.samples.shape[1]
    require(sink.info.samples in (None, length), "not the promised length", (sink.info.samples, length))
    if report.damaged:
        return True
    require(sink.info.samples == length, "whole, but its length was not known")
    if _one_in(3, data):
        info = dpcodec.inspect(data)
        require(info.whole, "decode says whole, inspect says damaged", info.damage)
        about = (info.samples, info.channels, info.sample_rate)
        require(
            about == (length, sink.info.channels, sink.info.sample_rate), "not what the header says", about
        )
    if origin is not None:
        require(np.array_equal(sink.samples, origin.samples), "damaged audio, and no word of it")
    return True


def pipe(data: bytes, origin: Origin | None) -> bool:
    """The same bytes from a pipe, which gives them piecemeal."""
    try:
        report, sink = _decoded(Pipe(data, 1 + len(data) % 400))
    except dpcodec.DpcodecError as error:
        return _refused(error)
    if report.damaged:
        return True
    if origin is not None:
        require(np.array_equal(sink.samples, origin.samples), "damaged audio, and no word of it")
    whole, other = _decoded(io.BytesIO(data))
    require(not whole.damaged, "whole from a pipe, damaged as a file", whole.damage)
    require(np.array_equal(sink.samples, other.samples), "a pipe gives other samples than a file")
    return True


def inspect(data: bytes, origin: Origin | None) -> bool:
    """What `dpcodec info` and `dpcodec test` call."""
    try:
        info = dpcodec.inspect(data)
    except dpcodec.DpcodecError as error:
        return _refused(error)
    json.dumps(info.to_dict(), allow_nan=False)
    require(info.bytes == len(data), "another size than the file has")
    require(0 <= info.kept <= info.cells, "more coefficients kept than there are")
    require(info.whole != bool(info.damage), "whole, and a list of damage; or neither", info.damage)
    require(not (info.whole and info.damaged_s), "whole, with damaged seconds")
    times = [time for span in info.damaged_s for time in span]
    require(times == sorted(times) and all(t >= 0 for t in times), "damaged seconds out of order", times)
    require(not times or times[-1] <= (info.duration_s or times[-1]), "damage after the end", times)
    if info.whole and origin is not None:
        known = origin.info
        same = (info.samples, info.kept, info.cells, info.segments) == (
            *(known.samples, known.kept, known.cells, known.segments),
        )
        require(same, "damaged, and no word of it")
    return True


def repair(data: bytes, origin: Origin | None) -> bool:
    """Repaired, read, and repaired again."""
    out = io.BytesIO()
    try:
        report = dpcodec.repair_stream(io.BytesIO(data), out)
    except dpcodec.DpcodecError as error:
        return _refused(error)
    repaired = out.getvalue()
    try:
        whole = _one_in(3, data) and dpcodec.inspect(repaired).whole
        again = dpcodec.repair(repaired)
    except dpcodec.DpcodecError as error:
        raise FaultError(f"a repaired file that cannot be read: {type(error).__name__}\n{error}") from error
    require(again == repaired, "repaired again, it is another file")
    before = [(s.parts, s.total_parts) for s in Reader(io.BytesIO(data)).segments()]
    reader = Reader(io.BytesIO(repaired))
    after = [(s.parts, s.total_parts) for s in reader.segments()]
    _require_kept(before, after, reader.total_samples)
    require(report.complete or not reader.whole, "whole after repair, though parts are missing")
    require(reader.whole or not whole, "whole to inspect, and not to its reader")
    if reader.whole and origin is not None:
        require([parts for parts, _ in after] == origin.parts, "whole after repair, with other contents")
    return True


Segments = list[tuple[dict[int, bytes], int]]


def _require_kept(before: Segments, after: Segments, samples: int | None) -> None:
    """Everything that was intact is there. Where N is lost, segments without parts at the end are no more."""
    if samples is None:
        while before and not before[-1][0]:
            before.pop()
        while after and not after[-1][0]:
            after.pop()
    require([parts for parts, _ in after] == [parts for parts, _ in before], "repair lost or changed a part")


def audio(data: bytes, origin: Origin | None) -> bool:
    """Audio of any format, from a file or, by the length of the input, from a pipe."""
    fo = io.BytesIO(data) if len(data) % 4 else Pipe(data, 1 + len(data) % 500)
    try:
        with dpcodec.open_audio(fo) as reader:
            require(
                1 <= reader.channels <= 255 and 1 <= reader.sample_rate < 2**20, "a stream that cannot be"
            )
            require(reader.samples is None or reader.samples >= 0, "a negative length", reader.samples)
            for key, value in reader.tags:
                key.encode(errors="surrogatepass"), value.encode(errors="surrogatepass")
            total = 0
            while total < MOST_SAMPLES:
                block = reader.read(1000)
                require(block.dtype == np.float32, "samples are not float32")
                shape = block.ndim == 2 and len(block) == reader.channels and block.shape[1] <= 1000
                require(shape, "a block of another shape", block.shape)
                if not block.shape[1]:
                    told = reader.samples in (None, total) or reader.warnings
                    require(told, "another length than promised, and no word of it", reader.samples)
                    break
                total += block.shape[1]
    except dpcodec.DpcodecError as error:
        return _refused(error)
    return True


def javascript(data: bytes, origin: Origin | None) -> bool:
    """A file, and what the decoder in JavaScript makes of it. Needs node."""
    try:
        report, sink = _decoded(io.BytesIO(data))
    except dpcodec.DpcodecError as error:
        ours = Verdict(exits.code_of(error), why=str(error))
    else:
        code = exits.DAMAGED if report.damaged else exits.OK
        ours = Verdict(code, sink.info.sample_rate, sink.samples, str(report.damage))
    theirs = decoder().decode(data)
    what = difference(ours, theirs)
    require(not what, what, f"Python: {ours.why}\nJavaScript: {theirs.why}")
    return ours.samples is not None


def _refused(error: dpcodec.DpcodecError) -> bool:
    require(type(error) is not dpcodec.DpcodecError, "an error of no class", error)
    text = str(error)
    require(text and "\n" not in text, "a message that is not one line", text)
    return False


TARGETS: dict[str, Target] = {
    "decode": decode,
    "inspect": inspect,
    "repair": repair,
    "pipe": pipe,
    "audio": audio,
    "javascript": javascript,
}
USUAL_TARGETS = tuple(name for name in TARGETS if name != "javascript")
"""That one needs node, and runs where it is asked for."""
