"""Other tags and attachments in a file whose audio stays: all other packets are copied byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.container import constants as c
from dpcodec.container.attachments import Attachments, check_attachments, pack_attachment
from dpcodec.container.catalogue import Catalogue
from dpcodec.container.damage import DamageLog
from dpcodec.container.packets import Packet, check_known, metadata_packet, pack_index, pack_packet
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, load, scan
from dpcodec.container.tags import pack_tags
from dpcodec.errors import FormatError

Tags = tuple[tuple[str, str], ...]
_METADATA = (c.TYPE_TAGS, c.TYPE_ATTACHMENT)


@dataclass(frozen=True)
class Tagged:
    """Tags and attachments of a file, as they are or as they shall be."""

    tags: Tags
    attachments: Attachments
    warnings: tuple[str, ...] = ()


def read_tagged(source: BinaryIO) -> Tagged:
    """The tags and attachments of a file object that can be sought, without reading its audio.

    Raises `FormatError` where it is no `.dpc` file, or damaged: `repair` mends it; `VersionError` where it
    needs a newer dpcodec.
    """
    catalogue = Catalogue(DamageLog())
    for packet in _packets(Source(source)):
        check_known(packet.head)
        if packet.head.type != c.TYPE_DATA and packet.body is not None:
            catalogue.add(packet, packet.body)
    return Tagged(catalogue.tags, catalogue.attachments, tuple(catalogue.warnings))


def retag_stream(
    source: BinaryIO, out: BinaryIO, change: Callable[[Tagged], tuple[Iterable[tuple[str, str]], Attachments]]
) -> Tagged:
    """Copy a file object that can be sought into another, with what `change` makes of its tags and
    attachments; returns what was written.

    Packets of coefficients, headers, unknown packets and the end are copied as they are, intact or not; the
    index follows the new places. Raises what `read_tagged`, `pack_tags` and `check_attachments` raise.
    """
    start = source.tell()
    before = read_tagged(source)
    tags, attachments = change(before)
    packed = pack_tags(tags := tuple(tags))
    attachments = check_attachments(attachments)
    new = [metadata_packet(c.TYPE_TAGS, packed)] if packed else []
    new += [metadata_packet(c.TYPE_ATTACHMENT, pack_attachment(*item)) for item in attachments]
    source.seek(start)
    _copy(source, start, out, new)
    return Tagged(tags, attachments, before.warnings)


def _copy(source: BinaryIO, start: int, out: BinaryIO, new: list[bytes]) -> None:
    """Write the file with the packets of `new` behind the first header."""
    places: dict[int, int] = {}
    written = out.write(c.MAGIC)
    for packet in _packets(Source(source)):
        head = packet.head
        if head.type in _METADATA:
            continue
        if head.type == c.TYPE_DATA:
            places.setdefault(head.segment, written)
        if head.type == c.TYPE_INDEX:
            data = pack_packet(c.TYPE_INDEX, pack_index([places[segment] for segment in sorted(places)]))
        else:
            source.seek(start + packet.offset)
            data = source.read(head.packet_bytes)
        written += out.write(data)
        for extra in new if head.type == c.TYPE_HEAD else ():
            written += out.write(extra)
        new = [] if head.type == c.TYPE_HEAD else new
    if new:
        raise FormatError("the first header is lost: run dpcodec repair first")


def _packets(source: Source) -> Iterator[Packet]:
    """All packets. Raises `FormatError` for a file with anything else in it."""
    if not has_magic(source):
        raise FormatError("not a .dpc file, or its beginning is damaged: run dpcodec repair first")
    ended = False
    for event in scan(source):
        if isinstance(event, Gap | Trailer):
            raise FormatError(f"bytes at {event.offset} belong to no packet: run dpcodec repair first")
        ended = ended or event.head.type == c.TYPE_END
        if event.head.type != c.TYPE_DATA and event.body is None:
            event = load(source, event.offset, event.head)
        if event.fault:
            raise FormatError(f"a packet is damaged ({event.fault}): run dpcodec repair first")
        yield event
    if not ended:
        raise FormatError("the end of the file is missing: run dpcodec repair first")
