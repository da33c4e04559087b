"""One channel of a part of complex coefficients <-> its `ChannelBody`; the quantised and the exact mode."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dpcodec.coding.body import SILENT, STFT_EXACT, STFT_QUANTISED, BodyReader, ChannelBody
from dpcodec.coding.bounds import StoredBound
from dpcodec.coding.exact import decode_exact, encode_exact
from dpcodec.coding.mask_bits import read_mask, write_mask
from dpcodec.coding.quantize import dequantize, quantize
from dpcodec.coding.stft_symbols import decode_symbols, encode_symbols
from dpcodec.varint import write_varint


@dataclass(frozen=True)
class StftChannel:
    """What one channel of a part tells, each [Kp, L]; the meaning of `inpainting.problem.Problem`.

    kept       bool, True where a value arrived
    centre     complex64, the value, zero elsewhere
    halfwidth  float32, half a quantiser step where kept and quantised, else 0
    bound      float32, bound on the modulus where dropped (inf where unknown), 0 where kept
    quiet      bound on all of a column in which no part kept anything (inf where unknown)
    """

    kept: np.ndarray
    centre: np.ndarray
    halfwidth: np.ndarray
    bound: np.ndarray
    quiet: float


def encode_stft_channel(
    X: np.ndarray, kept: np.ndarray, stored: bool, step: float | None, listed: bool = False
) -> ChannelBody:
    """X complex [Kp, L], kept bool [Kp, L]; step of the quantiser, or None to keep float32 values.

    stored  whether the mask is in the file; `listed`: cell by cell even beside a quantiser

    Raises `SettingsError` for a step that is out of range or too fine.
    """
    if step is None:
        return ChannelBody(STFT_EXACT, payload=encode_exact(X, kept, stored))
    q = quantize(np.where(kept, X, 0), step)
    used = np.flatnonzero(q.any(axis=(1, 2)))
    rows = int(used[-1]) + 1 if len(used) else 0
    payload = encode_symbols(q[:rows], None if stored and not listed else kept[:rows])
    if listed:
        payload = write_mask(kept) + payload
    return ChannelBody(STFT_QUANTISED, struct.pack("<f", step) + write_varint(rows), payload)


def decode_stft_channel(
    reader: BodyReader,
    grid: tuple[int, int],
    mask: np.ndarray | None,
    exact: bool,
    bounds: StoredBound,
    listed: bool = False,
) -> StftChannel:
    """The next channel of a body.

    mask  bool [Kp, L] where the header determines it, None where it is stored (`listed`: cell by cell) and
          `bounds` says what it bounds

    Raises `FormatError` for what no encoder wrote.
    """
    if reader.mode(STFT_EXACT if exact else STFT_QUANTISED) == SILENT:
        kept = np.zeros(grid, bool) if mask is None else mask
        zeros = np.zeros(grid, np.float32)
        return StftChannel(kept, np.zeros(grid, np.complex64), zeros, zeros, 0.0)
    if exact:
        kept, centre = decode_exact(reader.payload(), grid, mask)
        halfwidth, corner = np.zeros(grid, np.float32), 0.0
    else:
        step, rows = reader.step(), reader.rows(grid[0])
        payload = reader.payload()
        if listed:
            mask, at = read_mask(payload, grid)
            payload = payload[at:]
        q = np.zeros((*grid, 2), np.int32)
        q[:rows] = decode_symbols(payload, (rows, grid[1]), None if mask is None else mask[:rows])
        kept = (q[..., 0] | q[..., 1]) != 0 if mask is None else mask
        centre = dequantize(q, step)
        halfwidth = np.where(kept, np.float32(step / 2), np.float32(0))
        corner = step / 2**0.5
    modulus = np.hypot(centre.real.astype(np.float64), centre.imag) + corner
    bound, quiet = bounds.of_part(kept, modulus, corner)
    return StftChannel(kept, centre, halfwidth, bound, quiet)
