"""What was wrong with a file, kept as a list that cannot grow without bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dpcodec.container.constants import MAX_DAMAGE_ENTRIES

DamageKind = Literal[
    "magic",  # the file does not start as it should
    "header",  # a header was lost, or copies disagree
    "packet",  # a packet's body did not pass
    "junk",  # bytes that belong to no packet
    "part",  # a part of a segment is missing
    "segment",  # a whole segment is missing
    "place",  # a packet that cannot stand where it stands
    "duplicate",  # two intact packets disagree
    "end",  # the end of the file is missing or says nothing
    "hash",  # everything passed but the end hash
]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that was wrong: `what` in words, and where it is known, the segment, the part and the
    offset in the file."""

    kind: DamageKind
    what: str
    segment: int | None = None
    part: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        place = [
            f"{name} {number}"
            for name, number in (("segment", self.segment), ("part", self.part), ("byte", self.offset))
            if number is not None
        ]
        return f"{', '.join(place)}: {self.what}" if place else self.what


class DamageLog:
    """Entries without repetition, in the order they were found; after the first 4096 only their number."""

    def __init__(self) -> None:
        self._entries: dict[Damage, None] = {}
        self._more = False

    def add(
        self,
        kind: DamageKind,
        what: str,
        *,
        segment: int | None = None,
        part: int | None = None,
        offset: int | None = None,
    ) -> None:
        """Note one entry."""
        if len(self._entries) < MAX_DAMAGE_ENTRIES:
            self._entries[Damage(kind, what, segment, part, offset)] = None
        else:
            self._more = True

    def entries(self) -> list[Damage]:
        """What was noted so far."""
        more = [Damage("junk", "more damage than is listed here")] if self._more else []
        return [*self._entries, *more]

    def __bool__(self) -> bool:
        return bool(self._entries)
