"""FLAC, Ogg, AIFF, W64, CAF, MP3 and the like, through libsndfile; the only user of soundfile.

libsndfile seeks, so both ends take seekable file objects here; `audio_files` sees to that. Integer samples
pass as integers: libsndfile's own scaling of floats to FLAC would not give 16 bits back bit for bit.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import BinaryIO, cast

import numpy as np
import soundfile

from dpcodec.audio.audio import SampleFormat
from dpcodec.audio.guarded_file import GuardedFile
from dpcodec.audio.metadata.door import read_metadata, write_metadata
from dpcodec.audio.metadata.model import speakers_of
from dpcodec.audio.samples import ENCODINGS, SUBTYPE_ENCODINGS, to_integers
from dpcodec.audio.speakers import order_in_vorbis, turned
from dpcodec.audio.streams import Attachments, AudioReader, AudioWriter, Tags, check_stream
from dpcodec.errors import AudioError

_WRITE_SAMPLES = 1 << 13
"""libsndfile's Vorbis encoder keeps a whole write on its stack."""
_LIMITS = {"flac": ("FLAC", 655_350, 8), "VORBIS": ("Vorbis", 200_000, 255)}
"""The highest rate, Hz, and the most channels."""
_AIFF_COUNT_OFFSET_BYTES = 22
"""FORM, its length, AIFF, COMM, its length, channels; then the number of samples."""
_SSND_LENGTH_BYTES = 12
"""From the length of the SSND chunk, the last one, to its first sample."""
_WAYS_OUT = {
    "WAV": "wav",
    "WAVEX": "wav",
    "RF64": "rf64",
    "W64": "w64",
    "FLAC": "flac",
    "AIFF": "aiff",
    "OGG": "ogg",
    "CAF": "caf",
    "AU": "au",
    "MP3": "mp3",
    "MPEG": "mp3",
}
"""libsndfile's names and those of `SampleFormat`."""


class SndfileReader(AudioReader):
    """Reads whatever libsndfile reads. `opened` is closed with the reader.

    Raises `AudioError` where libsndfile cannot read it.
    """

    at_hand = True

    def __init__(self, fo: BinaryIO, opened: BinaryIO | None = None) -> None:
        self._opened = opened
        told = read_metadata(fo if fo.tell() == 0 else cast(BinaryIO, GuardedFile(fo)))
        self._guard = GuardedFile(fo)
        try:
            self._file = _ForwardFile(self._guard)
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            what = "MP3" if told.kind == "mp3" else "audio"
            raise AudioError(
                f"the {what} cannot be read ({exc.error_string}): convert it to WAV first"
            ) from exc
        file = self._file
        check_stream(file.samplerate, file.channels)
        self.sample_rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.samples = int(file.frames) if file.frames < 1 << 62 else None
        self.sample_format = _way_out(file.format, file.subtype)
        found = told.for_channels(self.channels)
        self.tags, self.attachments, self._order = found.tags, found.attachments, found.order
        self.warnings = list(found.warnings)
        self._given = 0

    def read(self, samples: int) -> np.ndarray:
        try:
            dtype = "int32" if self._file.subtype.startswith("PCM") else "float32"
            frames = self._file.read(samples, dtype, always_2d=True)
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise AudioError(
                f"the audio is damaged after sample {self._given} ({exc.error_string}): repair it first"
            ) from exc
        self._guard.check()
        block = np.ascontiguousarray(frames.T, np.float32)
        if dtype == "int32":
            block *= np.float32(2.0**-31)
        self._given += block.shape[1]
        if block.shape[1] == 0 < samples and self.samples is not None and self._given < self.samples:
            self.warnings.append(f"the audio ends after {self._given} of {self.samples} samples")
            self.samples = self._given
        return turned(block, self._order)

    def close(self) -> None:
        self._file.close()
        if self._opened:
            self._opened.close()


