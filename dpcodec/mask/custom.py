"""The custom mask: whatever a caller brings, an array of the whole file or a function of a segment.

It is stored cell by cell, so a decoder need not know where it came from.
"""

from __future__ import annotations

import hashlib
import os

import numpy as np

from dpcodec.errors import DpcodecError, FileAccessError, PluginError, SettingsError
from dpcodec.mask.table import MaskParameters, SegmentMask


class ArrayMask:
    """A mask of a whole file, bool [K, L] for all channels or [C, K, L], cut into segments.

    Raises `SettingsError` for other arrays, and where it does not fit the audio. Two of equal contents read
    the same in `repr`.
    """

    def __init__(self, mask: np.ndarray) -> None:
        if mask.dtype != bool or mask.ndim not in (2, 3):
            raise SettingsError(
                f"mask is {mask.dtype} of shape {mask.shape}: give booleans [K, L] or [C, K, L], True = kept"
            )
        self._mask = mask

    def __repr__(self) -> str:
        return f"ArrayMask({hashlib.sha256(np.packbits(self._mask).tobytes()).hexdigest()[:16]})"

    def __call__(self, parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
        """See `mask.table`."""
        C, K, L = X.shape
        first, total = segment * parameters.segment_frames, parameters.frames
        shape, last = self._mask.shape, first + L if total is None else total
        right = shape[-1] == last or (total is None and shape[-1] > last)
        if shape[-2] != K or not right or (len(shape) == 3 and shape[0] != C):
            raise SettingsError(
                f"mask has shape {shape}: this audio has {C} channels, {K} bins, {last} frames"
            )
        return np.broadcast_to(self._mask[..., first : first + L], X.shape)


def own_mask(function: SegmentMask) -> SegmentMask:
    """The function with its answers checked. Raises `PluginError` where it fails or gives no mask."""

    def asked(parameters: MaskParameters, segment: int, X: np.ndarray) -> np.ndarray:
        name = getattr(function, "__name__", type(function).__name__)
        try:
            kept = np.asarray(function(parameters, segment, X))
        except DpcodecError:
            raise
        except Exception as exc:
            raise PluginError(f"mask {name} failed: {type(exc).__name__}: {exc}") from exc
        if kept.dtype != bool or kept.shape != X.shape:
            raise PluginError(f"mask {name} gave {kept.dtype} {list(kept.shape)}, not bool {list(X.shape)}")
        return kept

    return asked


def load_mask(path: str | os.PathLike[str]) -> ArrayMask:
    """A mask in a file of numpy's (.npy), which is mapped, not read: claiming much costs nothing. Raises
    `SettingsError` for anything else, `FileAccessError` where it cannot be opened."""
    try:
        return ArrayMask(np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as exc:
        raise FileAccessError(f"mask {os.fspath(path)}: it cannot be opened: {exc.strerror or exc}") from exc
    except (ValueError, EOFError) as exc:
        if isinstance(exc, SettingsError):
            raise
        raise SettingsError(f"mask {os.fspath(path)}: this is no array of numpy's: {exc}") from exc
