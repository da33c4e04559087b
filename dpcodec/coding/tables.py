"""Where the adaptive tables start: integers fixed by the format."""

from __future__ import annotations

import numpy as np

from dpcodec.coding.contexts import ACTIVITIES, STAGES
from dpcodec.coding.levels import LEVELS


def initial_zeros() -> tuple[np.ndarray, int]:
    """Counts [STAGES * ACTIVITIES, 2] and the gain of a symbol."""
    return np.ones((STAGES * ACTIVITIES, 2), np.int64), 4


def initial_levels(classes: int) -> tuple[np.ndarray, int]:
    """Counts [ACTIVITIES * classes, LEVELS] and the gain of a symbol."""
    return np.ones((ACTIVITIES * classes, LEVELS), np.int64), 8
