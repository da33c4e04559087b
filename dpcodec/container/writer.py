"""Writing: magic, header, tags, the parts of each segment, copies of the header, index, end."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from dpcodec.container import constants as c
from dpcodec.container.attachments import check_attachments, pack_attachment
from dpcodec.container.header import Header, pack_header
from dpcodec.container.packets import (
    End,
    add_digests,
    compress,
    metadata_packet,
    pack_end,
    pack_index,
    pack_packet,
    packet_digest,
)
from dpcodec.container.tags import pack_tags
from dpcodec.errors import FormatError, LimitError

if TYPE_CHECKING:
    from dpcodec.container.parity_builder import ParityBuilder


class Writer:
    """Writes a `.dpc` file to a file object from where it stands.

    `header.samples` may be None: the END packet tells the number, and where the output can seek the first
    header is patched. (An output opened for appending must say that it cannot seek.) `parity` is percent of
    the packets. `beside` counts bytes of attachments and parity. Raises what `pack_header`, `pack_tags` and
    `check_attachments` raise.
    """

    def __init__(
        self,
        fo: BinaryIO,
        header: Header,
        tags: Iterable[tuple[str, str]] = (),
        attachments: Iterable[tuple[str, bytes]] = (),
        parity: float = 0.0,
    ) -> None:
        self._fo = fo
        self._header = header
        self._seekable = fo.seekable()
        self._start = fo.tell() if self._seekable else 0
        self._digest = 0
        self._next = 0
        self._packets = 0
        self._starts = array("Q")
        self._copied_at = 0
        self._copied_segment = 0
        self.bytes_written = 0
        packed = pack_tags(tags) if (tags := tuple(tags)) else b""
        bodies = [pack_attachment(kind, data) for kind, data in check_attachments(attachments)]
        segments = header.segments
        self._parity = _parity(parity, None if segments is None else segments * header.parts)
        self._parity_bytes = self.beside = 0
        self._final_head = self._seekable and header.samples is None
        self._write(c.MAGIC)
        head = pack_packet(c.TYPE_HEAD, pack_header(header))
        if self._final_head:
            self._write(head)
        if parity or not self._final_head:  # parity wants a header at the start that stays as it is
            self._put(head)
        for packet in [metadata_packet(c.TYPE_TAGS, packed)] if packed else []:
            self._put(packet)
        packets = [metadata_packet(c.TYPE_ATTACHMENT, body) for body in bodies]
        self.beside += sum(map(len, packets))
        for packet in packets:
            self._put(packet)

    def write_segment(self, index: int, bodies: Sequence[bytes]) -> None:
        """Write the bodies of all parts of a segment; indices rise. Bodies of exact coefficients are
        compressed where that makes them shorter.

        Raises `LimitError` if a body is over 16 MiB, `FormatError` if the index or the number of parts
        cannot be.
        """
        if not 1 <= len(bodies) <= self._header.parts:
            raise FormatError(f"segment {index} has {len(bodies)} parts: give 1 to {self._header.parts}")
        packed = {}
        for part, body in enumerate(bodies):
            smaller = compress(body) if self._header.exact else None
            packed[part] = (body, 0) if smaller is None else (smaller, c.FLAG_COMPRESSED)
        self.write_stored(index, len(bodies), packed)

    def write_stored(self, index: int, parts: int, bodies: dict[int, tuple[bytes, int]]) -> None:
        """Write the parts of a segment that are there, as they are stored: part -> (body, flags)."""
        if index < self._next:
            raise FormatError(f"segment {index} comes after segment {self._next - 1}")
        self._packets += len(bodies)
        if index >= c.MAX_SEGMENTS or self._packets > c.MAX_PACKETS:
            raise LimitError(
                f"segment {index} does not fit into the file: use longer segments or fewer parts"
            )
        self._repeat_header(index)
        self._next = index + 1
        places = []
        for part, (body, flags) in bodies.items():
            self._digest = add_digests(self._digest, packet_digest(index, part, parts, flags, body))
            packet = pack_packet(c.TYPE_DATA, body, segment=index, part=part, parts=parts, flags=flags)
            places.append(self._put(packet))
        self._starts.append(places[0])

    def write_packet(self, kind: int, body: bytes, flags: int) -> None:
        """Write a packet that is not part of a segment."""
        self._put(pack_packet(kind, body, flags=flags))

    def bytes_if_closed(self) -> int:
        """Bytes the file would have if it were closed now; a longer index may come to a byte or two more."""
        end = c.OVERHEAD_BYTES + len(pack_end(End(0, 0, self._header)))
        index = c.OVERHEAD_BYTES + len(pack_index(self._starts.tolist()))
        return self.bytes_written + end + index * (len(self._starts) > c.INDEX_SEGMENTS)

    def close(self, samples: int | None, digest: int | None = None) -> None:
        """Write index and end, and patch the first header. The file object stays open.

        `samples` is N, None where it is lost for good; `digest` replaces the end hash. Raises `FormatError`
        if more segments were written than N samples have.
        """
        header = replace(self._header, samples=samples)
        segments = self._next if header.segments is None else header.segments
        if self._next > segments:
            raise FormatError(f"{samples} samples make {segments} segments, {self._next} were written")
        tail = []
        if len(self._starts) > c.INDEX_SEGMENTS:
            index = pack_index(self._starts.tolist())
            if len(index) <= c.MAX_BODY_BYTES:
                tail.append(pack_packet(c.TYPE_INDEX, index))
        end = End(self._digest if digest is None else digest, segments, header)
        tail.append(pack_packet(c.TYPE_END, pack_end(end)))
        head = pack_packet(c.TYPE_HEAD, pack_header(header))
        for packet in self._parity.close(tail, head if self._final_head else None) if self._parity else ():
            self._write_parity(packet)
        for packet in tail:
            self._write(packet)
        if self._seekable and header != self._header:
            here = self._fo.tell()
            self._fo.seek(self._start + c.MAGIC_BYTES)
            self._fo.write(head)
            self._fo.seek(here)

    def _repeat_header(self, index: int) -> None:
        """A copy of the header every 16 segments or 64 KiB, whichever comes later, and every 4 MiB at
        least."""
        distance = self.bytes_written - self._parity_bytes - self._copied_at
        due = distance >= c.COPY_MIN_BYTES and index - self._copied_segment >= c.COPY_SEGMENTS
        if due or distance >= c.COPY_MAX_BYTES:
            self._copied_at, self._copied_segment = self.bytes_written - self._parity_bytes, index
            self.write_packet(c.TYPE_HEAD, pack_header(self._header), 0)

    def _put(self, packet: bytes) -> int:
        """Write a packet, and before it the parity of a block that is over; where it lies."""
        for parity in self._parity.add(packet) if self._parity else ():
            self._write_parity(parity)
        self._write(packet)
        return self.bytes_written - len(packet)

    def _write_parity(self, packet: bytes) -> None:
        self._write(packet)
        self._parity_bytes += len(packet)
        self.beside += len(packet)

    def _write(self, data: bytes) -> None:
        """Write all of it: an unbuffered file may take less at once."""
        self.bytes_written += len(data)
        view = memoryview(data)
        while view:
            view = view[self._fo.write(view) :]


def _parity(percent: float, packets: int | None) -> ParityBuilder | None:
    """What adds parity to a file of about so many packets of audio; None where none is asked for."""
    if not percent:
        return None
    from dpcodec.container.parity_builder import ParityBuilder  # lazy: few files have parity

    return ParityBuilder(percent, packets)
