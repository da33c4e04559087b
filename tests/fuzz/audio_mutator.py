"""Mutants of audio files: chunks, sizes, fields; checksums of Ogg pages and FLAC frames right again."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from random import Random

from .byte_changes import any_number, change, near
from .mutator import Mutant

_RIFF = {b"RIFF": "<", b"RF64": "<", b"FORM": ">"}
_W64 = b"riff\x2e\x91\xcf\x11"
_HEADER_BYTES = 160


class AudioMutator:
    """Makes mutants of audio files."""

    def __init__(self, seeds: Sequence[bytes]) -> None:
        self._seeds = list(seeds)

    def mutant(self, random: Random) -> Mutant:
        """One to three changes of a file; nothing is known of what must come out."""
        seed = random.randrange(len(self._seeds))
        return Mutant(self.mutate(self._seeds[seed], random), seed, True)

    def mutate(self, data: bytes, random: Random) -> bytes:
        """One to three changes of any bytes."""
        for _ in range(random.choice((1, 1, 2, 3))):
            way = random.randrange(4)
            if way == 0:
                data = change(data, random)
            elif way == 1:
                data = _field_changed(data, random)
            elif way == 2:
                data = _chunks_changed(data, random)
            elif data[:4] == b"OggS":
                data = _ogg_changed(data, random)
            elif data[:4] == b"fLaC":
                data = _flac_changed(data, random)
            else:
                data = _chunks_changed(data, random)
        return data


def _field_changed(data: bytes, random: Random) -> bytes:
    """A number of the header, in the order of bytes of the container, near to what it was or not."""
    order = "big" if data[:4] in (b"FORM", b"caff", b".snd", b"fLaC") else "little"
    size = random.choice((1, 2, 2, 4, 4, 4, 8))
    at = random.randrange(4, max(5, min(len(data), _HEADER_BYTES) - size))
    old = int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]
    new = near(random, old) if random.random() < 0.4 else any_number(random, 8 * size)
    new %= 1 << 8 * size
    return data[:at] + new.to_bytes(size, order) + data[at + size :]  # type: ignore[arg-type]


def _pieces(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes, int]], tuple[str, int, int]]:
    """The head; chunks as (name, body, size); of their heads the format of the size, bytes of the name, and
    what the size counts beside the body."""
    head = data[:4]
    if data[:8] == _W64:
        start, shape = 40, ("<Q", 16, 24)
    elif head == b"caff":
        start, shape = 8, (">q", 4, 0)
    elif head in _RIFF:
        start, shape = 12, (_RIFF[head] + "I", 4, 0)
    else:
        return data, [], ("", 0, 0)
    layout, name_bytes, extra = shape
    size_bytes = struct.calcsize(layout)
    chunks, at = [], start
    while at + name_bytes + size_bytes <= len(data):
        name = data[at : at + name_bytes]
        (size,) = struct.unpack_from(layout, data, at + name_bytes)
        body = at + name_bytes + size_bytes
        end = body + max(0, min(size - extra, len(data)))
        end += -end % 8 if extra else end % 2 * (head != b"caff")
        chunks.append((name, data[body:end], size))
        at = max(end, body)
    return data[:start], chunks, shape


def _chunks_changed(data: bytes, random: Random) -> bytes:
    """A chunk comes, goes, moves, has another size, or other bytes."""
    head, chunks, (layout, name_bytes, _) = _pieces(data)
    if not chunks:
        return change(data, random)
    at, way = random.randrange(len(chunks)), random.randrange(6)
    name, body, size = chunks[at]
    if way == 0:
        del chunks[at]
    elif way == 1:
        chunks.insert(random.randrange(len(chunks)), chunks[at])
    elif way == 2:
        random.shuffle(chunks)
    elif way == 3:
        bits = 8 * struct.calcsize(layout) - (layout == ">q")
        new = near(random, size) if random.random() < 0.4 else any_number(random, bits)
        new = -new if layout == ">q" and random.random() < 0.2 else new
        chunks[at] = name, body, new if -(1 << bits) <= new < 1 << bits else size
    elif way == 4:
        chunks[at] = name, change(body[:_HEADER_BYTES], random) + body[_HEADER_BYTES:], size
    else:
        other = random.choice(
            (b"LIST", b"ds64", b"fmt ", b"data", b"COMM", b"SSND", b"MARK", b"INST", b"desc")
        )
        chunks[at] = (
            (other if random.random() < 0.5 else random.randbytes(4)).ljust(name_bytes, b"\0"),
            body,
            size,
        )
    return head + b"".join(n + struct.pack(layout, s) + b for n, b, s in chunks)


def _ogg_changed(data: bytes, random: Random) -> bytes:
    """Bytes of one page, its checksum made right; or its pages come, go and change places."""
    pages = [b"OggS" + rest for rest in data.split(b"OggS")[1:]]
    at, way = random.randrange(len(pages)), random.randrange(4)
    if way == 0:
        del pages[at]
    elif way == 1:
        pages.insert(random.randrange(len(pages)), pages[at])
    else:
        page = pages[at]
        first = 4 if way == 2 else 27
        page = page[:first] + change(page[first:], random)
        if len(page) >= 27:
            page = page[:22] + bytes(4) + page[26:]
            page = page[:22] + struct.pack("<I", _crc(page, 0x04C11DB7, 32)) + page[26:]
        pages[at] = page
    return b"".join(pages)


def _flac_changed(data: bytes, random: Random) -> bytes:
    """STREAMINFO, other metadata, or the first frame with both of its checksums right."""
    at, last = 4, False
    while not last and at + 4 <= len(data):
        last, length = data[at] >= 128, int.from_bytes(data[at + 1 : at + 4], "big")
        at += 4 + length
    frame = data[at:]
    if len(frame) < 12 or random.random() < 0.4:
        return change(data[:at], random) + frame
    head = 5 + {6: 1, 7: 2}.get(frame[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(frame[2] & 15, 0)
    new = bytearray(frame[:-2])
    place = random.randrange(2, head) if random.random() < 0.4 else random.randrange(head, min(len(new), 60))
    new[place] = random.randrange(256)
    new[head] = _crc(bytes(new[:head]), 0x07, 8)
    return data[:at] + bytes(new) + _crc(bytes(new), 0x8005, 16).to_bytes(2, "big")


@cache
def _crc_table(polynomial: int, bits: int) -> tuple[int, ...]:
    top, mask, table = 1 << bits - 1, (1 << bits) - 1, []
    for value in range(256):
        rest = value << bits - 8
        for _ in range(8):
            rest = (rest << 1 ^ polynomial if rest & top else rest << 1) & mask
        table.append(rest)
    return tuple(table)


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    """Not reflected, from zero."""
    table, mask, rest = _crc_table(polynomial, bits), (1 << bits) - 1, 0
    for byte in data:
        rest = (rest << 8 & mask) ^ table[rest >> bits - 8 ^ byte]
    return rest
