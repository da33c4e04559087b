"""How a writer makes PARITY packets from the packets that it writes.

Three kinds of block: the *start*, the header and what is short of tags and attachments, so that a reader of a
pipe has it at once and hears that there is parity; what is long of tags and attachments, so that a picture
does not set the length of the audio's parity; and the audio. The start is in the first block of audio too, so
that a burst may take all of it.
"""

from __future__ import annotations

import math

from dpcodec.container import constants as c
from dpcodec.container.erasure import MAX_STRINGS, parity_of
from dpcodec.container.packets import packet_type
from dpcodec.container.parity import (
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_METADATA,
    PERCENT_UNITS,
    Group,
    Parity,
    pack_parity,
)
from dpcodec.errors import SettingsError

MAX_PERCENT = 100
START_PARITIES = 3
"""Of the start, at least."""
SPARE_PARITIES = 1
"""Of other groups of short packets, beside their share: a lost share of a file rarely falls evenly."""
START, METADATA, AUDIO = range(3)
_START_PACKETS = 64
"""Most of the start."""
_ROOM = 1.05
"""Packets of a file for each part of its segments: there are copies of the header too."""
_TAIL_PACKETS = 3
"""Most that `close` adds to a block."""
_WHOLE = 100 * PERCENT_UNITS


def check_percent(percent: float) -> None:
    """Raise `SettingsError` for a percentage of parity that is not 0 to 100."""
    if not 0 <= percent <= MAX_PERCENT:
        raise SettingsError(f"parity is {percent:g}: give a percentage from 0 to {MAX_PERCENT}")


class ParityBuilder:
    """Takes the packets of a file in order, gives the parity packets that are due behind them.

    `percent` of the packets, rounded up in each group; `expected` is about how many packets come, None where
    that is not known: then blocks are shorter, and the last one, which may be short, survives less. Holds a
    block in memory, 24 MiB and a packet.
    """

    def __init__(self, percent: float, expected: int | None = None) -> None:
        check_percent(percent)
        self._percent = round(percent * PERCENT_UNITS)
        self._members = (MAX_STRINGS - START_PARITIES) * _WHOLE // (_WHOLE + self._percent)
        self._most = c.PARITY_BLOCK_PACKETS if expected is None else self._even(expected)
        self._block: list[bytes] = []
        self._bytes = self._longest = self._number = 0
        self._start: list[bytes] = []
        self._start_parities = 0
        self._whole = True
        self._kind = START

    def add(self, packet: bytes) -> list[bytes]:
        """Take a packet; the parity packets to be written before it."""
        if not self._percent:
            return []
        if len(packet) > c.MAX_MEMBER_BYTES:
            self._whole = False
            return []
        kind = self._kind_of(packet)
        due = self._flush() if kind != self._kind or self._full(len(packet)) else []
        self._put([packet], kind)
        return due

    def close(self, tail: list[bytes], head: bytes | None = None) -> list[bytes]:
        """The last parity packets: `tail`, INDEX and END, follow them; `head` is the first packet of the file
        where it was not given before."""
        if not self._percent:
            return []
        lead = [] if head is None else [head]
        due = self._flush() if self._kind != AUDIO or self._full(sum(map(len, tail + lead))) else []
        self._put(tail, AUDIO)
        self._block = lead + self._block
        return due + self._flush(FLAG_LAST * self._whole | FLAG_FIRST * len(lead))

    def _kind_of(self, packet: bytes) -> int:
        """What block a packet belongs to."""
        kind = packet_type(packet)
        starts = self._kind == START and len(self._block) < _START_PACKETS
        if kind in c.METADATA_TYPES:
            return START if starts and len(packet) <= c.START_MEMBER_BYTES else METADATA
        return START if starts and kind == c.TYPE_HEAD else AUDIO

    def _even(self, parts: int) -> int:
        """Members of each block, where a file of so many parts shall have as few blocks as it can."""
        packets = math.ceil(parts * _ROOM) + 4
        most = c.MAX_PARITY_GROUPS * self._members - _TAIL_PACKETS
        return math.ceil(packets / math.ceil(packets / most))

    def _full(self, more: int) -> bool:
        """Whether the block is over, and so many bytes more belong to the next."""
        longest = max(self._longest, more)
        group = min(len(self._block) + _TAIL_PACKETS, self._members)
        return bool(self._block) and (
            len(self._block) >= self._most
            or self._bytes + more > c.PARITY_BLOCK_BYTES
            or longest * group > c.MAX_GROUP_BYTES
        )

    def _put(self, packets: list[bytes], kind: int) -> None:
        """Put packets of a kind into the block."""
        self._kind = kind
        if kind == AUDIO and not self._block:
            packets = self._start + packets
        self._block += packets
        self._bytes += sum(map(len, packets))
        self._longest = max(self._longest, *map(len, packets))

    def _flush(self, flags: int = 0) -> list[bytes]:
        """The parity of the block, which is over."""
        block, groups = self._block, math.ceil(len(self._block) / self._members)
        flags |= FLAG_METADATA * (self._kind == METADATA)
        made = [self._group(block[g::groups], g, groups, flags) for g in range(groups)]
        if self._kind != METADATA:
            self._start = block if self._kind == START else []
            self._start_parities = len(made[0]) if made and self._kind == START else 0
        self._number += bool(block)
        self._block = []
        self._bytes = self._longest = 0
        rows = max(map(len, made), default=0)
        return [group[j] for j in range(rows) for group in made if j < len(group)]

    def _group(self, members: list[bytes], number: int, groups: int, flags: int) -> list[bytes]:
        longest = max(map(len, members))
        parities = self._parities(len(members), longest)
        start = (len(self._start), self._start_parities) if self._kind == AUDIO else (0, 0)
        group = Group(
            self._number, number, groups, len(members), parities, flags, self._percent, *start, longest,
            b"".join(member[-c.CHECKSUM_BYTES :] for member in members),
        )  # fmt: skip
        return [pack_parity(Parity(group, j, parity_of(members, j))) for j in range(parities)]

    def _parities(self, members: int, longest: int) -> int:
        """M of a group."""
        share = -(-members * self._percent // _WHOLE)
        spare = SPARE_PARITIES if longest <= c.SHORT_MEMBER_BYTES else 0
        return max(share + spare, START_PARITIES if self._kind == START else 1)
