"""Attachments by kind, what is found beside the samples of a file, and how much of it is kept.

kind          data
speakers      channel mask of WAVE, u32 little-endian
picture       a picture as FLAC has it (RFC 9639, section 8.8)
cuesheet      a cue sheet as FLAC has it (RFC 9639, section 8.7)
id3           an ID3v2.4 tag without its pictures
riff:NAME     a chunk of a WAV or RF64 file, without name and length
aiff:NAME     a chunk of an AIFF file, likewise
caf:NAME      a chunk of a CAF file, likewise
flac:NAME     an application block of a FLAC file, without its name
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dpcodec.audio.streams import Attachments, Tags

SPEAKERS, PICTURE, CUESHEET, ID3 = "speakers", "picture", "cuesheet", "id3"

MAX_ATTACHMENTS_BYTES = 15 << 20
"""Of all attachments of a file together. A `.dpc` file has room for no more."""
MAX_ATTACHMENTS = 1024
MAX_TAGS_BYTES = 1 << 20
MAX_TAGS = 1024
_TAG_OVERHEAD_BYTES = 5
_MASK = struct.Struct("<I")

COUNTED_IN_SAMPLES = (CUESHEET, "riff:cue ", "riff:smpl", "riff:plst", "aiff:MARK", "aiff:INST", "caf:mark")
"""They name samples by number, so they are wrong at another rate and in a part of the audio."""


@dataclass
class Metadata:
    """What was found; `warnings` says what is left out, one line each."""

    tags: list[tuple[str, str]] = field(default_factory=list)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add_missing(self, tags: Iterable[tuple[str, str]]) -> None:
        """Take tags of a second source, those whose keys the first does not have."""
        known = {key.upper() for key, _ in self.tags}
        self.tags += [(key, value) for key, value in tags if key.upper() not in known]


def bounded(found: Metadata) -> Metadata:
    """What fits into a `.dpc` file, in its order; what does not is named in a warning."""
    kept = Metadata(warnings=list(found.warnings))
    lost: dict[str, None] = {}
    size = 0
    for key, value in found.tags:
        bytes_taken = len(key.encode(errors="replace")) + len(value.encode(errors="replace")) + 5
        if not key or "=" in key or size + bytes_taken > MAX_TAGS_BYTES or len(kept.tags) == MAX_TAGS:
            lost[f"tag {key}"] = None
            continue
        size += bytes_taken
        kept.tags.append((key, value))
    size = 0
    for kind, data in found.attachments:
        if size + len(data) > MAX_ATTACHMENTS_BYTES or len(kept.attachments) == MAX_ATTACHMENTS:
            lost[f"{kind} of {len(data)} bytes"] = None
            continue
        size += len(data)
        kept.attachments.append((kind, data))
    if lost:
        limits = f"{MAX_TAGS_BYTES >> 20} MiB of tags and {MAX_ATTACHMENTS_BYTES >> 20} MiB of the rest"
        kept.warnings.append(f"metadata over the limits ({limits}) is left out: {named(lost)}")
    return kept


def named(things: Iterable[str], most: int = 12) -> str:
    """Names for one line, each once.

    >>> named(["a", "b", "a"]), named("abcdef", 3)
    ('a, b', 'a, b, c and 3 more')
    """
    unique = list(dict.fromkeys(things))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more


def of_kind(attachments: Sequence[tuple[str, bytes]], kind: str) -> list[bytes]:
    """The data of all attachments of a kind."""
    return [data for name, data in attachments if name == kind]


def chunks_of(attachments: Sequence[tuple[str, bytes]], container: str) -> list[tuple[bytes, bytes]]:
    """(name of four bytes, data) of the chunks that came from such a container ("riff", "aiff", ...)."""
    found = [(kind.partition(":")[2], data) for kind, data in attachments if kind.startswith(f"{container}:")]
    return [(name.encode("ascii"), data) for name, data in found if len(name) == 4 and name.isascii()]


def speakers_of(attachments: Sequence[tuple[str, bytes]]) -> int:
    """The channel mask, 0 where none is told."""
    found = [data for data in of_kind(attachments, SPEAKERS) if len(data) == _MASK.size]
    return int(_MASK.unpack(found[0])[0]) if found else 0


def unusual(speakers: int, usual: int) -> bool:
    """Whether a channel mask is known and must be told, since it is not what nobody needs to be told."""
    return speakers not in (0, usual)


def speakers_attachment(mask: int) -> tuple[str, bytes]:
    """A channel mask as an attachment."""
    return SPEAKERS, _MASK.pack(mask)


def without_positions(attachments: Attachments) -> tuple[Attachments, str]:
    """Attachments for other sample positions than those of the source, and a warning of what is left out, ""
    for none."""
    kept = tuple(item for item in attachments if item[0] not in COUNTED_IN_SAMPLES)
    if len(kept) == len(attachments):
        return attachments, ""
    lost = named(label(kind) for kind, _ in attachments if kind in COUNTED_IN_SAMPLES)
    return kept, f"{lost} would name other samples than before: left out"


def label(kind: str) -> str:
    """A kind for the user.

    >>> label("riff:bext"), label("picture")
    ('the RIFF chunk bext', 'the picture')
    """
    container, colon, name = kind.partition(":")
    if not colon:
        return {SPEAKERS: "the speaker layout", CUESHEET: "the cue sheet", ID3: "the ID3 frames"}.get(
            kind, f"the {kind}"
        )
    what = "block" if container == "flac" else "chunk"
    return f"the {container.upper()} {what} {name.strip()}"


def lost_warning(output: str, tags: Iterable[str] = (), kinds: Iterable[str] = ()) -> list[str]:
    """One warning that names what an output has no place for; none where nothing is lost."""
    keys, others = list(tags), [label(kind) for kind in kinds]
    what = [f"the tags {named(keys)}"] if keys else []
    if others:
        what.append(named(others))
    return [f"{output} has no place for {' and '.join(what)}: left out"] if what else []


def unique_tags(tags: Iterable[tuple[str, str]]) -> Tags:
    """Pairs in their order, a pair that is there twice once."""
    return tuple(dict.fromkeys(tags))
