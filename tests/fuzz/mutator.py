"""Mutants of `.dpc` files, made by field, packet and body; checksums are right again afterwards."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from typing import Any

from streams import DATA, END, HEAD, INDEX, MAGIC, SYNC, TAGS, Packet, close, join, split

from .bodies import changed_body, packed, unpacked, with_canonical_codes
from .byte_changes import any_number, change, near
from .headers import HeaderBody, varint

_END_FIXED_BYTES = 20
_TYPES = (HEAD, DATA, END, TAGS, INDEX, 0, 0x0777, 0x4777, 0xC777, 0x8777, 0x2002, 0xA777)


@dataclass(frozen=True)
class Mutant:
    """`data`, made of file `seed` of those given. `forged`: checksums were made right again, so it may be
    another file that is whole; else it is the seed with damage, or the seed."""

    data: bytes
    seed: int
    forged: bool


class Mutator:
    """Makes mutants of whole files.

    weights  of the files, equal if not given
    large    share of mutants whose header may hold numbers of any size; those of the others keep files quick
             to decode
    """

    def __init__(
        self, seeds: Sequence[bytes], large: float = 0.0, weights: Sequence[int] | None = None
    ) -> None:
        self._packets = [split(data) for data in seeds]
        self._seeds, self._large = list(seeds), large
        self._weights = list(accumulate(weights or [1] * len(seeds)))

    def mutant(self, random: Random) -> Mutant:
        """One to three changes of a file."""
        seed = random.choices(range(len(self._seeds)), cum_weights=self._weights)[0]
        if random.random() < 0.35:
            return Mutant(self._damaged(seed, random), seed, False)
        return Mutant(self.forged(self._packets[seed], random), seed, True)

    def mutate(self, data: bytes, random: Random) -> bytes:
        """A mutant of any bytes: of a file by its packets, of others by their bytes."""
        try:
            packets = split(data) if random.random() < 0.8 else []
        except (AssertionError, struct.error):
            packets = []
        if not packets or packets[0].type != HEAD:
            return change(data, random)
        return self.forged(packets, random)

    def _damaged(self, seed: int, random: Random) -> bytes:
        """Bytes, or whole packets, of this file alone."""
        data = self._seeds[seed]
        for _ in range(random.randrange(1, 4)):
            if random.random() < 0.7:
                data = change(data, random)
                continue
            pieces = [p.pack() for p in self._packets[seed]]
            way, at = random.randrange(4), random.randrange(len(pieces))
            if way == 0:
                del pieces[at]
            elif way == 1:
                pieces.insert(random.randrange(len(pieces)), pieces[at])
            elif way == 2:
                random.shuffle(pieces)
            else:
                pieces[at] = change(pieces[at], random)
            data = join(pieces)
        return data

    def forged(self, packets: list[Packet], random: Random) -> bytes:
        """One to three changes of these packets, every checksum right, mostly the end hash too."""
        packets = list(packets)
        large = random.random() < self._large
        for _ in range(random.choice((1, 1, 2, 3))):
            way = random.choices(range(6), (4, 6, 2, 2, 1, 1))[0]
            data = [i for i, p in enumerate(packets) if p.type == DATA]
            if way == 0 or not data:
                _change_headers(packets, random, large)
            elif way == 1:
                self._change_body(packets, random.choice(data), random)
            elif way == 2:
                _change_head(packets, random.choice(data), random, large)
            elif way == 3:
                self._change_order(packets, random)
            elif way == 4:
                packets.insert(random.randrange(1, len(packets) + 1), _other_packet(packets, random))
            else:
                _change_rest(packets, random)
        if packets and packets[-1].type == END and random.random() < 0.93:
            packets = close(packets)
        out = join(packets)
        if random.random() < 0.03:
            out = _with_wrong_length(packets, random)
        return change(out, random) if random.random() < 0.03 else out

    def _change_body(self, packets: list[Packet], index: int, random: Random) -> None:
        packet = packets[index]
        content = unpacked(packet.body) if packet.flags & 1 else packet.body
        content = packet.body if content is None else content
        if random.random() < 0.1:
            content = random.choice([p.body for p in random.choice(self._packets) if p.type == DATA] or [b""])
        else:
            content = changed_body(content, random)
        if random.random() < 0.5:
            content = _canonical(packets, packet, content)
        compressed = packet.flags & 1 if random.random() < 0.95 else 1 - (packet.flags & 1)
        body = packed(content, random) if compressed else content
        packets[index] = replace(packet, body=body, flags=packet.flags & ~1 | compressed)

    def _change_order(self, packets: list[Packet], random: Random) -> None:
        """Packets of this file or another come, go, and change places."""
        way, at = random.randrange(5), random.randrange(len(packets))
        if way == 0 and len(packets) > 1:
            del packets[at]
        elif way == 1:
            packets.insert(random.randrange(len(packets)), packets[at])
        elif way == 2:
            head, rest = packets[:1], packets[1:]
            random.shuffle(rest)
            packets[:] = head + rest
        elif way == 3:
            other = random.randrange(len(packets))
            one, two = packets[at], packets[other]
            packets[at], packets[other] = replace(one, body=two.body), replace(two, body=one.body)
        else:
            packets.insert(at, random.choice(random.choice(self._packets)))


def _canonical(packets: list[Packet], packet: Packet, content: bytes) -> bytes:
    """The content with payloads that pass, as far as the file's header lets them be read."""
    heads = [p.body for p in packets if p.type == HEAD]
    if not heads or len(heads[0]) < 45 or not 0 <= packet.part < packet.parts <= 16:
        return content
    fields = HeaderBody(heads[0]).fields
    if fields["frames"] > 16 or fields["channels"] > 4 or fields["n_fft"] > 256 or not content:
        return content
    frames = content[0]  # a varint of one byte
    if not 0 < frames <= fields["frames"]:
        return content
    return with_canonical_codes(content, heads[0], packet.segment, packet.part, packet.parts, frames)


