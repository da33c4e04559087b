"""The audio format of a decoded file: the source's, unless the output's name or --format says otherwise."""

from __future__ import annotations

import dpcodec
from dpcodec.cli.exits import UsageError

SUFFIXES = {"wav": ".wav", "rf64": ".wav", "w64": ".w64", "flac": ".flac", "aiff": ".aiff", "ogg": ".ogg"}
SUBTYPES = {
    "pcm8": ("PCM_U8", "PCM_S8"),
    "pcm16": ("PCM_16",),
    "pcm24": ("PCM_24",),
    "pcm32": ("PCM_32",),
    "float": ("FLOAT",),
    "double": ("DOUBLE",),
    "vorbis": ("VORBIS",),
    "opus": ("OPUS",),
}


def parse_format(text: str | None) -> tuple[str | None, str | None]:
    """Container and sample type of --format: either, or both with a slash between.

    >>> parse_format("flac"), parse_format("pcm24"), parse_format("wav/float")
    (('flac', None), (None, 'pcm24'), ('wav', 'float'))
    """
    if text is None:
        return None, None
    container, slash, subtype = text.lower().partition("/")
    if not slash and container in SUBTYPES:
        return None, container
    if container not in SUFFIXES or (slash and subtype not in SUBTYPES):
        known = f"{', '.join(SUFFIXES)} and/or {', '.join(SUBTYPES)}"
        raise UsageError(f"format {text!r} is unknown: give {known}, as in wav/pcm24")
    return container, subtype or None


def choose_format(info: dpcodec.StreamInfo, wanted: str | None, target: str) -> dpcodec.SampleFormat:
    """The format to write: --format first, then the target's suffix, then what the source was.

    A pipe gets WAV unless told: it needs no seeking. Raises `UsageError` where the container has no such
    sample type.
    """
    container, subtype = parse_format(wanted)
    if container is None:
        container = "wav" if target == "-" else dpcodec.format_for_name(target, info.sample_format).container
    asked = SUBTYPES[subtype][0] if subtype else info.sample_format.subtype
    found = dpcodec.writable_format(dpcodec.SampleFormat(container, asked), info.sample_rate)
    if subtype and found.subtype not in SUBTYPES[subtype]:
        raise UsageError(
            f"{container} does not hold {subtype} at this rate: leave it out for {found.subtype}"
        )
    return found
