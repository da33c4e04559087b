"""Kept coefficients as float32, no quantiser: what the paper does.

The values stand as eight planes of bytes: first the most significant byte of every real part, and so on to
the least significant, then the same of the imaginary parts. So bytes of a kind lie together for the
compressor that the packet applies. Cells follow each other bin by bin along time.
"""

from __future__ import annotations

import numpy as np

from dpcodec.coding.mask_bits import read_mask, write_mask
from dpcodec.coding.quantize import FLOAT32_MAX, to_complex64
from dpcodec.errors import FormatError


def encode_exact(X: np.ndarray, kept: np.ndarray, stored: bool) -> bytes:
    """Complex [K, L] and bool [K, L] -> payload; with the mask in it if it is `stored`."""
    values = X[kept].astype(np.complex128)
    pairs = to_complex64(np.stack([values.real, values.imag], -1))
    return (write_mask(kept) if stored else b"") + _pack_planes(pairs.view(np.float32).reshape(-1, 2).T)


def encode_exact_real(X: np.ndarray, kept: np.ndarray, stored: bool) -> bytes:
    """The same for real [K, L]: four planes."""
    values = np.clip(X[kept], -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
    return (write_mask(kept) if stored else b"") + _pack_planes(values[None])


def decode_exact(
    payload: bytes, grid: tuple[int, int], mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Payload -> (kept bool [K, L], values complex64 [K, L]). Raises `FormatError`."""
    mask, pairs = _unpack(payload, grid, mask, 2)
    values = np.zeros(grid, np.complex64)
    values[mask] = pairs[0] + 1j * pairs[1]
    return mask, values


def decode_exact_real(
    payload: bytes, grid: tuple[int, int], mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Payload -> (kept bool [K, L], values float32 [K, L]). Raises `FormatError`."""
    mask, rows = _unpack(payload, grid, mask, 1)
    values = np.zeros(grid, np.float32)
    values[mask] = rows[0]
    return mask, values


def _pack_planes(rows: np.ndarray) -> bytes:
    """Float32 [R, n] -> bytes, plane by plane."""
    planes = np.ascontiguousarray(rows.astype(">f4")).view(np.uint8)
    return planes.reshape(len(rows), -1, 4).transpose(0, 2, 1).tobytes()


def _unpack(
    payload: bytes, grid: tuple[int, int], mask: np.ndarray | None, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """The mask, and float32 [rows, n] values of its kept cells."""
    at = 0
    if mask is None:
        mask, at = read_mask(payload, grid)
    count = int(np.count_nonzero(mask))
    if len(payload) - at != 4 * rows * count:
        raise FormatError(f"coded part: {len(payload) - at} bytes for {count} exact coefficients")
    planes = np.frombuffer(payload, np.uint8, offset=at).reshape(rows, 4, count)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(">f4")[..., 0].astype(np.float32)
    if not np.isfinite(values).all():
        raise FormatError("coded part: an exact coefficient is not a finite number")
    return mask, values
