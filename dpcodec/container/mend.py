"""A file that can be sought, made whole again from its parity before it is read.

Every packet is read and checked. Where something is lost and parity brings it back, the file is written anew:
bit for bit as it was where the lists of all blocks survive and all their packets are there or rebuilt, else
the packets that passed and those that came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO, NamedTuple

from dpcodec.container import constants as c
from dpcodec.container.erasure import parity_of, recover
from dpcodec.container.parity import (
    FIXED_BYTES,
    FLAG_FIRST,
    FLAG_LAST,
    Group,
    Parity,
    pack_parity,
    rebuilt_packet,
)
from dpcodec.container.scan import Source
from dpcodec.container.survey import Place, Store, Survey, scratch, survey

_TAIL = (c.TYPE_INDEX, c.TYPE_END)


class Mended(NamedTuple):
    """The file made whole: `file` must be closed, `rebuilt` packets were lost, `exact` whether it is as it
    was written, bit for bit; `remark` for the user, empty where nothing that counts was wrong."""

    file: BinaryIO
    rebuilt: int
    exact: bool
    remark: str


@dataclass(frozen=True, slots=True)
class _LostParity:
    """A parity packet that is lost: number `index` of its group, made anew from the members."""

    group: Group
    index: int
    members: list[Place]

    @property
    def length(self) -> int:
        return c.OVERHEAD_BYTES + FIXED_BYTES + len(self.group.checksums) + self.group.length

    def read(self) -> bytes:
        string = parity_of([place.read() for place in self.members], self.index)
        return pack_parity(Parity(self.group, self.index, string.ljust(self.group.length, b"\0")))


_Pieces = list["Place | _LostParity"]
"""Of a file, in order."""


def remark_of(rebuilt: int) -> str:
    """What is said where so many packets came back."""
    if not rebuilt:
        return "what does not belong to the file is left out, as its parity tells"
    packets = "1 lost or damaged packet was" if rebuilt == 1 else f"{rebuilt} lost or damaged packets were"
    return f"{packets} rebuilt by parity"


def mend_file(source: Source, most_packets: int) -> Mended | None:
    """The file made whole; None where nothing is wrong with it, or nothing can be done.

    Memory: a group, 16 MiB at most, and what finding each packet takes. Raises what `scan` raises.
    """
    found = survey(source, most_packets)
    if found is None or not found.groups:
        return None
    store = Store(source.bytes_seen)
    try:
        rebuilt = _rebuild(found, store)
        pieces = _as_written(found)
        exact = pieces is not None
        if pieces is None:
            pieces = _what_there_is(found) if rebuilt else []
        size = sum(piece.length for piece in pieces)
        most = c.MAX_MENDED_FACTOR * source.bytes_seen + c.MENDED_FREE_BYTES
        if not pieces or _unchanged(pieces, found) or size > most:
            return None
        lost = rebuilt + sum(isinstance(piece, _LostParity) for piece in pieces)
        return Mended(_written(pieces, size), lost, exact, remark_of(lost) if lost or found.hurt else "")
    finally:
        store.file.close()


def whole_bytes(source: Source, most_packets: int) -> int:
    """The length of a file of which parity tells that it is as it was written; 0 where it does not."""
    found = survey(source, most_packets)
    pieces = _as_written(found) if found is not None and not found.hurt else None
    return found.stop if found is not None and pieces and _unchanged(pieces, found) else 0


def _unchanged(pieces: _Pieces, found: Survey) -> bool:
    """Whether the file is these pieces, and nothing else."""
    offset = c.MAGIC_BYTES
    for piece in pieces:
        if not isinstance(piece, Place) or isinstance(piece.source, Store) or piece.offset != offset:
            return False
        offset += piece.length
    return not found.hurt and offset == found.stop


def _rebuild(found: Survey, store: Store) -> int:
    """Bring back what the groups can; the number of packets.

    Tags and attachments that no group knows were changed by a program that knew no parity: then the old ones
    stay away.
    """
    listed = {group.checksum(i) for group in found.groups for i in range(group.members)}
    changed = any(p.type in c.METADATA_TYPES and sum_ not in listed for sum_, p in found.packets.items())
    count = 0
    for group, parities in sorted(found.groups.items(), key=lambda item: item[0].block):
        for index, string in _recovered(found, group, parities).items():
            packet = rebuilt_packet(string, group.checksum(index))
            if packet is None or (changed and packet[0].type in c.METADATA_TYPES):
                continue
            head, _ = packet
            found.put(group, index, store.append(string[: head.packet_bytes], head))
            count += 1
    return count


def _recovered(found: Survey, group: Group, parities: dict[int, Place]) -> dict[int, bytes]:
    """The members of a group that are missing, if all of them come back."""
    missing = sum(found.member(group, i) is None for i in range(group.members))
    if not 0 < missing <= len(parities):
        return {}

    def fetch(index: int) -> bytes | None:
        place = found.member(group, index)
        return None if place is None else place.read()

    first = -c.CHECKSUM_BYTES - group.length
    strings = {j: parities[j].read()[first : -c.CHECKSUM_BYTES] for j in sorted(parities)[:missing]}
    return recover(group.length, group.members, fetch, strings)


def _as_written(found: Survey) -> _Pieces | None:
    """The file as it was written, None where that cannot be told."""
    blocks = _blocks(found)
    listed = {group.checksum(i) for block in blocks for group in block for i in range(group.members)}
    if not blocks or any(checksum not in listed for checksum in found.packets):
        return None
    head: _Pieces = []
    pieces: _Pieces = []
    for block in blocks:
        places = _members(found, block)
        if places is None:
            return None
        flags = block[0].flags
        first = 1 if flags & FLAG_FIRST else 0
        behind = len(places) - (sum(p.type in _TAIL for p in places[-2:]) if flags & FLAG_LAST else 0)
        head += places[:first]
        pieces += [*places[first + block[0].start : behind], *_parities(found, block), *places[behind:]]
    return [*head, *pieces]


def _blocks(found: Survey) -> list[list[Group]]:
    """The groups of each block in order; none where one is missing, or they contradict each other."""
    groups = sorted(found.groups, key=lambda group: (group.block, group.number))
    blocks = [list(block) for _, block in groupby(groups, lambda group: group.block)]
    if not all(map(_is_block, blocks)):
        return []
    if groups and groups[0].block != 0:
        blocks = [start for block in blocks if (start := _start_of(found, block))] + blocks
    told = [(block[0].block, block[0].flags & FLAG_LAST) for block in blocks]
    last = len(blocks) - 1
    return blocks if told == [(n, FLAG_LAST * (n == last)) for n in range(len(blocks))] else []


def _is_block(groups: list[Group]) -> bool:
    """Whether these are all groups of a block, and agree."""
    total = sum(group.members for group in groups)
    told = {(group.groups, group.flags, group.start, group.start_parities) for group in groups}
    return len(told) == 1 and [(g.groups, g.number, g.members) for g in groups] == [
        (len(groups), number, len(range(number, total, len(groups)))) for number in range(len(groups))
    ]


def _start_of(found: Survey, block: list[Group]) -> list[Group]:
    """Block 0, of which all parity is lost, as another block tells of it."""
    first = block[0]
    skipped = 1 if first.flags & FLAG_FIRST else 0
    dealt = _dealt(block)[skipped : skipped + first.start]
    places = [place for group, i in dealt if (place := found.member(group, i)) is not None]
    if not first.start_parities or not places or len(places) < first.start:
        return []
    checksums = b"".join(group.checksum(i).to_bytes(c.CHECKSUM_BYTES, "little") for group, i in dealt)
    longest = max(place.length for place in places)
    start = Group(0, 0, 1, len(places), first.start_parities, 0, first.percent, 0, 0, longest, checksums)
    found.groups[start] = {}
    return [start]


def _members(found: Survey, block: list[Group]) -> list[Place] | None:
    """The packets of a block in order, None where one is lost."""
    places = [found.member(group, index) for group, index in _dealt(block)]
    there = [place for place in places if place is not None]
    return there if len(there) == len(places) else None


def _dealt(block: list[Group]) -> list[tuple[Group, int]]:
    """Group and index of each member of a block, in the order of the file."""
    rows = max(group.members for group in block)
    return [(group, i) for i in range(rows) for group in block if i < group.members]


def _parities(found: Survey, block: list[Group]) -> _Pieces:
    """The parity packets of a block in order."""
    pieces: _Pieces = []
    members = {g: [p for i in range(g.members) if (p := found.member(g, i)) is not None] for g in block}
    for j in range(max(group.parities for group in block)):
        for group in block:
            if j < group.parities:
                pieces.append(found.groups[group].get(j) or _LostParity(group, j, members[group]))
    return pieces


def _what_there_is(found: Survey) -> _Pieces:
    """All packets that passed or came back, a header first and the end last; without an index."""
    places = [*found.packets.values(), *(place for more in found.clashes.values() for place in more)]
    places += [*found.rebuilt.values(), *(p for parities in found.groups.values() for p in parities.values())]
    rank = {c.TYPE_HEAD: 0, c.TYPE_TAGS: 1, c.TYPE_ATTACHMENT: 1, c.TYPE_END: 3}
    ordered = sorted(places, key=lambda place: rank.get(place.type, 2))
    return [place for place in ordered if place.type != c.TYPE_INDEX]


def _written(pieces: _Pieces, size: int) -> BinaryIO:
    file = scratch(size)
    file.write(c.MAGIC)
    for piece in pieces:
        file.write(piece.read())
    file.seek(0)
    return file
