"""Pipes, and files taken apart into packets and put together again.

The packets are read and written here by their own few lines, from docs/format.md.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = bytes.fromhex("894450430d0a1a0a")
SYNC = bytes.fromhex("f26470b1")
HEAD, DATA, END, TAGS, INDEX, ATTACHMENT, PARITY = 1, 2, 3, 0xC004, 0x8005, 0xC006, 0x8007


class Pipe(io.BytesIO):
    """Bytes that come and go in order, at most `most` at once where that is given, and cannot be sought."""

    def __init__(self, data: bytes = b"", most: int | None = None) -> None:
        super().__init__(data)
        self.most = most

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation("seek")

    def tell(self) -> int:
        raise io.UnsupportedOperation("tell")

    def read(self, size: int | None = -1) -> bytes:
        if self.most is None:
            return super().read(size)
        return super().read(self.most if size is None or size < 0 else min(size, self.most))

    def write(self, data: Buffer) -> int:
        return super().write(bytes(data)[: self.most])


@dataclass(frozen=True)
class Packet:
    """The fields of a packet's head, and its body."""

    type: int
    flags: int
    segment: int
    part: int
    parts: int
    body: bytes

    def pack(self) -> bytes:
        """All checksums right."""
        fields = (self.type, self.flags, self.segment, self.part, self.parts, len(self.body))
        head = SYNC + struct.pack("<HHIBBI", *fields)
        tail = struct.pack("<I", zlib.crc32(head + self.body))
        return head + struct.pack("<I", zlib.crc32(head)) + self.body + tail


def split(data: bytes) -> list[Packet]:
    """The packets of a whole file."""
    packets, position = [], len(MAGIC)
    while position < len(data):
        kind, flags, segment, part, parts, length = struct.unpack_from("<HHIBBI", data, position + 4)
        packet = Packet(kind, flags, segment, part, parts, data[position + 22 : position + 22 + length])
        assert packet.pack() == data[position : position + 26 + length]
        packets.append(packet)
        position += 26 + length
    return packets


def pieces_of(data: bytes) -> list[bytes]:
    """The packets of a whole file, each as its bytes."""
    return [packet.pack() for packet in split(data)]


def join(packets: Iterable[Packet | bytes], magic: bytes = MAGIC) -> bytes:
    """A file of these packets, or of these bytes in their place."""
    return magic + b"".join(p if isinstance(p, bytes) else p.pack() for p in packets)


def packet_hash(packet: Packet) -> int:
    """What a DATA packet adds to the end hash."""
    place = struct.pack("<IBBH", packet.segment, packet.part, packet.parts, packet.flags)
    return int.from_bytes(hashlib.blake2b(place + packet.body, digest_size=16).digest(), "little")


def close(packets: list[Packet]) -> list[Packet]:
    """The packets with the end hash in END made right."""
    total = sum(packet_hash(p) for p in packets if p.type == DATA) % 2**128
    end = packets[-1]
    body = total.to_bytes(16, "little") + end.body[16:]
    return [*packets[:-1], Packet(END, end.flags, 0, 0, 0, body)]
