"""One channel of a part of MDCT coefficients <-> its `ChannelBody`; the quantised and the exact mode."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dpcodec.coding.body import MDCT_EXACT, MDCT_QUANTISED, SILENT, BodyReader, ChannelBody, pack_bias
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.exact import decode_exact_real, encode_exact_real
from dpcodec.coding.mdct_contexts import ChannelContext, log_magnitude_of
from dpcodec.coding.mdct_quantize import DEAD_ZONE, bias_of, boxes, dequantize_mdct, quantize_mdct
from dpcodec.coding.mdct_symbols import check_block_splits, decode_mdct_symbols, encode_mdct_symbols
from dpcodec.errors import FormatError
from dpcodec.varint import write_varint


@dataclass(frozen=True)
class MdctChannel:
    """What one channel of a part tells, each [Kp, L] where nothing else is said; the meaning of
    `inpainting.problem.Problem`.

    kept           bool, True where a value arrived
    value          float32, what the quantiser gives back, zero elsewhere
    centre         float32, middle of the value's box
    halfwidth      float32, half its width, 0 where exact
    bound          float32, bound on the modulus where dropped (inf where unknown), 0 where kept
    quiet          bound on all of a column in which no part kept anything (inf where unknown)
    block_splits   int64 [L]
    log_magnitude  int16 [Kp, L], for the paired channel; None where it tells nothing
    """

    kept: np.ndarray
    value: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    quiet: float
    block_splits: np.ndarray
    log_magnitude: np.ndarray | None


def encode_mdct_channel(
    X: np.ndarray, kept: np.ndarray, step: float | None, block_splits: np.ndarray, channel: ChannelContext
) -> tuple[ChannelBody, np.ndarray | None]:
    """The body, and the log magnitude for the paired channel, int16 [Kp, L].

    X real [Kp, L]; kept bool [Kp, L]; step of the quantiser, or None to keep float32 values; block_splits int
    [L]; `channel.coded` is None where the mask is in the file. Raises `SettingsError` for a step that is out
    of range or too fine.
    """
    if step is None:
        payload = block_splits.astype(np.uint8).tobytes()
        return ChannelBody(
            MDCT_EXACT, payload=payload + encode_exact_real(X, kept, channel.coded is None)
        ), None
    values = np.where(kept, X, 0)
    q = quantize_mdct(values, step)
    used = np.flatnonzero(q.any(axis=1))
    rows = int(used[-1]) + 1 if len(used) else 0
    head = struct.pack("<fB", step, pack_bias(bias_of(values, q, step))) + write_varint(rows)
    payload = encode_mdct_symbols(q[:rows], block_splits, channel.first(rows))
    return ChannelBody(MDCT_QUANTISED, head, payload), log_magnitude_of(q)


def decode_mdct_channel(
    reader: BodyReader,
    grid: tuple[int, int],
    channel: ChannelContext,
    exact: bool,
    max_block_split: int,
    bounds: StoredBound,
) -> MdctChannel:
    """The next channel of a body; `channel.coded` is the mask where the header determines it, None where it
    is stored and `bounds` says what it bounds. Raises `FormatError` for what no encoder wrote."""
    mask = channel.coded
    if reader.mode(MDCT_EXACT if exact else MDCT_QUANTISED) == SILENT:
        zeros = np.zeros(grid, np.float32)
        kept = np.zeros(grid, bool) if mask is None else mask
        return MdctChannel(kept, zeros, zeros, zeros, zeros, 0.0, np.zeros(grid[1], np.int64), None)
    if exact:
        payload = reader.payload()
        if len(payload) < grid[1]:
            raise FormatError("coded part: ends within its block switching")
        block_splits = np.frombuffer(payload[: grid[1]], np.uint8).astype(np.int64)
        kept, value = decode_exact_real(payload[grid[1] :], grid, mask)
        centre, halfwidth, log_magnitude, corner = value, np.zeros(grid, np.float32), None, 0.0
    else:
        step, bias, rows = reader.step(), reader.bias(), reader.rows(grid[0])
        q = np.zeros(grid, np.int32)
        q[:rows], block_splits = decode_mdct_symbols(reader.payload(), grid[1], channel.first(rows))
        kept = q != 0 if mask is None else mask
        value, log_magnitude, corner = dequantize_mdct(q, step, bias), log_magnitude_of(q), DEAD_ZONE * step
        centre, halfwidth = boxes(q, step)
        halfwidth = np.where(kept, halfwidth, np.float32(0))
    check_block_splits(block_splits, max_block_split)
    bound, quiet = bounds.of_part(kept, np.abs(centre).astype(np.float64) + halfwidth, corner)
    return MdctChannel(kept, value, centre, halfwidth, bound, quiet, block_splits, log_magnitude)
