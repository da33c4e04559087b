"""MP4, Matroska and the like, and the sound of videos, through PyAV (FFmpeg's libraries); its only user."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.metadata.id3 import chapter_tags
from dpcodec.audio.metadata.model import PICTURE, Metadata, bounded, speakers_attachment, unusual
from dpcodec.audio.metadata.mp4 import read_mp4
from dpcodec.audio.metadata.pictures import pack_picture
from dpcodec.audio.speakers import usual_mask
from dpcodec.audio.streams import AudioReader, check_stream
from dpcodec.errors import AudioError

_TITLES = {"mov": "MP4", "matroska": "Matroska", "asf": "ASF", "avi": "AVI", "flv": "FLV", "aac": "AAC"}
_CONTAINERS = {"mov": "mp4"}
_SUBTYPES = {"s16": "PCM_16", "u8": "PCM_U8", "flt": "FLOAT", "dbl": "DOUBLE"}
_LOSSLESS = ("alac", "flac", "wavpack", "tta", "mlp", "truehd", "ape")
_SPEAKERS = {
    **{"FL": 0, "FR": 1, "FC": 2, "LFE": 3, "BL": 4, "BR": 5, "FLC": 6, "FRC": 7, "BC": 8, "SL": 9, "SR": 10},
    **{"TC": 11, "TFL": 12, "TFC": 13, "TFR": 14, "TBL": 15, "TBC": 16, "TBR": 17},
}
"""FFmpeg's names of channels, and their bits of a WAVE mask."""


class MediaReader(AudioReader):
    """Reads the first sound of a file that can be sought. `opened` is closed with the reader.

    Raises `AudioError` where PyAV is not installed, or the file has no sound that it decodes.
    """

    def __init__(self, fo: BinaryIO, demuxer: str, opened: BinaryIO | None = None) -> None:
        title = _TITLES[demuxer]
        try:
            import av
        except ImportError as exc:
            raise AudioError(
                f"{title} is read through PyAV, which is not installed: pip install "
                "'dpcodec[media]', or convert it with ffmpeg first"
            ) from exc
        self._opened, self._title, self._errors = opened, title, av.FFmpegError
        start = fo.tell()
        found = read_mp4(fo) if demuxer == "mov" else Metadata()
        fo.seek(start)
        try:
            self._container: Any = av.open(fo, "r", format=demuxer)
        except (av.FFmpegError, ValueError) as exc:
            raise AudioError(
                f"the {title} file cannot be read ({_said(exc)}): convert it with ffmpeg first"
            ) from exc
        try:
            self._prepare(demuxer, found)
        except BaseException:
            self._container.close()
            raise

    def _prepare(self, demuxer: str, found: Metadata) -> None:
        streams = self._container.streams.audio
        if not streams:
            raise AudioError(f"the {self._title} file has no sound: give one with sound")
        stream = streams[0]
        context = stream.codec_context
        if context is None or not context.sample_rate:
            raise AudioError(f"the sound of the {self._title} file is coded in a way that PyAV does not know")
        check_stream(context.sample_rate, context.channels)
        self.sample_rate, self.channels = int(context.sample_rate), int(context.channels)
        self.samples = None
        self.sample_format = SampleFormat(_CONTAINERS.get(demuxer, demuxer), _subtype(context))
        if demuxer != "mov":
            _take_dictionary(self._container, stream, found)
        if not any(key.startswith("CHAPTER0") for key, _ in found.tags):
            found.tags += _chapters(self._container)
        if not any(kind == PICTURE for kind, _ in found.attachments):
            found.attachments += _pictures(self._container)
        mask = _mask(context)
        if unusual(mask, usual_mask(self.channels)):
            found.attachments.insert(0, speakers_attachment(mask))
        found = bounded(found)
        self.tags, self.attachments = tuple(found.tags), tuple(found.attachments)
        self.warnings = list(found.warnings)
        if len(streams) > 1:
            self.warnings.append(f"the file has {len(streams)} sounds: the first is read")
        self._blocks = self._decoded(stream)
        self._ahead = np.zeros((self.channels, 0), np.float32)

    def read(self, samples: int) -> np.ndarray:
        while self._ahead.shape[1] < samples:
            block = next(self._blocks, None)
            if block is None:
                break
            self._ahead = np.concatenate([self._ahead, block], axis=1)
        block, self._ahead = self._ahead[:, :samples], self._ahead[:, samples:]
        return np.ascontiguousarray(block)

    def close(self) -> None:
        self._container.close()
        if self._opened:
            self._opened.close()

    def _decoded(self, stream: Any) -> Iterator[np.ndarray]:
        """All frames, float32 [C, n]. What cannot be decoded in the middle is told once."""
        given = 0
        try:
            for frame in self._container.decode(stream):
                if len(frame.layout.channels) != self.channels or frame.sample_rate != self.sample_rate:
                    raise AudioError(
                        f"rate or channels change after sample {given}: convert it with ffmpeg first"
                    )
                block = _samples(frame, self.channels)
                given += block.shape[1]
                yield block
        except self._errors as exc:
            if isinstance(exc, EOFError):
                return
            raise AudioError(
                f"the audio is damaged after sample {given} ({_said(exc)}): repair it first"
            ) from exc


