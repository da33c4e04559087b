"""One segment <-> the bodies of its parts: dealing, modes, quantiser, entropy coder or raw floats.

Bins are dealt: part p of G holds the bins `k = offset(p) (mod G)` of all frames, so that a lost part is every
G-th bin missing and its neighbours, which overlap it, still there. Parts know nothing of each other.

A body: varint L (frames of the segment), then for every channel a mode byte and what the mode says:

    0  digital silence   nothing follows
    1  quantised         float32 step, varint bins coded (the rest is zero), payload
    2  exact             payload: the stored mask (energy mask only; varint length, runs), then float32 planes

A payload has its varint length before it, except in the last channel, where it runs to the end of the body.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np

from dpcodec.coding.exact import decode_exact, encode_exact
from dpcodec.coding.quantize import dequantize, quantize, valid_step
from dpcodec.coding.symbols import decode_symbols, encode_symbols
from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

SILENT, QUANTISED, EXACT = 0, 1, 2
STORED_MASKS = ("energy", "significance")
"""Masks that no header determines: they are in the parts."""

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_ROUNDING = 1 + 2**-20
"""What makes up for rounding to float32, so that no bound is too small."""


@dataclass(frozen=True)
class CodedPart:
    """What one part tells of its sub-grid, each [C, Kp, Lp]; the meaning of `inpaint.problem.Problem`.

    kept       bool, True where a value arrived
    centre     complex64, the value, zero elsewhere
    halfwidth  float32, half a quantiser step where kept and quantised, else 0
    bound      float32, bound on the modulus where dropped (inf where unknown), 0 where kept
    quiet      float32 [C], bound on all of a column in which no part kept anything (inf where unknown)
    """

    kept: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    quiet: np.ndarray


def part_slices(part: int, parts: int) -> tuple[slice, slice]:
    """The bins and frames of a part in a [K, L] grid.

    Parts that follow each other in a file hold bins apart from each other, as far as their number allows.

    >>> [part_slices(p, 8)[0].start for p in range(8)]
    [0, 3, 6, 1, 4, 7, 2, 5]
    """
    stride = next(s for s in range(-(-parts // 3), parts + 1) if math.gcd(s, parts) == 1)
    return slice(part * stride % parts, None, parts), slice(None)


def encode_segment(
    X: np.ndarray,
    kept: np.ndarray,
    mask_kind: str,
    parts: int,
    steps: np.ndarray | None,
) -> list[bytes]:
    """Code a segment as bodies, one a part; a single one if all of it is digital silence.

    X complex [C, K, L]; kept bool [C, K, L]; mask_kind as in `EncodeSettings`; steps float32 [C],
    the quantiser step of each channel, or None to keep float32 values. Raises `SettingsError` for a step that
    is out of range or too fine.
    """
    if not X.any():
        parts = 1
    stored = mask_kind in STORED_MASKS
    return [_encode_part(X, kept, stored, part_slices(p, parts), steps) for p in range(parts)]


def decode_part(
    body: bytes,
    part: int,
    parts: int,
    shape: tuple[int, int, int],
    known_mask: np.ndarray | None,
    exact: bool,
    mask_kind: str = "energy",
) -> CodedPart:
    """Decode the body of one part of a segment of `shape` (C, K, L).

    known_mask bool [C, K, L] where the header determines the mask, None where it is stored; mask_kind then
    says what bounds the dropped cells. Raises `FormatError` for every body that no encoder wrote.
    """
    rows, columns = part_slices(part, parts)
    grid, at = open_body(body, rows, shape)
    channels = []
    for c in range(shape[0]):
        mask = None if known_mask is None else known_mask[c, rows, columns]
        channel, at = _decode_channel(body, at, c + 1 == shape[0], grid, mask, exact, mask_kind)
        channels.append(channel)
    close_body(body, at)
    return CodedPart(*(np.stack(fields) for fields in zip(*channels, strict=True)))


def open_body(body: bytes, rows: slice, shape: tuple[int, int, int]) -> tuple[tuple[int, int], int]:
    """Bins and frames of the part of a segment of `shape` (C, K, L) that holds those rows, and the offset of
    its first channel. Raises `FormatError` where the body is another segment's."""
    frames, at = read_varint(body, 0)
    if frames != shape[2]:
        raise FormatError(f"coded part: made for {frames} frames, not {shape[2]}")
    return (len(range(*rows.indices(shape[1]))), frames), at


def close_body(body: bytes, at: int) -> None:
    """Raise `FormatError` where something follows the last channel."""
    if at != len(body):
        raise FormatError("coded part: bytes left over after the last channel")


def coded_frames(body: bytes) -> int:
    """The number of frames L of the segment a body belongs to. Raises `FormatError`."""
    return read_varint(body, 0)[0]


def share_bounds(
    bound: np.ndarray, kept: np.ndarray, arrived: np.ndarray, quiet: np.ndarray, mask_kind: str = "energy"
) -> np.ndarray:
    """Bounds of a stored mask once parts are together: a column's smallest holds for all of it that arrived;
    with the significance mask all columns of a channel count as one.

    bound float32 [C, K, L] and kept bool [C, K, L] of the parts laid on the grid; arrived bool [K], the bins
    whose part did; quiet float32 [C], the parts' largest. Cells of lost parts may have been kept and stay as
    they are. In a column of which all parts arrived and kept nothing, what the mask kept became zero: `quiet`
    bounds it, and so what was dropped. Float32 [C, K, L].
    """
    over = (1, 2) if mask_kind == "significance" else 1
    column = np.where(kept, np.float32(np.inf), bound).min(axis=over, keepdims=True, initial=np.inf)
    if arrived.all():
        column = np.where(kept.any(axis=over, keepdims=True), column, quiet[:, None, None])
    shared: np.ndarray = np.where(~kept & arrived[:, None], np.minimum(bound, column), bound)
    return shared