def _change_headers(packets: list[Packet], random: Random, large: bool) -> None:
    """The header in all its copies, or, now and then, in one alone; S in END follows N, mostly."""
    places = [i for i, p in enumerate(packets) if p.type in (HEAD, END)]
    if not places:
        return
    state = random.getrandbits(32)
    alone = random.choice(places) if random.random() < 0.15 else None
    follow = random.random() < 0.95
    for i in places:
        if alone not in (None, i):
            continue
        at = 0 if packets[i].type == HEAD else _END_FIXED_BYTES
        body = packets[i].body
        if len(body) < at + 45:
            continue
        header = HeaderBody(body[at:])
        header.change(Random(state), large)
        fixed = body[:at]
        if at and follow and header.segments is not None:
            fixed = fixed[:16] + struct.pack("<I", header.segments)
        packets[i] = replace(packets[i], body=fixed + header.pack())


def _change_head(packets: list[Packet], index: int, random: Random, large: bool) -> None:
    """A number in the head of a DATA packet. `large`: it may be of any size."""
    packet = packets[index]
    name, bits = random.choice((("segment", 32), ("part", 8), ("parts", 8), ("flags", 16), ("type", 16)))
    value: int = getattr(packet, name)
    if name == "type":
        value = random.choice(_TYPES)
    elif random.random() < 0.7:
        value = min(near(random, value), (1 << bits) - 1)
    else:
        value = any_number(random, bits if large or name != "segment" else 6)
    changed: dict[str, Any] = {name: value}
    packets[index] = replace(packet, **changed)


def _change_rest(packets: list[Packet], random: Random) -> None:
    """The body of a packet that holds no coefficients; never the last two fields' sizes, which headers do."""
    places = [i for i, p in enumerate(packets) if p.type != DATA]
    if not places:
        return
    packet = packets[index := random.choice(places)]
    packets[index] = replace(packet, body=change(packet.body, random))


def _other_packet(packets: list[Packet], random: Random) -> Packet:
    """Tags, an index, or one of an unknown type."""
    way = random.randrange(4)
    if way == 0:
        texts = [
            random.choice((b"A=1", b"=", b"", b"K", b"A=\xff\xfe", random.randbytes(9))) for _ in range(3)
        ]
        body = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        body = change(body, random) if random.random() < 0.3 else body
        if random.random() < 0.4:
            return Packet(TAGS, 1, 0, 0, 0, packed(body, random))
        return Packet(TAGS, 0, 0, 0, 0, body)
    if way == 1:
        count = random.randrange(20)
        body = varint(count) + b"".join(varint(random.randrange(300)) for _ in range(count))
        return Packet(INDEX, 0, 0, 0, 0, change(body, random) if random.random() < 0.3 else body)
    if way == 2:
        packet = random.choice(packets)
        return replace(packet, body=change(packet.body, random))
    return Packet(
        random.choice(_TYPES), random.choice((0, 0, 1, 2)), 0, 0, 0, random.randbytes(random.randrange(60))
    )


def _with_wrong_length(packets: list[Packet], random: Random) -> bytes:
    """One head announces another length than its body has; its own checksum is right."""
    pieces = [p.pack() for p in packets]
    at = random.randrange(len(pieces))
    length = any_number(random, 32) if random.random() < 0.5 else near(random, len(packets[at].body))
    head = pieces[at][:14] + struct.pack("<I", length & 0xFFFFFFFF)
    assert head[:4] == SYNC
    pieces[at] = head + struct.pack("<I", zlib.crc32(head)) + pieces[at][22:]
    return join(pieces, MAGIC)
