"""Segments in their order, from a file that can be searched first or from a pipe that cannot."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dpcodec.container import constants as c
from dpcodec.container.damage import DamageLog
from dpcodec.container.intake import Intake, check_plausible, note_fault
from dpcodec.container.packets import Packet
from dpcodec.container.scan import load
from dpcodec.errors import LimitError


@dataclass(frozen=True)
class StoredSegment:
    """The parts of one segment that arrived, as stored; `total_parts` is how many there should be."""

    index: int
    total_parts: int
    packets: dict[int, Packet]


class Gatherer:
    """Takes the DATA packets of segment `index` in any order, any of them damaged or there twice."""

    def __init__(self, index: int, most_parts: int, log: DamageLog) -> None:
        self._index, self._most_parts, self._log = index, most_parts, log
        self._total: int | None = None
        self._packets: dict[int, Packet] = {}
        self._damaged: set[int] = set()

    def add(self, packet: Packet) -> None:
        """Take one packet, its body read, or its fault known."""
        head = packet.head
        if packet.fault:
            self._damaged.add(head.part)
            note_fault(packet, self._log)
            return
        where = {"segment": self._index, "part": head.part, "offset": packet.offset}
        if head.parts > self._most_parts or (self._total is not None and head.parts != self._total):
            self._log.add("place", f"a packet says part {head.part} of {head.parts}", **where)
            return
        self._total = head.parts
        held = self._packets.setdefault(head.part, packet)
        if (held.body, held.head.flags) != (packet.body, head.flags):
            self._log.add("duplicate", "two intact packets disagree, the first is used", **where)

    def finish(self) -> StoredSegment:
        """The segment; what is missing is noted."""
        total = self._total or self._most_parts
        for part in range(total):
            if self._packets and part not in self._packets and part not in self._damaged:
                self._log.add("part", "missing", segment=self._index, part=part)
        if not self._packets:
            self._log.add("segment", "missing", segment=self._index)
        return StoredSegment(self._index, total, self._packets)


class FileSegments:
    """All packet heads are read first, so packets may stand in any order; bodies are read when asked for."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        places, offsets = array("Q"), array("Q")
        for packet in intake.packets():
            if len(places) == c.MAX_PACKETS:
                raise LimitError(f"the file has more than {c.MAX_PACKETS} packets")
            places.append(packet.head.segment << 8 | packet.head.part)
            offsets.append(packet.offset)
        order = np.argsort(np.array(places, np.uint64), kind="stable")
        self._segments = (np.array(places, np.uint64)[order] >> np.uint64(8)).astype(np.int64)
        self._offsets = np.array(offsets, np.uint64)[order].astype(np.int64)
        header = intake.require_header()
        total = intake.catalogue.total_segments
        if total is None:
            total = int(self._segments[-1]) + 1 if len(places) else 0
        check_plausible(header, total, intake.source.bytes_seen)
        self._total = total
        beyond = len(places) - int(np.searchsorted(self._segments, total))
        if beyond:
            intake.log.add("place", f"{beyond} packets lie beyond the end of the audio")
        self._check_index()

    def read(self, first: int, last: int | None) -> Iterator[StoredSegment]:
        """Segments first .. last - 1, without reading the bodies of others."""
        parts = self._intake.require_header().parts
        for index in range(first, self._total if last is None else min(last, self._total)):
            low, high = np.searchsorted(self._segments, (index, index + 1))
            gatherer = Gatherer(index, parts, self._intake.log)
            for offset in self._offsets[low:high].tolist():
                head = self._intake.source.head(offset)
                if head is not None:
                    gatherer.add(load(self._intake.source, offset, head))
            yield gatherer.finish()

    def _check_index(self) -> None:
        index = self._intake.catalogue.index
        if index is None or self._intake.log:
            return
        starts = np.flatnonzero(np.diff(self._segments, prepend=-1))
        found = np.minimum.reduceat(self._offsets, starts).tolist() if len(starts) else []
        if found != index:
            self._intake.catalogue.warnings.append("the index does not match the packets: repair rebuilds it")


class PipeSegments:
    """Packets are taken as they come. A segment is complete when one of the next but one, or the end, shows
    up."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._packets = intake.packets()
        self._early: deque[Packet] = deque()
        held = 0
        for packet in self._packets:
            self._early.append(packet)
            held += packet.head.packet_bytes
            if intake.catalogue.header is not None or held > c.HEADER_SEARCH_BYTES:
                break
        intake.require_header()
        self._next = 0
        self._window: dict[int, Gatherer] = {}

    def read(self, first: int, last: int | None) -> Iterator[StoredSegment]:
        """Segments first .. last - 1; those before are passed over. A pipe can be read once."""
        for stored in self._all():
            if last is not None and stored.index >= last:
                return
            if stored.index >= first:
                yield stored

    def _all(self) -> Iterator[StoredSegment]:
        newest = -1
        while (packet := self._take()) is not None:
            segment = packet.head.segment
            if not self._belongs(segment, packet.offset):
                continue
            newest = max(newest, segment)
            self._gatherer(segment).add(packet)
            while self._next <= newest - 2:
                yield self._emit()
        total = self._intake.catalogue.total_segments
        if total is not None:
            # Everything came by now, so a claim that cannot be is refused before it is given out bit by bit.
            check_plausible(self._intake.require_header(), total, self._intake.source.bytes_seen)
        while self._next < (newest + 1 if total is None else total):
            yield self._emit()
        if self._window:
            self._intake.log.add("place", f"{len(self._window)} segments lie beyond the end of the audio")

    def _take(self) -> Packet | None:
        return self._early.popleft() if self._early else next(self._packets, None)

    def _belongs(self, segment: int, offset: int) -> bool:
        catalogue, log = self._intake.catalogue, self._intake.log
        if segment < self._next:
            log.add("place", "a packet came too late", segment=segment, offset=offset)
            return False
        total = catalogue.total_segments
        if total is not None and segment >= total:
            if catalogue.end is not None:
                log.add("place", "a packet lies beyond the end of the audio", segment=segment, offset=offset)
                return False
            catalogue.forget_samples()
        return True

    def _gatherer(self, segment: int) -> Gatherer:
        if segment not in self._window:
            self._window[segment] = Gatherer(segment, self._intake.require_header().parts, self._intake.log)
        return self._window[segment]

    def _emit(self) -> StoredSegment:
        """The next segment. Raises `LimitError` where far more came out than ever went in."""
        index = self._next
        self._next += 1
        if index not in self._window:
            check_plausible(self._intake.require_header(), index + 1, self._intake.source.bytes_seen)
        gatherer = self._gatherer(index)
        del self._window[index]
        return gatherer.finish()
