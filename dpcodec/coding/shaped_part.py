"""One segment of shaped coefficients <-> the bodies of its parts: the step follows a weight by band and
frame, pairs of channels may be turned, and what became zero has a noise level.

Dealing and the frame of a body are those of `part.py`. Channels 2 i and 2 i + 1 are a pair, with common
splits; every channel starts with a mode byte:

    0  digital silence   nothing follows
    5  shaped            float32 step, bias byte, varint bins coded; payload

The payload: of the first channel of a pair that is not silent the splits, and if the pair has two channels
the angles; then weights, noise levels and symbols. It has its varint length before it, except in the last
channel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dpcodec.bands import band_edges, band_of_rows
from dpcodec.coding.entropy import Coder, Decoder, Encoder
from dpcodec.coding.part import SILENT, close_body, open_body, part_slices, read_payload, read_step
from dpcodec.coding.real_contexts import Place, RealContexts, loudness_of
from dpcodec.coding.real_part import pack_bias, read_bias
from dpcodec.coding.real_quantize import bias_of, dequantize_real, quantize_real
from dpcodec.coding.real_symbols import code_splits, walk_real
from dpcodec.coding.shape import (
    NOISE_FRAMES,
    NOISE_LEVELS,
    NOISE_UNIT,
    code_angles,
    code_noise,
    code_weights,
)
from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

SHAPED = 5
_ROOT_2 = 1.4142135623730951
ROWS_AT_ONCE = 256
"""Values are computed this many rows at a time, for the memory of their float64 intermediates."""
FILL = 0.45
"""Root mean square of the noise, of that of the values it stands for: all of it would be added to the error,
and less than half is heard as enough (docs/method.md)."""


@dataclass(frozen=True)
class ShapedSegment:
    """What the encoder has found for a segment.

    X        float64 [C, K, L], coefficients, pairs turned
    weights  int64 [C, B, L], 0 .. 63
    angles   int64 [C // 2, B], 0 .. 63, by which pairs were turned
    splits   int64 [C, L], common to a pair
    """

    X: np.ndarray
    weights: np.ndarray
    angles: np.ndarray
    splits: np.ndarray


@dataclass(frozen=True)
class ShapedPart:
    """What one part tells of its sub-grid.

    kept    bool [C, Kp, L], True where a value arrived
    values  float32 [C, Kp, L], zero elsewhere, pairs still turned
    noise   float32 [C, Kp, L], root mean square of what may fill cells, zero where kept
    splits  int64 [C, L]
    angles  int64 [C // 2, B], zero where both channels of a pair are silent
    """

    kept: np.ndarray
    values: np.ndarray
    noise: np.ndarray
    splits: np.ndarray
    angles: np.ndarray


def factors(weights: np.ndarray) -> np.ndarray:
    """What weights multiply the step by: float64 of their shape."""
    powers: np.ndarray = np.ldexp(np.where(weights & 1, _ROOT_2, 1.0), (weights >> 1).astype(np.int32))
    return powers


def encode_shaped_segment(
    segment: ShapedSegment, steps: np.ndarray, parts: int, sample_rate: int
) -> tuple[list[bytes], int]:
    """The bodies of the parts of a segment, a single one if nothing is left of it, and the number of
    coefficients that did not become zero. `steps` float32 [C], of each channel at weight 0. Raises
    `SettingsError` for a step that is out of range or too fine."""
    C, K, _ = segment.X.shape
    bands = band_of_rows(K, sample_rate)
    scaled = segment.X / factors(segment.weights)[:, bands]
    q = np.stack([quantize_real(scaled[c], float(steps[c])) for c in range(C)])
    noise = np.stack([_noise_levels(scaled[c] / float(steps[c]), q[c], K, sample_rate) for c in range(C)])
    parts = parts if q.any() or noise.any() else 1
    coded = _Coded(segment, scaled, q, noise, steps, bands, parts)
    return [coded.body(part_slices(p, parts)[0]) for p in range(parts)], int(np.count_nonzero(q))


@dataclass(frozen=True)
class _Coded:
    """A segment's symbols and noise levels beside what they came from."""

    segment: ShapedSegment
    scaled: np.ndarray
    q: np.ndarray
    noise: np.ndarray
    steps: np.ndarray
    bands: np.ndarray
    parts: int

    def body(self, rows: slice) -> bytes:
        """Of the part that holds these rows."""
        C, _, L = self.q.shape
        out, told = [write_varint(L)], -1
        for c in range(C):
            if not self._told(c):
                out.append(bytes([SILENT]))
                continue
            head, payload = self._channel(c, rows, first=c // 2 != told)
            told = c // 2
            out += [head, write_varint(len(payload)) if c + 1 < C else b"", payload]
        return b"".join(out)

    def _told(self, c: int) -> bool:
        """Whether a channel has a payload."""
        return self._holds(c) or self._stands_for_pair(c)

    def _holds(self, c: int) -> bool:
        """Whether anything of a channel is left."""
        return bool(self.q[c].any() or self.noise[c].any())

    def _stands_for_pair(self, c: int) -> bool:
        """Whether a channel of nothing must tell the splits: the slope where the segment ends needs them."""
        pair = range(c // 2 * 2, min(c // 2 * 2 + 2, len(self.q)))
        return c == pair[0] and bool(self.segment.splits[c].any()) and not any(map(self._holds, pair))

    def _channel(self, c: int, rows: slice, first: bool) -> tuple[bytes, bytes]:
        """Mode, step, bias and bins coded, and the payload, which tells of the pair if it is the first."""
        own, symbols = self._symbols(c, rows)
        values = self.scaled[c, rows][: len(own)]
        step, encoder = float(self.steps[c]), Encoder()
        if first:
            code_splits(encoder, symbols.shape[1], self.segment.splits[c])
            if c // 2 < len(self.segment.angles):
                angles = self.segment.angles[c // 2]
                code_angles(encoder, len(angles), angles)
        shown = int(own[-1]) + 1 if len(own) else 0
        weights, noise = self.segment.weights[c], self.noise[c]
        code_weights(encoder, (shown, symbols.shape[1]), weights)
        code_noise(encoder, (shown, noise.shape[1]), noise)
        mate = self._loudness(c - 1, rows) if c % 2 and self._told(c - 1) else None
        by_cell = _by_cell(weights, noise, own)
        place, splits = Place(own, self.parts, mate), self.segment.splits[c]
        walk_real(encoder, RealContexts(place, splits, *by_cell), symbols)
        head = struct.pack("<BfB", SHAPED, step, pack_bias(bias_of(values, symbols, step)))
        return head + write_varint(len(own)), encoder.finish()

    def _symbols(self, c: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Bands and symbols of the rows that a part codes: int64 [Kp], int32 [Kp, L]."""
        own = self.bands[rows]
        own = own[own < _bands_coded(self.q[c], self.noise[c], self.bands)]
        return own, self.q[c, rows][: len(own)]

    def _loudness(self, c: int, rows: slice) -> np.ndarray:
        """Of a channel, as the other one of its pair sees it: int16 [Kp, L]."""
        own, symbols = self._symbols(c, rows)
        return loudness_of(symbols, self.segment.weights[c][own])


def decode_shaped_part(
    body: bytes, part: int, parts: int, shape: tuple[int, int, int], sample_rate: int, max_split: int
) -> ShapedPart:
    """Decode the body of one part of a segment of `shape` (C, K, L). Raises `FormatError` for every body
    that no encoder wrote."""
    rows = part_slices(part, parts)[0]
    grid, at = open_body(body, rows, shape)
    C, K, L = shape
    bands = band_of_rows(K, sample_rate)
    found = ShapedPart(
        np.zeros((C, *grid), bool),
        np.zeros((C, *grid), np.float32),
        np.zeros((C, *grid), np.float32),
        np.zeros((C, L), np.int64),
        np.zeros((C // 2, len(band_edges(K, sample_rate)) - 1), np.int64),
    )
    told, mate = -1, None
    for c in range(C):
        mate = mate if c % 2 else None
        if at >= len(body):
            raise FormatError("coded part: ends before its last channel")
        mode, at = body[at], at + 1
        if mode == SILENT:
            continue
        if mode != SHAPED:
            raise FormatError(f"coded part: channel mode {mode} is unknown here")
        place = Place(bands[rows], parts, mate)
        at, mate = _decode_channel(body, at, c, place, found, first=c // 2 != told, max_split=max_split)
        told = c // 2
    close_body(body, at)
    return found


def _decode_channel(
    body: bytes, at: int, c: int, place: Place, found: ShapedPart, first: bool, max_split: int
) -> tuple[int, np.ndarray]:
    """Read a channel into `found`; the offset after it, and its loudness for the other one of the pair.
    `place` has all rows of the part."""
    C, most, _ = found.values.shape
    step, at = read_step(body, at)
    bias, at = read_bias(body, at)
    bins, at = read_varint(body, at)
    if bins > most:
        raise FormatError(f"coded part: {bins} bins coded of {most}")
    payload, at = read_payload(body, at, c + 1 == C)
    decoder = Decoder(payload)
    if first:
        _decode_pair(decoder, found, c // 2, max_split)
    q, weights, noise = _decode_cells(decoder, place.first(bins), found.splits[c])
    decoder.finish()
    found.kept[c, :bins] = q != 0
    for first_row in range(0, bins, ROWS_AT_ONCE):
        rows = slice(first_row, min(first_row + ROWS_AT_ONCE, bins))
        scale, zero = factors(weights[rows]), q[rows] == 0
        found.values[c, rows] = dequantize_real(q[rows], step, bias, scale)
        filled = dequantize_real(np.ones_like(q[rows]), step, (0, 0), scale * noise[rows] * NOISE_UNIT)
        found.noise[c, rows] = np.where(zero, filled, 0)
    return at, loudness_of(q, weights)


def _decode_pair(decoder: Coder, found: ShapedPart, pair: int, max_split: int) -> None:
    """Read what a pair's first channel tells of both."""
    splits = code_splits(decoder, found.splits.shape[1], None)
    if splits.max(initial=0) > max_split:
        raise FormatError(f"coded part: a frame split more than 2**{max_split} times")
    found.splits[2 * pair : 2 * pair + 2] = splits
    if pair < len(found.angles):
        found.angles[pair] = code_angles(decoder, found.angles.shape[1], None)


def _decode_cells(
    decoder: Coder, place: Place, splits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Symbols int32, and the weights and noise levels told before them, uint8: each [Kp, L]."""
    own, frames = place.bands, len(splits)
    shown = int(own[-1]) + 1 if len(own) else 0
    weights = code_weights(decoder, (shown, frames), None)
    levels = code_noise(decoder, (shown, -(-frames // NOISE_FRAMES)), None)
    by_cell = _by_cell(weights, levels, own)
    return walk_real(decoder, RealContexts(place, splits, *by_cell), None), *by_cell


def _by_cell(weights: np.ndarray, levels: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [B, L] and noise levels [B, ceil(L / NOISE_FRAMES)] of the cells of rows in the bands `own`:
    uint8 [Kp, L] each."""
    spread = np.repeat(levels.astype(np.uint8), NOISE_FRAMES, axis=1)[:, : weights.shape[1]]
    return weights.astype(np.uint8)[own], spread[own]


def _bands_coded(q: np.ndarray, noise: np.ndarray, bands: np.ndarray) -> int:
    """Bands up to the last in which anything is coded or filled."""
    filled = np.flatnonzero(noise.any(axis=1))
    coded = np.flatnonzero(q.any(axis=1))
    last = max(int(filled[-1]) if len(filled) else -1, int(bands[coded[-1]]) if len(coded) else -1)
    return last + 1


def _noise_levels(scaled: np.ndarray, q: np.ndarray, rows: int, sample_rate: int) -> np.ndarray:
    """Level of each band and group of frames, int64 [B, ceil(L / NOISE_FRAMES)], from values in steps."""
    edges = band_edges(rows, sample_rate)[:-1]
    frames = np.arange(0, q.shape[1], NOISE_FRAMES)
    zero = q == 0

    def sums(cells: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.add.reduceat(cells, edges, axis=0), frames, axis=1)

    energy, count = sums(np.where(zero, scaled**2, 0.0)), sums(zero.astype(np.float64))
    rms = np.sqrt(energy / np.maximum(count, 1.0))
    levels: np.ndarray = np.minimum(np.rint(FILL * rms / NOISE_UNIT), NOISE_LEVELS - 1).astype(np.int64)
    return levels
