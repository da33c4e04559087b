"""The packets of one segment, put together."""

from __future__ import annotations

from dataclasses import dataclass

from dpcodec.container import constants as c
from dpcodec.container.damage import DamageLog
from dpcodec.container.packets import Packet


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


def note_fault(packet: Packet, log: DamageLog) -> None:
    """Note a packet whose body did not pass."""
    head = packet.head
    if head.type == c.TYPE_DATA:
        log.add("packet", packet.fault, segment=head.segment, part=head.part, offset=packet.offset)
    else:
        log.add("packet", f"packet of type {head.type:#06x}: {packet.fault}", offset=packet.offset)
