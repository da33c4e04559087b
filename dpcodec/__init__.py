"""Audio codec that drops time-frequency coefficients and inpaints them at the decoder.

What the default does with a clip, and which folder does it; decoding walks back up:

    samples            audio/       files and streams in and out
    MDCT coefficients  transform/   frames cut into blocks where the sound changes
    masking threshold  hearing/     how much noise each band may have; paired channels rotated
    symbols, bytes     coding/      quantised, and coded in contexts; what became zero has a noise level
    packets, .dpc      container/   each packet stands alone, with its checksum
    what is missing    inpainting/  decoding only: noise of the told levels for what became zero

`modes/` has each kind of file (perceptual, MDCT, STFT) behind one contract, `codec/` the loops over segments;
the masks of the other kinds are in `mask/`.

`encode` and `decode` work on arrays and bytes; `encode_stream` and `decode_stream` on readers, writers and
file objects, in bounded memory; `read` and `write` on whole files; `open` reads any part of a `.dpc` file.
`inpaint` takes a spectrogram and a mask of a caller's own. Importing this package loads neither numpy nor
torch: each name brings its module when it is first asked for, so that the command is there at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dpcodec.audio.audio import Audio, SampleFormat
    from dpcodec.audio.files import create_audio, format_for_name, open_audio, writable_format
    from dpcodec.audio.metadata.pictures import pack_picture, picture_image
    from dpcodec.audio.raw import RawFormat, parse_raw
    from dpcodec.audio.suffixes import (
        AUDIO_SUFFIXES,
        MEDIA_SUFFIXES,
        WRITTEN_SUFFIXES,
        readable_suffixes,
        suffix_of,
    )
    from dpcodec.codec.decode_report import DecodeReport
    from dpcodec.codec.decode_settings import DecodeSettings
    from dpcodec.codec.decoder import StreamInfo, decode_stream
    from dpcodec.codec.encoder import encode_stream
    from dpcodec.codec.files import read, write
    from dpcodec.codec.inspection import FileInfo, inspect_stream
    from dpcodec.codec.packets import (
        FORMAT_VERSION,
        ProtectReport,
        RepairReport,
        Survival,
        Tagged,
        protect_stream,
        read_tagged,
        retag_stream,
    )
    from dpcodec.codec.report import EncodeReport
    from dpcodec.codec.sound_file import SoundFile, open
    from dpcodec.codec.whole import decode, encode, inspect, repair, repair_stream
    from dpcodec.errors import (
        AudioError,
        DeviceError,
        DpcodecError,
        FileAccessError,
        FormatError,
        LimitError,
        PluginError,
        SettingsError,
        VersionError,
    )
    from dpcodec.inpainting.interface import inpaint
    from dpcodec.inpainting.problem import Problem
    from dpcodec.inpainting.solver_settings import SolverSettings
    from dpcodec.inpainting.solvers import SOLVERS, SolverEntry, check_solver
    from dpcodec.mask.custom import ArrayMask, load_mask
    from dpcodec.mask.making import make_mask
    from dpcodec.mask.table import parse_mask
    from dpcodec.profiles import PROFILES, profile, profile_meant
    from dpcodec.settings import MASKS, PLUGIN_MASKS, EncodeSettings
    from dpcodec.transform.mdct import Mdct
    from dpcodec.transform.stft import Stft

__version__ = "0.2.0"

__all__ = [  # noqa: RUF022 - plainly sorted
    "AUDIO_SUFFIXES",
    "ArrayMask",
    "Audio",
    "AudioError",
    "DecodeReport",
    "DecodeSettings",
    "DeviceError",
    "DpcodecError",
    "EncodeReport",
    "EncodeSettings",
    "FORMAT_VERSION",
    "FileAccessError",
    "FileInfo",
    "FormatError",
    "LimitError",
    "MASKS",
    "MEDIA_SUFFIXES",
    "Mdct",
    "PLUGIN_MASKS",
    "PROFILES",
    "PluginError",
    "Problem",
    "ProtectReport",
    "RawFormat",
    "RepairReport",
    "SOLVERS",
    "SampleFormat",
    "SettingsError",
    "SolverEntry",
    "SolverSettings",
    "SoundFile",
    "Stft",
    "StreamInfo",
    "Survival",
    "Tagged",
    "VersionError",
    "WRITTEN_SUFFIXES",
    "__version__",
    "check_solver",
    "create_audio",
    "decode",
    "decode_stream",
    "encode",
    "encode_stream",
    "format_for_name",
    "inpaint",
    "inspect",
    "inspect_stream",
    "load_mask",
    "make_mask",
    "open",
    "open_audio",
    "pack_picture",
    "parse_mask",
    "parse_raw",
    "picture_image",
    "profile",
    "profile_meant",
    "protect_stream",
    "read",
    "read_tagged",
    "readable_suffixes",
    "repair",
    "repair_stream",
    "retag_stream",
    "suffix_of",
    "writable_format",
    "write",
]

_HOMES = {
    "dpcodec.audio.audio": ("Audio", "SampleFormat"),
    "dpcodec.audio.files": ("create_audio", "format_for_name", "open_audio", "writable_format"),
    "dpcodec.audio.raw": ("RawFormat", "parse_raw"),
    "dpcodec.audio.metadata.pictures": ("pack_picture", "picture_image"),
    "dpcodec.audio.suffixes": (
        "AUDIO_SUFFIXES",
        "MEDIA_SUFFIXES",
        "WRITTEN_SUFFIXES",
        "readable_suffixes",
        "suffix_of",
    ),
    "dpcodec.codec.decoder": ("StreamInfo", "decode_stream"),
    "dpcodec.codec.encoder": ("encode_stream",),
    "dpcodec.codec.files": ("read", "write"),
    "dpcodec.codec.inspection": ("FileInfo", "inspect_stream"),
    "dpcodec.codec.packets": (
        "FORMAT_VERSION",
        "ProtectReport",
        "RepairReport",
        "Survival",
        "Tagged",
        "protect_stream",
        "read_tagged",
        "retag_stream",
    ),
    "dpcodec.codec.decode_report": ("DecodeReport",),
    "dpcodec.codec.decode_settings": ("DecodeSettings",),
    "dpcodec.codec.report": ("EncodeReport",),
    "dpcodec.codec.whole": ("decode", "encode", "inspect", "repair", "repair_stream"),
    "dpcodec.codec.sound_file": ("SoundFile", "open"),
    "dpcodec.errors": (
        "AudioError",
        "DeviceError",
        "DpcodecError",
        "FileAccessError",
        "FormatError",
        "LimitError",
        "PluginError",
        "SettingsError",
        "VersionError",
    ),
    "dpcodec.inpainting.interface": ("inpaint",),
    "dpcodec.inpainting.problem": ("Problem",),
    "dpcodec.inpainting.solver_settings": ("SolverSettings",),
    "dpcodec.inpainting.solvers": ("SOLVERS", "SolverEntry", "check_solver"),
    "dpcodec.mask.custom": ("ArrayMask", "load_mask"),
    "dpcodec.mask.making": ("make_mask",),
    "dpcodec.mask.table": ("parse_mask",),
    "dpcodec.profiles": ("PROFILES", "profile", "profile_meant"),
    "dpcodec.settings": ("MASKS", "PLUGIN_MASKS", "EncodeSettings"),
    "dpcodec.transform.mdct": ("Mdct",),
    "dpcodec.transform.stft": ("Stft",),
}
"""Where the public names are at home: what the imports above tell a type checker, for the running program."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            globals()[name] = found = getattr(import_module(module), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