def _samples(frame: Any, channels: int) -> np.ndarray:
    """A frame of any sample type -> float32 [C, n], full scale 1.0."""
    x: np.ndarray = frame.to_ndarray()
    if not frame.format.is_planar:
        x = x.reshape(-1, channels).T
    if x.dtype.kind == "u":
        return (x.astype(np.float32) - 128) / 128
    if x.dtype.kind == "i":
        return x.astype(np.float32) * np.float32(2.0 ** (1 - 8 * x.dtype.itemsize))
    with np.errstate(all="ignore"):
        wide: np.ndarray = x.astype(np.float32)
    return wide


def _subtype(context: Any) -> str:
    """How samples were stored: 16 or 24 bits of a lossless codec, else that it was one with loss."""
    name = context.name.split("_")[0]
    if name in _LOSSLESS or context.name.startswith("pcm_"):
        kind = context.format.name.removesuffix("p")
        bits = getattr(context, "bits_per_raw_sample", 0) or 0
        return _SUBTYPES.get(kind, "PCM_32" if bits > 24 else "PCM_24")
    return {"opus": "OPUS", "libopus": "OPUS", "vorbis": "VORBIS", "mp3": "MPEG_LAYER_III"}.get(name, "AAC")


def _mask(context: Any) -> int:
    """The channel mask, 0 where FFmpeg knows no layout or one that no mask can say."""
    bits = [_SPEAKERS.get(channel.name) for channel in context.layout.channels]
    if None in bits or bits != sorted(set(bits), key=lambda bit: bit or 0):
        return 0
    return sum(1 << bit for bit in bits if bit is not None)


def _take_dictionary(container: Any, stream: Any, found: Metadata) -> None:
    """Tags as FFmpeg tells them, of the file and of its sound."""
    tags = [(key.upper(), value) for key, value in dict(container.metadata).items()]
    found.tags += tags
    found.add_missing([(key.upper(), value) for key, value in dict(stream.metadata).items()])


def _chapters(container: Any) -> list[tuple[str, str]]:
    """Chapters as Vorbis comments tell them."""
    tags: list[tuple[str, str]] = []
    told = container.chapters() if hasattr(container, "chapters") else ()  # not in older releases
    for number, chapter in enumerate(told, 1):
        start = float(Fraction(chapter["start"]) * Fraction(chapter["time_base"]))
        tags += chapter_tags(number, start, chapter["metadata"].get("title", ""))
    return tags


def _pictures(container: Any) -> list[tuple[str, bytes]]:
    """Cover pictures, which FFmpeg shows as attachments or videos of one frame."""
    found = []
    for stream in container.streams:
        data, mime = getattr(stream, "data", None), getattr(stream, "mimetype", None) or ""
        if stream.type == "attachment" and data and mime.startswith("image/"):
            found.append((PICTURE, pack_picture(data, mime)))
    return found


def _said(exc: BaseException) -> str:
    said = getattr(exc, "strerror", None) or str(exc)
    return (said.splitlines() or [""])[0][:200] or type(exc).__name__
