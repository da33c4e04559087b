"""One segment's coefficients as the decoder has them: the parts that arrived, laid back on the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dpcodec.codec.masks import known_mask
from dpcodec.coding.part import STORED_MASKS, coded_frames, decode_part, part_slices, share_bounds
from dpcodec.container.header import Header
from dpcodec.container.stream import SegmentData
from dpcodec.errors import FormatError, SettingsError
from dpcodec.mask.seeded import dropped_count
from dpcodec.signal.stft import Stft


@dataclass
class Grid:
    """Kept coefficients of a run of frames; the fields are those of `inpaint.problem.Problem`, [C, K, L]."""

    kept: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray

    @staticmethod
    def unknown(shape: tuple[int, int, int]) -> Grid:
        """A grid of which nothing is known."""
        return Grid(
            np.zeros(shape, bool),
            np.zeros(shape, np.complex64),
            np.zeros(shape, np.float32),
            np.full(shape, np.inf, np.float32),
        )

    @property
    def frames(self) -> int:
        """Number of frames L."""
        return int(self.kept.shape[2])

    def cut(self, first: int, last: int) -> Grid:
        """Frames first..last-1."""
        return Grid(*(field[:, :, first:last] for field in self.fields()))

    def channel(self, c: int) -> Grid:
        """One channel, [1, K, L]."""
        return Grid(*(field[c : c + 1] for field in self.fields()))

    def fields(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The four arrays, in the order of the constructor."""
        return self.kept, self.centre, self.halfwidth, self.bound


def join(grids: Sequence[Grid]) -> Grid:
    """Grids of neighbouring runs of frames as one."""
    return Grid(
        *(np.concatenate(fields, axis=2) for fields in zip(*(g.fields() for g in grids), strict=True))
    )


def stft_of(header: Header) -> Stft:
    """The transform a header names. Raises `FormatError` where it cannot be inverted."""
    try:
        return Stft(header.n_fft, header.hop, header.window)
    except SettingsError as exc:
        raise FormatError(f"invalid field in the header: {exc}") from exc


def read_grid(header: Header, data: SegmentData, frames: int | None) -> tuple[Grid, list[str]]:
    """Decode the parts of a segment that arrived; also one line for each that cannot be decoded.

    `frames` is L of the segment, or None where the file's length is not known yet: the parts then say it.
    """
    frames, problems = frames_of(header, data, frames)
    shape = (header.channels, header.bins, frames)
    grid = Grid.unknown(shape)
    arrived = np.zeros(shape[1], bool)
    quiet = np.zeros(shape[0], np.float32)
    mask = None if header.mask in STORED_MASKS else known_mask(header, data.index, frames)
    for part, body in data.parts.items():
        try:
            coded = decode_part(body, part, data.total_parts, shape, mask, header.exact, header.mask)
        except FormatError as exc:
            problems.append(f"segment {data.index}: part {part} cannot be decoded: {exc}")
            continue
        rows, columns = part_slices(part, data.total_parts)
        for field, values in zip(
            grid.fields(), (coded.kept, coded.centre, coded.halfwidth, coded.bound), strict=True
        ):
            field[:, rows, columns] = values
        arrived[rows] = True
        quiet = np.maximum(quiet, coded.quiet)
    if mask is None:
        cells = shape[1] * (frames if header.mask == "significance" else 1)
        if dropped_count(header.drop_q32, cells) == cells:
            quiet[:] = np.inf  # the mask keeps nothing
        grid.bound = share_bounds(grid.bound, grid.kept, arrived, quiet, header.mask)
    return grid, problems


def frames_of(header: Header, data: SegmentData, frames: int | None) -> tuple[int, list[str]]:
    """The segment's frame count, known or read from its parts."""
    if frames is not None:
        return frames, []
    for part, body in data.parts.items():
        try:
            found = coded_frames(body)
        except FormatError:
            continue
        if 1 <= found <= header.segment_frames:
            return found, []
        return header.segment_frames, [f"segment {data.index}: part {part} claims {found} frames"]
    return header.segment_frames, []
