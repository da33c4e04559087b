"""FLAC, Ogg, AIFF, W64 and the like, through libsndfile; the only user of soundfile.

libsndfile seeks, so both ends take seekable file objects here; `audio_files` sees to that. Integer samples
pass as integers: libsndfile's own scaling of floats to FLAC would not give 16 bits back bit for bit.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

import numpy as np
import soundfile

from dpcodec.errors import AudioError
from dpcodec.signal.audio import SampleFormat
from dpcodec.signal.samples import ENCODINGS, SUBTYPE_ENCODINGS, decode_pcm, to_integers
from dpcodec.signal.streams import AudioReader, AudioWriter, Tags, check_stream

_TAG_NAMES = ("title", "artist", "album", "date", "tracknumber", "genre", "comment", "copyright", "license")
"""The strings that libsndfile knows, but for the name of the encoding software: that is now dpcodec."""
_NATIVE_INT32 = ENCODINGS["s32le" if sys.byteorder == "little" else "s32be"]
_WRITE_SAMPLES = 1 << 13
"""libsndfile's Vorbis encoder keeps a whole write on its stack."""
_FLAC_MAX_RATE_HZ = 655_350
_FLAC_MAX_CHANNELS = 8
_WAYS_OUT = {
    "WAV": "wav",
    "WAVEX": "wav",
    "RF64": "rf64",
    "W64": "w64",
    "FLAC": "flac",
    "AIFF": "aiff",
    "OGG": "ogg",
}


class SndfileReader(AudioReader):
    """Reads whatever libsndfile reads, except MP3. `opened` is closed with the reader.

    Raises `AudioError` where libsndfile cannot read it.
    """

    def __init__(self, fo: BinaryIO, opened: BinaryIO | None = None) -> None:
        self._opened = opened
        self._guard = _Guard(fo)
        try:
            self._file = soundfile.SoundFile(self._guard)
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise AudioError(
                f"the audio cannot be read ({exc.error_string}): convert it to WAV first"
            ) from exc
        file = self._file
        if file.format == "MP3" or file.subtype.startswith("MPEG"):
            file.close()
            raise AudioError("MP3 is not read: decode it with ffmpeg first")
        check_stream(file.samplerate, file.channels)
        self.sample_rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.samples = int(file.frames) if file.frames < 1 << 62 else None
        self.sample_format = _way_out(file.format, file.subtype)
        self.tags = _read_tags(file)
        self.warnings = []
        self._given = 0

    def read(self, samples: int) -> np.ndarray:
        try:
            if self._file.subtype in SUBTYPE_ENCODINGS and self._file.subtype not in ("FLOAT", "DOUBLE"):
                data = self._file.buffer_read(samples, "int32")
                block = decode_pcm(bytes(data), _NATIVE_INT32, self.channels)
            else:
                block = np.ascontiguousarray(self._file.read(samples, "float32", always_2d=True).T)
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise AudioError(
                f"the audio is damaged after sample {self._given} ({exc.error_string}): repair it first"
            ) from exc
        self._guard.check()
        self._given += block.shape[1]
        if block.shape[1] == 0 < samples and self.samples is not None and self._given < self.samples:
            self.warnings.append(f"the audio ends after {self._given} of {self.samples} samples")
            self.samples = self._given
        return block

    def close(self) -> None:
        self._file.close()
        if self._opened:
            self._opened.close()


class SndfileWriter(AudioWriter):
    """Writes a container of libsndfile to a seekable file object. `opened` is closed with the writer.

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
    ) -> None:
        self.clipped = 0
        self.warnings = []
        self._opened = opened
        container, self._subtype = sample_format.container, sample_format.subtype
        if container == "flac" and (sample_rate > _FLAC_MAX_RATE_HZ or channels > _FLAC_MAX_CHANNELS):
            raise AudioError(
                f"FLAC takes up to {_FLAC_MAX_RATE_HZ} Hz and {_FLAC_MAX_CHANNELS} channels, "
                f"not {sample_rate} Hz and {channels}: write WAV"
            )
        self._fo = fo
        self._guard = _Guard(fo)
        try:
            self._file = soundfile.SoundFile(
                self._guard, "w", sample_rate, channels, self._subtype, None, container.upper()
            )
        except soundfile.LibsndfileError as exc:
            self._guard.check()
            raise AudioError(
                f"{container.upper()} {self._subtype} does not take {sample_rate} Hz and {channels} channels "
                f"({exc.error_string}): write WAV"
            ) from exc
        self._write_tags(tags)

    def write(self, block: np.ndarray) -> None:
        frames = self._to_file_samples(block)
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

    def close(self) -> None:
        self.abandon()
        self._guard.check()
        if not self._fo.closed:
            self._fo.flush()

    def abandon(self) -> None:
        self._file.close()
        if self._opened:
            self._opened.close()

    def _to_file_samples(self, block: np.ndarray) -> np.ndarray:
        """Float32 [C, n] -> what libsndfile writes unchanged, [n, C]."""
        if not self._subtype.startswith("PCM"):
            return np.ascontiguousarray(block.T, np.float32)
        bits = 8 * ENCODINGS[SUBTYPE_ENCODINGS[self._subtype]].width_bytes
        integers, clipped = to_integers(block, bits)
        self.clipped += clipped
        shifted: np.ndarray = np.left_shift(integers, 32 - bits)
        return shifted

    def _write_tags(self, tags: Tags) -> None:
        left_out = []
        for key, value in tags:
            try:
                if key.lower() in _TAG_NAMES:
                    setattr(self._file, key.lower(), value.replace("\0", " "))
                else:
                    left_out.append(key)
            except soundfile.LibsndfileError:  # the container has no tags at all
                left_out.append(key)
        if left_out:
            self.warnings.append(f"the output has no place for the tags {', '.join(left_out)}: left out")


class _Guard:
    """A file object for libsndfile's callbacks. No exception can pass through C: it is kept until `check`."""

    def __init__(self, fo: BinaryIO) -> None:
        self._fo = fo
        self._start = fo.tell()
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise what a callback met."""
        if self._failure is not None:
            raise self._failure

    def read(self, count: int) -> bytes:
        try:
            return self._fo.read(count)
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return b""

    def write(self, data: bytes) -> int:
        try:
            return self._fo.write(data)
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._fo.seek(offset + (self._start if whence == 0 else 0), whence) - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0

    def tell(self) -> int:
        try:
            return self._fo.tell() - self._start
        except BaseException as exc:  # noqa: BLE001 - kept for `check`
            self._failure = self._failure or exc
            return 0


def _way_out(container: str, subtype: str) -> SampleFormat:
    """What to write to give the source's format back: FLAC inside Ogg becomes FLAC, other strangers WAV."""
    if container == "OGG" and subtype not in ("VORBIS", "OPUS"):
        return SampleFormat("flac", subtype)
    return SampleFormat(_WAYS_OUT.get(container, "wav"), subtype)


def _read_tags(file: soundfile.SoundFile) -> Tags:
    found = ((name, getattr(file, name)) for name in _TAG_NAMES)
    return tuple((name.upper(), value) for name, value in found if value)
