"""What there is of a file that can be sought: its packets, its parity, and where each of them lies."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, cast

from dpcodec.container import constants as c
from dpcodec.container.packets import Head, Packet
from dpcodec.container.parity import Group, checksum_of, unpack_parity
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, load, scan

_IN_MEMORY_BYTES = 16 << 20


def scratch(size: int) -> BinaryIO:
    """Room for about so many bytes: in memory, or a temporary file where they are many."""
    if size <= _IN_MEMORY_BYTES:
        return io.BytesIO()
    import tempfile  # lazy: it loads what packs and unpacks archives

    return cast(BinaryIO, tempfile.TemporaryFile())


class Store:
    """Packets that came back."""

    def __init__(self, size: int) -> None:
        self.file, self._size = scratch(size), 0

    def append(self, data: bytes, head: Head) -> Place:
        """Take a packet; where it now lies."""
        self.file.seek(self._size)
        self.file.write(data)
        self._size += len(data)
        return Place(self, self._size - len(data), head)

    def read(self, offset: int, length: int) -> bytes:
        """What was taken."""
        self.file.seek(offset)
        return self.file.read(length)


class Place(NamedTuple):
    """Where a packet lies: in the file, or among those rebuilt."""

    source: Source | Store
    offset: int
    head: Head

    @property
    def length(self) -> int:
        """Of the packet, bytes."""
        return self.head.packet_bytes

    @property
    def type(self) -> int:
        """Of the packet."""
        return self.head.type

    def read(self) -> bytes:
        """The packet."""
        return self.source.read(self.offset, self.length)


@dataclass
class Survey:
    """What was found.

    packets   by body checksum, in the order in which they lie
    clashes   by body checksums that belong to several packets, the others of them: among many thousands that
              happens by chance
    rebuilt   members with such a checksum that came back, by group and index
    groups    parities by group and number
    hurt      whether anything is wrong
    stop      where the file ends
    """

    packets: dict[int, Place] = field(default_factory=dict)
    clashes: dict[int, list[Place]] = field(default_factory=dict)
    rebuilt: dict[tuple[Group, int], Place] = field(default_factory=dict)
    groups: dict[Group, dict[int, Place]] = field(default_factory=dict)
    hurt: bool = False
    stop: int = 0

    def member(self, group: Group, index: int) -> Place | None:
        """Where a member of a group lies, None where it is lost, or cannot be told from another."""
        checksum = group.checksum(index)
        place = self.rebuilt.get((group, index))
        if place is None and checksum not in self.clashes:
            place = self.packets.get(checksum)
        return place if place is not None and place.length <= group.length else None

    def put(self, group: Group, index: int, place: Place) -> None:
        """Take a member that came back."""
        checksum = group.checksum(index)
        if checksum in self.clashes:
            self.rebuilt[group, index] = place
        else:
            self.packets[checksum] = place

    def add(self, packet: Packet, place: Place) -> None:
        """Take a packet whose body was read."""
        if packet.body is None:
            self.hurt = True
        elif packet.head.type != c.TYPE_PARITY:
            checksum = checksum_of(packet.head, packet.body)
            if self.packets.setdefault(checksum, place).head != packet.head:
                self.clashes.setdefault(checksum, []).append(place)
        elif (parity := unpack_parity(packet.body)) is not None:
            self.groups.setdefault(parity.group, {}).setdefault(parity.index, place)


def survey(source: Source, most_packets: int) -> Survey | None:
    """Read the file through; None where it has more packets than that. Raises what `scan` raises."""
    found = Survey(hurt=not has_magic(source), stop=source.bytes_seen)
    for event in scan(source):
        if isinstance(event, Trailer):
            found.stop = event.offset
        elif isinstance(event, Gap):
            found.hurt = True
        else:
            unread = event.body is None and not event.fault
            packet = load(source, event.offset, event.head) if unread else event
            found.add(packet, Place(source, packet.offset, packet.head))
        if len(found.packets) > most_packets:
            return None
    listed = Counter(group.checksum(i) for group in found.groups for i in range(group.members))
    for checksum, times in listed.items():
        if times > 1 and checksum in found.packets and found.packets[checksum].type == c.TYPE_DATA:
            found.clashes.setdefault(checksum, [])
    return found
