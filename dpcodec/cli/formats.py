"""The audio format of a decoded file: the source's, unless the output's name or --format says otherwise."""

from __future__ import annotations

import dpcodec
from dpcodec.cli.exits import UsageError
from dpcodec.cli.paths import is_special

SUFFIXES = {
    **{"wav": ".wav", "rf64": ".wav", "w64": ".w64", "flac": ".flac", "aiff": ".aiff", "ogg": ".ogg"},
    **{"caf": ".caf", "au": ".au"},
}
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


def default_suffix(wanted: str | None, raw: str | None) -> str:
    """The suffix of outputs whose name is not given. Raises `UsageError` for --format with --raw."""
    if raw is not None:
        if wanted is not None:
            raise UsageError("--raw and --format contradict each other: give one of them")
        return ".raw"
    container, subtype = parse_format(wanted)
    if container in (None, "ogg") and subtype in ("opus", "vorbis"):
        return ".opus" if subtype == "opus" else ".ogg"
    return SUFFIXES[container or "wav"]


def check_name(target: str, wanted: str | None, raw: str | None) -> None:
    """Raise `UsageError`, before any work, for a name whose suffix does not go with what is to be written."""
    suffix = dpcodec.suffix_of(target)
    if target == "-" or is_special(target) or not suffix:
        return
    container = parse_format(wanted)[0]
    named = dpcodec.WRITTEN_SUFFIXES.get(suffix)
    if named is None:
        if suffix in dpcodec.AUDIO_SUFFIXES or not (raw or container):
            known = ", ".join(dict.fromkeys(SUFFIXES.values()))
            more = "" if suffix in dpcodec.AUDIO_SUFFIXES else ", or give --format"
            raise UsageError(f"{suffix} is not written: name the output {known} or .opus{more}")
        return
    asked = "raw" if raw else container
    if asked is not None and _family(asked) != _family(named):
        what = "--raw" if raw else f"--format {container}"
        raise UsageError(f"{what} and the suffix {suffix} contradict each other: give one of them")


def choose_format(info: dpcodec.StreamInfo, wanted: str | None, target: str) -> dpcodec.SampleFormat:
    """The format to write: --format first, then the target's suffix, then what the source was.

    A pipe gets WAV unless told: it needs no seeking. Raises `UsageError` where the container has no such
    sample type.
    """
    container, subtype = parse_format(wanted)
    source = info.sample_format
    named = dpcodec.SampleFormat("wav", source.subtype) if target == "-" else None
    named = named or dpcodec.format_for_name(target, source)
    opus = dpcodec.suffix_of(target) == ".opus"
    asked = SUBTYPES[subtype][0] if subtype else named.subtype
    found = dpcodec.writable_format(
        dpcodec.SampleFormat(container or named.container, asked), info.sample_rate
    )
    if opus and found.subtype != "OPUS":
        raise UsageError(
            f".opus holds Opus at 8000, 12000, 16000, 24000 or 48000 Hz, not {subtype or 'Opus'} at "
            f"{info.sample_rate} Hz: write .ogg, or encode with --rate 48000"
        )
    if subtype and found.subtype not in SUBTYPES[subtype]:
        raise UsageError(
            f"{found.container} does not hold {subtype} at this rate: leave it out for {found.subtype}"
        )
    return found


def _family(container: str) -> str:
    """Containers that share their suffixes."""
    return {"rf64": "wav", "opus": "ogg"}.get(container, container)
