"""A file that can be sought, made whole again from its parity before it is read.

Every packet is read and checked. Where something is lost and parity brings it back, the file is written anew:
bit for bit as it was where the lists of all blocks survive and all their packets are there or rebuilt, else
the packets that passed and those that came back.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from dpcodec.container import constants as c
from dpcodec.container.erasure import parity_of, recover
from dpcodec.container.packets import Head, parse_head, read_body
from dpcodec.container.parity import (
    FIXED_BYTES,
    FLAG_FIRST,
    FLAG_LAST,
    LEAST_PARITIES,
    Group,
    Parity,
    pack_parity,
    unpack_parity,
)
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, load, scan

METADATA = (c.TYPE_TAGS, c.TYPE_ATTACHMENT)
_IN_MEMORY_BYTES = 16 << 20
_TAIL = (c.TYPE_INDEX, c.TYPE_END)


@dataclass(frozen=True)
class Mended:
    """The file made whole: `file` must be closed, `rebuilt` packets were lost, `exact` whether it is as it
    was written, bit for bit; `remark` for the user, empty where nothing that counts was wrong."""

    file: BinaryIO
    rebuilt: int
    exact: bool
    remark: str


class _Store:
    """Packets that came back, in a temporary file where there may be many."""

    def __init__(self, long: bool) -> None:
        self.file, self._size = _scratch(long), 0

    def append(self, data: bytes) -> int:
        """Where the data now lies."""
        self.file.seek(self._size)
        self.file.write(data)
        self._size += len(data)
        return self._size - len(data)

    def read(self, offset: int, length: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(length)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a packet lies: in the file, or among those rebuilt."""

    source: Source | _Store
    offset: int
    length: int
    type: int

    def read(self) -> bytes:
        return self.source.read(self.offset, self.length)


@dataclass
class _Survey:
    """What there is of a file: packets by body checksum and in order, parities by group, whether anything is
    wrong."""

    packets: dict[int, _Place] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    groups: dict[Group, dict[int, _Place]] = field(default_factory=dict)
    hurt: bool = False
    stop: int = 0


def checksum_of(head: Head, body: bytes) -> int:
    """The body checksum of a packet."""
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
    survey = _survey(source, most_packets)
    if survey is None or not survey.groups:
        return None
    store = _Store(source.bytes_seen > _IN_MEMORY_BYTES)
    try:
        rebuilt = _rebuild(survey, store)
        plan = _as_written(survey)
        exact = plan is not None
        if plan is None:
            plan = _what_there_is(survey) if rebuilt else []
        size = sum(length for length, _ in plan)
        whole = not (survey.hurt or rebuilt) and c.MAGIC_BYTES + size == survey.stop
        if not plan or whole or size > c.MAX_MENDED_FACTOR * source.bytes_seen + c.MENDED_FREE_BYTES:
            return None
        lost = rebuilt + sum(isinstance(what, tuple) for _, what in plan)
        return Mended(_written(plan, source), lost, exact, remark_of(lost) if lost or survey.hurt else "")
    finally:
        store.file.close()


def _scratch(long: bool) -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile() if long else io.BytesIO())


def _survey(source: Source, most_packets: int) -> _Survey | None:
    """Read the file through; None where it has more packets than that."""
    found = _Survey(hurt=not has_magic(source), stop=source.bytes_seen)
    for event in scan(source):
        if isinstance(event, Trailer):
            found.stop = event.offset
            continue
        if isinstance(event, Gap):
            found.hurt = True
            continue
        packet = event if event.body is not None or event.fault else load(source, event.offset, event.head)
        if packet.body is None:
            found.hurt = True
            continue
        head, place = packet.head, _Place(source, packet.offset, packet.head.packet_bytes, packet.head.type)
        if head.type == c.TYPE_PARITY:
            parity = unpack_parity(packet.body)
            if parity is not None:
                found.groups.setdefault(parity.group, {}).setdefault(parity.index, place)
            continue
        checksum = checksum_of(head, packet.body)
        found.packets.setdefault(checksum, place)
        found.order.append(checksum)
        if len(found.order) > most_packets:
            return None
    return found


def _rebuild(survey: _Survey, store: _Store) -> int:
    """Bring back what the groups can; the number of packets.

    Tags and attachments that no group knows were changed by a program that knew no parity: then the old ones
    stay away.
    """
    listed = {group.checksum(i) for group in survey.groups for i in range(group.members)}
    changed = any(place.type in METADATA and sum_ not in listed for sum_, place in survey.packets.items())
    count = 0
    for group, places in survey.groups.items():
        missing = [i for i in range(group.members) if _held(survey, group, i) is None]
        if not 0 < len(missing) <= len(places):
            continue

        def fetch(index: int, group: Group = group) -> bytes | None:
            place = _held(survey, group, index)
            return None if place is None else place.read()

        first = -c.CHECKSUM_BYTES - group.length
        used = sorted(places)[: len(missing)]
        strings = {j: places[j].read()[first : -c.CHECKSUM_BYTES] for j in used}
        for index, string in recover(group.length, group.members, fetch, strings).items():
            packet = rebuilt_packet(string, group.checksum(index))
            if packet is None or (changed and packet[0].type in METADATA):
                continue
            head, _ = packet
            survey.packets[group.checksum(index)] = _Place(
                store, store.append(string[: head.packet_bytes]), head.packet_bytes, head.type
            )
            count += 1
    return count


