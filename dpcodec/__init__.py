"""Audio codec that drops time-frequency coefficients and inpaints them at the decoder.

    samples --signal--> spectrogram --mask--> kept coefficients --coding--> bytes --container--> .dpc
    samples <--signal-- spectrogram <-----inpaint----- kept coefficients <--coding-- bytes <--container-- .dpc

`encode` and `decode` work on arrays and bytes; `encode_stream` and `decode_stream` on readers, writers and
file objects, in bounded memory. Importing this package does not import torch.
"""

from dpcodec.codec import (
    FORMAT_VERSION,
    DecodeReport,
    EncodeReport,
    FileInfo,
    RepairReport,
    StreamInfo,
    decode,
    decode_stream,
    encode,
    encode_stream,
    inspect,
    inspect_stream,
    repair,
    repair_stream,
)
from dpcodec.errors import (
    AudioError,
    DeviceError,
    DpcodecError,
    FileAccessError,
    FormatError,
    LimitError,
    SettingsError,
    VersionError,
)
from dpcodec.settings import PROFILES, DecodeSettings, EncodeSettings, parse_mask, profile
from dpcodec.signal.audio import Audio, SampleFormat
from dpcodec.signal.audio_files import create_audio, format_for_name, open_audio, writable_format
from dpcodec.signal.raw import RawFormat, parse_raw

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - plainly sorted
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
    "PROFILES",
    "RawFormat",
    "RepairReport",
    "SampleFormat",
    "SettingsError",
    "StreamInfo",
    "VersionError",
    "__version__",
    "create_audio",
    "decode",
    "decode_stream",
    "encode",
    "encode_stream",
    "format_for_name",
    "inspect",
    "inspect_stream",
    "open_audio",
    "parse_mask",
    "parse_raw",
    "profile",
    "repair",
    "repair_stream",
    "writable_format",
]
