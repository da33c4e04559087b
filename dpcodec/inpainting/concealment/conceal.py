"""Holes that lost packets left: what can be told of them is estimated, the rest is noise as loud as the
sound around.

Three things come together in a lost cell. What longer windows tell of it (`prior`), in an MDCT; a redundant
transform's solvers have said it before. Where that leaves out most of a band's energy, noise of the level
that the band has on both sides (`envelope`), softer by `NOISE`: it adds its own energy to the error, but a
band that falls silent for a moment is what the ear hears first. And silence, where the hole is so long that
nothing is known any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dpcodec.hearing.noise import filled
from dpcodec.inpainting.concealment import prior
from dpcodec.inpainting.concealment.decoded_run import DecodedRun
from dpcodec.inpainting.concealment.envelope import REACH_S, Envelope, levels
from dpcodec.transform.bands import band_edges, band_of_rows
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.operator import MdctOperator
from dpcodec.transform.stft import Transform, block_span

NOISE = 0.5
"""Level of the noise, of that of the sound around."""
ENOUGH = 4.0
"""Once an estimate holds a share of a band's power of one over this, no noise is added."""


class Concealer(NamedTuple):
    """Fills holes in files of one kind.

    segment_frames  F: noise depends on a cell's place in its segment
    stop            asked between steps: a true answer asks to come to an end
    """

    transform: Transform
    sample_rate: int
    segment_frames: int
    stop: Callable[[], bool]

    @property
    def halo(self) -> int:
        """Frames on each side of a hole whose coefficients matter."""
        if not isinstance(self.transform, Mdct):
            return 0
        return prior.reach(self.transform.n_fft, self.transform.hop, self.sample_rate)

    @property
    def reach(self) -> int:
        """Frames on each side of a hole whose levels matter."""
        return max(self.halo, round(REACH_S * self.sample_rate / self.transform.hop))

    def conceal(
        self, around: DecodedRun, first: int, stop: int, envelope: Envelope, samples: int | None
    ) -> DecodedRun:
        """Frames first .. stop - 1 of the file with their holes filled.

        around    these and up to `halo` frames on each side
        envelope  of up to `reach` frames on each side
        samples   N of the file, where that is known
        """
        around = _with_block_splits(around)
        own = around.cut(first, stop)
        X, lost = own.X.copy(), ~own.arrived
        if isinstance(self.transform, Mdct):
            X[:, lost] = self._estimates(around, samples)[:, :, first - around.first :][:, :, : stop - first][
                :, lost
            ]
            noisy = lost
        else:
            noisy = lost & lost.all(axis=0)  # of a frame that came in part, the rest is known well enough
        self._add_noise(X, noisy, first, envelope)
        return DecodedRun(first, X, own.arrived, own.block_splits)

    def _estimates(self, around: DecodedRun, samples: int | None) -> np.ndarray:
        """What longer windows tell of the lost cells, float32 [C, K, L]."""
        assert isinstance(self.transform, Mdct)
        lost = ~around.arrived
        found = np.zeros(around.X.shape, np.float32)
        span = block_span(self.transform, around.first, lost.shape[1], samples)
        for c, (X, splits) in enumerate(zip(around.X, around.block_splits, strict=True)):
            ends = int(splits[0]), int(splits[-1])
            operator = MdctOperator(self.transform, span, splits, ends)
            found[c] = prior.estimate(X, lost, operator, self.sample_rate, self.stop)
        return found

    def _add_noise(self, X: np.ndarray, noisy: np.ndarray, first: int, envelope: Envelope) -> None:
        """Noise on top of what was estimated of the cells, in place."""
        if not noisy.any():
            return
        K = X.shape[1]
        bands, edges = band_of_rows(K, self.sample_rate), band_edges(K, self.sample_rate)[:-1]
        there = _band_power(X, noisy, edges)
        rms, pairs = np.zeros(X.shape, np.float32), len(X) // 2
        across = np.zeros((pairs, *X.shape[1:]), np.float32)
        for frame in np.flatnonzero(noisy.any(axis=0)).tolist():
            power, correlation = levels(envelope, first + frame, self.reach, self.halo)
            missing = np.maximum(power - ENOUGH * there[:, :, frame], 0)
            rms[:, :, frame] = NOISE * np.sqrt(missing)[:, bands] * noisy[:, frame]
            across[:, :, frame] = correlation[:, bands]
        X += self._noise(rms, across, first, np.iscomplexobj(X))

    def _noise(self, rms: np.ndarray, across: np.ndarray, first: int, is_complex: bool) -> np.ndarray:
        """Noise of these levels [C, K, L] and correlations of pairs [C // 2, K, L]."""
        zeros = np.zeros(rms.shape[1:], np.float32)
        ones = np.asarray((rms > 0).any(axis=0), np.float32)
        C, F = len(rms), self.segment_frames
        unit = np.stack([filled(zeros, ones, c, first, F) for c in range(C)])
        if is_complex:
            # Each coefficient shares what it says with others; noise that does not agree is taken off.
            scale = np.sqrt(self.transform.n_fft / self.transform.hop / 2)
            imaginary = np.stack([filled(zeros, ones, C + c, first, F) for c in range(C)])
            unit = scale * (unit + 1j * imaginary)
        pairs = len(across)
        left, right = unit[0 : 2 * pairs : 2], unit[1 : 2 * pairs : 2]
        unit[1 : 2 * pairs : 2] = across * left + np.sqrt(1 - across**2) * right
        noise: np.ndarray = rms * unit
        return noise


def _band_power(X: np.ndarray, cells: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mean square of the cells in each band, over a frame and those beside it: float64 [C, B, L]."""
    squares = np.where(cells, X.real.astype(np.float64) ** 2 + X.imag.astype(np.float64) ** 2, 0)
    sums = np.add.reduceat(squares, edges, axis=1)
    count = np.add.reduceat(cells, edges, axis=0, dtype=np.float64)[None]

    def spread(values: np.ndarray) -> np.ndarray:
        padded = np.pad(values, [(0, 0), (0, 0), (1, 1)])
        total: np.ndarray = padded[:, :, :-2] + padded[:, :, 1:-1] + padded[:, :, 2:]
        return total

    mean: np.ndarray = spread(sums) / np.maximum(spread(count), 1)
    return mean


def _with_block_splits(around: DecodedRun) -> DecodedRun:
    """A frame that did not come is cut into blocks as the coarser of its neighbours is."""
    told = np.flatnonzero(around.arrived.any(axis=0))
    if not told.size or told.size == around.arrived.shape[1]:
        return around
    frames = np.arange(around.arrived.shape[1])
    after = told[np.minimum(np.searchsorted(told, frames), told.size - 1)]
    before = told[np.maximum(np.searchsorted(told, frames, side="right") - 1, 0)]
    splits = np.minimum(around.block_splits[:, before], around.block_splits[:, after])
    return DecodedRun(around.first, around.X, around.arrived, splits)
