"""Audio in memory, and the source format it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dpcodec.errors import AudioError
from dpcodec.settings import CHANNELS_RANGE, RATE_RANGE_HZ

Layout = Literal["N", "CN", "NC"]
LAYOUTS = ("N", "CN", "NC")


@dataclass(frozen=True)
class SampleFormat:
    """How samples were stored: `container` "wav", "rf64", "w64", "flac", "aiff", "ogg", "caf", "au" or "raw",
    of sources "mp3" and those of media too; `subtype` as libsndfile names it ("PCM_16", "VORBIS", ...)."""

    container: str = "wav"
    subtype: str = "PCM_16"


@dataclass(frozen=True)
class Audio:
    """Samples float32 [C, N], full scale 1.0, at `sample_rate` Hz, and the format for the way out.

    Raises `AudioError` if the shape or the rate cannot be coded. Other float or integer arrays are cast; a
    1-D array is one channel.
    """

    samples: np.ndarray
    sample_rate: int
    sample_format: SampleFormat = SampleFormat("wav", "FLOAT")
    tags: tuple[tuple[str, str], ...] = ()
    attachments: tuple[tuple[str, bytes], ...] = ()

    def __post_init__(self) -> None:
        samples = np.atleast_2d(np.asarray(self.samples, dtype=np.float32))
        if samples.ndim != 2 or not CHANNELS_RANGE[0] <= samples.shape[0] <= CHANNELS_RANGE[1]:
            raise AudioError(f"samples have shape {self.samples.shape}: give [C, N] with 1 to 255 channels")
        if not RATE_RANGE_HZ[0] <= self.sample_rate <= RATE_RANGE_HZ[1]:
            raise AudioError(f"the sample rate is {self.sample_rate} Hz: dpcodec takes 1 to 1048575 Hz")
        object.__setattr__(self, "samples", samples)

    @staticmethod
    def from_array(samples: object, sample_rate: int, layout: Layout) -> Audio:
        """Audio of an array whose layout is said: "N" samples of one channel, "CN" channels by samples (as
        torchaudio has it), "NC" samples by channels (as soundfile has it).

        Floats, full scale 1.0; anything that numpy makes an array of. Raises `AudioError` for integers, other
        shapes or layouts.

        >>> Audio.from_array(np.zeros((8000, 2)), 8000, "NC").samples.shape
        (2, 8000)
        """
        x = np.asarray(samples)
        if layout not in LAYOUTS:
            raise AudioError(f"layout is {layout!r}: use {', '.join(LAYOUTS)}")
        if x.dtype.kind != "f":
            raise AudioError(f"samples are of {x.dtype}: give floats, full scale 1.0")
        if x.ndim != len(layout):
            raise AudioError(f"samples have shape {x.shape}: that is not layout {layout}")
        return Audio(x.T if layout == "NC" else x, sample_rate)

    def to_array(self, layout: Layout) -> np.ndarray:
        """The samples, float32, in such a layout. Raises `AudioError` for "N" and several channels."""
        shapes = {"CN": self.samples, "NC": self.samples.T}
        if len(self.samples) == 1:
            shapes["N"] = self.samples.reshape(-1)
        if layout not in shapes:
            raise AudioError(f"{len(self.samples)} channels have no layout {layout!r}: use CN or NC")
        return shapes[layout]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate)
