"""The contract of a mode: what a kind of file codes, reads back, and knows of what it does not hold.

`codec/` calls nothing else; a mode knows nothing of files, packets or devices.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from dpcodec.coding.body import body_frames, part_cells
from dpcodec.container.header import Header
from dpcodec.errors import FormatError, SettingsError
from dpcodec.settings import MASKS, EncodeSettings, mode_name
from dpcodec.transform.mdct import Mdct
from dpcodec.transform.stft import Transform, block_span
from dpcodec.transform.streaming import FrameRun

if TYPE_CHECKING:
    from dpcodec.coding.bounds import StoredBound
    from dpcodec.container.reader import SegmentData
    from dpcodec.inpainting.problem import Problem


Found = tuple[float, float]
"""By the search for a step: its log2, and at a bit rate log2 of how many bytes it made for each estimated."""


class CodedSegment(NamedTuple):
    """A segment's bodies, one a part, how many of its coefficients are kept, whether finer steps than the
    finest would be needed for the bytes that it may take, and what the search found, where there is one."""

    bodies: list[bytes]
    kept: int
    coefficients: int
    finest: bool = False
    found: Found | None = None

    @property
    def size(self) -> int:
        """Bytes of the bodies."""
        return sum(map(len, self.bodies))


class Allowance(NamedTuple):
    """What a segment of a file at a bit rate may take: bytes of the bodies of its group up to its own, at
    least so many of its own, and what the search found in the last group that it may know of."""

    upto: int
    least: int
    found: Found | None = None


Budget = Callable[[int, FrameRun], Allowance]
"""Called with each segment's index and samples, in order."""


