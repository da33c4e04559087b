"""Everything in a file that is not coefficients: header and its copies, tags, index, end."""

from __future__ import annotations

from dataclasses import replace

from dpcodec.container import constants as c
from dpcodec.container.attachments import Attachments, unpack_attachment
from dpcodec.container.damage import DamageLog
from dpcodec.container.header import Header, unpack_header
from dpcodec.container.packets import End, Packet, check_known, decompress, unpack_end, unpack_index
from dpcodec.container.parity import Group, unpack_parity
from dpcodec.container.tags import unpack_tags
from dpcodec.errors import FormatError, LimitError

_GROUPS_TOLD = 4096
"""Groups of parity of which is told what they survive."""


class Catalogue:
    """Takes intact packets as they are found and settles what they say of the whole file.

    The first intact header counts; the copies, and the one in the END packet, may differ from it in the
    number of samples only. That number is END's, or else the last one that a header knew.
    """

    def __init__(self, log: DamageLog) -> None:
        self._log = log
        self._first_copy: Header | None = None
        self._header: Header | None = None
        self.end: End | None = None
        self.tags: tuple[tuple[str, str], ...] = ()
        self.warnings: list[str] = []
        self.index: list[int] | None = None
        self.extras: list[Packet] = []
        self._extra_bytes = 0
        self._tagged = False
        self._attachments: dict[tuple[str, bytes], None] = {}
        self._attached_bytes = 0
        self.groups: dict[Group, None] = {}

    @property
    def header(self) -> Header | None:
        """The header with the number of samples that is known so far, None if none was met."""
        return self._header

    @property
    def attachments(self) -> Attachments:
        """(kind, data) pairs in the order of the file, equal ones once."""
        return tuple(self._attachments)

    @property
    def samples(self) -> int | None:
        """The number of samples that is known so far."""
        return None if self._header is None else self._header.samples

    @property
    def total_segments(self) -> int | None:
        """Number of segments S, None while it is not known."""
        header = self.header
        if header is not None and header.segments is not None:
            return header.segments
        return self.end.segments if self.end else None

    def add(self, packet: Packet, body: bytes) -> None:
        """Take an intact packet that is not DATA.

        Raises `VersionError` for one that this version must not ignore, and what `unpack_header` raises.
        """
        check_known(packet.head)
        kind = packet.head.type
        if kind == c.TYPE_HEAD:
            self._add_header(unpack_header(body), packet.offset)
        elif kind == c.TYPE_END:
            self._add_end(unpack_end(body), packet.offset)
        elif kind == c.TYPE_TAGS:
            self._add_tags(packet, body)
        elif kind == c.TYPE_ATTACHMENT:
            self._add_attachment(packet, body)
        elif kind == c.TYPE_INDEX:
            self._add_index(body)
        elif kind == c.TYPE_PARITY:
            self._add_parity(body)
        elif kind & c.TYPE_SAFE_TO_COPY:
            self._keep(packet)

    def _add_header(self, header: Header, offset: int) -> None:
        if self._first_copy is None:
            self._first_copy = self._header = header
            if offset > c.MAGIC_BYTES:
                self._log.add("header", "the first header is lost, this copy is used", offset=offset)
            return
        self._compare(header, offset)
        if self.end is None and header.samples is not None:
            self._know(header.samples)

    def _add_end(self, end: End, offset: int) -> None:
        if self.end is not None:
            if end != self.end:
                self._log.add("duplicate", "two end packets disagree", offset=offset)
            return
        self.end = end
        if self._first_copy is None:
            self._first_copy = self._header = end.header
            self._log.add("header", "the header is lost, the end's copy is used", offset=offset)
        else:
            self._compare(end.header, offset)
        if end.header.samples is None:
            self._log.add("end", "the end of the audio is lost, its length is not known", offset=offset)
            return
        if self.samples is not None and self.samples != end.header.samples:
            self._warn(f"the header promised {self.samples} samples, the file holds {end.header.samples}")
        self._know(end.header.samples)

    def _know(self, samples: int) -> None:
        """From now on the header says that there are so many samples."""
        if self._first_copy is not None and samples != self.samples:
            self._header = replace(self._first_copy, samples=samples)

    def _compare(self, header: Header, offset: int) -> None:
        if self._first_copy is not None and replace(header, samples=None) != replace(
            self._first_copy, samples=None
        ):
            self._log.add("header", "a copy of the header disagrees with the first", offset=offset)

    def _add_tags(self, packet: Packet, body: bytes) -> None:
        if self._tagged:
            return
        self._tagged = True
        try:
            text = decompress(body, c.MAX_TAGS_BYTES) if packet.head.flags & c.FLAG_COMPRESSED else body
        except (FormatError, LimitError) as exc:
            self._warn(f"the tags are left out: {exc}")
            return
        if len(text) > c.MAX_TAGS_BYTES:
            self._warn(f"the tags are left out: {len(text)} bytes are over the limit of {c.MAX_TAGS_BYTES}")
            return
        self.tags, warnings = unpack_tags(text)
        for warning in dict.fromkeys(warnings):
            self._warn(warning)
        self._keep(packet)

    def _add_attachment(self, packet: Packet, body: bytes) -> None:
        self._keep(packet)
        left = c.MAX_ATTACHMENTS_BYTES - self._attached_bytes
        try:
            most = left + 1 + c.MAX_KIND_BYTES
            content = decompress(body, most) if packet.head.flags & c.FLAG_COMPRESSED else body
        except (FormatError, LimitError) as exc:
            self._warn(f"an attachment is left out: {exc}")
            return
        found = unpack_attachment(content)
        if found is None:
            self._warn("a malformed attachment is left out")
        elif len(found[1]) > left or len(self._attachments) == c.MAX_ATTACHMENTS:
            self._warn(f"attachments over the limit of {c.MAX_ATTACHMENTS_BYTES} bytes are left out")
        elif found not in self._attachments:
            self._attached_bytes += len(found[1])
            self._attachments[found] = None

    def _add_index(self, body: bytes) -> None:
        try:
            self.index = unpack_index(body)
        except FormatError as exc:
            self._warn(f"the index is left out: {exc}")

    def _add_parity(self, body: bytes) -> None:
        parity = unpack_parity(body)
        if parity is None:
            self._warn("malformed parity is left out")
        elif len(self.groups) < _GROUPS_TOLD:
            self.groups[parity.group._replace(checksums=b"")] = None

    def _keep(self, packet: Packet) -> None:
        """Hold a packet that is safe to copy, so that `repair` can."""
        self._extra_bytes += packet.head.packet_bytes
        if self._extra_bytes > c.MAX_EXTRA_BYTES:
            self._warn("the file has so many additional packets that some will not be copied")
            return
        self.extras.append(packet)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
