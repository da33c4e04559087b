"""--rescale: the whole of the audio is kept aside, then written as loud as integers can hold it."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import Any

import numpy as np

BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "VORBIS": 24}
BLOCK_SAMPLES = 1 << 16


class Rescaling:
    """An audio writer in front of another. Float subtypes pass through: they do not clip.

    The audio waits in a temporary file, 4 bytes a sample.
    """

    def __init__(self, writer: Any, subtype: str) -> None:
        self._writer = writer
        self._bits = BITS.get(subtype)
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the writer
        self._channels = 1
        self._peak = 0.0

    @property
    def clipped(self) -> int:
        """Samples beyond full scale in what was written."""
        clipped: int = self._writer.clipped
        return clipped

    @property
    def warnings(self) -> list[str]:
        """The other writer's."""
        warnings: list[str] = self._writer.warnings
        return warnings

    def write(self, block: np.ndarray) -> None:
        """Append float32 [C, n]."""
        if self._bits is None:
            self._writer.write(block)
            return
        self._channels = block.shape[0]
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
        self._spool.write(np.ascontiguousarray(block.T, np.float32).tobytes())

    def close(self) -> None:
        """Write it all, scaled so that the peak is the largest integer if it was beyond full scale."""
        scale = 1.0
        if self._bits is not None and self._peak > 1.0:
            scale = (1.0 - 2.0 ** (1 - self._bits)) / self._peak
        self._spool.seek(0)
        while data := self._spool.read(BLOCK_SAMPLES * self._channels * 4):
            block = np.frombuffer(data, np.float32).reshape(-1, self._channels).T
            self._writer.write(block * np.float32(scale))
        self._writer.close()
        self._spool.close()

    def abandon(self) -> None:
        """Let go of the output without finishing it."""
        self._writer.abandon()
        self._spool.close()

    def __enter__(self) -> Rescaling:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
