"""The audio format of a decoded file: the source's, unless the output's name or --format says otherwise."""

from __future__ import annotations

from pathlib import Path

import dpcodec
from dpcodec.cli.exits import UsageError

SUFFIXES = {
    "wav": ".wav",
    "rf64": ".wav",
    "w64": ".w64",
    "flac": ".flac",
    "aiff": ".aiff",
    "ogg": ".ogg",
}
CONTAINERS = {
    ".wav": "wav",
    ".wave": "wav",
    ".rf64": "rf64",
    ".w64": "w64",
    ".flac": "flac",
    ".aif": "aiff",
    ".aiff": "aiff",
    ".aifc": "aiff",
    ".ogg": "ogg",
    ".oga": "ogg",
}
_PCM = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
SUBTYPES = {
    "wav": ("PCM_U8", *_PCM),
    "rf64": ("PCM_U8", *_PCM),
    "w64": ("PCM_U8", *_PCM),
    "aiff": ("PCM_S8", *_PCM),
    "flac": ("PCM_S8", "PCM_16", "PCM_24"),
    "ogg": ("VORBIS",),
}
NAMES = {
    "pcm8": ("PCM_U8", "PCM_S8"),
    "pcm16": ("PCM_16",),
    "pcm24": ("PCM_24",),
    "pcm32": ("PCM_32",),
    "float": ("FLOAT",),
    "double": ("DOUBLE",),
    "vorbis": ("VORBIS",),
}
_NEAREST = {
    "PCM_U8": ("PCM_U8", "PCM_S8"),
    "PCM_S8": ("PCM_S8", "PCM_U8"),
    "PCM_16": ("PCM_16",),
    "PCM_24": ("PCM_24",),
    "PCM_32": ("PCM_32", "PCM_24"),
    "FLOAT": ("FLOAT", "PCM_24"),
    "DOUBLE": ("DOUBLE", "PCM_24"),
}
"""What a subtype becomes where a container does not have it; others become PCM_16, or Vorbis in Ogg."""


def parse_format(text: str) -> tuple[str | None, str | None]:
    """Container and subtype names of --format: either, or both with a slash between.

    >>> parse_format("flac"), parse_format("pcm24"), parse_format("wav/float")
    (('flac', None), (None, 'pcm24'), ('wav', 'float'))
    """
    container, _, subtype = text.lower().partition("/")
    if container in NAMES and not subtype:
        container, subtype = "", container
    if (container and container not in SUBTYPES) or (subtype and subtype not in NAMES) or not text:
        known = f"{', '.join(SUBTYPES)} and/or {', '.join(NAMES)}"
        raise UsageError(f"format {text!r} is unknown: give {known}, as in wav/pcm24")
    if container and subtype and not set(NAMES[subtype]) & set(SUBTYPES[container]):
        raise UsageError(f"{container} files do not hold {subtype}: {container} takes {_names(container)}")
    return container or None, subtype or None


def choose_format(source: dpcodec.SampleFormat, wanted: str | None, target: str) -> dpcodec.SampleFormat:
    """The format to write: --format first, then the target's suffix, then what the source was."""
    container, subtype = parse_format(wanted) if wanted else (None, None)
    container = container or CONTAINERS.get(Path(target).suffix.lower())
    if container is None:
        # No suffix to go by: a pipe gets WAV, a file what the source was, if that can be written.
        container = source.container if source.container in SUBTYPES and target != "-" else "wav"
    allowed = SUBTYPES[container]
    choices = NAMES[subtype] if subtype else _NEAREST.get(source.subtype, ("PCM_16",))
    found = [choice for choice in choices if choice in allowed]
    if not found and subtype:
        raise UsageError(f"{container} files do not hold {subtype}: {container} takes {_names(container)}")
    return dpcodec.SampleFormat(container, found[0] if found else _default(container))


def _default(container: str) -> str:
    return "VORBIS" if container == "ogg" else "PCM_16"


def _names(container: str) -> str:
    return ", ".join(name for name, subtypes in NAMES.items() if set(subtypes) & set(SUBTYPES[container]))
