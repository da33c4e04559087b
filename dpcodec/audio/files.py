"""Audio files of every format, opened by what is in them and created by name.

WAV, RF64 and headerless PCM are read and written by dpcodec itself, on files and pipes. All else goes
through libsndfile, or for MP4, Matroska and the like through PyAV, which seek: from a pipe it is kept in a
temporary file first, and to a pipe it is sent once it is whole.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, cast

from dpcodec.audio import wav
from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.byte_source import ByteSource, bytes_left
from dpcodec.audio.media_formats import PROBE_BYTES, media_format
from dpcodec.audio.raw import PcmWriter, RawFormat, open_raw
from dpcodec.audio.samples import ENCODINGS, SUBTYPE_ENCODINGS, WAV_SUBTYPES
from dpcodec.audio.streams import Attachments, AudioReader, AudioWriter, Tags, check_stream
from dpcodec.audio.suffixes import WRITTEN_SUFFIXES, suffix_of
from dpcodec.errors import AudioError, FileAccessError, SettingsError

_DPC_MAGIC = bytes.fromhex("894450430d0a1a0a")
_SNDFILE_MAGICS = (b"fLaC", b"OggS", b"FORM", b"RIFX", b"riff\x2e\x91\xcf\x11", b"caff", b".snd")
_SNDFILE_WAV_CODES = (0x0002, 0x0006, 0x0007, 0x0011, 0x0031)
"""MS ADPCM, A-law, mu-law, IMA ADPCM, GSM 6.10."""
_AIFF_LIMIT_BYTES = 0x7FFF0000
_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)

_SUBTYPES = {
    "wav": WAV_SUBTYPES,
    "rf64": WAV_SUBTYPES,
    "w64": WAV_SUBTYPES,
    "aiff": ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "flac": ("PCM_S8", "PCM_16", "PCM_24"),
    "ogg": ("VORBIS", "OPUS"),
    "caf": ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "au": ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "raw": tuple(SUBTYPE_ENCODINGS),
}
_NEAREST = {"PCM_U8": "PCM_S8", "PCM_S8": "PCM_U8", "PCM_32": "PCM_24", "FLOAT": "PCM_24", "DOUBLE": "PCM_24"}


def open_audio(source: str | os.PathLike[str] | BinaryIO, raw: RawFormat | None = None) -> AudioReader:
    """Open audio for reading block by block, recognised by its content; with `raw`, as headerless PCM.

    A file object is read from where it stands and stays open. Raises `AudioError` where it is no audio that
    dpcodec reads, `SettingsError` for a directory, `FileAccessError` where it cannot be opened.
    """
    if not isinstance(source, str | os.PathLike):
        return _open_stream(source, raw, None)
    fo = open_binary(Path(source))
    try:
        return _open_stream(fo, raw, fo)
    except BaseException:
        fo.close()
        raise


def open_binary(path: Path) -> BinaryIO:
    """A file to read; errors as `open_audio` raises them."""
    try:
        return path.open("rb")
    except FileNotFoundError as exc:
        raise AudioError(f"{path}: there is no such file: check the name") from exc
    except IsADirectoryError as exc:
        raise SettingsError(f"{path}: this is a directory: give a file") from exc
    except OSError as exc:
        raise FileAccessError(f"{path}: it cannot be opened: {exc.strerror}") from exc


def create_audio(
    target: str | os.PathLike[str] | BinaryIO,
    sample_rate: int,
    channels: int,
    sample_format: SampleFormat,
    samples: int | None = None,
    tags: Tags = (),
    raw: RawFormat | None = None,
    attachments: Attachments = (),
) -> AudioWriter:
    """Create audio to be written block by block, in the nearest format to `sample_format` that can be written
    (`writable_format`).

    samples  how many there will be, if known: a pipe then gets an exact header
    raw      write headerless PCM in this encoding instead
    tags, attachments  go in where the container has a place for them; the writer's `warnings` name the rest

    A file object is written from where it stands and stays open. Raises `AudioError` for a rate or channels
    that the container does not take, `FileAccessError` where the path cannot be created.
    """
    check_stream(sample_rate, channels)
    if raw is not None:
        encoding = raw.encoding
        sample_format = SampleFormat("raw", raw.subtype)
    else:
        sample_format = writable_format(sample_format, sample_rate)
        encoding = SUBTYPE_ENCODINGS.get(sample_format.subtype, "")
    opened = None
    if isinstance(target, str | os.PathLike):
        try:
            path = Path(target)
            plain = not path.exists() or path.is_file()  # a pipe is opened one way
            opened = path.open("w+b" if plain else "wb")
        except OSError as exc:
            raise FileAccessError(f"{os.fspath(target)}: it cannot be created: {exc.strerror}") from exc
    fo = opened or cast(BinaryIO, target)
    try:
        if sample_format.container == "raw":
            from dpcodec.audio.metadata.door import nowhere

            writer = PcmWriter(fo, encoding, opened)
            writer.warnings += nowhere("headerless PCM", tags, attachments)
            return writer
        if sample_format.container in ("wav", "rf64"):
            from dpcodec.audio.wav_writer import WavWriter

            rf64 = sample_format.container == "rf64"
            subtype = sample_format.subtype
            return WavWriter(fo, sample_rate, channels, subtype, samples, tags, rf64, opened, attachments)
        _check_size(sample_format, samples, channels)
        if sample_format.subtype == "OPUS" and samples == 0:
            sample_format = SampleFormat("ogg", "VORBIS")  # libsndfile's empty Opus is malformed
        return _create_by_sndfile(fo, sample_rate, channels, sample_format, tags, opened, attachments)
    except BaseException:
        if opened:
            opened.close()
        raise


def writable_format(wanted: SampleFormat, sample_rate: int) -> SampleFormat:
    """The nearest format that can be written: FLAC has no floats and at most 24 bits here, Ogg Opus five
    rates, and what is coded with loss elsewhere becomes 16 bits.

    Raises `SettingsError` for a container that is not written.

    >>> writable_format(SampleFormat("flac", "FLOAT"), 44100)
    SampleFormat(container='flac', subtype='PCM_24')
    """
    container, subtype = wanted.container, wanted.subtype
    if container not in _SUBTYPES:
        raise SettingsError(f"container {container!r} is not written: use {', '.join(_SUBTYPES)}")
    if container == "ogg":
        return SampleFormat(
            "ogg", "OPUS" if subtype == "OPUS" and sample_rate in _OPUS_RATES_HZ else "VORBIS"
        )
    if subtype not in _SUBTYPES[container]:
        subtype = _NEAREST.get(subtype, "PCM_16")
    return SampleFormat(container, subtype)


def format_for_name(name: str | os.PathLike[str], source: SampleFormat) -> SampleFormat:
    """The format that a file name asks for, with the sample type of the source; the source's for other names.

    `.opus` asks for Opus in Ogg, whatever the source was.

    >>> format_for_name("x.flac", SampleFormat("wav", "PCM_24"))
    SampleFormat(container='flac', subtype='PCM_24')
    >>> format_for_name("x.opus", SampleFormat("wav", "PCM_24"))
    SampleFormat(container='ogg', subtype='OPUS')
    """
    container = WRITTEN_SUFFIXES.get(suffix_of(os.fspath(name)), source.container)
    if container == "opus":
        return SampleFormat("ogg", "OPUS")
    return SampleFormat(container, source.subtype)


def _open_stream(fo: BinaryIO, raw: RawFormat | None, opened: BinaryIO | None) -> AudioReader:
    source = ByteSource(fo)
    if raw is not None:
        return open_raw(source, raw, opened)
    magic = source.peek(PROBE_BYTES)
    header = None
    demuxer = media_format(magic)
    if demuxer is None and magic[:4] in wav.MAGICS:
        header = wav.read_header(source)
        if source.size is None or header.fmt.code not in _SNDFILE_WAV_CODES:
            return wav.WavReader(source, header, opened)
    elif demuxer is None and not magic.startswith(_SNDFILE_MAGICS) and not _is_mpeg_audio(magic):
        raise AudioError(_describe(magic))
    if source.size is not None:
        source.seek(0)
        return _open_by_library(fo, demuxer, header, opened)
    from dpcodec.audio.spool import spool_pipe

    spool = spool_pipe(source)
    try:
        reader = _open_by_library(spool, demuxer, header, spool)
    except BaseException:
        spool.close()
        raise
    if opened:
        opened.close()
    return reader


def _open_by_library(
    fo: BinaryIO, demuxer: str | None, header: wav.WavHeader | None, opened: BinaryIO | None
) -> AudioReader:
    """What libsndfile reads, or with a `demuxer` PyAV, from a file object that can be sought."""
    if demuxer is not None:
        from dpcodec.audio.media import MediaReader

        return MediaReader(fo, demuxer, opened)
    from dpcodec.audio.sndfile import SndfileReader

    reader = SndfileReader(fo, opened)
    if header is not None:
        reader.tags, reader.attachments = header.tags, header.attachments
    return reader


def _check_size(sample_format: SampleFormat, samples: int | None, channels: int) -> None:
    if sample_format.container == "aiff":
        sample_bytes = ENCODINGS[SUBTYPE_ENCODINGS[sample_format.subtype]].width_bytes
        if (samples or 0) * channels * sample_bytes > _AIFF_LIMIT_BYTES:
            raise AudioError("AIFF ends at 2 GiB: write WAV")


def _create_by_sndfile(
    fo: BinaryIO,
    sample_rate: int,
    channels: int,
    sample_format: SampleFormat,
    tags: Tags,
    opened: BinaryIO | None,
    attachments: Attachments,
) -> AudioWriter:
    from dpcodec.audio.sndfile import SndfileWriter
    from dpcodec.audio.spool import SpooledWriter, temporary_file

    # Metadata is put in once the file is whole, which takes one that can be read, from its first byte.
    bare = not tags and not attachments
    if bytes_left(fo) is not None and (bare or (fo.readable() and fo.tell() == 0)):
        return SndfileWriter(fo, sample_rate, channels, sample_format, tags, opened, attachments)
    spool = temporary_file()
    try:
        inner = SndfileWriter(spool, sample_rate, channels, sample_format, tags, None, attachments)
    except BaseException:
        spool.close()
        raise
    return SpooledWriter(inner, spool, fo, opened)


def _is_mpeg_audio(magic: bytes) -> bool:
    """Whether bytes begin as an MP3 file does: an ID3 tag, or a frame of layer II or III."""
    return magic[:3] == b"ID3" or (len(magic) > 1 and magic[0] == 0xFF and magic[1] & 0xE6 in (0xE2, 0xE4))


def _describe(magic: bytes) -> str:
    """Why bytes that begin like this are not read."""
    if not magic:
        return "the input is empty: give audio"
    if magic.startswith(_DPC_MAGIC):
        return "this is already a .dpc file: decode it, or give audio"
    return (
        "this is no WAV or other audio known here: convert it with ffmpeg first, or say with --raw what it is"
    )
