"""The body of a part: one framing for every kind of file.

    varint L (frames of the segment), then for every channel a mode byte and what the mode says:

    0  digital silence   nothing follows
    1  STFT, quantised   head: float32 step, varint rows; payload: the custom mask (with it only), symbols
    2  STFT, exact       payload: the stored mask (where it is stored), float32 planes
    3  MDCT, quantised   head: float32 step, bias byte, varint rows; payload: block switching, symbols
    4  MDCT, exact       payload: a byte of block switching for each frame, the stored mask, float32 planes
    5  perceptual        head as in mode 3; payload: side information, symbols
    6  perceptual of 1.3  the same with other tables, and scale factors that see the paired channel's
    7  perceptual of 1.4  the same of some of the frames

A payload has its varint length before it, except in the last channel, where it runs to the end of the body.

The cells of a segment are interleaved over its parts (multiple description): part p of G holds the frames p,
p + G, ... with all their rows, or, before format 1.4 and in all but perceptual files, the rows `offset(p),
offset(p) + G, ...` of all frames. So a lost part is every G-th frame or row missing and its neighbours, which
overlap it, still there. Parts know nothing of each other.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

MAX_SYMBOL = 2**24 - 1
"""Largest |q| of the format."""

COARSEST = 16
"""Distance in frames of the first pass of a part, before format 1.4."""

STEP_RANGE = (2.0**-126, 2.0**127)
"""Range of a step: normal numbers of float32."""

SILENT, STFT_QUANTISED, STFT_EXACT, MDCT_QUANTISED, MDCT_EXACT, PERCEPTUAL, PERCEPTUAL_2, PERCEPTUAL_3 = (
    range(8)
)


class ChannelBody(NamedTuple):
    """What stands in a body for one channel: its mode byte, the head that the mode defines, its payload."""

    mode: int
    head: bytes = b""
    payload: bytes | None = None


SILENCE = ChannelBody(SILENT)


def interleave(part: int, parts: int) -> slice:
    """The rows of a grid that a part holds.

    Parts that follow each other in a file hold rows apart from each other, as far as their number allows.

    >>> [interleave(p, 8).start for p in range(8)]
    [0, 3, 6, 1, 4, 7, 2, 5]
    """
    stride = next(s for s in range(-(-parts // 3), parts + 1) if math.gcd(s, parts) == 1)
    return slice(part * stride % parts, None, parts)


def part_cells(part: int, parts: int, by_frames: bool) -> tuple[slice, slice]:
    """The rows and frames of a grid that a part holds: some frames or some rows."""
    return (slice(None), slice(part, None, parts)) if by_frames else (interleave(part, parts), slice(None))


def write_body(frames: int, channels: Sequence[ChannelBody]) -> bytes:
    """The body of a part of a segment of so many frames."""
    out = [write_varint(frames)]
    for c, channel in enumerate(channels):
        out += [bytes([channel.mode]), channel.head]
        if channel.payload is not None:
            out += [write_varint(len(channel.payload)) if c + 1 < len(channels) else b"", channel.payload]
    return b"".join(out)


def body_frames(body: bytes) -> int:
    """The number of frames L of the segment a body belongs to. Raises `FormatError`."""
    return read_varint(body, 0)[0]


class BodyReader:
    """Reads a body field by field, in order. Raises `FormatError` for what no encoder wrote.

    channels, frames  of the segment
    """

    def __init__(self, body: bytes, channels: int, frames: int) -> None:
        found, self._at = read_varint(body, 0)
        if found != frames:
            raise FormatError(f"coded part: made for {found} frames, not {frames}")
        self._body, self._left = body, channels

    def mode(self, allowed: int) -> int:
        """The mode byte of the next channel: `SILENT` or the one that this kind of file has."""
        if self._at >= len(self._body):
            raise FormatError("coded part: ends before its last channel")
        mode, self._at = self._body[self._at], self._at + 1
        if mode not in (SILENT, allowed):
            raise FormatError(f"coded part: channel mode {mode} is unknown here")
        self._left -= 1
        return mode

    def step(self) -> float:
        """A quantiser step."""
        if len(self._body) < self._at + 4:
            raise FormatError("coded part: ends within a quantiser step")
        (step,) = struct.unpack_from("<f", self._body, self._at)
        if not valid_step(step):
            raise FormatError(f"coded part: quantiser step {step!r} is no positive normal number")
        self._at += 4
        return float(step)

    def bias(self) -> tuple[int, int]:
        """Two signed halves of a byte."""
        if self._at >= len(self._body):
            raise FormatError("coded part: ends before its bias")
        one, more = ((half ^ 8) - 8 for half in divmod(self._body[self._at], 16))
        self._at += 1
        return one, more

    def rows(self, most: int) -> int:
        """How many rows are coded, of at most so many."""
        rows, self._at = read_varint(self._body, self._at)
        if rows > most:
            raise FormatError(f"coded part: {rows} rows coded of {most}")
        return rows

    def payload(self) -> bytes:
        """The payload of the channel."""
        length = len(self._body) - self._at
        if self._left:
            length, self._at = read_varint(self._body, self._at)
        if length > len(self._body) - self._at:
            raise FormatError("coded part: a payload longer than its body")
        payload = self._body[self._at : self._at + length]
        self._at += length
        return payload

    def finish(self) -> None:
        """Raise `FormatError` where something follows the last channel."""
        if self._at != len(self._body):
            raise FormatError("coded part: bytes left over after the last channel")


def valid_step(step: float) -> bool:
    """Whether a step may stand in a file: finite, normal in float32, positive."""
    return math.isfinite(step) and STEP_RANGE[0] <= step <= STEP_RANGE[1]


def pack_bias(bias: tuple[int, int]) -> int:
    """Two signed numbers in the halves of a byte."""
    one, more = bias
    return (one & 15) << 4 | more & 15
