"""Rebuilding audio from an MDCT: nothing to solve, since the transform is orthonormal.

A dropped coefficient shares nothing with the kept ones: the zeros of solver none are the least-squares
estimate. Where the file tells noise levels, `auto` fills with noise instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dpcodec.bands import band_of_rows
from dpcodec.codec.noise import fill
from dpcodec.codec.real_grid import RealGrid, mdct_of, read_real_grid
from dpcodec.codec.report import DecodeReport, Progress
from dpcodec.codec.stretch import Stretch
from dpcodec.coding.shape import turned
from dpcodec.container.stream import Reader
from dpcodec.errors import SettingsError
from dpcodec.signal.mdct_blocks import MdctSynthesis
from dpcodec.signal.stft import frame_count

SOLVERS = ("auto", "none", "least-squares")


class MdctRebuild:
    """Walks over the file segment by segment. Raises `SettingsError` for a solver that MDCT files do not
    have."""

    def __init__(self, reader: Reader, solver: str, report: DecodeReport, progress: Progress) -> None:
        if solver not in SOLVERS:
            raise SettingsError(
                f"solver {solver} is for STFT files: this one is an MDCT, whose dropped coefficients nothing "
                "else determines; use auto"
            )
        self._mdct = mdct_of(reader.header)
        self._reader, self._header, self._report, self._progress = reader, reader.header, report, progress
        self._filled = reader.header.shaped and solver == "auto"
        reason = "as asked" if solver == "none" else "the MDCT is orthonormal, so zeros are least squares"
        self._choice = "noise: of the levels that the file tells" if self._filled else f"none: {reason}"

    def samples(self, stretch: Stretch) -> Iterator[np.ndarray]:
        """The finished samples of the stretch, float32 [C, n] blocks."""
        M, F = self._mdct.hop, self._header.segment_frames
        first = stretch.first // M // F
        last = None if stretch.last is None else -(-stretch.last // M) // F + 1
        synthesis = MdctSynthesis(self._mdct, self._header.channels, first * F)
        position = synthesis.start
        for data in self._reader.segments(first, last):
            total = self._reader.total_samples
            frames = None if total is None else min(F, frame_count(total, M) - data.index * F)
            grid, problems = read_real_grid(self._header, data, frames)
            self._report.damage += problems
            block = synthesis.push(self._coefficients(grid, data.index), grid.splits)
            yield from stretch.clipped(block, position, self._reader.total_samples)
            position += block.shape[1]
            self._tell(position, f"segment {data.index + 1}")

    def _coefficients(self, grid: RealGrid, segment: int) -> np.ndarray:
        """The estimate of the segment's coefficients, real [C, K, L]: filled if wanted, and turned back."""
        X = grid.values
        if self._filled:
            X = fill(X, grid.noise, segment)
        if grid.angles.any():
            bands = band_of_rows(X.shape[1], self._header.sample_rate)
            pairs = [
                turned(X[2 * i : 2 * i + 2], angles[bands, None], back=True)
                for i, angles in enumerate(grid.angles)
            ]
            X = np.concatenate([*pairs, X[2 * len(pairs) :]])
        return X

    def _tell(self, position: int, detail: str) -> None:
        choices, channels = self._report.choices, self._header.channels
        choices[self._choice] = choices.get(self._choice, 0) + channels
        rate, samples = self._header.sample_rate, self._reader.total_samples
        at, total = position / rate, None if samples is None else samples / rate
        if self._progress(at if total is None else min(at, total), total, detail):
            self._report.stopped = True
