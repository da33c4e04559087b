"""How far up a perceptual file reaches: where coefficients give way to noise, and noise to nothing.

At the steps of middling rates a coefficient above CODED_HZ is heard as noise whatever its sign: bits there
are better spent below. Few adults hear what is above HEARD_HZ at the levels of music. Steps fine enough for
the difference not to be noticed at all (FINE_DB) keep everything.
"""

from __future__ import annotations

import math

CODED_HZ, HEARD_HZ = 15500, 20000
"""Edges of `transform.bands`."""
FINE_DB = 26.0
"""From here on the step lies so far below the root of the mean threshold that all is coded."""
GRADUAL_DB = 2.0
"""Within so much below that, at a bit rate, what is coded reaches up from CODED_HZ to all."""


def rows_coded(scale: float, rows: int, sample_rate: int, gradual: bool = False) -> tuple[int, int]:
    """Of `rows` coefficients from 0 Hz to half the sample rate, those that are coded, and those that are
    coded or filled with noise, with steps of `scale` times the threshold.

    gradual  whether what is coded reaches further up the finer the steps are, so that bytes follow the steps
             without a jump

    >>> rows_coded(0.1, 1024, 44100), rows_coded(0.01, 1024, 44100)
    ((719, 928), (1024, 1024))
    >>> [rows_coded(10 ** (-db / 20), 1024, 44100, gradual=True)[0] for db in (25.9, 27.0, 28.1)]
    [719, 871, 1024]
    """
    finer_db = -20 * math.log10(scale) - FINE_DB
    coded, heard = (min(2 * rows * hz // sample_rate, rows) for hz in (CODED_HZ, HEARD_HZ))
    if finer_db < 0:
        return coded, heard
    if not gradual or finer_db >= GRADUAL_DB:
        return rows, rows
    coded += int((rows - coded) * finer_db / GRADUAL_DB)
    return coded, max(coded, heard)
