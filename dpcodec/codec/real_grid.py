"""One segment's real coefficients as the decoder has them: the parts that arrived, laid back on the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.bands import band_edges
from dpcodec.codec.grid import frames_of
from dpcodec.codec.masks import known_mask
from dpcodec.coding.part import STORED_MASKS, part_slices
from dpcodec.coding.real_part import decode_real_part
from dpcodec.coding.shaped_part import decode_shaped_part
from dpcodec.container.header import Header
from dpcodec.container.stream import SegmentData
from dpcodec.errors import FormatError
from dpcodec.signal.mdct import Mdct


@dataclass
class RealGrid:
    """What arrived of a segment.

    kept    bool [C, K, L]
    values  float32 [C, K, L], zero where nothing arrived; pairs of channels still turned by `angles`
    splits  int64 [C, L], zero where no part told them
    noise   float32 [C, K, L], root mean square of what may fill a cell
    angles  int64 [C // 2, B], zero where no part told them
    """

    kept: np.ndarray
    values: np.ndarray
    splits: np.ndarray
    noise: np.ndarray
    angles: np.ndarray


def mdct_of(header: Header) -> Mdct:
    """The transform a header names."""
    return Mdct(header.n_fft, header.window, header.max_split)


def read_real_grid(header: Header, data: SegmentData, frames: int | None) -> tuple[RealGrid, list[str]]:
    """Decode the parts of a segment that arrived; also one line for each that cannot be decoded.

    `frames` is L of the segment, or None where the file's length is not known yet: the parts then say it.
    """
    frames, problems = frames_of(header, data, frames)
    shape = (header.channels, header.bins, frames)
    bands = len(band_edges(header.bins, header.sample_rate)) - 1
    grid = RealGrid(
        kept=np.zeros(shape, bool),
        values=np.zeros(shape, np.float32),
        splits=np.zeros((header.channels, frames), np.int64),
        noise=np.zeros(shape, np.float32),
        angles=np.zeros((header.channels // 2, bands), np.int64),
    )
    lay = _lay_shaped if header.shaped else _lay
    told = False
    for part, body in data.parts.items():
        try:
            lay(header, data, grid, part, body, told)
        except FormatError as exc:
            problems.append(f"segment {data.index}: part {part} cannot be decoded: {exc}")
            continue
        told = True
    return grid, problems


def _lay(header: Header, data: SegmentData, grid: RealGrid, part: int, body: bytes, told: bool) -> None:
    shape = grid.values.shape
    mask = None if header.mask in STORED_MASKS else known_mask(header, data.index, shape[2])
    coded = decode_real_part(
        body, part, data.total_parts, shape, mask, header.exact, header.max_split, header.sample_rate
    )
    if told and not np.array_equal(coded.splits, grid.splits):
        raise FormatError("coded part: its splits are not those of the part before")
    rows = part_slices(part, data.total_parts)[0]
    grid.kept[:, rows], grid.values[:, rows], grid.splits = coded.kept, coded.values, coded.splits


def _lay_shaped(
    header: Header, data: SegmentData, grid: RealGrid, part: int, body: bytes, told: bool
) -> None:
    coded = decode_shaped_part(
        body, part, data.total_parts, grid.values.shape, header.sample_rate, header.max_split
    )
    if told and not (np.array_equal(coded.splits, grid.splits) and np.array_equal(coded.angles, grid.angles)):
        raise FormatError("coded part: its splits or angles are not those of the part before")
    rows = part_slices(part, data.total_parts)[0]
    grid.kept[:, rows], grid.values[:, rows], grid.splits = coded.kept, coded.values, coded.splits
    grid.noise[:, rows], grid.angles = coded.noise, coded.angles