class SndfileWriter(AudioWriter):
    """Writes a container of libsndfile to a seekable file object. `opened` is closed with the writer.

    With tags or attachments the file object stands at its byte 0 and can be read: they are put in at the end.
    Raises `AudioError` for a rate or channels that the container does not take.
    """

    def __init__(
        self,
        fo: BinaryIO,
        sample_rate: int,
        channels: int,
        sample_format: SampleFormat,
        tags: Tags = (),
        opened: BinaryIO | None = None,
        attachments: Attachments = (),
    ) -> None:
        self.clipped = 0
        self.warnings = []
        self._opened = opened
        container, self._subtype = sample_format.container, sample_format.subtype
        self._container = container
        self._about = (sample_rate, channels)
        self._metadata = (tags, attachments)
        self._order = tuple(range(channels))
        if container == "ogg":
            self._order = order_in_vorbis(speakers_of(attachments), channels)
        self._written = 0
        self._start = fo.tell()
        _check_limits(self._subtype if container == "ogg" else container, sample_rate, channels)
        self._fo = fo
        self._guard = GuardedFile(fo)
        try:
            self._file = _ForwardFile(
                self._guard, "w", sample_rate, channels, self._subtype, None, container.upper()
            )
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise AudioError(
                f"{container.upper()} {self._subtype} does not take {sample_rate} Hz and {channels} channels "
                f"({exc.error_string}): write WAV"
            ) from exc

    def write(self, block: np.ndarray) -> None:
        frames = self._to_file_samples(turned(block, self._order))
        for start in range(0, len(frames), _WRITE_SAMPLES):
            try:
                self._file.write(frames[start : start + _WRITE_SAMPLES])
            except (
                soundfile.LibsndfileError,
                AssertionError,
            ) as exc:  # soundfile asserts that all was written
                self._guard.check()
                raise OSError(f"libsndfile could not write: {exc}") from exc
            self._guard.check()
        self._written += block.shape[1]

    def close(self) -> None:
        try:
            self._file.close()
            self._guard.check()
            self._mend()
            self.warnings += write_metadata(self._container, self._fo, *self._metadata, self._about[1])
            self._fo.flush()
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise OSError(f"libsndfile could not finish the file: {exc.error_string}") from exc
        finally:
            self._release()

    def abandon(self) -> None:
        with contextlib.suppress(soundfile.LibsndfileError):  # what is written is not wanted any more
            self._file.close()
        self._release()

    def _mend(self) -> None:
        """Set right what libsndfile 1.2 gets wrong: FLAC without samples, and odd counts in 8-bit AIFF."""
        audio_bytes = self._written * self._about[1]
        if self._container == "flac" and not self._written:
            self._fo.seek(self._start)
            self._fo.write(_empty_flac(*self._about, self._bits))
        elif self._container == "aiff" and self._subtype == "PCM_S8" and audio_bytes % 2:
            end = self._fo.seek(0, os.SEEK_END)
            self._fo.seek(self._start + _AIFF_COUNT_OFFSET_BYTES)
            self._fo.write(struct.pack(">I", self._written))
            self._fo.seek(end - 1 - audio_bytes - _SSND_LENGTH_BYTES)
            self._fo.write(struct.pack(">I", 8 + audio_bytes))
            self._fo.seek(end)

    @property
    def _bits(self) -> int:
        """Bits of a sample, as a plain number of the same width would have them."""
        return 8 * ENCODINGS[SUBTYPE_ENCODINGS[self._subtype]].width_bytes

    def _release(self) -> None:
        if self._opened:
            self._opened.close()

    def _to_file_samples(self, block: np.ndarray) -> np.ndarray:
        """Float32 [C, n] -> what libsndfile writes unchanged, [n, C]."""
        if not self._subtype.startswith("PCM"):
            return np.ascontiguousarray(block.T, np.float32)
        integers, clipped = to_integers(block, self._bits)
        self.clipped += clipped
        shifted: np.ndarray = np.left_shift(integers, 32 - self._bits)
        return shifted


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """Never sought between reads. soundfile would seek after each, which FLAC of unknown length does not
    survive."""

    def seekable(self) -> bool:
        return False


def _check_limits(name: str, sample_rate: int, channels: int) -> None:
    """Refuse what libsndfile would write wrongly, or crash on."""
    if name in _LIMITS:
        title, max_rate, max_channels = _LIMITS[name]
        if sample_rate > max_rate or channels > max_channels:
            raise AudioError(
                f"{title} takes up to {max_rate} Hz and {max_channels} channels, "
                f"not {sample_rate} Hz and {channels}: write WAV"
            )


def _empty_flac(sample_rate: int, channels: int, bits: int) -> bytes:
    """A FLAC file of no samples: the marker and STREAMINFO (RFC 9639, section 8.2), last of its blocks."""
    shape = sample_rate << 44 | channels - 1 << 41 | bits - 1 << 36
    blocks = struct.pack(">HH6x", 4096, 4096)
    return b"fLaC" + bytes([0x80, 0, 0, 34]) + blocks + shape.to_bytes(8, "big") + bytes(16)


def _way_out(container: str, subtype: str) -> SampleFormat:
    """What to write to give the source's format back; WAV for containers that are only read."""
    return SampleFormat(_WAYS_OUT.get(container, "wav"), subtype)
