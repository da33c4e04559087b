"""Changed bodies of coefficients, among them such as an encoder could have written though none would."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from unittest.mock import patch

import zstandard

from dpcodec.coding.body import BodyReader
from dpcodec.coding.entropy import Decoder
from dpcodec.compiled import off
from dpcodec.container.header import unpack_header
from dpcodec.container.stream import SegmentData
from dpcodec.errors import DpcodecError
from dpcodec.modes import mode_of_file

from .byte_changes import change
from .headers import varint

_STEPS = (2.0**-126, 2.0**-127, 2.0**127, 1e-30, 1e20, 1.0, 0.0, -1.0, float("inf"), float("nan"))


def changed_body(body: bytes, random: Random) -> bytes:
    """A body not compressed: its first fields, its payload, or any bytes."""
    way = random.randrange(6)
    if way == 0:
        return change(body, random)
    if way == 1:  # frames
        return varint(random.choice((0, 1, 2, 3, 4, 8, 9, 127, 128, 2**20, 2**62))) + body[1:]
    if way == 2:  # mode
        return body[:1] + bytes([random.randrange(8)]) + body[2:]
    if way == 3:  # step
        return body[:2] + struct.pack("<f", random.choice(_STEPS)) + body[6:]
    if way == 4:  # bias, rows, length of a payload
        at = random.randrange(6, 11)
        return body[:at] + bytes([random.choice((0, 1, 7, 127, 128, 255))]) + body[at + 1 :]
    at = random.randrange(min(len(body), 12) + 1)
    return body[:at] + random.randbytes(random.randrange(1, 30))


def with_canonical_codes(
    body: bytes, header: bytes, segment: int, part: int, parts: int, frames: int
) -> bytes:
    """The same body with each entropy-coded payload as an encoder of the symbols read from it writes it.

    So any bytes become symbols that pass. Where the body cannot be read it is given back as it is.
    """
    with _recorded() as record:
        try:
            mode = mode_of_file(unpack_header(header))
            mode.read(SegmentData(segment, {part: body}, parts), frames)
        except (DpcodecError, ArithmeticError, ValueError, IndexError, MemoryError):
            return body
    return record.applied(body)


@dataclass
class _Record:
    payloads: list[tuple[int, int, bool]] = field(default_factory=list)
    codes: dict[bytes, bytes] = field(default_factory=dict)

    def applied(self, body: bytes) -> bytes:
        out, done = b"", 0
        for first, end, counted in self.payloads:
            payload = self._canonical(body[first:end])
            start = first - len(varint(end - first)) if counted else first
            out += body[done:start] + (varint(len(payload)) if counted else b"") + payload
            done = end
        return out + body[done:]

    def _canonical(self, payload: bytes) -> bytes:
        """The payload with its code as an encoder writes it: all of it, or what follows a custom mask."""
        known = [data for data in self.codes if payload.endswith(data)]
        data = max(known, key=len, default=b"")
        return payload[: len(payload) - len(data)] + self.codes.get(data, b"")


@contextmanager
def _recorded() -> Iterator[_Record]:
    """What readers of bodies find, and what decoders would have liked to find."""
    record = _Record()
    read = BodyReader.payload

    def payload(self: BodyReader) -> bytes:
        found = read(self)
        record.payloads.append((self._at - len(found), self._at, bool(self._left)))
        return found

    def finish(self: Decoder) -> None:
        record.codes[self._data] = self._again.finish()

    with off(), patch.object(BodyReader, "payload", payload), patch.object(Decoder, "finish", finish):
        yield record


def unpacked(body: bytes) -> bytes | None:
    """The content of a zstandard frame, None where it is none or a large one."""
    try:
        if not 0 <= zstandard.frame_content_size(body) <= 1 << 16:
            return None
        content: bytes = zstandard.ZstdDecompressor().decompress(body, max_output_size=1 << 16)
    except zstandard.ZstdError:
        return None
    return content


def packed(content: bytes, random: Random) -> bytes:
    """A zstandard frame, now and then one that states no size, a wrong one or a very large one."""
    way = random.randrange(12)
    if way == 0:
        frame: bytes = zstandard.ZstdCompressor(write_content_size=False).compress(content)
        return frame
    if way == 1:
        stated = random.choice((0, 1, len(content) + 1, 2**24, 2**24 + 1, 2**32 - 1))
        block = struct.pack("<I", len(content) << 3 | 1)[:3] + content
        return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", stated) + block
    return bytes(zstandard.ZstdCompressor().compress(content))