@dataclass
class Segment:
    """What arrived of a run of frames, laid on the grid, [C, K, L] where nothing else is said; the meaning of
    `inpainting.problem.Problem`.

    block_splits  int64 [C, L], how the MDCT's frames are cut into blocks; zero where no part told it
    angles        int64 [C // 2, B, L], by which paired channels are rotated; zero where no part told it
    arrived       bool [K, L], of which cells a part told something, be it that they were dropped
    """

    kept: np.ndarray
    value: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    noise: np.ndarray
    block_splits: np.ndarray
    angles: np.ndarray
    arrived: np.ndarray

    @staticmethod
    def unknown(shape: tuple[int, int, int], dtype: type[np.generic], bands: int = 0) -> Segment:
        """A run of frames of which nothing is known."""
        C, K, L = shape
        return Segment(
            kept=np.zeros(shape, bool),
            value=np.zeros(shape, dtype),
            centre=np.zeros(shape, dtype),
            halfwidth=np.zeros(shape, np.float32),
            bound=np.full(shape, np.inf, np.float32),
            noise=np.broadcast_to(np.float32(0), shape),
            block_splits=np.zeros((C, L), np.int64),
            angles=np.zeros((C // 2, bands, L), np.int64),
            arrived=np.zeros((K, L), bool),
        )

    @property
    def frames(self) -> int:
        """Number of frames L."""
        return int(self.kept.shape[2])

    def cut(self, first: int, last: int) -> Segment:
        """Frames first .. last - 1."""
        return Segment(*(field[..., first:last] for field in self._fields()))

    def _fields(self) -> list[np.ndarray]:
        return [getattr(self, field.name) for field in fields(self)]


def join(segments: Sequence[Segment]) -> Segment:
    """Neighbouring runs of frames as one."""
    if len(segments) == 1:
        return segments[0]
    return Segment(
        *(np.concatenate(parts, axis=-1) for parts in zip(*(s._fields() for s in segments), strict=True))
    )


class Synthesis(Protocol):
    """Coefficients back into samples, run of frames by run of frames."""

    @property
    def start(self) -> int:
        """The first sample that comes out."""

    def push(self, X: np.ndarray, block_splits: np.ndarray) -> np.ndarray:
        """Add the coefficients [C, K, L] estimated for a run of frames, cut into blocks by these exponents
        int64 [C, L]; the samples that no later frame can change, float32 [C, n]."""

    def finish(self, samples: int) -> np.ndarray:
        """What is left of a signal of so many samples, float32 [C, n]."""


class SegmentCoder(Protocol):
    """Codes segments in order, from any place on, or from the first of any group (`modes.rate`)."""

    state: Any
    """What one segment leaves to the next, to be compared and pickled; at first that of the first."""

    @property
    def by_groups(self) -> bool:
        """Whether a segment must know more of those before it in its group than `state`. The first of a group
        knows what its budget tells."""

    def lead(self, run: FrameRun, found: Found | None = None) -> None:
        """Pass over a segment, which is not the last: `state` becomes what it leaves, but for rare cases.
        `found` by the last group that may be known."""

    def code(self, index: int, run: FrameRun, budget: Budget) -> CodedSegment:
        """Code segment `index` of the file."""


class Mode(Protocol):
    """One kind of file, made from a header."""

    @property
    def transform(self) -> Transform: ...

    def runs(self, blocks: Iterator[np.ndarray]) -> Iterator[FrameRun]:
        """Blocks of samples float32 [C, n], cut into what each segment is coded from."""

    def coder(self, settings: EncodeSettings) -> SegmentCoder:
        """What codes them."""

    def read(self, packets: SegmentData, frames: int | None) -> tuple[Segment, list[str]]:
        """What arrived of a segment, and a line for each part that cannot be decoded. `frames` is L, or None
        where the file's length is not known yet: the parts then say it."""

    def problem(self, segment: Segment, channel: int, first_frame: int, samples: int | None) -> Problem:
        """All that is known of one channel of a run of frames that begins with `first_frame` of the file, [1,
        K, L]; `samples` N of the file where that is known. Channels are those that are coded: of a pair that
        is rotated the rotated ones."""

    def own_channels(self, X: np.ndarray, segment: Segment) -> np.ndarray:
        """The coefficients [C, K, L] estimated for a run of frames, as those of the signal's own channels."""

    def synthesis(self, first_frame: int) -> Synthesis:
        """From `first_frame` of the file on."""


def mdct_problem(
    mdct: Mdct, header: Header, segment: Segment, channel: int, first_frame: int, samples: int | None
) -> Problem:
    """As `Mode.problem`, for every kind of MDCT file."""
    from dpcodec.inpainting.problem import Origin, Problem  # lazy: an encoder has no problems
    from dpcodec.transform.operator import MdctOperator

    exponents, one = segment.block_splits[channel], slice(channel, channel + 1)
    around = (int(exponents[0]), int(exponents[-1]))
    operator = MdctOperator(mdct, block_span(mdct, first_frame, segment.frames, samples), exponents, around)
    return Problem(
        operator,
        segment.kept[one],
        segment.value[one],
        segment.centre[one],
        segment.halfwidth[one],
        segment.bound[one],
        segment.noise[one],
        Origin(channel, first_frame, header.segment_frames),
    )


class PartReader:
    """Lays the parts of segments on their grid: what the modes' `read` share."""

    def __init__(self, header: Header) -> None:
        self.header, self.kind = header, MASKS[header.mask]

    def read(
        self,
        packets: SegmentData,
        frames: int | None,
        unknown: Callable[[tuple[int, int, int]], Segment],
        lay: Callable[
            [Segment, bytes, tuple[slice, slice], SegmentData, np.ndarray | None, bool], np.ndarray
        ],
    ) -> tuple[Segment, list[str]]:
        """As `Mode.read`.

        unknown  makes a segment of a shape [C, K, L] in which nothing is known
        lay      decodes a body and enters its cells; its arguments: the segment, the body, the rows and
                 frames of its part, the packets, the mask where the header determines it, whether a part
                 came before. Gives back the bound on columns in which no part kept anything, float [C]
        """
        L, problems = self._frames(packets, frames)
        header, index = self.header, packets.index
        shape = (header.channels, header.bins, L)
        segment = unknown(shape)
        quiet, told = np.zeros(shape[0]), False
        mask = None if self.kind.stored or not packets.parts else self.known_mask(index, shape)
        for part, body in packets.parts.items():
            where = part_cells(part, packets.total_parts, header.frame_parts)
            try:
                if header.frame_parts and part >= L:
                    raise FormatError(f"coded part: {L} frames make no more parts")
                quiet = np.maximum(quiet, lay(segment, body, where, packets, mask, told))
            except FormatError as exc:
                problems.append(f"segment {index}: part {part} cannot be decoded: {exc}")
                continue
            segment.arrived[where], told = True, True
        if self.kind.by_segment is not None:
            segment.bound = self.bounds(L).share(
                segment.bound, segment.kept, np.asarray(segment.arrived.all(axis=1)), quiet
            )
        return segment, problems

    def known_mask(self, segment: int, shape: tuple[int, int, int]) -> np.ndarray:
        """The mask that the header determines, bool [C, K, L]."""
        from dpcodec.mask.table import segment_mask  # lazy: few files have such a mask

        return segment_mask(self.header.mask)(self.header, segment, np.broadcast_to(np.float32(0), shape))

    def bounds(self, frames: int) -> StoredBound:
        """What the mask bounds in a segment of so many frames."""
        from dpcodec.coding.bounds import StoredBound  # lazy: perceptual files have their own
        from dpcodec.mask.count import dropped_count

        cells = self.header.bins * (frames if self.kind.by_segment else 1)
        return StoredBound(self.kind.by_segment, dropped_count(self.header.drop_q32, cells) == cells)

    def _frames(self, packets: SegmentData, frames: int | None) -> tuple[int, list[str]]:
        """The segment's frame count, known or read from its parts."""
        if frames is not None:
            return frames, []
        most = self.header.segment_frames
        for part, body in packets.parts.items():
            try:
                found = body_frames(body)
            except FormatError:
                continue
            if 1 <= found <= most:
                return found, []
            return most, [f"segment {packets.index}: part {part} claims {found} frames"]
        return most, []


# Loaded when a file of its kind comes.
MODES = {
    "stft": ("dpcodec.modes.stft", "StftMode"),
    "mdct": ("dpcodec.modes.mdct", "MdctMode"),
    "perceptual": ("dpcodec.modes.perceptual", "PerceptualMode"),
}


def mode_of(header: Header) -> Mode:
    """The mode of the files that have this header. Raises `SettingsError` where its numbers make no transform
    that can be inverted."""
    module, name = MODES[mode_name(header.transform, header.mask)]
    mode: Mode = getattr(importlib.import_module(module), name)(header)
    return mode


def mode_of_file(header: Header) -> Mode:
    """The same of a header that was read. Raises `FormatError`."""
    try:
        return mode_of(header)
    except SettingsError as exc:
        raise FormatError(f"invalid field in the header: {exc}") from exc
