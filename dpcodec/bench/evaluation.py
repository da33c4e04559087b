"""The only place where what was decoded meets the original."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dpcodec import Audio
from dpcodec.bench.experiment import Row
from dpcodec.metrics.catalogue import evaluate, to_json_value

PAPER_METRICS = ("snr", "si-snr", "sdr", "si-sdr", "pemoq", "peaq")
"""The six of the paper, section III-D."""


def compare(original: Audio, decoded: Audio, metrics: Sequence[str] = ("snr",)) -> Row:
    """The metrics' values, rounded to five digits after the point, as JSON holds them.

    Both are cut to the shorter: programs that pad the end add nothing to be heard.
    """
    n = min(original.samples.shape[1], decoded.samples.shape[1])
    values = evaluate(original.samples[:, :n], decoded.samples[:, :n], original.sample_rate, metrics)
    return {name: to_json_value(round(value, 5)) for name, value in values.items()}


def number(value: float | str | None) -> float:
    """The value again that `to_json_value` wrote."""
    return np.nan if value is None else float(value)
