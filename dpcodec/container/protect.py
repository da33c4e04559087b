"""Parity added to a whole file, changed or taken away; all other packets but the index stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.container import constants as c
from dpcodec.container.header import unpack_header
from dpcodec.container.packets import Packet, check_known, pack_index, pack_packet, parse_head
from dpcodec.container.parity_builder import ParityBuilder, check_percent
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, load, scan
from dpcodec.errors import FormatError


@dataclass(frozen=True)
class ProtectReport:
    """What `protect_stream` did: bytes of the new file, and of the parity in it."""

    bytes: int
    parity_bytes: int


def protect_stream(source: BinaryIO, out: BinaryIO, percent: float) -> ProtectReport:
    """Copy a file object with so much parity, percent of packets, 0 for none, in place of what it had.

    Both may be pipes. Raises `SettingsError` for a percentage that cannot be, `FormatError` where the file is
    none or damaged (`repair` mends it), `VersionError` where it needs a newer dpcodec.
    """
    check_percent(percent)
    return write_protected(raw_packets(Source(source), check_data=True), out, percent)


def write_protected(packets: Iterable[bytes], out: BinaryIO, percent: float) -> ProtectReport:
    """Write a file of these packets, header first and END last, with an index that follows the new places
    and with so much parity."""
    copier = _Copier(out, percent)
    for packet in packets:
        copier.add(packet)
    return copier.report()


class _Copier:
    """Writes packets, index and parity in their places."""

    def __init__(self, out: BinaryIO, percent: float) -> None:
        self._out, self._percent = out, percent
        self._written = out.write(c.MAGIC)
        self._parity_bytes = 0
        self._builder: ParityBuilder | None = None
        self._places: dict[int, int] = {}
        self._tail: list[bytes] = []

    def add(self, packet: bytes) -> None:
        head = parse_head(packet)
        if head is None or head.type == c.TYPE_PARITY:
            return
        if self._builder is None:
            self._builder = ParityBuilder(self._percent, _expected(head.type, packet))
        if head.type == c.TYPE_INDEX:
            index = pack_index([self._places[segment] for segment in sorted(self._places)])
            self._tail.append(pack_packet(c.TYPE_INDEX, index))
        elif head.type == c.TYPE_END:
            self._tail.append(packet)
            self._parities(self._builder.close(self._tail))
            for last in self._tail:
                self._write(last)
        else:
            self._parities(self._builder.add(packet))
            if head.type == c.TYPE_DATA:
                self._places.setdefault(head.segment, self._written)
            self._write(packet)

    def report(self) -> ProtectReport:
        return ProtectReport(self._written, self._parity_bytes)

    def _parities(self, packets: list[bytes]) -> None:
        for packet in packets:
            self._write(packet)
            self._parity_bytes += len(packet)

    def _write(self, data: bytes) -> None:
        """Write all of it: a pipe may take less at once."""
        self._written += len(data)
        view = memoryview(data)
        while view:
            view = view[self._out.write(view) :]


def _expected(kind: int, packet: bytes) -> int | None:
    """About how many packets follow a header, None where it does not tell."""
    if kind != c.TYPE_HEAD:
        raise FormatError("the first header is lost: run dpcodec repair first")
    header = unpack_header(packet[c.HEAD_BYTES : -c.CHECKSUM_BYTES])
    return None if header.segments is None else header.segments * header.parts


def raw_packets(source: Source, check_data: bool) -> Iterator[bytes]:
    """The packets of a whole file as their bytes; raises what `whole_packets` raises."""
    for packet in whole_packets(source, check_data):
        yield source.read(packet.offset, packet.head.packet_bytes)


def whole_packets(source: Source, check_data: bool = False) -> Iterator[Packet]:
    """All packets, END last; those of coefficients are read only where they shall be checked too.

    Raises `FormatError` for a file with anything else in it, `VersionError` for one that needs a newer
    dpcodec.
    """
    if not has_magic(source):
        raise FormatError("not a .dpc file, or its beginning is damaged: run dpcodec repair first")
    ended = False
    for event in scan(source):
        if isinstance(event, Gap | Trailer):
            raise FormatError(f"bytes at {event.offset} belong to no packet: run dpcodec repair first")
        if event.body is None and not event.fault and (check_data or event.head.type != c.TYPE_DATA):
            event = load(source, event.offset, event.head)
        if event.fault:
            raise FormatError(f"a packet is damaged ({event.fault}): run dpcodec repair first")
        check_known(event.head)
        if ended:
            raise FormatError("packets follow the end of the file: run dpcodec repair first")
        ended = event.head.type == c.TYPE_END
        yield event
    if not ended:
        raise FormatError("the end of the file is missing: run dpcodec repair first")
