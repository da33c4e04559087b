"""From a scan of the file to its DATA packets: everything else is settled on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dpcodec.container import constants as c
from dpcodec.container.catalogue import Catalogue
from dpcodec.container.damage import DamageLog
from dpcodec.container.header import Header
from dpcodec.container.mend import remark_of
from dpcodec.container.mend_pipe import PipeMender
from dpcodec.container.packets import Packet, check_known
from dpcodec.container.scan import Gap, Source, Trailer, has_magic, scan
from dpcodec.errors import FormatError, LimitError


class Intake:
    """Walks once over the file: hands out DATA packets, puts the others into the catalogue, notes damage."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.log = DamageLog()
        self.catalogue = Catalogue(self.log)
        self._start = source.read(0, c.MAGIC_BYTES)
        self._any_packet = False
        self._mender: PipeMender | None = None
        if not has_magic(source):
            self.log.add("magic", "the file does not start with the mark of a .dpc file", offset=0)

    def packets(self) -> Iterator[Packet]:
        """DATA packets whose head makes sense, in the order of the file, damaged ones with their fault.

        Raises `VersionError`, `FormatError` and `LimitError` for what the catalogue or the scan refuses.
        """
        for event in self._events():
            if isinstance(event, Gap):
                self.log.add("junk", f"{event.length} bytes belong to no packet", offset=event.offset)
            elif isinstance(event, Trailer):
                text = f"what follows the end of the file, at byte {event.offset}, is left out"
                self.catalogue.warnings.append(text)
            elif event.head.type == c.TYPE_DATA:
                self._any_packet = True
                check_known(event.head)
                if event.head.part < event.head.parts <= c.MAX_PARTS:
                    yield event
                else:
                    what = f"a packet says part {event.head.part} of {event.head.parts}"
                    self.log.add("place", what, segment=event.head.segment, offset=event.offset)
            else:
                self._any_packet = True
                if event.body is None:
                    note_fault(event, self.log)
                else:
                    self.catalogue.add(event, event.body)
        if self.catalogue.end is None:
            self.log.add("end", "the end of the file is missing")

    def _events(self) -> Iterable[Packet | Gap | Trailer]:
        """What is in the file; of a pipe, with what its parity brings back."""
        if self.source.seekable:
            return scan(self.source)
        self._mender = PipeMender(scan(self.source))
        return self._mender

    @property
    def remarks(self) -> list[str]:
        """What parity has brought back so far."""
        rebuilt = self._mender.rebuilt if self._mender is not None else 0
        return [remark_of(rebuilt)] if rebuilt else []

    def require_header(self) -> Header:
        """The header, or `FormatError` saying what the data is instead."""
        header = self.catalogue.header
        if header is not None:
            return header
        if self._any_packet:
            raise FormatError("no copy of the header survives: the file is damaged beyond use")
        if not self._start:
            raise FormatError("not a .dpc file: it is empty")
        if c.MAGIC.startswith(self._start):
            raise FormatError("the file is cut short before its header ends")
        if self._start[1:4] == c.MAGIC[1:4]:
            raise FormatError("a .dpc file changed by a transfer in text mode: copy it again in binary mode")
        raise FormatError("not a .dpc file")


def note_fault(packet: Packet, log: DamageLog) -> None:
    """Note a packet whose body did not pass."""
    head = packet.head
    if head.type == c.TYPE_DATA:
        log.add("packet", packet.fault, segment=head.segment, part=head.part, offset=packet.offset)
    else:
        log.add("packet", f"packet of type {head.type:#06x}: {packet.fault}", offset=packet.offset)


def check_plausible(header: Header, segments: int, bytes_seen: int, expansion: int | None) -> None:
    """Raise `LimitError` if so many segments are far more audio than so many bytes can hold.

    Every segment takes at least one packet, of 26 bytes and more. A file that was cut short holds fewer, so
    more segments are believed all the same. And a byte may stand for `expansion` coefficients at most, None
    for any number.
    """
    if segments > c.PLAUSIBLE_SEGMENTS + bytes_seen // c.PLAUSIBLE_BYTES:
        raise LimitError(
            f"the file claims {segments} segments of audio, {bytes_seen} bytes cannot hold them: "
            "it is damaged or forged"
        )
    if expansion is None:
        return
    claimed, most = header.coefficients(segments), c.FREE_COEFFICIENTS + expansion * bytes_seen
    if claimed > most:
        raise LimitError(
            f"the file claims {claimed} coefficients, {bytes_seen} bytes may hold {most}: "
            "it is damaged or forged; if not, raise --max-expansion"
        )
