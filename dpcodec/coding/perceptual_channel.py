"""One channel of a part of a perceptual file <-> its `ChannelBody`: the step follows a scale factor by band
and frame, paired channels may be rotated, and what became zero has a noise level.

Channels 2 i and 2 i + 1 are a pair, with common block switching. The payload: of the first channel of a pair
that is not silent the block switching, and if the pair has two channels the stereo angles; then scale
factors, noise levels and symbols.

Formats 1.2 and 1.3 wrote it another way: `AS_IN_1_2` and `AS_IN_1_3` code it as then, `CURRENT` as since 1.4,
whose parts hold some of the frames each.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from dpcodec.coding.block_noise import gains_of_frames
from dpcodec.coding.body import (
    PERCEPTUAL,
    PERCEPTUAL_2,
    PERCEPTUAL_3,
    SILENCE,
    BodyReader,
    ChannelBody,
    pack_bias,
)
from dpcodec.coding.coders import AnyEncoder, new_decoder, new_encoder
from dpcodec.coding.entropy import Coder
from dpcodec.coding.mdct_contexts import ChannelContext, MdctContexts, log_magnitude_of
from dpcodec.coding.mdct_quantize import BIAS_UNIT, DEAD_ZONE, bias_of, boxes, dequantize_mdct, single
from dpcodec.coding.mdct_symbols import check_block_splits, code_block_splits, walk_mdct
from dpcodec.coding.side_information import (
    NOISE_UNIT,
    SCALE_FACTORS,
    code_noise,
    code_scale_factors,
    code_stereo_angles,
    noise_groups,
    step_factors,
)
from dpcodec.compiled import address, library
from dpcodec.varint import write_varint

_FACTORS = step_factors(np.arange(SCALE_FACTORS))
LARGEST_FACTOR = float(_FACTORS[-1])


class Coding(NamedTuple):
    """What one version of the format does its own way.

    mode             byte of a channel
    symbols          table that the contexts of symbols start from
    scale_factors    the same of scale factors
    sees_first       whether scale factors of the second channel of a pair see those of the first
    noise_by_block   whether the blocks of a frame share its noise out by what is coded in them
    frame_parts      whether parts hold some of the frames with all rows, not some of the rows; contexts know
                     how far apart the frames are, and those of noise the frames before
    """

    mode: int
    symbols: str
    scale_factors: str
    sees_first: bool
    noise_by_block: bool
    frame_parts: bool


AS_IN_1_2 = Coding(PERCEPTUAL, "mdct", "scale_factors", False, False, False)
AS_IN_1_3 = Coding(PERCEPTUAL_2, "perceptual", "perceptual", True, True, False)
CURRENT = Coding(PERCEPTUAL_3, "frames", "frames", True, True, True)

ROWS_AT_ONCE = 256
"""Values are computed this many rows at a time, for the memory of their float64 intermediates."""


class PerceptualSymbols(NamedTuple):
    """A segment of L frames as its encoder codes it, or n of its frames.

    scaled         float64 [C, K, n], coefficients over their step factors, paired channels rotated
    q              int32 [C, K, n], their symbols
    steps          float32 [C], of each channel at scale factor 0
    scale_factors  int64 [C, B, n], 0 .. 63
    noise          int64 [C, B, groups of frames], levels 0 .. 15
    told           bool [C], whether anything is left of a channel in the segment
    angles         int64 [C // 2, B], 0 .. 63, by which pairs were rotated
    block_splits   int64 [C, L], common to a pair
    bands          int64 [K], the band of each row
    frames         those of the segment that there are
    begun          payloads up to their scale factors: what a trial at another step need not code again
    coding         how
    rows           of the grid that may be told at all; None: all
    louder         steps by which values of magnitude 1 are made louder than they are on average
    """

    scaled: np.ndarray
    q: np.ndarray
    steps: np.ndarray
    scale_factors: np.ndarray
    noise: np.ndarray
    told: np.ndarray
    angles: np.ndarray
    block_splits: np.ndarray
    bands: np.ndarray
    frames: slice
    begun: dict[tuple[int, ...], AnyEncoder]
    coding: Coding = CURRENT
    rows: int | None = None
    louder: float = 0.0

    def channels(self, rows: slice, parts: int) -> list[ChannelBody]:
        """Of the part that holds these rows of the grid, of so many parts."""
        out, first = [], True
        for c in range(len(self.q)):
            first = first or not c % 2
            if self._told(c):
                out.append(self._channel(c, rows, parts, first))
                first = False
            else:
                out.append(SILENCE)
        return out

    def side_bytes(self, rows: slice) -> int:
        """Of the payloads of that part up to their scale factors, which no step changes much."""
        found, first = 0, True
        for c in range(len(self.q)):
            first = first or not c % 2
            if self._told(c):
                found += len(self._begun(c, *self._shown(c, rows), first).finish())
                first = False
        return found

    def _told(self, c: int) -> bool:
        """Whether a channel has a payload: where something is left of it, and where a channel of nothing must
        tell a pair's block switching, which the slope at the segment's end needs."""
        pair = slice(c // 2 * 2, c // 2 * 2 + 2)
        stands_for_pair = not c % 2 and bool(self.block_splits[c].any()) and not self.told[pair].any()
        return bool(self.told[c]) or stands_for_pair

    def _channel(self, c: int, rows: slice, parts: int, first: bool) -> ChannelBody:
        """Of one that is told; with what holds for the pair if it is the first of it."""
        bands, symbols = self._symbols(c, rows)
        step, coding, apart = float(self.steps[c]), self.coding, _apart(self.coding, self.frames)
        scale_factors, noise = self.scale_factors[c], self.noise[c]
        shown, seen = self._shown(c, rows)
        encoder = self._begun(c, shown, seen, first)
        code_noise(encoder, (shown, noise.shape[1]), noise, coding.frame_parts)
        paired = self._log_magnitude(c - 1, rows) if c % 2 and self._told(c - 1) else None
        by_cell = _by_cell(scale_factors, noise, bands, coding)
        channel = ChannelContext(bands, parts, paired, apart=apart)
        contexts = MdctContexts(channel, self.block_splits[c, self.frames], *by_cell, coding.symbols)
        walk_mdct(encoder, contexts, symbols)
        bias = pack_bias(bias_of(self.scaled[c, rows][: len(bands)], symbols, step, self.louder))
        head = struct.pack("<fB", step, bias) + write_varint(len(bands))
        return ChannelBody(coding.mode, head, encoder.finish())

    def _shown(self, c: int, rows: slice) -> tuple[int, int]:
        """Bands that have side information, and those of the first channel of the pair that this one follows,
        -1 where it follows none."""
        follows = c % 2 and self.coding.sees_first and self._told(c - 1)
        seen = _shown(self._symbols(c - 1, rows)[0]) if follows else -1
        return _shown(self._symbols(c, rows)[0]), seen

    def _begun(self, c: int, shown: int, seen: int, first: bool) -> AnyEncoder:
        """A payload up to its scale factors; `shown` and `seen` as `_shown` gives them."""
        key = c, shown, seen, first, self.frames.start or 0
        if key not in self.begun:
            encoder, coding = new_encoder(), self.coding
            if first:
                code_block_splits(encoder, self.block_splits.shape[1], self.block_splits[c])
                if c // 2 < len(self.angles):
                    code_stereo_angles(encoder, self.angles.shape[1], self.angles[c // 2])
            followed = None if seen < 0 else self.scale_factors[c - 1][:seen]
            shape, apart = (shown, self.q.shape[2]), _apart(coding, self.frames)
            code_scale_factors(encoder, shape, self.scale_factors[c], coding.scale_factors, followed, apart)
            self.begun[key] = encoder
        return self.begun[key].copy()

    def _symbols(self, c: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Bands and symbols of the rows that a part codes: int64 [Kp], int32 [Kp, n]."""
        bands = self.bands[: self.rows][rows]
        bands = bands[bands < _bands_coded(self.q[c], self.noise[c], self.bands)]
        return bands, self.q[c, rows][: len(bands)]

    def _log_magnitude(self, c: int, rows: slice) -> np.ndarray:
        """Of a channel, as the paired one sees it: int16 [Kp, n]."""
        bands, symbols = self._symbols(c, rows)
        return log_magnitude_of(symbols, self.scale_factors[c][bands])


def _shown(bands: np.ndarray) -> int:
    """Bands that have side information where these are those of the rows coded."""
    return int(bands[-1]) + 1 if len(bands) else 0


def _apart(coding: Coding, frames: slice) -> int | None:
    """As in `ChannelContext`."""
    return (frames.step or 1) if coding.frame_parts else None


def _bands_coded(q: np.ndarray, noise: np.ndarray, bands: np.ndarray) -> int:
    """Bands up to the last in which anything is coded or filled."""
    filled = np.flatnonzero(noise.any(axis=1))
    coded = np.flatnonzero(q.any(axis=1))
    last = max(int(filled[-1]) if len(filled) else -1, int(bands[coded[-1]]) if len(coded) else -1)
    return last + 1


class PerceptualPart(NamedTuple):
    """What one part tells of its n frames and Kp rows, paired channels still rotated; the meaning of
    `inpainting.problem.Problem`.

    kept          bool [C, Kp, n], True where a value arrived
    value         float32 [C, Kp, n], what the quantiser gives back, zero elsewhere
    centre        float32 [C, Kp, n], middle of the value's box
    halfwidth     float32 [C, Kp, n], half its width
    bound         float32 [C, Kp, n], bound on the modulus of what became zero
    noise         float32 [C, Kp, n], root mean square of what may fill cells, zero where kept
    block_splits  int64 [C, L], of all frames of the segment
    angles        int64 [C // 2, B], zero where both channels of a pair are silent
    """

    kept: np.ndarray
    value: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    noise: np.ndarray
    block_splits: np.ndarray
    angles: np.ndarray

    @staticmethod
    def silent(shape: tuple[int, int, int], frames: int, bands: int) -> PerceptualPart:
        """Of `shape` [C, Kp, n], with nothing in it, of a segment of so many frames."""
        C = shape[0]
        value, centre, halfwidth, bound, noise = np.zeros((5, *shape), np.float32)
        return PerceptualPart(
            np.zeros(shape, bool),
            value,
            centre,
            halfwidth,
            bound,
            noise,
            np.zeros((C, frames), np.int64),
            np.zeros((C // 2, bands), np.int64),
        )


def decode_perceptual_part(
    body: bytes,
    shape: tuple[int, int, int],
    where: tuple[slice, slice],
    bands: np.ndarray,
    parts: int,
    max_block_split: int,
    coding: Coding = CURRENT,
) -> PerceptualPart:
    """Decode the body of a part of a segment of `shape` [C, K, L] with these of its rows and frames; rows lie
    in bands int64 [K]. Raises `FormatError` for every body that no encoder wrote."""
    C, K, L = shape
    rows, frames = np.arange(K)[where[0]], np.arange(L)[where[1]]
    reader = BodyReader(body, C, L)
    found = PerceptualPart.silent((C, len(rows), len(frames)), L, int(bands[-1]) + 1)
    apart = _apart(coding, where[1])
    first, paired, seen = True, None, None
    for c in range(C):
        first, paired, seen = first or not c % 2, *((paired, seen) if c % 2 else (None, None))
        if reader.mode(coding.mode) != coding.mode:
            continue
        step, bias, count = reader.step(), reader.bias(), reader.rows(len(rows))
        decoder = new_decoder(reader.payload())
        if first:
            _decode_pair(decoder, found, c // 2, max_block_split)
            first = False
        channel = ChannelContext(bands[rows[:count]], parts, paired, apart=apart)
        told = _decode_side_information(decoder, channel, len(frames), coding, seen)
        scale_factors, noise = _by_cell(*told, channel.bands, coding)
        block_splits = found.block_splits[c, frames]
        contexts = MdctContexts(channel, block_splits, scale_factors, noise, coding.symbols)
        q = walk_mdct(decoder, contexts, None)
        decoder.finish()
        _fill_in(found, c, q, scale_factors, noise, step, bias)
        if coding.noise_by_block:
            _share_out_noise(found, c, q, rows[:count], channel.bands, block_splits)
        seen = told[0] if coding.sees_first else None
        paired = log_magnitude_of(q, scale_factors)
    reader.finish()
    return found


def _decode_pair(decoder: Coder, found: PerceptualPart, pair: int, max_block_split: int) -> None:
    """Read what a pair's first channel tells of both."""
    block_splits = code_block_splits(decoder, found.block_splits.shape[1], None)
    check_block_splits(block_splits, max_block_split)
    found.block_splits[2 * pair : 2 * pair + 2] = block_splits
    if pair < len(found.angles):
        found.angles[pair] = code_stereo_angles(decoder, found.angles.shape[1], None)


def _decode_side_information(
    decoder: Coder, channel: ChannelContext, frames: int, coding: Coding, first: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Scale factors [B, n] and noise levels [B, groups of frames] of a channel's n frames."""
    shown = _shown(channel.bands)
    scale_factors = code_scale_factors(
        decoder, (shown, frames), None, coding.scale_factors, first, channel.apart
    )
    groups, _ = noise_groups(frames, coding.frame_parts)
    return scale_factors, code_noise(decoder, (shown, groups), None, coding.frame_parts)


def _share_out_noise(
    found: PerceptualPart,
    c: int,
    q: np.ndarray,
    rows: np.ndarray,
    bands: np.ndarray,
    block_splits: np.ndarray,
) -> None:
    """Noise of a channel where frames are cut into blocks: see `block_noise`."""
    noise, cut = found.noise[c, : len(q)], np.flatnonzero(block_splits)
    if len(cut):
        gains = gains_of_frames(q[:, cut], rows, bands, block_splits[cut])
        noise[:, cut] = single(noise[:, cut] * gains)


def _by_cell(
    scale_factors: np.ndarray, levels: np.ndarray, bands: np.ndarray, coding: Coding
) -> tuple[np.ndarray, np.ndarray]:
    """Scale factors [B, n] and noise levels [B, groups of frames] of the cells of rows in these bands: uint8
    [Kp, n] each."""
    frames = scale_factors.shape[1]
    each = noise_groups(frames, coding.frame_parts)[1]
    spread = np.repeat(levels.astype(np.uint8), each, axis=1)[:, :frames]
    return scale_factors.astype(np.uint8)[bands], spread[bands]


def _fill_in(
    found: PerceptualPart,
    c: int,
    q: np.ndarray,
    scale_factors: np.ndarray,
    noise: np.ndarray,
    step: float,
    bias: tuple[int, int],
) -> None:
    """Values, boxes, bounds and noise of a channel from its symbols, scale factors and noise levels."""
    count = len(q)
    if compiled := library():
        arrays = found.kept, found.value, found.centre, found.halfwidth, found.bound, found.noise
        cells = np.ascontiguousarray(q), np.ascontiguousarray(scale_factors), np.ascontiguousarray(noise)
        shifts = np.array(bias) * BIAS_UNIT
        compiled.dpc_fill_in(
            *(*map(address, cells), q.size, step, address(shifts), DEAD_ZONE, NOISE_UNIT, address(_FACTORS)),
            *(address(array[c, :count]) for array in arrays),
        )
        return
    found.kept[c, :count] = q != 0
    for first in range(0, count, ROWS_AT_ONCE):
        rows = slice(first, min(first + ROWS_AT_ONCE, count))
        scale, zero = step_factors(scale_factors[rows]), q[rows] == 0
        found.value[c, rows] = dequantize_mdct(q[rows], step, bias, scale)
        filled = dequantize_mdct(np.ones_like(q[rows]), step, (0, 0), scale * noise[rows] * NOISE_UNIT)
        found.noise[c, rows] = np.where(zero, filled, 0)
        centre, halfwidth = boxes(q[rows], step, scale)
        found.centre[c, rows] = centre
        found.halfwidth[c, rows] = np.where(zero, 0, halfwidth)
        found.bound[c, rows] = np.where(zero, halfwidth, 0)
    # rows above the last one coded became zero too, with scale factors that nothing tells
    found.bound[c, count:] = single(np.array(DEAD_ZONE * step * LARGEST_FACTOR))
