"""The encoder's effort: which window suits a file, found by coding its beginning with several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from dpcodec.settings import MAX_BLOCK_SPLIT_RANGE, N_FFT_RANGE, EncodeSettings

TRIED: tuple[tuple[float, str], ...] = (
    *((2.0, "kbd"), (4.0, "kbd"), (0.5, "kbd"), (1.0, "sine"), (2.0, "sine"), (4.0, "sine")),
    *((8.0, "kbd"), (8.0, "sine"), (0.5, "sine")),
)
"""Factors of n_fft, and windows: an effort of e tries the first e beside what the settings name."""
TRIAL_SECONDS = 5.12
TRIAL_QUALITY, TRIAL_SNR_DB = 5.0, 30.0
"""At which windows are compared where the settings ask for bytes or a share of the coefficients."""


def with_window_chosen(
    settings: EncodeSettings,
    blocks: Iterator[np.ndarray],
    rate: int,
    size_of: Callable[[np.ndarray, EncodeSettings], int],
) -> tuple[EncodeSettings, Iterator[np.ndarray]]:
    """The settings with the window that codes the first TRIAL_SECONDS of the blocks, float32 [C, n], in the
    fewest bytes at one quality, and all of the blocks again.

    size_of  bytes of a file of so many samples [C, n] with such settings
    """
    begun: list[np.ndarray] = []
    wanted, held = round(TRIAL_SECONDS * rate), 0
    for block in blocks:
        begun.append(block)
        held += block.shape[1]
        if held >= wanted:
            break
    if not held:
        return settings, iter(begun)
    beginning = np.concatenate(begun, axis=1)[:, :wanted]
    candidates = [settings, *_candidates(settings)]
    sizes = [size_of(beginning, _at_one_quality(one)) for one in candidates]
    return candidates[int(np.argmin(sizes))], chain(begun, blocks)


def _candidates(settings: EncodeSettings) -> Iterator[EncodeSettings]:
    """Those that the format allows; the shortest block keeps its length."""
    for factor, window in TRIED[: settings.effort]:
        n_fft = int(settings.n_fft * factor)
        split = settings.block_split + int(np.log2(factor))
        split = min(max(split, MAX_BLOCK_SPLIT_RANGE[0]), MAX_BLOCK_SPLIT_RANGE[1])
        if N_FFT_RANGE[0] <= n_fft <= N_FFT_RANGE[1] and n_fft % (4 << split) == 0:
            yield replace(settings, n_fft=n_fft, hop=n_fft // 2, window=window, max_block_split=split)


def _at_one_quality(settings: EncodeSettings) -> EncodeSettings:
    """Settings whose files can be compared by size."""
    if settings.rate_control in ("snr", "quality"):
        return replace(settings, effort=0)
    if settings.accepts("quality"):
        return replace(settings, effort=0, bitrate=None, drop=None, quality=TRIAL_QUALITY)
    return replace(settings, effort=0, bitrate=None, snr=TRIAL_SNR_DB)
