"""Whole files of any kind in and out of memory: other audio, and `.dpc`."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dpcodec.audio.audio import Audio
from dpcodec.audio.files import create_audio, format_for_name, open_audio, open_binary
from dpcodec.audio.raw import RawFormat
from dpcodec.audio.streams import ArrayReader, ArrayWriter
from dpcodec.audio.suffixes import suffix_of
from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.decoder import StreamInfo, decode_stream
from dpcodec.codec.encoder import encode_stream
from dpcodec.container.constants import MAGIC, MAGIC_BYTES
from dpcodec.errors import FileAccessError, SettingsError
from dpcodec.settings import EncodeSettings

Place = str | os.PathLike[str] | BinaryIO
SUFFIX = ".dpc"
BLOCK = 1 << 16
"""Samples read at a time."""


def read(source: Place, settings: DecodeSettings | None = None, raw: RawFormat | None = None) -> Audio:
    """All of an audio file, `.dpc` or other, known by its content; `settings` are for decoding.

    A file object can be sought, is read from where it stands, and stays open. Raises what `decode` and
    `open_audio` raise; a time range of `settings` is for `.dpc` files alone.
    """
    with _opened(source) as fo:
        magic = fo.read(MAGIC_BYTES)
        fo.seek(-len(magic), io.SEEK_CUR)
        if raw is None and magic == MAGIC:
            return decode_whole(fo, settings or DecodeSettings())
        with open_audio(fo, raw) as reader:
            blocks = [np.zeros((reader.channels, 0), np.float32)]
            while (block := reader.read(BLOCK)).shape[1]:
                blocks.append(block)
            samples = np.concatenate(blocks, axis=1)
            return Audio(samples, reader.sample_rate, reader.sample_format, reader.tags, reader.attachments)


def write(target: Place, audio: Audio, settings: EncodeSettings | None = None) -> None:
    """Write audio in the format that the name's suffix asks for: `.dpc` by `settings`, others with the sample
    type of `audio.sample_format`, which alone decides for a file object without settings.

    What is there is replaced. Raises `SettingsError` for settings and another suffix, and what `encode` and
    `create_audio` raise.
    """
    named = isinstance(target, str | os.PathLike)
    suffix = suffix_of(os.fspath(target)) if isinstance(target, str | os.PathLike) else ""
    if suffix == SUFFIX or (settings is not None and not named):
        out = io.BytesIO()
        encode_stream(ArrayReader(audio), out, settings or EncodeSettings())
        _put(target, out.getvalue())
        return
    if settings is not None:
        raise SettingsError(f"settings are for {SUFFIX} files: this is called {suffix or 'without a suffix'}")
    wanted = audio.sample_format
    if isinstance(target, str | os.PathLike):
        wanted = format_for_name(target, wanted)
    channels, samples = audio.samples.shape
    about = (audio.sample_rate, channels, wanted, samples, audio.tags)
    with create_audio(target, *about, attachments=audio.attachments) as writer:
        writer.write(audio.samples)


def decode_whole(fo: BinaryIO, settings: DecodeSettings) -> Audio:
    """The audio of a `.dpc` file object, in memory; see `decode_stream`."""
    writers: list[ArrayWriter] = []

    def collect(info: StreamInfo) -> ArrayWriter:
        writers.append(
            ArrayWriter(info.sample_rate, info.channels, info.sample_format, info.tags, info.attachments)
        )
        return writers[0]

    decode_stream(fo, collect, settings)
    return writers[0].audio


@contextmanager
def _opened(source: Place) -> Iterator[BinaryIO]:
    if not isinstance(source, str | os.PathLike):
        yield source
        return
    with open_binary(Path(source)) as fo:
        yield fo


def _put(target: Place, data: bytes) -> None:
    if not isinstance(target, str | os.PathLike):
        target.write(data)
        return
    try:
        Path(target).write_bytes(data)
    except OSError as exc:
        raise FileAccessError(f"{os.fspath(target)}: it cannot be written: {exc.strerror}") from exc
