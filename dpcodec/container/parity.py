"""PARITY packets: what their bodies say, and how a writer makes them from the packets that it writes.

Packets, in the order of the file, make blocks; a block is dealt on groups, packet i on group i mod D, so that
a burst hits all of them; a group has K members and M parities, any K of which give all members. A parity
names its members by their body checksums.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from dpcodec.container import constants as c
from dpcodec.container.erasure import MAX_STRINGS, parity_of
from dpcodec.container.packets import pack_packet, packet_type
from dpcodec.errors import SettingsError

_FIXED = struct.Struct("<IBBBBBBH")
FIXED_BYTES = _FIXED.size
FLAG_LAST = 1
"""The last block: its INDEX and END stand behind its parity."""
FLAG_FIRST = 2
"""The first packet of the block is the first of the file: its final form came late."""
PERCENT_UNITS = 100
_ROOM = 1.05
"""Packets of a file for each part of its segments: there are copies of the header too."""
LEAST_PARITIES = 2
"""Of a group of short packets."""
MAX_PERCENT = 100


@dataclass(frozen=True)
class Group:
    """What all parities of a group agree on.

    block, number, groups   the group is `number` of `groups` of a block of the file
    members, parities       K and M
    flags, percent          of the block; the percentage asked for, in hundredths
    length                  bytes of a parity
    checksums               K body checksums, u32 each
    """

    block: int
    number: int
    groups: int
    members: int
    parities: int
    flags: int
    percent: int
    length: int
    checksums: bytes

    def checksum(self, index: int) -> int:
        """The body checksum of a member."""
        return int.from_bytes(self.checksums[4 * index : 4 * index + 4], "little")


@dataclass(frozen=True)
class Parity:
    """A parity packet's body: number `index` of its group, and the parity itself."""

    group: Group
    index: int
    string: bytes


def pack_parity(parity: Parity) -> bytes:
    """A PARITY packet."""
    g = parity.group
    fixed = _FIXED.pack(g.block, g.number, g.groups, g.members, g.parities, parity.index, g.flags, g.percent)
    return pack_packet(c.TYPE_PARITY, fixed + g.checksums + parity.string)


def unpack_parity(body: bytes) -> Parity | None:
    """What a body says, None where it breaks a rule or a limit, or has flags that are not known."""
    if len(body) < _FIXED.size:
        return None
    block, number, groups, members, parities, index, flags, percent = _FIXED.unpack_from(body)
    start = _FIXED.size + 4 * members
    length = len(body) - start
    lawful = (
        number < groups <= c.MAX_PARITY_GROUPS
        and 0 < members <= MAX_STRINGS - parities
        and index < parities
        and not flags & ~(FLAG_LAST | FLAG_FIRST)
        and length >= c.OVERHEAD_BYTES
        and length * members <= c.MAX_GROUP_BYTES
    )
    if not lawful:
        return None
    checksums = body[_FIXED.size : start]
    group = Group(block, number, groups, members, parities, flags, percent, length, checksums)
    return Parity(group, index, body[start:])


def check_percent(percent: float) -> None:
    """Raise `SettingsError` for a percentage of parity that is not 0 to 100."""
    if not 0 <= percent <= MAX_PERCENT:
        raise SettingsError(f"parity is {percent:g}: give a percentage from 0 to {MAX_PERCENT}")


class ParityBuilder:
    """Takes the packets of a file in order, gives the parity packets that are due behind them.

    `percent` of the packets, rounded up in each group; `expected` is about how many packets come, None where
    that is not known: then a short last block survives less. Holds a block in memory, 4 MiB and a packet.
    """

    def __init__(self, percent: float, expected: int | None = None) -> None:
        check_percent(percent)
        self._percent = round(percent * PERCENT_UNITS)
        most = c.PARITY_BLOCK_PACKETS
        blocks = max(1, math.ceil((expected or most) / most))
        self._most = math.ceil(expected / blocks * _ROOM) + 4 if expected else most
        self._block: list[bytes] = []
        self._bytes = self._longest = self._number = 0
        self._whole = True
        self._kind: str | None = None

    def add(self, packet: bytes) -> list[bytes]:
        """Take a packet; the parity packets to be written before it."""
        if not self._percent:
            return []
        if len(packet) > c.MAX_MEMBER_BYTES:
            self._whole = False
            return []
        kind = _kind(packet, first=self._kind is None)
        due = self._flush(0) if kind != self._kind or self._full(len(packet)) else []
        self._kind = kind
        self._block.append(packet)
        self._bytes += len(packet)
        self._longest = max(self._longest, len(packet))
        return due

    def close(self, tail: list[bytes], head: bytes | None = None) -> list[bytes]:
        """The last parity packets: `tail`, INDEX and END, follow them; `head` is the first packet of the file
        where it was not given before."""
        if not self._percent:
            return []
        due = self._flush(0) if self._too_long(sum(map(len, tail)) + len(head or b"")) else []
        self._block = [*([head] if head is not None else []), *self._block, *tail]
        return due + self._flush(FLAG_LAST * self._whole | FLAG_FIRST * (head is not None))

    def _full(self, more: int) -> bool:
        return len(self._block) >= self._most or self._too_long(more)

    def _too_long(self, more: int) -> bool:
        """Whether so many bytes more are too much for the block."""
        longest = max(self._longest, more)
        return bool(self._block) and (
            self._bytes + more > c.PARITY_BLOCK_BYTES or longest * (len(self._block) + 4) > c.MAX_GROUP_BYTES
        )

    def _flush(self, flags: int) -> list[bytes]:
        """The parity of the block, which is over."""
        block, self._block, self._bytes, self._longest = self._block, [], 0, 0
        whole = 100 * PERCENT_UNITS
        most = min(c.PARITY_GROUP_MEMBERS, (MAX_STRINGS - LEAST_PARITIES) * whole // (whole + self._percent))
        groups = math.ceil(len(block) / most)
        made = [self._group(block[g::groups], g, groups, flags) for g in range(groups)]
        self._number += bool(block)
        rows = max(map(len, made), default=0)
        return [group[j] for j in range(rows) for group in made if j < len(group)]

    def _group(self, members: list[bytes], number: int, groups: int, flags: int) -> list[bytes]:
        parities = -(-len(members) * self._percent // (100 * PERCENT_UNITS))
        longest = max(map(len, members))
        parities = max(parities, LEAST_PARITIES if longest <= c.SHORT_MEMBER_BYTES else 1)
        group = Group(
            self._number, number, groups, len(members), parities, flags, self._percent, longest,
            b"".join(member[-c.CHECKSUM_BYTES :] for member in members),
        )  # fmt: skip
        return [pack_parity(Parity(group, j, parity_of(members, j))) for j in range(parities)]


def _kind(packet: bytes, first: bool) -> str:
    """Packets of different kinds make no block together: a reader of a pipe hears at once that there is
    parity, and a picture makes that of the audio no longer."""
    if first:
        return "start"
    return "metadata" if packet_type(packet) in (c.TYPE_TAGS, c.TYPE_ATTACHMENT) else "audio"
