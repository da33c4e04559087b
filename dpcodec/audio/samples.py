"""PCM bytes <-> float32 samples, whole blocks at a time.

Integers of b bits are scaled by 2^(b-1) both ways, so 8, 16 and 24 bits come back bit for bit through
float32; 32-bit integers and doubles keep the 24 bits of a float32's fraction. On the way out values are
rounded to the nearest integer (halves to even) and clipped; there is no dither.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Encoding(NamedTuple):
    """One way to write a sample: `kind` "u" (offset binary), "s" (two's complement) or "f" (IEEE float)."""

    kind: str
    width_bytes: int
    order: str = "<"

    @property
    def full_scale(self) -> float:
        """The integer that stands for 1.0."""
        return float(2.0 ** (8 * self.width_bytes - 1))


ENCODINGS = {
    "u8": Encoding("u", 1),
    "s8": Encoding("s", 1),
    "s16le": Encoding("s", 2),
    "s16be": Encoding("s", 2, ">"),
    "s24le": Encoding("s", 3),
    "s24be": Encoding("s", 3, ">"),
    "s32le": Encoding("s", 4),
    "s32be": Encoding("s", 4, ">"),
    "f32le": Encoding("f", 4),
    "f32be": Encoding("f", 4, ">"),
    "f64le": Encoding("f", 8),
    "f64be": Encoding("f", 8, ">"),
}

SUBTYPE_ENCODINGS = {
    "PCM_U8": "u8",
    "PCM_S8": "s8",
    "PCM_16": "s16le",
    "PCM_24": "s24le",
    "PCM_32": "s32le",
    "FLOAT": "f32le",
    "DOUBLE": "f64le",
}
"""The little-endian encoding of each of libsndfile's linear subtypes."""
WAV_SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")


def decode_pcm(data: bytes, encoding: Encoding, channels: int) -> np.ndarray:
    """Interleaved PCM -> float32 [C, n], full scale 1.0. The data must hold whole frames.

    A double beyond the range of float32 becomes infinite.

    >>> decode_pcm(bytes([0, 128, 255, 64]), ENCODINGS["u8"], 2).tolist()
    [[-1.0, 0.9921875], [0.0, -0.5]]
    """
    flat: np.ndarray
    if encoding.kind == "f":
        with np.errstate(all="ignore"):  # doubles out of range and signalling NaN are the caller's to judge
            flat = np.frombuffer(data, f"{encoding.order}f{encoding.width_bytes}").astype(np.float32)
    elif encoding.kind == "u":
        flat = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    elif encoding.width_bytes == 3:
        flat = _widen_24(data, encoding.order).astype(np.float32) * np.float32(2.0**-31)
    else:
        integers = np.frombuffer(data, f"{encoding.order}i{encoding.width_bytes}")
        flat = integers.astype(np.float32) * np.float32(1 / encoding.full_scale)
    return np.ascontiguousarray(flat.reshape(-1, channels).T)


def encode_pcm(block: np.ndarray, encoding: Encoding) -> tuple[bytes, int]:
    """Float [C, n] -> interleaved PCM, and how many samples were beyond full scale and clipped.

    Integer encodings take finite samples only. A value of exactly 1.0 becomes the largest integer and is not
    counted.
    """
    if encoding.kind == "f":
        return block.T.astype(f"{encoding.order}f{encoding.width_bytes}", order="C").tobytes(), 0
    integers, clipped = to_integers(block, 8 * encoding.width_bytes)
    if encoding.kind == "u":
        return (integers + 128).astype(np.uint8).tobytes(), clipped
    if encoding.width_bytes == 3:
        columns = slice(0, 3) if encoding.order == "<" else slice(1, 4)
        octets = integers.astype(f"{encoding.order}i4").reshape(-1, 1).view(np.uint8)
        return octets[:, columns].tobytes(), clipped
    return integers.astype(f"{encoding.order}i{encoding.width_bytes}").tobytes(), clipped


def to_integers(block: np.ndarray, bits: int) -> tuple[np.ndarray, int]:
    """Finite float [C, n] -> int32 [n, C] of `bits` bits, and how many samples were beyond full scale.

    >>> to_integers(np.array([[0.5, -1.0, 1.0, 2.0]]), 16)[0].ravel().tolist()
    [16384, -32768, 32767, 32767]
    """
    scale = 2.0 ** (bits - 1)
    clipped = int(np.count_nonzero(np.abs(block) > 1))
    # Single precision holds every product exactly up to 24 bits: a power of two only moves the exponent.
    wide: np.ndarray = np.ascontiguousarray(block.T, "f8" if bits > 24 else "f4")
    wide = wide * np.float32(scale)
    return np.clip(np.rint(wide), -scale, scale - 1).astype(np.int32), clipped


def _widen_24(data: bytes, order: str) -> np.ndarray:
    """24-bit integers -> int32, multiplied by 256 so that the sign needs no care."""
    octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((octets.shape[0], 4), np.uint8)
    if order == "<":
        wide[:, 1:] = octets
    else:
        wide[:, :3] = octets
    return wide.view(f"{order}i4")[:, 0]
