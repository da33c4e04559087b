"""One segment of real coefficients <-> the bodies of its parts. Dealing, and the frame of a body, are those
of `part.py`; every channel starts with a mode byte:

    0  digital silence   nothing follows; no frame is split
    3  quantised         float32 step, bias byte, varint bins coded; payload: splits, symbols
    4  exact             payload: a byte of split for each frame, the stored mask, float32 planes

A payload has its varint length before it, except in the last channel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dpcodec.bands import band_of_rows
from dpcodec.coding.exact import decode_exact_real, encode_exact_real
from dpcodec.coding.part import SILENT, close_body, open_body, part_slices, read_payload, read_step
from dpcodec.coding.real_contexts import Place, loudness_of
from dpcodec.coding.real_quantize import bias_of, dequantize_real, quantize_real
from dpcodec.coding.real_symbols import decode_real, encode_real
from dpcodec.errors import FormatError
from dpcodec.varint import read_varint, write_varint

QUANTISED_REAL, EXACT_REAL = 3, 4


@dataclass(frozen=True)
class RealPart:
    """What one part tells of its sub-grid.

    kept    bool [C, Kp, L], True where a value arrived
    values  float32 [C, Kp, L], zero elsewhere
    splits  int64 [C, L], split exponents of the segment's frames
    """

    kept: np.ndarray
    values: np.ndarray
    splits: np.ndarray


def encode_real_segment(
    X: np.ndarray,
    kept: np.ndarray,
    stored: bool,
    parts: int,
    steps: np.ndarray | None,
    splits: np.ndarray,
    sample_rate: int,
) -> list[bytes]:
    """Code a segment as bodies, one a part; a single one if all of it is digital silence.

    X real [C, K, L]; kept bool [C, K, L]; stored, whether the mask is in the file; steps float32 [C], the
    quantiser step of each channel, or None to keep float32 values; splits int [C, L]. Raises `SettingsError`
    for a step that is out of range or too fine.
    """
    silent = [not (x.any() or s.any()) for x, s in zip(X, splits, strict=True)]
    if all(silent):
        parts = 1
    bodies = []
    for part in range(parts):
        rows = part_slices(part, parts)[0]
        out, mate = [write_varint(X.shape[2])], None
        bands = band_of_rows(X.shape[1], sample_rate)[rows]
        for c in range(len(X)):
            mate = mate if c % 2 else None
            if silent[c]:
                out.append(bytes([SILENT]))
                continue
            values, cells = X[c, rows], kept[c, rows]
            if steps is None:
                head, payload = _encode_exact(values, cells, stored, splits[c])
            else:
                q = quantize_real(np.where(cells, values, 0), float(steps[c]))
                head = _quantised_head(np.where(cells, values, 0), q, float(steps[c]))
                place = Place(bands, parts, mate, None if stored else cells).first(_bins(q))
                payload = encode_real(q[: _bins(q)], splits[c], place)
                mate = loudness_of(q)
            length = write_varint(len(payload)) if c + 1 < len(X) else b""
            out += [head, length, payload]
        bodies.append(b"".join(out))
    return bodies


def decode_real_part(
    body: bytes,
    part: int,
    parts: int,
    shape: tuple[int, int, int],
    known_mask: np.ndarray | None,
    exact: bool,
    max_split: int,
    sample_rate: int,
) -> RealPart:
    """Decode the body of one part of a segment of `shape` (C, K, L).

    known_mask bool [C, K, L] where the header determines the mask, None where it is stored. Raises
    `FormatError` for every body that no encoder wrote.
    """
    rows = part_slices(part, parts)[0]
    grid, at = open_body(body, rows, shape)
    bands = band_of_rows(shape[1], sample_rate)[rows]
    channels: list[_Channel] = []
    mate = None
    for c in range(shape[0]):
        mask = None if known_mask is None else known_mask[c, rows]
        place = Place(bands, parts, mate if c % 2 else None, mask)
        channel, mate, at = _decode_channel(body, at, c + 1 == shape[0], grid, place, exact)
        if channel[2].max(initial=0) > max_split:
            raise FormatError(f"coded part: a frame split more than 2**{max_split} times")
        channels.append(channel)
    close_body(body, at)
    return RealPart(*(np.stack(fields) for fields in zip(*channels, strict=True)))


def _encode_exact(X: np.ndarray, kept: np.ndarray, stored: bool, splits: np.ndarray) -> tuple[bytes, bytes]:
    return bytes([EXACT_REAL]), splits.astype(np.uint8).tobytes() + encode_exact_real(X, kept, stored)


def _bins(q: np.ndarray) -> int:
    """Rows up to the last in which a symbol is not zero."""
    used = np.flatnonzero(q.any(axis=1))
    return int(used[-1]) + 1 if len(used) else 0


def _quantised_head(values: np.ndarray, q: np.ndarray, step: float) -> bytes:
    """Mode, step, bias and bins coded."""
    bias = pack_bias(bias_of(values, q, step))
    return struct.pack("<BfB", QUANTISED_REAL, step, bias) + write_varint(_bins(q))


_Channel = tuple[np.ndarray, np.ndarray, np.ndarray]


def _decode_channel(
    body: bytes, at: int, last: bool, grid: tuple[int, int], place: Place, exact: bool
) -> tuple[_Channel, np.ndarray | None, int]:
    """The fields of `RealPart` for one channel, its loudness for the next one, and the offset after it."""
    if at >= len(body):
        raise FormatError("coded part: ends before its last channel")
    mode, at, mask = body[at], at + 1, place.coded
    if mode == SILENT:
        kept = np.zeros(grid, bool) if mask is None else mask
        return (kept, np.zeros(grid, np.float32), np.zeros(grid[1], np.int64)), None, at
    if mode != (EXACT_REAL if exact else QUANTISED_REAL):
        raise FormatError(f"coded part: channel mode {mode} is unknown here")
    if exact:
        payload, at = read_payload(body, at, last)
        if len(payload) < grid[1]:
            raise FormatError("coded part: ends within its splits")
        splits = np.frombuffer(payload[: grid[1]], np.uint8).astype(np.int64)
        kept, values = decode_exact_real(payload[grid[1] :], grid, mask)
        return (kept, values, splits), None, at
    step, at = read_step(body, at)
    bias, at = read_bias(body, at)
    bins, at = read_varint(body, at)
    if bins > grid[0]:
        raise FormatError(f"coded part: {bins} bins coded of {grid[0]}")
    payload, at = read_payload(body, at, last)
    q = np.zeros(grid, np.int32)
    q[:bins], splits = decode_real(payload, grid[1], place.first(bins))
    kept = q != 0 if mask is None else mask
    return (kept, dequantize_real(q, step, bias), splits), loudness_of(q), at


def pack_bias(bias: tuple[int, int]) -> int:
    """Two signed halves in a byte."""
    one, more = bias
    return (one & 15) << 4 | more & 15


def read_bias(body: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Two signed halves of a byte, and the offset after it."""
    if at >= len(body):
        raise FormatError("coded part: ends before its bias")
    one, more = ((half ^ 8) - 8 for half in divmod(body[at], 16))
    return (one, more), at + 1
