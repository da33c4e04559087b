"""What there is of a file that can be sought: its packets, its parity, and where each of them lies."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from dpcodec.container import constants as c
from dpcodec.container.packets import Packet
from dpcodec.container.parity import Group, checksum_of, unpack_parity
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, load, scan

_IN_MEMORY_BYTES = 16 << 20


def scratch(size: int) -> BinaryIO:
    """Room for about so many bytes: in memory, or a temporary file where they are many."""
    return cast(BinaryIO, tempfile.TemporaryFile() if size > _IN_MEMORY_BYTES else io.BytesIO())


class Store:
    """Packets that came back."""

    def __init__(self, size: int) -> None:
        self.file, self._size = scratch(size), 0

    def append(self, data: bytes, kind: int) -> Place:
        """Take a packet of a type; where it now lies."""
        self.file.seek(self._size)
        self.file.write(data)
        self._size += len(data)
        return Place(self, self._size - len(data), len(data), kind)

    def read(self, offset: int, length: int) -> bytes:
        """What was taken."""
        self.file.seek(offset)
        return self.file.read(length)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet lies: in the file, or among those rebuilt."""

    source: Source | Store
    offset: int
    length: int
    type: int

    def read(self) -> bytes:
        """The packet."""
        return self.source.read(self.offset, self.length)


@dataclass
class Survey:
    """The packets by body checksum, in the order in which they lie; the parities by group and number; whether
    anything is wrong; where the file stops."""

    packets: dict[int, Place] = field(default_factory=dict)
    groups: dict[Group, dict[int, Place]] = field(default_factory=dict)
    hurt: bool = False
    stop: int = 0

    def member(self, group: Group, index: int) -> Place | None:
        """Where a member of a group lies, None where it is lost."""
        place = self.packets.get(group.checksum(index))
        return place if place is not None and place.length <= group.length else None

    def add(self, packet: Packet, place: Place) -> None:
        """Take a packet whose body was read."""
        if packet.body is None:
            self.hurt = True
        elif packet.head.type != c.TYPE_PARITY:
            self.packets.setdefault(checksum_of(packet.head, packet.body), place)
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
            packet = (
                event if event.body is not None or event.fault else load(source, event.offset, event.head)
            )
            head = packet.head
            found.add(packet, Place(source, packet.offset, head.packet_bytes, head.type))
        if len(found.packets) > most_packets:
            return None
    return found
