"""Audio in memory, and the source format it came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.errors import AudioError
from dpcodec.settings import CHANNELS_RANGE, RATE_RANGE_HZ


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

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate)