def _encode_part(
    X: np.ndarray, kept: np.ndarray, stored: bool, where: tuple[slice, slice], steps: np.ndarray | None
) -> bytes:
    out = [write_varint(X.shape[2])]
    for c in range(len(X)):
        values, mask = X[c][where], kept[c][where]
        if not X[c].any():
            out.append(bytes([SILENT]))
            continue
        if steps is None:
            out.append(bytes([EXACT]))
            payload = encode_exact(values, mask, stored)
        else:
            head, payload = _encode_quantised(values, mask, stored, steps[c])
            out.append(bytes([QUANTISED]) + head)
        if c + 1 < len(X):
            out.append(write_varint(len(payload)))
        out.append(payload)
    return b"".join(out)


def _encode_quantised(X: np.ndarray, kept: np.ndarray, stored: bool, step: np.float32) -> tuple[bytes, bytes]:
    """Step and bins coded, and the payload."""
    q = quantize(np.where(kept, X, 0), float(step))
    used = np.flatnonzero(q.any(axis=(1, 2)))
    bins = int(used[-1]) + 1 if len(used) else 0
    payload = encode_symbols(q[:bins], None if stored else kept[:bins])
    return struct.pack("<f", step) + write_varint(bins), payload


_Channel = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _decode_channel(
    body: bytes, at: int, last: bool, grid: tuple[int, int], mask: np.ndarray | None, exact: bool, kind: str
) -> tuple[_Channel, int]:
    """The fields of `CodedPart` for one channel, and the offset after it."""
    if at >= len(body):
        raise FormatError("coded part: ends before its last channel")
    mode, at = body[at], at + 1
    if mode == SILENT:
        kept = np.zeros(grid, bool) if mask is None else mask
        zeros = np.zeros(grid, np.float32)
        return (kept, np.zeros(grid, np.complex64), zeros, zeros, np.array(0, np.float32)), at
    if mode != (EXACT if exact else QUANTISED):
        raise FormatError(f"coded part: channel mode {mode} is unknown here")
    step, bins = 0.0, 0
    if not exact:
        step, at = read_step(body, at)
        bins, at = read_varint(body, at)
        if bins > grid[0]:
            raise FormatError(f"coded part: {bins} bins coded of {grid[0]}")
    payload, at = read_payload(body, at, last)
    if exact:
        kept, centre = decode_exact(payload, grid, mask)
        return (
            kept,
            centre,
            np.zeros(grid, np.float32),
            *_bounds(kept, centre, 0.0, None if mask is not None else kind),
        ), at
    q = np.zeros((*grid, 2), np.int32)
    q[:bins] = decode_symbols(payload, (bins, grid[1]), None if mask is None else mask[:bins])
    kept = (q[..., 0] | q[..., 1]) != 0 if mask is None else mask
    centre = dequantize(q, step)
    halfwidth = np.where(kept, np.float32(step / 2), np.float32(0))
    return (kept, centre, halfwidth, *_bounds(kept, centre, step, None if mask is not None else kind)), at


def read_step(body: bytes, at: int) -> tuple[float, int]:
    """A quantiser step, and the offset after it. Raises `FormatError`."""
    if len(body) < at + 4:
        raise FormatError("coded part: ends within a quantiser step")
    (step,) = struct.unpack_from("<f", body, at)
    if not valid_step(step):
        raise FormatError(f"coded part: quantiser step {step!r} is no positive normal number")
    return step, at + 4


def read_payload(body: bytes, at: int, last: bool) -> tuple[bytes, int]:
    """A channel's payload, and the offset after it. Raises `FormatError`."""
    length = len(body) - at
    if not last:
        length, at = read_varint(body, at)
    if length > len(body) - at:
        raise FormatError("coded part: a payload longer than its body")
    return body[at : at + length], at + length


def _bounds(
    kept: np.ndarray, centre: np.ndarray, step: float, mask_kind: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Bound on the dropped cells, float32 [Kp, Lp], and `CodedPart.quiet`, float32 scalar.

    A cell the energy mask dropped is no larger than any kept one of its column. One that the quantiser made
    zero is at most step / sqrt(2), which every other upper end passes. So the smallest upper end of
    what arrived in the column bounds both. A significance mask's bound is one for all columns. No
    `mask_kind`: no bounds.
    """
    if mask_kind is None:
        return np.where(kept, np.float32(0), np.float32(np.inf)), np.array(np.inf, np.float32)
    corner = step / math.sqrt(2)
    modulus = np.hypot(centre.real.astype(np.float64), centre.imag) + corner
    over = (0, 1) if mask_kind == "significance" else 0
    column = np.where(kept, modulus * _ROUNDING, np.inf).min(axis=over, initial=np.inf)
    bound = np.where(column > _FLOAT32_MAX, np.inf, column).astype(np.float32)
    quiet = np.array(min(corner * _ROUNDING, _FLOAT32_MAX), np.float32)
    return np.where(kept, np.float32(0), bound), quiet
