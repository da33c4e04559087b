"""What was decoded of a run of frames, and which of it never arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class DecodedRun(NamedTuple):
    """A run of frames of the file.

    first         the first frame's number in the file
    X             real or complex [C, K, L], coefficients of the signal's own channels, zero or a solver's
                  estimate where nothing arrived
    arrived       bool [K, L], True where the part of the file came that tells of the cell, in all channels
    block_splits  int64 [C, L], how the MDCT's frames are cut into blocks
    """

    first: int
    X: np.ndarray
    arrived: np.ndarray
    block_splits: np.ndarray

    @property
    def stop(self) -> int:
        """The number of the frame after the last."""
        return self.first + len(self.arrived.T)

    @property
    def holes(self) -> np.ndarray:
        """Which frames lack something, bool [L]."""
        return np.asarray(~self.arrived.all(axis=0))

    def cut(self, first: int, stop: int) -> DecodedRun:
        """Frames first .. stop - 1 of the file, as far as they are in the run."""
        at = slice(max(first - self.first, 0), max(stop - self.first, 0))
        return DecodedRun(
            self.first + at.start, self.X[:, :, at], self.arrived[:, at], self.block_splits[:, at]
        )

    def copied(self, first: int) -> DecodedRun:
        """A copy of the frames from `first` on, that holds on to nothing else."""
        cut = self.cut(first, self.stop)
        return DecodedRun(cut.first, cut.X.copy(), cut.arrived.copy(), cut.block_splits.copy())


def join(runs: Sequence[DecodedRun]) -> DecodedRun:
    """Neighbouring runs of frames as one."""
    if len(runs) == 1:
        return runs[0]
    fields = zip(*((s.X, s.arrived, s.block_splits) for s in runs), strict=True)
    return DecodedRun(runs[0].first, *(np.concatenate(parts, axis=-1) for parts in fields))
