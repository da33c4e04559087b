"""A mask of a whole spectrogram at once, by name: for `dpcodec.inpaint`, and for looking at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dpcodec.errors import SettingsError
from dpcodec.mask.columns import merge_ranges
from dpcodec.mask.custom import own_mask
from dpcodec.mask.table import parse_mask, segment_mask
from dpcodec.settings import MASKS, PLUGIN_MASKS, check_integer


@dataclass(frozen=True)
class _Parameters:
    """See `mask.table.MaskParameters`: a file of one segment."""

    drop_q32: int
    seed: int
    columns: tuple[tuple[int, int], ...]
    segment_frames: int

    @property
    def frames(self) -> int:
        return self.segment_frames


def make_mask(mask: str, X: np.ndarray, drop: float = 0.5, seed: int = 0) -> np.ndarray:
    """The mask that an encoder makes of coefficients in one segment: bool as X, True = kept.

    mask  as the command line spells it: "random", "energy", "significance", "columns:A-B,C", or a plug-in's
    X     [K, L] or [C, K, L], finite
    drop  share that goes, 0 <= drop < 1; seed of the random mask, 0 .. 2**64 - 1

    Raises `SettingsError` for other values, and for the perceptual mask, which is a quantiser.

    >>> int(make_mask("random", np.zeros((3, 4)), drop=0.5).sum())
    6
    """
    name, columns = parse_mask(mask)
    if name in MASKS and MASKS[name].revised:
        raise SettingsError(f"mask {name} is what a quantiser leaves: it has no mask of its own")
    if X.ndim not in (2, 3):
        raise SettingsError(f"X has shape {X.shape}: give [K, L] or [C, K, L]")
    if not 0 <= drop < 1:
        raise SettingsError(f"drop is {drop!r}: give a share from 0 up to, not including, 1")
    check_integer("seed", seed, 0, 2**64 - 1)
    channels = X.reshape(-1, *X.shape[-2:])
    share = min(round(drop * 2**32), 2**32 - 1)
    parameters = _Parameters(share, seed, merge_ranges(columns), channels.shape[-1])
    function = segment_mask(name) if name in MASKS else own_mask(PLUGIN_MASKS[name])
    return function(parameters, 0, channels).reshape(X.shape)
