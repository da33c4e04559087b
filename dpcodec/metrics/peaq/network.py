"""From the eleven model output variables to distortion index (DI) and objective difference grade (ODG).

ITU-R BS.1387-1, annex 2, section 6: one hidden layer of three sigmoids.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

NAMES = (
    "BandwidthRefB",
    "BandwidthTestB",
    "TotalNMRB",
    "WinModDiff1B",
    "ADBB",
    "EHSB",
    "AvgModDiff1B",
    "AvgModDiff2B",
    "RmsNoiseLoudB",
    "MFPDB",
    "RelDistFramesB",
)
"""The model output variables, in the order of the standard's tables."""

LEAST = np.array(
    [
        *(393.916656, 361.965332, -24.045116, 1.110661, -0.206623, 0.074318),
        *(1.113683, 0.950345, 0.029985, 0.000101, 0.0),
    ]
)
MOST = np.array(
    [
        *(921.0, 881.131226, 16.212030, 107.137772, 2.886017, 13.933351),
        *(63.257874, 1145.018555, 14.819740, 1.0, 1.0),
    ]
)
"""`LEAST` goes to 0 and `MOST` to 1 at the input; values outside are not clipped."""

_INPUT = np.array(
    [
        [-0.502657, 0.436333, 1.219602],
        [4.307481, 3.246017, 1.123743],
        [4.984241, -2.211189, -0.192096],
        [0.051056, -1.762424, 4.331315],
        [2.321580, 1.789971, -0.754560],
        [-5.303901, -3.452257, -10.814982],
        [2.730991, -6.111805, 1.519223],
        [0.624950, -1.331523, -5.955151],
        [3.102889, 0.871260, -5.922878],
        [-1.051468, -0.939882, -0.142913],
        [-1.804679, -0.503610, -0.620456],
    ]
)
_INPUT_BIAS = np.array([-2.518254, 0.654841, -2.207228])
_OUTPUT = np.array([-3.817048, 4.107138, 4.629582])
_OUTPUT_BIAS = -0.307594
_ODG_RANGE = (-3.98, 0.22)


def distortion_index(movs: dict[str, float]) -> float:
    """DI of the variables named in `NAMES`: the higher, the better."""
    values = (np.array([movs[name] for name in NAMES]) - LEAST) / (MOST - LEAST)
    return float(expit(values @ _INPUT + _INPUT_BIAS) @ _OUTPUT + _OUTPUT_BIAS)


def difference_grade(di: float) -> float:
    """ODG of a DI, from -3.98 (very annoying) to 0.22 (no difference).

    >>> round(difference_grade(0.0), 2)
    -1.88
    """
    low, high = _ODG_RANGE
    return float(low + (high - low) * expit(di))
