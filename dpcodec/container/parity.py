"""PARITY packets: what their bodies say.

Packets, in the order of the file, make blocks; a block is dealt on groups, packet i on group i mod D, so that
a burst hits all of them; a group has K members and M parities, any K of which give all members. A parity
names its members by their body checksums. Block 0 is the *start*, what a reader must have at once; its
members are the first ones of another block too, which tells how many they are.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import NamedTuple

from dpcodec.container import constants as c
from dpcodec.container.erasure import MAX_STRINGS
from dpcodec.container.packets import Head, pack_packet, parse_head, read_body

_FIXED = struct.Struct("<IBBBBBBHBB")
FIXED_BYTES = _FIXED.size
FLAG_LAST = 1
"""The last block: its INDEX and END stand behind its parity."""
FLAG_FIRST = 2
"""The first packet of the block is the first of the file: its final form came late."""
FLAG_METADATA = 4
"""The block holds tags and attachments, and no audio."""
PERCENT_UNITS = 100


class Group(NamedTuple):
    """What all parities of a group agree on.

    block, number, groups   the group is `number` of `groups` of a block of the file
    members, parities       K and M
    flags, percent          of the block; the percentage asked for, in hundredths
    start                   so many members of the block, its first ones, are all members of block 0 too,
    start_parities          which has so many parities
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
    start: int
    start_parities: int
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
    fixed = _FIXED.pack(
        g.block, g.number, g.groups, g.members, g.parities, parity.index, g.flags, g.percent, g.start,
        g.start_parities,
    )  # fmt: skip
    return pack_packet(c.TYPE_PARITY, fixed + g.checksums + parity.string)


def unpack_parity(body: bytes) -> Parity | None:
    """What a body says, None where it breaks a rule or a limit, or has flags that are not known."""
    if len(body) < _FIXED.size:
        return None
    block, number, groups, members, parities, index, *others = _FIXED.unpack_from(body)
    flags, percent, of_start, start_parities = others
    start = _FIXED.size + 4 * members
    length = len(body) - start
    lawful = (
        number < groups <= c.MAX_PARITY_GROUPS
        and 0 < members <= MAX_STRINGS - parities
        and index < parities
        and not flags & ~(FLAG_LAST | FLAG_FIRST | FLAG_METADATA)
        and length >= c.OVERHEAD_BYTES
        and length * members <= c.MAX_GROUP_BYTES
    )
    if not lawful:
        return None
    checksums = body[_FIXED.size : start]
    group = Group(
        block, number, groups, members, parities, flags, percent, of_start, start_parities, length, checksums
    )
    return Parity(group, index, body[start:])


def checksum_of(head: Head, body: bytes) -> int:
    """The body checksum of a packet, by which a parity names it."""
    return zlib.crc32(body, head.checksum)


def rebuilt_packet(string: bytes, checksum: int) -> tuple[Head, bytes] | None:
    """Head and body of a packet that came out of the erasure code, with zeros behind it; None where it does
    not pass its own checksums or is not the one that was meant."""
    head = parse_head(string)
    if head is None or head.packet_bytes > len(string) or string[head.packet_bytes :].strip(b"\0"):
        return None
    if head.type == c.TYPE_PARITY or head.type & c.TYPE_RESERVED:
        return None
    body, _ = read_body(head, string[c.HEAD_BYTES : head.packet_bytes])
    if body is None or checksum_of(head, body) != checksum:
        return None
    return head, body
