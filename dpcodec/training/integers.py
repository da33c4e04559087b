"""Networks in floats -> the integers that `coding` computes with."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpcodec.training.network import HIDDEN_UNIT, INPUT_UNIT, OUTPUT_UNIT, WEIGHT_UNIT, Parameters

BIAS_UNIT = WEIGHT_UNIT * INPUT_UNIT
OUTPUT_BIAS_UNIT = HIDDEN_UNIT * OUTPUT_UNIT
HALF = BIAS_UNIT // HIDDEN_UNIT // 2
"""What makes the coder's rounding down of hidden values one to the nearest."""

RANGES = {
    "weights": (-128, 127),
    "bias": (-(2**15), 2**15 - 1),
    "outputs": (-2048, 2047),
    "output_bias": (-(2**19), 2**19 - 1),
}
"""Of each kind of number. Within them no sum reaches 2**24, so float32 computes all of them exactly."""


def integers(network: Parameters) -> dict[str, Any]:
    """The JSON object of a network."""
    scaled = {
        "weights": network["weights"] * WEIGHT_UNIT,
        "bias": network["bias"] * BIAS_UNIT + HALF,
        "outputs": network["outputs"] * OUTPUT_UNIT,
        "output_bias": network["output_bias"] * OUTPUT_BIAS_UNIT,
    }
    return {
        name: np.clip(np.round(numbers), *RANGES[name]).astype(int).tolist()
        for name, numbers in scaled.items()
    }


def largest_sums(network: dict[str, Any], largest_input: int, largest_hidden: int = 127) -> tuple[int, int]:
    """The largest magnitude that a sum of products and bias can have, partial sums too: of the hidden layer
    and of the outputs."""
    hidden = np.abs(network["weights"]).sum(1) * largest_input + np.abs(network["bias"])
    out = np.abs(network["outputs"]).sum(1) * largest_hidden + np.abs(network["output_bias"])
    return int(hidden.max()), int(out.max())
