"""Repair: the intact packets of a file as a file that is well formed again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from dpcodec.container import constants as c
from dpcodec.container.header import Header
from dpcodec.container.mend import whole_bytes
from dpcodec.container.packets import check_content_size
from dpcodec.container.reader import Reader
from dpcodec.container.scan import Source, scan
from dpcodec.container.sources import ReadLimits
from dpcodec.container.writer import Writer


@dataclass(frozen=True)
class RepairReport:
    """What `repair_stream` did: intact DATA packets `copied`, what was wrong, how many parts are
    `missing`."""

    copied: int
    missing: int
    damage: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every part of every segment is there, so that the new file is whole."""
        return self.missing == 0


def repair_stream(
    source: BinaryIO,
    out: BinaryIO,
    check: Callable[[Header], object] = lambda header: None,
    limits: ReadLimits | None = None,
) -> RepairReport:
    """Copy every intact packet once, in order, under new headers, index and end hash.

    What is missing stays missing, and decoders see it: each packet says of how many parts its segment has,
    the header how many segments there are. A file that only held junk, or packets twice or out of order, is
    whole afterwards. An end hash that contradicts packets that all passed is kept, since nothing here can
    say who is right. `check` raises where a header can be read, but nothing behind it. Raises that, and what
    `Reader` raises.
    """
    with contextlib.ExitStack() as stack:
        if not source.seekable():
            copy = cast(BinaryIO, stack.enter_context(SpooledTemporaryFile(c.HEADER_SEARCH_BYTES)))
            source = _copied(source, copy)
        return _repair(source, out, check, limits or ReadLimits())


def _copied(pipe: BinaryIO, copy: BinaryIO) -> BinaryIO:
    """A copy of what comes through a pipe, to the end of the file: parity stands behind what it mends."""
    for _ in scan(Source(cast(BinaryIO, _Tee(pipe, copy)))):
        pass
    copy.seek(0)
    return copy


class _Tee:
    """A pipe; what is read from it goes into a file too."""

    def __init__(self, pipe: BinaryIO, copy: BinaryIO) -> None:
        self._pipe, self._copy = pipe, copy

    def seekable(self) -> bool:
        return False

    def read(self, size: int) -> bytes:
        data = self._pipe.read(size) or b""
        self._copy.write(data)
        return data


def _repair(
    source: BinaryIO, out: BinaryIO, check: Callable[[Header], object], limits: ReadLimits
) -> RepairReport:
    start = source.tell()
    reader = Reader(source, limits)
    check(reader.header)
    if reader.mended is not None and reader.mended.exact:
        reader.mended.file.seek(0)
        mended = Source(reader.mended.file)
        return _copy_whole(reader, mended, mended.bytes_seen, out)
    if reader.mended is None and reader.survival:
        source.seek(start)
        unchanged = Source(source)
        if size := whole_bytes(unchanged, limits.packets):
            return _copy_whole(reader, unchanged, size, out)
    parity = reader.survival.parity_percent if reader.survival else 0.0
    writer = Writer(out, replace(reader.header, repaired=True), parity=parity)
    copied = missing = extras = 0
    for stored in reader.stored_segments():
        extras = _copy_extras(reader, writer, extras)
        bodies = {
            part: (p.body, p.head.flags) for part, p in sorted(stored.packets.items()) if p.body is not None
        }
        for body, flags in bodies.values():
            if flags & c.FLAG_COMPRESSED:
                check_content_size(body, reader.header.largest_body(stored.total_parts))
        copied += len(bodies)
        missing += stored.total_parts - len(bodies)
        if bodies:
            writer.write_stored(stored.index, stored.total_parts, bodies)
    _copy_extras(reader, writer, extras)
    doubtful = missing == 0 and not reader.hash_passed
    writer.close(reader.total_samples, reader.end_digest if doubtful else None)
    return RepairReport(copied, missing, tuple(map(str, reader.damage)), tuple(reader.warnings))


def _copy_whole(reader: Reader, file: Source, size: int, out: BinaryIO) -> RepairReport:
    """Write so many bytes of the file as parity made or found it, once it has been read through."""
    copied = missing = 0
    for stored in reader.stored_segments():
        copied += len(stored.packets)
        missing += stored.total_parts - len(stored.packets)
    for offset in range(0, size, c.SEARCH_CHUNK_BYTES):
        view = memoryview(file.read(offset, min(c.SEARCH_CHUNK_BYTES, size - offset)))
        while view:
            view = view[out.write(view) :]
    return RepairReport(copied, missing, tuple(map(str, reader.damage)), tuple(reader.warnings))


def _copy_extras(reader: Reader, writer: Writer, done: int) -> int:
    """Write the additional packets met since the first `done`; their new number."""
    for packet in reader.extras[done:]:
        if packet.body is not None:
            writer.write_packet(packet.head.type, packet.body, packet.head.flags)
    return len(reader.extras)
