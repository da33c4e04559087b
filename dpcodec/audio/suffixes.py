"""Suffixes of audio files: which container each asks for, and which can be read. Loads nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePath

WRITTEN_SUFFIXES = {
    ".wav": "wav",
    ".wave": "wav",
    ".bwf": "wav",
    ".rf64": "rf64",
    ".w64": "w64",
    ".flac": "flac",
    ".aif": "aiff",
    ".aiff": "aiff",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "opus",
    ".caf": "caf",
    ".au": "au",
    ".snd": "au",
    ".raw": "raw",
    ".pcm": "raw",
}
"""The container that a suffix asks for when audio is written; "opus" is Ogg with Opus in it."""

_ONLY_READ = (".aifc", ".mp3", ".mp2", ".mpga")
MEDIA_SUFFIXES = (
    *(".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp", ".aac", ".mka", ".mkv", ".webm", ".wma", ".wmv"),
    *(".avi", ".flv"),
)
"""Read through PyAV, where it is installed."""

AUDIO_SUFFIXES = (*WRITTEN_SUFFIXES, *_ONLY_READ, *MEDIA_SUFFIXES)
"""Every suffix of an audio file or a video that dpcodec knows, in small letters."""


_WRITTEN = frozenset(WRITTEN_SUFFIXES.values()) - {"opus"}


def way_out(container: str) -> str:
    """The container that gives a source of this one back: the same, or WAV for one that is only read.

    >>> way_out("flac"), way_out("mp4")
    ('flac', 'wav')
    """
    return container if container in _WRITTEN else "wav"


def readable_suffixes() -> tuple[str, ...]:
    """Those of `AUDIO_SUFFIXES` that this installation reads: the ones of media only where PyAV is there."""
    if find_spec("av") is not None:
        return AUDIO_SUFFIXES
    return tuple(suffix for suffix in AUDIO_SUFFIXES if suffix not in MEDIA_SUFFIXES)


def suffix_of(name: str) -> str:
    """The suffix of a file name, in small letters with its dot; "" where there is none.

    >>> suffix_of("a/b.WAV"), suffix_of("c")
    ('.wav', '')
    """
    return PurePath(name).suffix.lower()
