"""From model output variables to distortion index (DI) and objective difference grade (ODG).

ITU-R BS.1387-1, annex 2, section 6: one hidden layer of sigmoids, three for the basic version, five for the
advanced one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

_ODG_RANGE = (-3.98, 0.22)


class Network:
    """A network, as the standard's tables print it.

    names         the M model output variables, in order
    least, most   [M], what goes to 0 and to 1 at the input; values outside are not clipped
    inputs        [M, H] weights from variables to neurons, `input_bias` [H]
    outputs       [H] weights from neurons to the DI, and `output_bias`
    """

    def __init__(
        self,
        names: Sequence[str],
        least: Sequence[float],
        most: Sequence[float],
        inputs: Sequence[Sequence[float]],
        input_bias: Sequence[float],
        outputs: Sequence[float],
        output_bias: float,
    ) -> None:
        self.names = tuple(names)
        self.least, self.most = np.array(least), np.array(most)
        self._inputs, self._input_bias = np.array(inputs), np.array(input_bias)
        self._outputs, self._output_bias = np.array(outputs), output_bias

    def distortion_index(self, movs: dict[str, float]) -> float:
        """DI of the variables called `names`: the higher, the better."""
        values = np.array([movs[name] for name in self.names])
        neurons = expit((values - self.least) / (self.most - self.least) @ self._inputs + self._input_bias)
        return float(neurons @ self._outputs + self._output_bias)


BASIC = Network(
    names=(
        *("BandwidthRefB", "BandwidthTestB", "TotalNMRB", "WinModDiff1B", "ADBB", "EHSB", "AvgModDiff1B"),
        *("AvgModDiff2B", "RmsNoiseLoudB", "MFPDB", "RelDistFramesB"),
    ),
    least=(
        *(393.916656, 361.965332, -24.045116, 1.110661, -0.206623, 0.074318),
        *(1.113683, 0.950345, 0.029985, 0.000101, 0.0),
    ),
    most=(
        *(921.0, 881.131226, 16.212030, 107.137772, 2.886017, 13.933351),
        *(63.257874, 1145.018555, 14.819740, 1.0, 1.0),
    ),
    inputs=(
        (-0.502657, 0.436333, 1.219602),
        (4.307481, 3.246017, 1.123743),
        (4.984241, -2.211189, -0.192096),
        (0.051056, -1.762424, 4.331315),
        (2.321580, 1.789971, -0.754560),
        (-5.303901, -3.452257, -10.814982),
        (2.730991, -6.111805, 1.519223),
        (0.624950, -1.331523, -5.955151),
        (3.102889, 0.871260, -5.922878),
        (-1.051468, -0.939882, -0.142913),
        (-1.804679, -0.503610, -0.620456),
    ),
    input_bias=(-2.518254, 0.654841, -2.207228),
    outputs=(-3.817048, 4.107138, 4.629582),
    output_bias=-0.307594,
)

ADVANCED = Network(
    names=("RmsModDiffA", "RmsNoiseLoudAsymA", "SegmentalNMRB", "EHSB", "AvgLinDistA"),
    least=(13.298751, 0.041073, -25.018791, 0.061560, 0.02452),
    most=(2166.5, 13.24326, 13.46708, 10.226771, 14.224874),
    inputs=(
        (21.211773, -39.013052, -1.382553, -14.545348, -0.320899),
        (-8.981803, 19.956049, 0.935389, -1.686586, -3.238586),
        (1.633830, -2.877505, -7.442935, 5.606502, -1.783120),
        (6.103821, 19.587435, -0.240284, 1.088213, -0.511314),
        (11.556344, 3.892028, 9.720441, -3.287205, -11.031250),
    ),
    input_bias=(1.330890, 2.686103, 2.096598, -1.327851, 3.087055),
    outputs=(-4.696996, -3.289959, 7.004782, 6.651897, 4.009144),
    output_bias=-1.360308,
)


def difference_grade(di: float) -> float:
    """ODG of a DI, from -3.98 (very annoying) to 0.22 (no difference).

    >>> round(difference_grade(0.0), 2)
    -1.88
    """
    low, high = _ODG_RANGE
    return float(low + (high - low) * expit(di))
