"""Reading: the header, the tags, the parts of each segment, and whether all of it is whole."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.container import constants as c
from dpcodec.container.damage import Damage
from dpcodec.container.header import Header
from dpcodec.container.intake import Intake
from dpcodec.container.mend import Mended, mend_file
from dpcodec.container.packets import Packet, add_digests, decompress, packet_digest
from dpcodec.container.scan import Source
from dpcodec.container.sources import FileSegments, PipeSegments, ReadLimits, StoredSegment
from dpcodec.container.survival import Survival, survival_of
from dpcodec.errors import FormatError


@dataclass(frozen=True)
class SegmentData:
    """The bodies of segment `index` that arrived intact, by part; `total_parts` is how many there should
    be."""

    index: int
    parts: dict[int, bytes]
    total_parts: int


class Reader:
    """Reads a `.dpc` file from a file object, seekable or not, from where it stands.

    A seekable file is searched for packets first; a pipe is read up to the first coefficients. Raises
    `FormatError` if no header can be found or a field of it is invalid, `VersionError` if the file needs a
    newer dpcodec, `LimitError` if it claims more than the format allows or than its bytes can hold; all
    three may come from `segments` too, where the input is a pipe.
    """

    def __init__(self, fo: BinaryIO, limits: ReadLimits | None = None) -> None:
        source, limits = Source(fo), limits or ReadLimits()
        self.mended: Mended | None = None
        self._intake = Intake(source)
        self._digest: int | None = None
        self._segments = (
            self._file_segments(source, limits) if source.seekable else PipeSegments(self._intake, limits)
        )

    def _file_segments(self, source: Source, limits: ReadLimits) -> FileSegments:
        """Those of the file as it was, where it has parity and something of it is lost."""
        try:
            segments = FileSegments(self._intake, limits)
        except FormatError:
            if not self._intake.catalogue.groups or not self._mend(source, limits):
                raise
            return FileSegments(self._intake, limits)
        if self._intake.catalogue.groups and self._mend(source, limits):
            return FileSegments(self._intake, limits)
        return segments

    def _mend(self, source: Source, limits: ReadLimits) -> bool:
        self.mended = mend_file(source, limits.packets)
        if self.mended is None:
            return False
        weakref.finalize(self, self.mended.file.close)
        self._intake = Intake(Source(self.mended.file))
        return True

    @property
    def header(self) -> Header:
        """The header; its `samples` are `total_samples`."""
        return self._intake.require_header()

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """(key, value) pairs. Escape them (`tags.escape`) before they reach a terminal."""
        return self._intake.catalogue.tags

    @property
    def attachments(self) -> tuple[tuple[str, bytes], ...]:
        """(kind, data) pairs met so far."""
        return self._intake.catalogue.attachments

    @property
    def total_samples(self) -> int | None:
        """N, None while nothing that was read tells it."""
        return self._intake.catalogue.samples

    @property
    def damage(self) -> list[Damage]:
        """What was found wrong so far."""
        return self._intake.log.entries()

    @property
    def warnings(self) -> list[str]:
        """What is odd but takes nothing away from the audio."""
        mended = [self.mended.remark] if self.mended is not None and self.mended.remark else []
        return [*mended, *self._intake.remarks, *self._intake.catalogue.warnings]

    @property
    def survival(self) -> Survival | None:
        """What the file survives by its parity, of which so much was met so far; None without."""
        return survival_of(self._intake.catalogue.groups)

    @property
    def whole(self) -> bool:
        """True once every segment was read and every packet and the end hash passed, with nothing left
        over."""
        return self.hash_passed and not self._intake.log

    @property
    def hash_passed(self) -> bool:
        """True once every segment was read and the end hash of what arrived is the one that the file
        states."""
        return self._digest is not None and self._digest == self.end_digest

    @property
    def extras(self) -> list[Packet]:
        """The tags and unknown packets that are safe to copy, met so far."""
        return self._intake.catalogue.extras

    @property
    def end_digest(self) -> int | None:
        """The end hash that the file states, None where it was not met."""
        end = self._intake.catalogue.end
        return None if end is None else end.digest

    def segments(self, first: int = 0, last: int | None = None) -> Iterator[SegmentData]:
        """Segments first .. last - 1 (to the end if None) in order, one of which nothing arrived without
        parts.

        Reading all of them to the end settles `whole`. A pipe can be read once, and only forward.
        """
        for stored in self.stored_segments(first, last):
            parts: dict[int, bytes] = {}
            for part, packet in sorted(stored.packets.items()):
                body = self._content(packet)
                if body is not None:
                    parts[part] = body
            yield SegmentData(stored.index, parts, stored.total_parts)

    def stored_segments(self, first: int = 0, last: int | None = None) -> Iterator[StoredSegment]:
        """As `segments`, with the packets as they are stored."""
        total = 0
        for stored in self._segments.read(first, last):
            for packet in stored.packets.values():
                if packet.body is not None:
                    head = packet.head
                    digest = packet_digest(head.segment, head.part, head.parts, head.flags, packet.body)
                    total = add_digests(total, digest)
            yield stored
        if first == 0 and last is None:
            self._digest = total
            if not self._intake.log and not self.hash_passed:
                self._intake.log.add("hash", "every packet passed but the end hash does not match")

    def _content(self, packet: Packet) -> bytes | None:
        """The body of a packet, None where it cannot be decompressed, which is noted."""
        if packet.body is None or not packet.head.flags & c.FLAG_COMPRESSED:
            return packet.body
        head = packet.head
        try:
            return decompress(packet.body, self.header.largest_body(head.parts))
        except FormatError as exc:
            self._intake.log.add(
                "packet", str(exc), segment=head.segment, part=head.part, offset=packet.offset
            )
            return None
