"""Masking in time: how much finer a frame's step must be where its noise would spread before an attack.

The noise of an MDCT block is as loud from its beginning to its end. The ear lets pass what lies under the
sound of that moment, or shortly after a louder one (H. Fastl and E. Zwicker, "Psychoacoustics", chapter 4.4:
some 40 dB of decay in 100 ms after a masker, a few ms before it).

AFTER_DB is not theirs: at 44.1 kHz and 1024 samples a frame it falls about 1 dB a ms, 100 dB in 100 ms, two
and a half times as fast. It was chosen by measures on clips (docs/experiments/perceptual.md).
"""

from __future__ import annotations

import numpy as np

from dpcodec.hearing.threshold import between

PIECES = 16
"""Stretches that a frame is looked at in, 1.5 ms of 1024 samples at 44.1 kHz."""
AFTER_DB, BEFORE_DB = (1.5, 6.0), 10.0
"""Masking falls so much from one stretch to the next after a sound, with coarse and with fine steps, and
before it. Chosen by measures."""
TOLERANCE_DB = (6.0, 4.0)
"""Stretches of steady noise differ by so much by chance."""
FINEST_DB = 15.0
"""Steps get no finer than this."""
_EMPHASIS = 0.9
_QUIET = 1e-9
"""Mean square of what counts as silence, -90 dB of full scale."""


def allowances(x: np.ndarray, hop: int, frames: int, splits: int, fine: float) -> np.ndarray:
    """Log2 of what the square of the step is to be multiplied by in each frame if it is cut into 1, 2, 4 ...
    blocks: float64 [C, splits + 1, frames], none above 0.

    x     float64 [C, n], from half a frame before the first frame's own samples on
    fine  how fine steps are, 0 to 1
    """
    T, power = _masked(x, hop, frames, between(AFTER_DB, fine))  # [C, PIECES (frames + 1)]
    weight = np.sin((np.arange(2 * PIECES) + 0.5) * np.pi / (2 * PIECES)) ** 2 / PIECES
    seen = np.lib.stride_tricks.sliding_window_view(power, 2 * PIECES, axis=1)[:, ::PIECES] @ weight
    found = np.empty((len(x), splits + 1, frames))
    for split in range(splits + 1):
        size = max(PIECES >> split, 1)
        reach = size // 4
        starts = PIECES // 2 + np.arange(PIECES * frames // size) * size
        windows = np.lib.stride_tricks.sliding_window_view(T, size + 2 * reach, axis=1)[:, starts - reach]
        least_db = 10 * np.log10(windows.min(axis=-1)).reshape(len(x), frames, -1).mean(axis=-1)
        off_db = np.clip(least_db - 10 * np.log10(seen) + between(TOLERANCE_DB, fine), -FINEST_DB, 0.0)
        found[:, split] = off_db / (10 * np.log10(2))
    return found


def _masked(x: np.ndarray, hop: int, frames: int, after_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean square that is masked in each stretch, and what there is, [C, PIECES (frames + 1)] each."""
    needed = hop * (frames + 1)
    x = np.pad(x, ((0, 0), (1, max(0, needed - x.shape[1]))))
    sharp = x[:, 1:] - _EMPHASIS * x[:, :-1]
    edges = np.arange(PIECES * (frames + 1) + 1) * hop // PIECES  # a hop need not be a multiple
    energy = np.add.reduceat(np.square(sharp[:, :needed]), edges[:-1], axis=1)
    level = 10 * np.log10(energy / np.diff(edges) + _QUIET)
    count = np.arange(level.shape[1])
    after = np.maximum.accumulate(level + after_db * count, axis=1) - after_db * count
    before = np.maximum.accumulate((level - BEFORE_DB * count)[:, ::-1], axis=1)[:, ::-1] + BEFORE_DB * count
    return 10 ** (np.maximum(after, before) / 10), 10 ** (level / 10)
