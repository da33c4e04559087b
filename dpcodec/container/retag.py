"""Other tags and attachments in a file whose audio stays: all other packets are copied byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dpcodec.container import constants as c
from dpcodec.container.attachments import Attachments, check_attachments, pack_attachment
from dpcodec.container.catalogue import Catalogue
from dpcodec.container.damage import DamageLog
from dpcodec.container.packets import metadata_packet, packet_type
from dpcodec.container.protect import raw_packets, whole_packets, write_protected
from dpcodec.container.scan import Source
from dpcodec.container.survival import survival_of
from dpcodec.container.tags import pack_tags

Tags = tuple[tuple[str, str], ...]


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
    return _read(Source(source))[0]


def retag_stream(
    source: BinaryIO, out: BinaryIO, change: Callable[[Tagged], tuple[Iterable[tuple[str, str]], Attachments]]
) -> Tagged:
    """Copy a file object that can be sought into another, with what `change` makes of its tags and
    attachments; returns what was written.

    Packets of coefficients, headers, unknown packets and the end are copied as they are, intact or not; the
    index follows the new places. Parity is made anew, and then coefficients must be intact too. Raises what
    `read_tagged`, `pack_tags` and `check_attachments` raise.
    """
    start = source.tell()
    before, percent = _read(Source(source))
    tags, attachments = change(before)
    packed = pack_tags(tags := tuple(tags))
    attachments = check_attachments(attachments)
    new = [metadata_packet(c.TYPE_TAGS, packed)] if packed else []
    new += [metadata_packet(c.TYPE_ATTACHMENT, pack_attachment(*item)) for item in attachments]
    source.seek(start)
    packets = Source(source)
    write_protected(_with_metadata(raw_packets(packets, bool(percent)), new), out, percent)
    return Tagged(tags, attachments, before.warnings)


def _read(source: Source) -> tuple[Tagged, float]:
    """The tags and attachments, and the percentage of parity."""
    catalogue = Catalogue(DamageLog())
    for packet in whole_packets(source):
        if packet.head.type != c.TYPE_DATA and packet.body is not None:
            catalogue.add(packet, packet.body)
    tagged = Tagged(catalogue.tags, catalogue.attachments, tuple(catalogue.warnings))
    survival = survival_of(catalogue.groups)
    return tagged, survival.parity_percent if survival else 0.0


def _with_metadata(packets: Iterable[bytes], new: list[bytes]) -> Iterator[bytes]:
    """The packets with those of `new` behind the first header, in place of what there was."""
    for packet in packets:
        if packet_type(packet) in c.METADATA_TYPES:
            continue
        yield packet
        if packet_type(packet) == c.TYPE_HEAD:
            yield from new
            new = []
