"""A `.dpc` file as `soundfile.SoundFile` shows audio: what Python's audio tools expect of a file.

(B. Bechtold et al., python-soundfile 0.13: names, arguments and shapes are its.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dpcodec.audio.files import open_binary
from dpcodec.codec.decode_report import DecodeReport
from dpcodec.codec.decode_settings import DecodeSettings
from dpcodec.codec.decoder import rebuild_of, solver_of
from dpcodec.codec.rebuild import TimeRange
from dpcodec.container.stream import Reader, ReadLimits
from dpcodec.errors import LimitError, SettingsError

Place = str | os.PathLike[str] | BinaryIO
DTYPES = ("float64", "float32", "int32", "int16")


def open(file: Place, settings: DecodeSettings | None = None) -> SoundFile:
    """Open a `.dpc` file to read any part of it.

    `file` is a path, or a file object that can be sought, which stays open. `settings` must name no time
    range. Raises what `decode` raises.

    >>> import io
    >>> from dpcodec import Audio, encode
    >>> with open(io.BytesIO(encode(Audio(np.zeros(8000), 8000)))) as file:
    ...     file.samplerate, file.channels, file.frames, file.read(5, dtype="float32").shape
    (8000, 1, 8000, (5,))
    """
    return SoundFile(file, settings or DecodeSettings())


class SoundFile:
    """A `.dpc` file that is open for reading, with the names of `soundfile.SoundFile`.

    name         path, or the name of the file object
    samplerate   Hz
    channels     C
    frames       N samples a channel
    format, subtype   "DPC" and "FLOAT"

    Reading decodes from the segment before the place on; reading on from there costs nothing more. Raises
    `LimitError` for more audio than the settings allow.
    """

    mode, format, subtype = "r", "DPC", "FLOAT"
    _reader: Reader | None = None
    _owned: BinaryIO | None = None

    def __init__(self, file: Place, settings: DecodeSettings) -> None:
        if settings.start or settings.duration is not None:
            raise SettingsError("a file that is opened is sought in: leave out start and duration")
        self._settings, self._solver = settings, solver_of(settings)
        named = isinstance(file, str | os.PathLike)
        self.name = os.fspath(file) if isinstance(file, str | os.PathLike) else getattr(file, "name", None)
        self._owned = open_binary(Path(file)) if isinstance(file, str | os.PathLike) else None
        self._blocks: Iterator[np.ndarray] | None = None
        self._held = np.zeros((0, 0), np.float32)
        self._place = 0
        try:
            source = file if self._owned is None else self._owned
            assert not isinstance(source, str | os.PathLike)
            if not named and not source.seekable():
                raise SettingsError("a pipe cannot be sought in: use decode_stream")
            limits = ReadLimits(settings.max_expansion, settings.max_memory)
            self._reader = Reader(source, limits)
            self.samplerate, self.channels = self._reader.header.sample_rate, self._reader.header.channels
            self.frames = self._length()
        except BaseException:
            self.close()
            raise

    def _length(self) -> int:
        """N; of a file that was cut before it was told, what comes out."""
        assert self._reader is not None
        frames = self._reader.total_samples
        if frames is None:
            frames = sum(block.shape[1] for block in self._from(0))
        if frames / self.samplerate > self._settings.max_duration:
            raise LimitError(f"{frames / self.samplerate:.0f} s of audio pass the limit: raise max_duration")
        return frames

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __len__(self) -> int:
        return self.frames

    def __repr__(self) -> str:
        about = f"samplerate={self.samplerate}, channels={self.channels}, frames={self.frames}"
        return f"SoundFile({self.name!r}, {about})"

    @property
    def closed(self) -> bool:
        """Whether nothing can be read any more."""
        return self._reader is None

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """(key, value) pairs."""
        return self._open_reader().tags

    @property
    def damage(self) -> list[str]:
        """What was found wrong with the file so far."""
        return [str(one) for one in self._open_reader().damage]

    def close(self) -> None:
        """Let go of the file; one that was given as an object stays open."""
        self._reader, self._blocks = None, None
        if self._owned is not None:
            self._owned.close()

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The sample that comes next."""
        return self._place

    def seek(self, frames: int, whence: int = os.SEEK_SET) -> int:
        """Go to a sample, counted from the start, from here or from the end; the new place. Raises
        `SettingsError` for one outside the file."""
        self._open_reader()
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise SettingsError(f"whence is {whence!r}: use 0, 1 or 2")
        place = frames + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.frames}[whence]
        if not 0 <= place <= self.frames:
            raise SettingsError(f"sample {place} is not in a file of {self.frames}")
        ahead = place - self._place
        if 0 <= ahead <= self._held.shape[1]:
            self._held = self._held[:, ahead:]
        else:
            self._blocks = None
        self._place = place
        return place

    def read(
        self,
        frames: int = -1,
        dtype: str = "float64",
        always_2d: bool = False,
        fill_value: float | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The next samples, all that are left where `frames` is negative: [n] of a file of one channel, else
        [n, C], also with `always_2d`.

        dtype       one of DTYPES; integers are of full scale, rounded and clipped
        fill_value  what stands behind the end, so that there are as many as were asked for; None: fewer come
        out         array [n] or [n, C] to fill and give back, whose length and dtype count
        """
        if out is not None:
            frames = len(out) if frames < 0 else min(frames, len(out))
            dtype = str(out.dtype)
        if dtype not in DTYPES:
            raise SettingsError(f"dtype is {dtype!r}: use one of {', '.join(DTYPES)}")
        left = self.frames - self._place
        count = left if frames < 0 else min(frames, left)
        samples = _converted(self._take(count), dtype).T
        if fill_value is not None and frames > count:
            fill = np.full((frames - count, self.channels), fill_value, samples.dtype)
            samples = np.concatenate([samples, fill])
        if self.channels == 1 and not always_2d and (out is None or out.ndim == 1):
            samples = samples[:, 0]
        if out is None:
            return np.ascontiguousarray(samples)
        out[: len(samples)] = samples
        return out[: len(samples)]

    def blocks(
        self,
        blocksize: int,
        overlap: int = 0,
        frames: int = -1,
        dtype: str = "float64",
        always_2d: bool = False,
        fill_value: float | None = None,
    ) -> Iterator[np.ndarray]:
        """Blocks of so many samples from here on, of which neighbours share `overlap`; the last one is
        shorter unless a `fill_value` is given. The shapes are those of `read`."""
        self._open_reader()
        if not 0 <= overlap < blocksize:
            raise SettingsError(f"overlap {overlap} of blocks of {blocksize}: give less, and no less than 0")
        left = self.frames - self._place if frames < 0 else min(frames, self.frames - self._place)
        shared = np.zeros((0, self.channels), dtype)
        while left > 0:
            count = min(blocksize - len(shared), left)
            block = np.concatenate([shared, self.read(count, dtype, always_2d=True)])
            left -= count
            shared = block[len(block) - overlap :] if overlap else block[:0]
            if fill_value is not None and len(block) < blocksize:
                fill = np.full((blocksize - len(block), self.channels), fill_value, block.dtype)
                block = np.concatenate([block, fill])
            yield block[:, 0] if self.channels == 1 and not always_2d else block

    def _open_reader(self) -> Reader:
        if self._reader is None:
            raise SettingsError("the file is closed: open it again")
        return self._reader

    def _from(self, place: int) -> Iterator[np.ndarray]:
        """Blocks of samples from a place on."""
        report = DecodeReport(self.samplerate, self.channels)
        rebuild = rebuild_of(self._open_reader(), self._settings, self._solver, report)
        return rebuild.samples(TimeRange(place, None))

    def _take(self, count: int) -> np.ndarray:
        """The next samples, float32 [C, n]."""
        self._open_reader()
        if self._blocks is None:
            self._blocks, self._held = self._from(self._place), np.zeros((self.channels, 0), np.float32)
        blocks = [self._held]
        length = self._held.shape[1]
        while length < count and (block := next(self._blocks, None)) is not None:
            blocks.append(block)
            length += block.shape[1]
        joined = np.concatenate(blocks, axis=1)
        self._held = joined[:, count:]
        self._place += count
        return joined[:, :count]


def _converted(samples: np.ndarray, dtype: str) -> np.ndarray[Any, Any]:
    if dtype.startswith("float"):
        return samples.astype(dtype)
    full = 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
    rounded = np.clip(np.rint(samples.astype(np.float64) * full), -full, full - 1)
    return rounded.astype(dtype)
