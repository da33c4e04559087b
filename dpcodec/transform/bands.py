"""The bands in which a step, a noise level or a stereo angle holds: half critical bands, integers only.

The edges are the band edges and centres of E. Zwicker, "Subdivision of the audible frequency range into
critical bands", J. Acoust. Soc. Am. 33 (1961), p. 248, going on above 15.5 kHz in steps of about a fifth. The
format fixes them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

EDGES_HZ = (
    *(50, 100, 150, 200, 250, 300, 350, 400, 450, 510, 570, 630, 700, 770, 840, 920, 1000, 1080, 1170, 1270),
    *(1370, 1480, 1600, 1720, 1850, 2000, 2150, 2320, 2500, 2700, 2900, 3150, 3400, 3700, 4000, 4400, 4800),
    *(5300, 5800, 6400, 7000, 7700, 8500, 9500, 10500, 12000, 13500, 15500, 18000, 22000, 27000, 34000),
    *(48000, 68000, 96000),
)
FEWEST_ROWS = 4
"""A narrower band is joined with the next."""


@lru_cache(maxsize=64)
def band_edges(rows: int, sample_rate: int) -> np.ndarray:
    """First row of each band, and at the end `rows`: int64 [B + 1], for `rows` coefficients from 0 Hz to
    half the sample rate.

    >>> band_edges(1024, 44100)[:6].tolist(), len(band_edges(1024, 44100)) - 1
    ([0, 4, 9, 13, 18, 23], 42)
    """
    edges = [0]
    for hz in EDGES_HZ:
        row = 2 * rows * hz // sample_rate
        if edges[-1] + FEWEST_ROWS <= row <= rows - FEWEST_ROWS:
            edges.append(row)
    return np.array([*edges, rows])


@lru_cache(maxsize=64)
def band_of_rows(rows: int, sample_rate: int) -> np.ndarray:
    """The band of each row: int64 [rows]."""
    edges = band_edges(rows, sample_rate)
    return np.repeat(np.arange(len(edges) - 1), np.diff(edges))
