"""Finding packets in bytes that may be damaged, on files and on pipes alike.

A length is used only after the checksum of its head. Where no packet follows the one before, the search
goes on for the next sync word with a good head; inside the last packet too if its body was bad, since a
byte that was lost or put in moves everything after it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from dpcodec.container import constants as c
from dpcodec.container.packets import Head, Packet, check_length, parse_head, read_body
from dpcodec.errors import LimitError

_OVERLAP_BYTES = c.HEAD_BYTES - 1


class Gap(NamedTuple):
    """Bytes at `offset` that belong to no packet."""

    offset: int
    length: int


class Trailer(NamedTuple):
    """Data at `offset`, after the end of the file, that is not part of it."""

    offset: int


class Source:
    """Random access to a file object, offsets counted from where it stood.

    On a pipe only what `forget` has not let go can be read, and reading ahead keeps what it passes.
    """

    def __init__(self, fo: BinaryIO) -> None:
        self._fo = fo
        self.seekable = fo.seekable()
        self._start = fo.tell() if self.seekable else 0
        self.size = fo.seek(0, io.SEEK_END) - self._start if self.seekable else None
        self._held = bytearray()
        self._held_from = 0

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes at `offset`, fewer only where the data ends."""
        if self.seekable:
            self._fo.seek(self._start + offset)
            # /dev/zero and its like can seek, have size 0 and never end.
            return _read_all(self._fo, max(0, min(length, self.bytes_seen - offset)))
        missing = offset + length - self._held_from - len(self._held)
        if missing > 0:
            self._held += _read_all(self._fo, missing)
        first = offset - self._held_from
        return bytes(self._held[first : first + length])

    def forget(self, offset: int) -> None:
        """On a pipe, let go what lies before `offset`."""
        if not self.seekable and offset > self._held_from:
            del self._held[: offset - self._held_from]
            self._held_from = offset

    @property
    def bytes_seen(self) -> int:
        """Size of the file, or of what came through the pipe so far."""
        return self._held_from + len(self._held) if self.size is None else self.size

    def head(self, offset: int) -> Head | None:
        """The packet head at `offset`, None if there is none."""
        return parse_head(self.read(offset, c.HEAD_BYTES))

    def find(self, offset: int, stop: int | None = None) -> tuple[int, Head | None]:
        """The first good head at `offset` or later; without one, the end of the data, or of a chunk that
        holds `stop`."""
        head = self.head(offset)
        if head:
            return offset, head
        while True:
            chunk = self.read(offset, c.SEARCH_CHUNK_BYTES)
            at = chunk.find(c.SYNC)
            while at >= 0:
                head = parse_head(chunk, at)
                if head:
                    return offset + at, head
                at = chunk.find(c.SYNC, at + 1)
            if len(chunk) < c.SEARCH_CHUNK_BYTES or (stop is not None and offset >= stop):
                return offset + len(chunk), None
            offset += len(chunk) - _OVERLAP_BYTES
            self.forget(offset - c.MAGIC_BYTES)


def scan(source: Source) -> Iterator[Packet | Gap | Trailer]:
    """Every packet in the order of the file, and what lies between them.

    Bodies of DATA packets are left unread where the source can seek and another packet, or the end, follows
    in the right place. Stops at the end of the file, or of the first where several follow each other.
    Raises `LimitError` for a packet that announces more than its type may have.
    """
    position = c.MAGIC_BYTES if has_magic(source) else 0
    due = -1  # where the damaged packet just passed ought to end
    first = True
    wasted = 0
    while True:
        found, head = source.find(position, c.HEADER_SEARCH_BYTES if first and not source.seekable else None)
        skipped = found > position and found != due
        if skipped and head and not first and _starts_file(source, found, head):
            yield Trailer(found - c.MAGIC_BYTES)
            return
        if skipped and (head or found > due):
            yield Gap(position, found - position)
        if head is None:
            return
        check_length(head)
        packet = _packet(source, found, head)
        yield packet
        first = False
        wasted += head.length if packet.fault else 0
        if wasted > c.WASTE_FACTOR * source.bytes_seen + c.WASTE_BYTES:
            raise LimitError("the file is a maze of packets inside broken packets: it is forged")
        due = found + head.packet_bytes
        position = found + c.HEAD_BYTES if packet.fault else due
        source.forget(position - c.MAGIC_BYTES)
        if head.type == c.TYPE_END and not packet.fault and not _goes_on(source, position):
            if source.read(position, 1):
                yield Trailer(position)
            return


def has_magic(source: Source) -> bool:
    """Whether the file starts as a `.dpc` file does."""
    return source.read(0, c.MAGIC_BYTES) == c.MAGIC


def _goes_on(source: Source, offset: int) -> bool:
    """Whether more packets of the same file stand after its END, as where packets changed their order."""
    found, head = source.find(offset, stop=offset)
    return head is not None and not (found >= offset + c.MAGIC_BYTES and _starts_file(source, found, head))


def _starts_file(source: Source, offset: int, head: Head) -> bool:
    before = source.read(offset - c.MAGIC_BYTES, c.MAGIC_BYTES)
    return head.type == c.TYPE_HEAD and before == c.MAGIC


def _packet(source: Source, offset: int, head: Head) -> Packet:
    if source.seekable and head.type == c.TYPE_DATA:
        end = offset + head.packet_bytes
        if end == source.size or source.head(end):
            return Packet(offset, head, None)
    return load(source, offset, head)


def load(source: Source, offset: int, head: Head) -> Packet:
    """The packet with its body read and checked."""
    tail = source.read(offset + c.HEAD_BYTES, head.length + c.CHECKSUM_BYTES)
    body, fault = read_body(head, tail)
    return Packet(offset, head, body, fault)


def _read_all(fo: BinaryIO, length: int) -> bytes:
    """`length` bytes, fewer only at the end: a pipe may give less than was asked at once."""
    data = fo.read(length) or b""
    if len(data) == length or not data:
        return data
    pieces = [data]
    length -= len(data)
    while length and (data := fo.read(length)):
        pieces.append(data)
        length -= len(data)
    return b"".join(pieces)
