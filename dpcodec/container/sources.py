"""Segments in their order, from a file that can be searched first or from a pipe that cannot."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dpcodec.container import constants as c
from dpcodec.container.damage import DamageLog
from dpcodec.container.intake import Intake, check_plausible, note_fault
from dpcodec.container.packets import Packet
from dpcodec.container.scan import load
from dpcodec.errors import LimitError

_PLACE_BYTES = 64
"""Memory that finding a packet and sorting it take."""


class ReadLimits(NamedTuple):
    """What a reader lets a file claim.

    expansion  coefficients that a byte of it may stand for; None: any number
    memory     bytes that the places of its packets may take
    """

    expansion: int | None = None
    memory: int = 4 << 30

    @property
    def packets(self) -> int:
        """So many packets at most."""
        return min(c.MAX_PACKETS, self.memory // _PLACE_BYTES)


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

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return len(self._packets) == self._total

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

    def __init__(self, intake: Intake, limits: ReadLimits) -> None:
        self._intake = intake
        places, offsets = array("Q"), array("Q")
        for packet in intake.packets():
            if len(places) == limits.packets:
                raise LimitError(f"the file has more than {limits.packets} packets: raise --max-memory")
            places.append(packet.head.segment << 8 | packet.head.part)
            offsets.append(packet.offset)
        order = np.argsort(np.array(places, np.uint64), kind="stable")
        self._segments = (np.array(places, np.uint64)[order] >> np.uint64(8)).astype(np.int64)
        self._offsets = np.array(offsets, np.uint64)[order].astype(np.int64)
        header = intake.require_header()
        total = intake.catalogue.total_segments
        if total is None:
            total = int(self._segments[-1]) + 1 if len(places) else 0
        check_plausible(header, total, intake.source.bytes_seen, limits.expansion)
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
    """Packets are taken as they come. A segment is given out once all its parts are there and all segments
    before it are given out, or when one of the next but one, or the end, shows up. Until then packets that
    come twice are compared.

    What lies beyond the end that the header tells waits for the END packet to say that the file is longer,
    and a packet that leaves segments out for one of a later segment: one that strayed here must not be
    believed.
    """

    def __init__(self, intake: Intake, limits: ReadLimits) -> None:
        self._intake, self._limits = intake, limits
        self._packets = intake.packets()
        self._early: deque[Packet] = deque()
        held = 0
        for packet in self._packets:
            self._early.append(packet)
            held += packet.head.packet_bytes
            if intake.catalogue.header is not None or held > c.HEADER_SEARCH_BYTES:
                break
        intake.require_header()
        self._given, self._next, self._newest = 0, 0, -1  # given out; no longer waited for; met
        self._window: dict[int, Gatherer] = {}
        self._ahead: deque[Packet] = deque()
        self._past_end: list[Packet] = []
        self._past_end_bytes = 0

    def read(self, first: int, last: int | None) -> Iterator[StoredSegment]:
        """Segments first .. last - 1; those before are passed over. A pipe can be read once."""
        for stored in self._all():
            if last is not None and stored.index >= last:
                return
            if stored.index >= first:
                yield stored

    def _all(self) -> Iterator[StoredSegment]:
        while (packet := self._take()) is not None:
            if not self._waits(packet) and self._belongs(packet):
                yield from self._accept(packet)
        yield from self._last_packets()
        total = self._intake.catalogue.total_segments
        if total is not None:
            # Everything came by now, so a claim that cannot be is refused before it is given out bit by bit.
            self._check(total)
        while self._next < (self._newest + 1 if total is None else total):
            yield from self._close()
        if self._window:
            self._intake.log.add("place", f"{len(self._window)} segments lie beyond the end of the audio")

    def _take(self) -> Packet | None:
        return self._early.popleft() if self._early else next(self._packets, None)

    def _waits(self, packet: Packet) -> bool:
        """Keep a packet back if something else must say first that it belongs here."""
        catalogue, segment = self._intake.catalogue, packet.head.segment
        total = catalogue.total_segments
        if total is not None and segment >= total and catalogue.end is None:
            self._past_end_bytes += packet.head.packet_bytes
            if self._past_end_bytes > c.HELD_BACK_BYTES:
                self._beyond(packet)
            else:
                self._past_end.append(packet)
            return True
        if total is not None or segment <= self._newest + 1 or self._before(segment):
            return False
        self._ahead.append(packet)
        if len(self._ahead) > c.MOST_AHEAD:
            self._beyond(self._ahead.popleft())
        return True

    def _before(self, segment: int) -> list[Packet]:
        """Packets kept back that lie a little before a segment, in order."""
        near = [w for w in self._ahead if 0 < segment - w.head.segment <= c.NEAR_SEGMENTS]
        return sorted(near, key=lambda w: w.head.segment)

    def _accept(self, packet: Packet) -> Iterator[StoredSegment]:
        """Take a packet that belongs here, and those that it shows to belong here; what is complete now."""
        near = self._before(packet.head.segment)
        for one in near:
            self._ahead.remove(one)
        for one in (*near, packet):
            self._newest = max(self._newest, one.head.segment)
            self._gatherer(one.head.segment).add(one)
            while self._next <= self._newest - 2:
                yield from self._close()
            while self._given in self._window and self._window[self._given].complete:
                yield self._give()

    def _last_packets(self) -> Iterator[StoredSegment]:
        """Nothing more comes: of those that waited, the ones inside the length that END tells are good, or
        without END those not far ahead."""
        total = self._intake.catalogue.total_segments
        if total is None:
            total = self._newest + 1 + c.NEAR_SEGMENTS
        kept_back = sorted([*self._ahead, *self._past_end], key=lambda w: w.head.segment)
        self._ahead.clear()
        for packet in kept_back:
            if packet.head.segment >= total:
                self._beyond(packet)
            elif self._belongs(packet):
                yield from self._accept(packet)

    def _belongs(self, packet: Packet) -> bool:
        total, segment = self._intake.catalogue.total_segments, packet.head.segment
        if segment < self._next:
            self._intake.log.add("place", "a packet came too late", segment=segment, offset=packet.offset)
            return False
        if total is not None and segment >= total:
            self._beyond(packet)
            return False
        return True

    def _beyond(self, packet: Packet) -> None:
        what = "a packet lies beyond the end of the audio"
        self._intake.log.add("place", what, segment=packet.head.segment, offset=packet.offset)

    def _gatherer(self, segment: int) -> Gatherer:
        if segment not in self._window:
            self._window[segment] = Gatherer(segment, self._intake.require_header().parts, self._intake.log)
        return self._window[segment]

    def _check(self, segments: int) -> None:
        seen = self._intake.source.bytes_seen
        check_plausible(self._intake.require_header(), segments, seen, self._limits.expansion)

    def _give(self) -> StoredSegment:
        """The next segment. Raises `LimitError` where far more comes out than ever went in."""
        index = self._given
        self._given += 1
        self._check(index + 1)
        return self._gatherer(index).finish()

    def _close(self) -> Iterator[StoredSegment]:
        """Wait no longer for one more segment: it, unless it was given out before."""
        if self._given == self._next:
            yield self._give()
        del self._window[self._next]
        self._next += 1
