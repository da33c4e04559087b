"""Masks by name: dpcodec/mask/NAME.py has the function `segment_mask` of the mask NAME.

`settings.MASKS` lists the names; adding a mask is its file here and its line there.
"""

from __future__ import annotations

import importlib
import re
from typing import Protocol

import numpy as np

from dpcodec.errors import SettingsError
from dpcodec.settings import MASKS, PLUGIN_MASKS


class MaskParameters(Protocol):
    """What a header tells a mask."""

    @property
    def drop_q32(self) -> int:
        """Share dropped in units of 2^-32."""

    @property
    def seed(self) -> int: ...
    @property
    def columns(self) -> tuple[tuple[int, int], ...]: ...
    @property
    def segment_frames(self) -> int: ...
    @property
    def frames(self) -> int | None:
        """Of the whole file, None where its length is not known yet."""


class SegmentMask(Protocol):
    """M of segment number `segment` with the spectrogram X [C, K, L], of which masks that a header determines
    look at the shape alone: bool [C, K, L], True = kept."""

    def __call__(self, parameters: MaskParameters, segment: int, X: np.ndarray, /) -> np.ndarray: ...


NAMED = tuple(name for name in MASKS if name not in ("columns", "custom"))
"""Those that a name alone makes."""


def segment_mask(name: str) -> SegmentMask:
    """The mask of that name, one of `settings.MASKS` but the perceptual and the custom one."""
    found: SegmentMask = importlib.import_module(f"dpcodec.mask.{name}").segment_mask
    return found


def parse_mask(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Read a mask as the command line spells it: its name, ours or a plug-in's, for the column mask
    columns:A-B,C,...

    >>> parse_mask("columns:3-5,9")
    ('columns', ((3, 5), (9, 9)))
    """
    if text in NAMED or text in PLUGIN_MASKS:
        return text, ()
    match = re.fullmatch(r"columns:(\d{1,15}(?:-\d{1,15})?(?:,\d{1,15}(?:-\d{1,15})?)*)", text)
    if not match:
        known = PLUGIN_MASKS.told((*NAMED, "columns:A-B,C", "a file .npy"))
        raise SettingsError(f"mask {text!r} is unknown: use {known}")
    ranges = [tuple(int(n) for n in item.split("-")) for item in match[1].split(",")]
    return "columns", tuple((r[0], r[-1]) for r in ranges)
