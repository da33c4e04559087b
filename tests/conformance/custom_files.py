"""Files with the custom mask, good and bad; README.md says what each is for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from streams import DATA, Packet, close, join

from dpcodec.mask.table import MaskParameters

from .bad_bodies import runs, varint
from .good_file import SHORT, Good


def scattered(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """Bool [C, K, L] by integers alone: two cells of five go, in each channel and segment others."""
    c, k, t = np.ogrid[: X.shape[0], : X.shape[1], : X.shape[2]]
    number = (k * 7919 + t * 104729 + c * 1299709 + segment * 15485863) % 32452843
    return np.asarray((number * number) % 32452843 % 5 > 1)


def stripes(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """Blocks of bins and frames."""
    k, t = np.ogrid[: X.shape[1], : X.shape[2]]
    return np.broadcast_to(((k // 5) + (t // 3)) % 2 == 0, X.shape)


def nothing(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
    """Keeps no cell."""
    return np.zeros(X.shape, bool)


CUSTOM: dict[str, Any] = {**SHORT, "mask": "custom", "custom": scattered, "drop": 0.0}
CUSTOM_GOOD: list[Good] = [
    Good("custom-quantised", CUSTOM),
    Good("custom-exact", {**CUSTOM, "exact": True}, samples=700),
    Good("custom-stripes", {**CUSTOM, "custom": stripes, "n_fft": 256, "hop": 128, "parts": 4}),
    Good("custom-stripes-exact", {**CUSTOM, "custom": stripes, "exact": True, "parts": 1}, samples=700),
    Good("custom-channels-3", CUSTOM, channels=3, samples=900),
    Good("custom-silent-channel", CUSTOM, channels=3, kind="tones but a silent channel 1"),
    Good("custom-silence", CUSTOM, kind="silence", samples=400),
    Good("custom-constant", CUSTOM, kind="constant"),
    Good("custom-snr-minus-20", {**CUSTOM, "snr": -20.0}),
    Good("custom-snr-60", {**CUSTOM, "snr": 60.0}, samples=700),
    Good("custom-nothing", {**CUSTOM, "custom": nothing}, samples=500),
    Good("custom-nothing-exact", {**CUSTOM, "custom": nothing, "exact": True}, samples=500),
    Good("custom-drop-told", {**CUSTOM, "drop": 0.4}, samples=500),
    Good("custom-parts-16", {**CUSTOM, "parts": 16}, samples=500),
    Good("custom-segment-of-one-frame", {**CUSTOM, "segment_frames": 1, "parts": 1}, samples=300),
    Good("custom-length-0", CUSTOM, samples=0),
    Good("custom-from-a-pipe", CUSTOM, samples=777, pipe=True),
]


def custom_bodies(packets: list[Packet]) -> dict[str, bytes]:
    """The first part of custom-quantised: varint frames, mode 1, step, rows, length, mask, symbols."""
    index = next(i for i, p in enumerate(packets) if p.type == DATA and p.part == 0)
    body = packets[index].body
    assert body[:2] == bytes([8, 1]), "frames and mode 1"
    head, length, payload = body[:7], body[7], body[8:]
    assert length < 128, "a varint of one byte"
    symbols, cells = payload[length:], 8 * 17

    def put(new: bytes) -> bytes:
        changed = replace(packets[index], body=head + new)
        return join(close([*packets[:index], changed, *packets[index + 1 :]]))

    def masked(mask: bytes) -> bytes:
        return put(varint(len(mask)) + mask + symbols)

    return {
        "custom-no-mask": put(b""),
        "custom-mask-past-end": put(b"\x7f" + payload[:60]),
        "custom-runs-short": masked(runs(9, 3)),
        "custom-runs-past-end": masked(runs(9, 3, cells)),
        "custom-runs-of-another-grid": masked(runs(9, 3, cells - 4)),
        "custom-other-mask": masked(runs(9, 3, cells - 12)),
        "custom-symbols-missing": put(bytes([length]) + payload[:length]),
    }
