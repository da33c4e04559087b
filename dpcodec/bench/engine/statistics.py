"""Means over clips, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dpcodec.bench.engine.experiment import Row

CEILING_DB = 150.0
"""Ratios above it count as this much in a mean: one exact clip must not decide over nine others."""
FEWEST = 5
"""Clips for an interval of their mean: that of fewer is wider than what it is to tell apart."""
RATIOS = ("snr", "si_snr", "sdr", "si_sdr", "segsnr")


def number(value: float | str | None) -> float:
    """The value again that `dpcodec.metrics.to_json_value` wrote."""
    return np.nan if value is None else float(value)


def column(rows: Iterable[Row], name: str) -> np.ndarray:
    """The values of a column as float64 [rows], ratios limited to +-`CEILING_DB`, missing ones left out."""
    values = np.array([number(row[name]) for row in rows if row.get(name) is not None], np.float64)
    values = values[~np.isnan(values)]
    return np.clip(values, -CEILING_DB, CEILING_DB) if name in RATIOS else values


def mean(rows: Iterable[Row], name: str) -> float | None:
    """The column's mean, None if it holds nothing."""
    values = column(rows, name)
    return float(values.mean()) if values.size else None


def interval(rows: Iterable[Row], name: str, confidence: float = 0.95) -> tuple[float, float] | None:
    """Student's interval of the mean; None for fewer than `FEWEST` values."""
    values = column(rows, name)
    if values.size < FEWEST:
        return None
    from scipy.special import stdtrit  # lazy: processes whose memory is measured need none of scipy

    quantile = stdtrit(values.size - 1, (1 + confidence) / 2)
    half = float(quantile * values.std(ddof=1) / values.size**0.5)
    return float(values.mean()) - half, float(values.mean()) + half


def grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by their values of some columns, in order of first appearance."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in names), []).append(row)
    return groups


def rounded(value: float | None, digits: int = 2) -> float | None:
    """For a table."""
    return None if value is None else round(value, digits)


def plus_minus(rows: Sequence[Row], name: str, digits: int = 2) -> str:
    """`12.3 ± 0.4`: the mean and half of its 95 % interval, where there are `FEWEST` values."""
    centre, bounds = mean(rows, name), interval(rows, name)
    if centre is None:
        return ""
    told = f"{round(centre, digits) + 0.0:.{digits}f}"  # no minus before a zero
    return told if bounds is None else f"{told} ± {(bounds[1] - bounds[0]) / 2:.{digits}f}"
