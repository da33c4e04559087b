"""Small files made by formula, and a pipe that gives a few bytes at a time."""

import io
from dataclasses import replace

import pytest

from dpcodec.container.header import Header, segment_count
from dpcodec.container.stream import Reader, Writer

HEADER = Header(
    sample_rate=16000,
    channels=2,
    samples=None,
    n_fft=64,
    hop=32,
    window="sine",
    mask="energy",
    drop_q32=2**31,
    segment_frames=8,
    parts=4,
)


class Pipe:
    """Cannot seek; reads at most 7 bytes at once, writes at most 11."""

    def __init__(self, data=b""):
        self._data = io.BytesIO(data)

    def seekable(self):
        return False

    def read(self, size=-1):
        return self._data.read(min(size, 7))

    def write(self, data):
        return self._data.write(bytes(data)[:11])

    def getvalue(self):
        return self._data.getvalue()


def bodies_of(segment, parts=4):
    return [bytes([segment % 251, part, 7]) * (3 + (segment + part) % 5) for part in range(parts)]


def build(samples=450, out=None, tags=(), **changes):
    """The bytes of a file of `samples` samples; 450 make two segments of HEADER's."""
    header = replace(HEADER, **changes)
    out = out or io.BytesIO()
    writer = Writer(out, header, tags)
    for segment in range(segment_count(header, samples)):
        writer.write_segment(segment, bodies_of(segment, header.parts))
    writer.close(samples)
    assert writer.bytes_written == len(out.getvalue())
    return out.getvalue()


def read(source):
    """The reader after all segments were read, and the segments."""
    reader = Reader(io.BytesIO(source) if isinstance(source, bytes) else source)
    return reader, list(reader.segments())


@pytest.fixture(params=["file", "pipe"])
def opened(request):
    """Both ways to hand bytes to a reader."""
    return io.BytesIO if request.param == "file" else Pipe


@pytest.fixture
def tools():
    """What the tests in this folder share."""

    class Tools:
        header = HEADER
        pipe = Pipe
        build = staticmethod(build)
        read = staticmethod(read)
        bodies_of = staticmethod(bodies_of)

    return Tools
