"""A pipe made whole by its parity as it comes: between the scan and what takes its packets.

As long as packets follow each other nothing waits. From the first one that is missing or damaged on, packets
are held until the parity of their block has come, and go on in their order with those rebuilt. Memory: 8192
packets or 64 MiB, and as many bytes of parity; 1 MiB where nothing tells that there is parity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dpcodec.container import constants as c
from dpcodec.container.erasure import recover
from dpcodec.container.packets import Head, Packet, pack_packet
from dpcodec.container.parity import FLAG_LAST, Group, Parity, checksum_of, rebuilt_packet, unpack_parity
from dpcodec.container.scan import Gap, Trailer

Event = Packet | Gap | Trailer
_TAIL = (c.TYPE_INDEX, c.TYPE_END)


class PipeMender:
    """The events of a scan, with what parity brings back; `rebuilt` counts packets."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events
        self._known: dict[int, Packet] = {}
        self._known_bytes = 0
        self._clashes: set[int] = set()
        self._passed: dict[int, None] = {}
        self._back: dict[int, None] = {}
        self._held: list[Event] = []
        self._held_bytes = 0
        self._groups: dict[Group, dict[int, bytes]] = {}
        self._others: dict[Group, dict[int, bytes]] = {}
        self._tail: list[Packet] = []
        self._protected = self._started = False
        self._last: Head | None = None
        self._tags_came = False
        self._done = -1
        self._done_groups: frozenset[Group] = frozenset()
        self._done_members: set[int] = set()
        self._left_out: list[Event] = []
        self._contradicted = self._foreign = False
        self._unlisted: set[int] = set()
        self.rebuilt = 0

    def __iter__(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, Packet) and event.head.type == c.TYPE_PARITY and event.body is not None:
                yield event
                yield from self._parity(unpack_parity(event.body))
            else:
                yield from self._take(event)
        yield from self._settle()
        yield from self._give_up()
        for packet in self._tail:
            if _key(packet) not in self._passed:
                self.rebuilt += 1
                yield packet
        if not self.rebuilt and (self._foreign or self._unlisted):
            yield from self._left_out  # it may have been what no parity knows, as there is more of that

    def _take(self, event: Event) -> Iterator[Event]:
        """Pass an event on, or hold it."""
        if isinstance(event, Packet) and event.body is not None:
            if _key(event) in self._back:
                del self._back[_key(event)]
                self.rebuilt -= 1  # it was late, not lost
            if event.head.type == c.TYPE_DATA and _key(event) in self._passed:
                return  # it came twice, or late
            self._remember(event)
        if self._held or self._waits(event):
            self._held.append(event)
            self._held_bytes += event.head.packet_bytes if isinstance(event, Packet) else 0
            begun = not self._protected and _is_header(event)
            full = len(self._held) > c.PARITY_WAIT_PACKETS or self._held_bytes > c.PARITY_WAIT_BYTES
            if begun or full:
                yield from self._give_up()
            return
        yield self._pass(event)

    def _waits(self, event: Event) -> bool:
        """Whether something before this event, or itself, is missing and may come back."""
        if not self._protected and self._started:
            return False
        if not isinstance(event, Packet) or event.fault:
            return not isinstance(event, Trailer)
        if event.head.type == c.TYPE_DATA:
            return not self._follows(event.head)
        return not self._started and event.head.type != c.TYPE_HEAD

    def _follows(self, head: Head) -> bool:
        last = self._last
        if last is None:
            return self._started and (head.segment, head.part) == (0, 0)
        if head.segment == last.segment:
            return head.part == last.part + 1
        return last.part + 1 == last.parts and (head.segment, head.part) == (last.segment + 1, 0)

    def _pass(self, event: Event) -> Event:
        if isinstance(event, Packet) and event.body is not None:
            self._passed[_key(event)] = None
            if event.head.type != c.TYPE_PARITY and _key(event) not in self._done_members:
                self._unlisted.add(_key(event))
            if len(self._unlisted) > c.PARITY_WAIT_PACKETS:
                self._unlisted.clear()
            if len(self._passed) > 2 * c.PARITY_WAIT_PACKETS:
                del self._passed[next(iter(self._passed))]
            self._started = True
            self._tags_came |= event.head.type == c.TYPE_TAGS
            if event.head.type == c.TYPE_DATA:
                self._last = event.head
        return event

    def _remember(self, packet: Packet) -> None:
        """Keep a packet for the parity of its block."""
        checksum = checksum_of(packet.head, packet.body or b"")
        before = self._known.setdefault(checksum, packet)
        if before.head != packet.head:
            self._clashes.add(checksum)
        self._known_bytes += packet.head.packet_bytes * (before is packet)
        most = c.PARITY_WAIT_BYTES if self._protected else c.UNPROTECTED_BYTES
        while len(self._known) > c.PARITY_WAIT_PACKETS or self._known_bytes > most:
            self._known_bytes -= self._known.pop(next(iter(self._known))).head.packet_bytes

    def _parity(self, parity: Parity | None) -> Iterator[Event]:
        if parity is None:
            return
        self._protected = True
        if parity.group.block == self._done:
            if parity.group not in self._done_groups:
                self._contradicted = True
                left_out, self._left_out = self._left_out, []
                yield from left_out
                yield from self._other(parity)
            return
        if any(group.block != parity.group.block for group in self._groups):
            yield from self._settle()
            if any(group.block for group in self._groups):
                yield from self._give_up()
            self._groups.clear()  # the start is in another block too
        strings = sum(len(held) * group.length for group, held in self._groups.items())
        if len(self._groups) < c.MAX_PARITY_GROUPS and strings < c.PARITY_WAIT_BYTES:
            self._groups.setdefault(parity.group, {})[parity.index] = parity.string
            yield from self._settle()

    def _other(self, parity: Parity) -> Iterator[Event]:
        """What parity brings back that contradicts the block which is over: packets that disagree with it."""
        held = self._others.setdefault(parity.group, {})
        held[parity.index] = parity.string
        for packet in self._recover(parity.group, held).values():
            if _key(packet) not in self._passed:
                self._came_back(packet)
                yield self._pass(packet)
        while len(self._others) > c.MAX_PARITY_GROUPS:
            del self._others[next(iter(self._others))]

    def _settle(self) -> Iterator[Event]:
        """If the block can be completed, let it go on in its order."""
        groups = sorted(self._groups, key=lambda group: group.number)
        if not groups or [g.number for g in groups] != list(range(groups[0].groups)):
            return
        missing = {g: [i for i in range(g.members) if self._member(g, i) is None] for g in groups}
        if any(len(missing[g]) > len(self._groups[g]) for g in groups):
            return
        back = {g: self._recover(g, self._groups[g]) if missing[g] else {} for g in groups}
        if any(len(back[g]) < len(missing[g]) for g in groups):
            return
        order = []
        for i in range(sum(g.members for g in groups)):
            group, index = groups[i % len(groups)], i // len(groups)
            if index >= group.members:
                return
            order.append(back[group].get(index) or self._member(group, index))
        self._groups.clear()
        self._done, self._done_groups = groups[0].block, frozenset(groups)
        yield from self._complete([p for p in order if p is not None], groups[0].flags)

    def _complete(self, block: list[Packet], flags: int) -> Iterator[Event]:
        """Everything of a block is there: what of it has not gone on yet goes now, and what is held of later
        ones is looked at again. Gaps and damaged packets were what came back, or lost parity, unless parity
        contradicts itself: then nobody can tell, and one of them is damage."""
        members = {_key(packet) for packet in block}
        held, self._held, self._held_bytes = self._held, [], 0
        own = [isinstance(e, Packet) and e.body is not None and _key(e) in members for e in held]
        there = self._passed.keys() | {_key(e) for e in held if isinstance(e, Packet) and e.body is not None}
        first = own.index(True) if any(own) else 0
        while first and not (isinstance(e := held[first - 1], Packet) and e.body is not None):
            first -= 1
        for event in held[:first]:
            yield self._pass(event)
        self._foreign |= not self._unlisted <= members
        self._unlisted.clear()
        self._done_members = members
        for packet in block:
            lost = _key(packet) not in there
            if flags & FLAG_LAST and packet.head.type in _TAIL and lost:
                self._tail.append(packet)
            elif packet.head.type in c.METADATA_TYPES and self._tags_came:
                continue
            elif _key(packet) not in self._passed:
                if lost:
                    self._came_back(packet)
                yield self._pass(packet)
        for event, belongs in zip(held[first:], own[first:], strict=True):
            if not belongs and isinstance(event, Packet) and event.body is not None:
                yield from self._take(event)
        hurt = [e for e in held[first:] if not (isinstance(e, Packet) and e.body is not None)]
        if self._contradicted:
            yield from hurt
        else:
            self._left_out = self._left_out or hurt[:1]

    def _give_up(self) -> Iterator[Event]:
        """The block cannot be completed: its groups that can be go on with the rest as it came."""
        back = [p for g, held in self._groups.items() for p in self._recover(g, held).values()]
        self._groups.clear()
        fresh = [p for p in back if _key(p) not in self._passed]
        for packet in fresh:
            self._came_back(packet)
        held, self._held, self._held_bytes = [*self._held, *fresh], [], 0
        if self._protected:
            held.sort(key=_place)
        for event in held:
            yield self._pass(event)

    def _came_back(self, packet: Packet) -> None:
        """Count a packet that parity brought back, and keep it: the start is in another block too."""
        self.rebuilt += 1
        self._back[_key(packet)] = None
        self._remember(packet)
        if len(self._back) > c.PARITY_WAIT_PACKETS:
            del self._back[next(iter(self._back))]

    def _recover(self, group: Group, parities: dict[int, bytes]) -> dict[int, Packet]:
        """The members of a group that are missing, if these parities bring all of them back."""

        def fetch(index: int) -> bytes | None:
            packet = self._member(group, index)
            return None if packet is None else _bytes(packet)

        strings = recover(group.length, group.members, fetch, parities)
        back = {}
        for index, string in strings.items():
            found = rebuilt_packet(string, group.checksum(index))
            if found is not None:
                first = group.number == index == 0 and (not group.block or group.start)
                back[index] = Packet(c.MAGIC_BYTES if first and found[0].type == c.TYPE_HEAD else 0, *found)
        return back if len(back) == len(strings) else {}

    def _member(self, group: Group, index: int) -> Packet | None:
        """A member of a group, None where it is lost, or cannot be told from another."""
        checksum = group.checksum(index)
        packet = self._known.get(checksum) if checksum not in self._clashes else None
        return packet if packet is not None and packet.head.packet_bytes <= group.length else None


def _key(packet: Packet) -> int:
    """What tells packets apart: both checksums, as one of 32 bits is met twice among many thousands."""
    return packet.head.checksum << 32 | checksum_of(packet.head, packet.body or b"")


def _is_header(event: Event) -> bool:
    return isinstance(event, Packet) and event.head.type == c.TYPE_HEAD and event.body is not None


def _place(event: Event) -> tuple[int, int, int]:
    """Where an event goes among those that are let go: what is no packet of a segment first or last."""
    if not isinstance(event, Packet):
        return (0, 0, 0) if isinstance(event, Gap) else (3, 0, 0)
    head = event.head
    if head.type == c.TYPE_DATA:
        return 1, head.segment, head.part
    return (2, 0, 0) if head.type in _TAIL else (0, 0, 0)


def _bytes(packet: Packet) -> bytes:
    head = packet.head
    return pack_packet(
        head.type,
        packet.body or b"",
        segment=head.segment,
        part=head.part,
        parts=head.parts,
        flags=head.flags,
    )