def _held(survey: _Survey, group: Group, index: int) -> _Place | None:
    """Where a member lies, None where it is lost."""
    place = survey.packets.get(group.checksum(index))
    return place if place is not None and place.length <= group.length else None


_Plan = list[tuple[int, "_Place | tuple[Group, int, list[_Place]]"]]
"""Lengths of packets in order, and where each lies; a parity that is lost as group, number and members."""


def _as_written(survey: _Survey) -> _Plan | None:
    """The file as it was written, None where that cannot be told."""
    blocks: dict[int, dict[int, Group]] = {}
    for group in survey.groups:
        if blocks.setdefault(group.block, {}).setdefault(group.number, group) is not group:
            return None
    if blocks and 0 not in blocks and survey.order and survey.packets[survey.order[0]].type == c.TYPE_HEAD:
        _know_start(survey, blocks)
    plan: _Plan = []
    lead: list[_Place] = []
    used = set()
    for number in range(len(blocks)):
        block = blocks.get(number, {})
        members = _members(survey, block)
        if not members:
            return None
        used |= {group.checksum(i) for group in block.values() for i in range(group.members)}
        flags = block[0].flags
        if flags & FLAG_FIRST:
            lead, members = members[:1], members[1:]
        behind = sum(place.type in _TAIL for place in members[-2:]) if flags & FLAG_LAST else 0
        split = len(members) - behind
        plan += [(place.length, place) for place in members[:split]]
        plan += _parities(survey, block)
        plan += [(place.length, place) for place in members[split:]]
        if bool(flags & FLAG_LAST) != (number == len(blocks) - 1):
            return None
    foreign = any(checksum not in used for checksum in survey.packets)
    return None if foreign else [*((place.length, place) for place in lead), *plan]


def _know_start(survey: _Survey, blocks: dict[int, dict[int, Group]]) -> None:
    """The first block where all its parity is lost: this writer puts the header there, and nothing else."""
    percent = next(iter(survey.groups)).percent
    checksum = survey.order[0]
    length = survey.packets[checksum].length
    listed = checksum.to_bytes(4, "little")
    start = Group(0, 0, 1, 1, LEAST_PARITIES, 0, percent, length, listed)
    blocks[0], survey.groups[start] = {0: start}, {}


def _members(survey: _Survey, block: dict[int, Group]) -> list[_Place]:
    """The packets of a block in order; empty where a group or a packet is not there."""
    if sorted(block) != list(range(len(block))) or {group.groups for group in block.values()} != {len(block)}:
        return []
    total = sum(group.members for group in block.values())
    places = []
    for i in range(total):
        group = block[i % len(block)]
        place = _held(survey, group, i // len(block)) if i // len(block) < group.members else None
        if place is None:
            return []
        places.append(place)
    return places


def _parities(survey: _Survey, block: dict[int, Group]) -> _Plan:
    """The parity packets of a block in order."""
    plan: _Plan = []
    for j in range(max(group.parities for group in block.values())):
        for _, group in sorted(block.items()):
            if j >= group.parities:
                continue
            there = survey.groups[group].get(j)
            members = [cast(_Place, _held(survey, group, i)) for i in range(group.members)]
            length = c.OVERHEAD_BYTES + FIXED_BYTES + len(group.checksums) + group.length
            plan.append((length, there if there is not None else (group, j, members)))
    return plan


def _what_there_is(survey: _Survey) -> _Plan:
    """All packets that passed or came back, a header first and the end last; without an index."""
    checksums = dict.fromkeys([*survey.order, *survey.packets])
    places = [survey.packets[checksum] for checksum in checksums]
    places += [place for places in survey.groups.values() for place in places.values()]
    rank = {c.TYPE_HEAD: 0, c.TYPE_TAGS: 1, c.TYPE_ATTACHMENT: 1, c.TYPE_END: 3}
    ordered = sorted(places, key=lambda place: rank.get(place.type, 2))
    return [(place.length, place) for place in ordered if place.type != c.TYPE_INDEX]


def _written(plan: _Plan, source: Source) -> BinaryIO:
    file = _scratch(source.bytes_seen > _IN_MEMORY_BYTES)
    file.write(c.MAGIC)
    for packet in _packets(plan):
        file.write(packet)
    file.seek(0)
    return file


def _packets(plan: _Plan) -> Iterator[bytes]:
    for _, what in plan:
        if isinstance(what, tuple):
            group, j, members = what
            string = parity_of([place.read() for place in members], j)
            yield pack_parity(Parity(group, j, string.ljust(group.length, b"\0")))
        else:
            yield what.read()
