"""Rates at equal score: how many bytes this codec takes for what another's bytes give.

For a clip and a measure each codec is a curve through its files, straight between them, of log bytes over
score; the rate for a score is the least at which the curve has it. The ratio of two codecs is the geometric
mean of the ratios of these rates over `GRID` scores in equal steps, across all that both reach. Over clips it
is the geometric mean again, and a two-sided sign test tells whether one codec is better on more of them than
chance gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.statistics import grouped, number
from dpcodec.bench.evaluation import FIGURES
from dpcodec.bench.experiments.peers.figures import Point, label, latest_rows, rate_at
from dpcodec.metrics.catalogue import METRICS

GRID = 41
_HIGHER = {
    name: figure.higher_is_better for metric in METRICS.values() for name, figure in metric.figures.items()
}
Curves = dict[tuple[str, str], list[Point]]
"""(clip with its channels, measure) -> (bytes, score), higher scores better."""
Ratios = dict[str, dict[str, float]]
"""Measure -> clip -> bytes of ours over theirs."""


def ratio_tables(rows: Sequence[Row], foreign: Sequence[Row], classes: dict[str, str]) -> list[Table]:
    """For each profile of this codec, against each other codec: by measure, by class, and by clip."""
    own, others = _codecs(rows, foreign)
    result = []
    for name, ours in own.items():
        found = {other: _ratios(ours, theirs) for other, theirs in others.items()}
        found = {other: ratios for other, ratios in found.items() if ratios}
        if found:
            result += _told(name, found, classes)
    return result


def rate_ratio(ours: Sequence[Point], theirs: Sequence[Point]) -> float | None:
    """Geometric mean of the ratio of rates over scores that two curves of (rate, score) both reach; None if
    there are none.

    >>> rate_ratio([(10, 1.0), (40, 3.0)], [(20, 1.0), (80, 3.0)])
    0.5
    """
    if not ours or not theirs:
        return None
    low = max(min(points)[1] for points in (ours, theirs))
    high = min(max(score for _, score in points) for points in (ours, theirs))
    if not low < high:
        return None
    logs = []
    for score in np.linspace(low, high, GRID).tolist():
        mine, other = _rate(ours, score), _rate(theirs, score)
        if mine is not None and other is not None:
            logs.append(math.log(mine / other))
    return round(math.exp(sum(logs) / len(logs)), 12) if logs else None


def _rate(points: Sequence[Point], score: float) -> float | None:
    rate, least = min(points)
    return rate if score <= least else rate_at(points, score)


def sign_test(ratios: Sequence[float]) -> tuple[int, int, float]:
    """How many ratios are below 1, how many are not 1, and the two-sided probability of a split as uneven as
    this by chance.

    >>> sign_test([0.5, 0.9, 0.8, 0.7, 1.0])
    (4, 4, 0.125)
    """
    from scipy.stats import binomtest  # lazy: heavy, and of no use to processes that only measure

    won, apart = sum(ratio < 1 for ratio in ratios), sum(ratio != 1 for ratio in ratios)
    return won, apart, float(binomtest(won, apart).pvalue) if apart else 1.0


def _codecs(rows: Sequence[Row], foreign: Sequence[Row]) -> tuple[dict[str, Curves], dict[str, Curves]]:
    """Curves of this codec's profiles, and of all others, by name."""
    latest = [row for row in latest_rows(rows) if row["kbps"] is not None]
    named: dict[str, list[Row]] = {}
    for row in latest:
        named.setdefault(label(row), []).append(row)
    own = {name: _curves(group) for name, group in named.items() if group[0]["solver"]}
    others = {name: _curves(group) for name, group in named.items() if not group[0]["solver"]}
    others |= {f"{codec} (given)": _curves(group) for (codec,), group in grouped(foreign, "codec").items()}
    return own, others


def _curves(rows: Sequence[Row]) -> Curves:
    curves: Curves = {}
    for row in rows:
        size = float(row.get("stream_bytes") or row["bytes"])
        for name in FIGURES:
            score = number(row.get(name))
            if math.isfinite(score):
                sign = -1 if _HIGHER[name] is False else 1
                curves.setdefault((_clip(row), name), []).append((size, sign * score))
    return curves


def _clip(row: Row) -> str:
    """Name and channels: a clip mixed to mono is another one."""
    channels = row.get("channels", 1)
    return (
        f"{row['clip']}, {channels if isinstance(channels, str) else 'stereo' if channels == 2 else 'mono'}"
    )


def _ratios(ours: Curves, theirs: Curves) -> Ratios:
    found: Ratios = {}
    for name in FIGURES:
        for clip in dict.fromkeys(clip for clip, measure in ours if measure == name):
            ratio = rate_ratio(ours[clip, name], theirs.get((clip, name), []))
            if ratio is not None:
                found.setdefault(name, {})[clip] = ratio
    return found


def _told(ours: str, found: dict[str, Ratios], classes: dict[str, str]) -> list[Table]:
    names = [name for name in FIGURES if any(name in ratios for ratios in found.values())]
    titles = {name: FIGURES[name][0] for name in names}
    clips = list(dict.fromkeys(clip for ratios in found.values() for one in ratios.values() for clip in one))
    about = f"Bytes of {ours} over those of others at equal score"

    def line(first: dict[str, Any], ratios: Ratios, chosen: Sequence[str], tested: bool) -> Row:
        cells = {}
        for name in names:
            values = [ratios[name][clip] for clip in chosen if clip in ratios.get(name, {})]
            cells[titles[name]] = _cell(values, tested)
        return {**first, **cells}

    result = [
        Table(
            f"{about}: geometric mean over clips (better on, of; two-sided sign test)",
            [line({"against": other}, ratios, clips, True) for other, ratios in found.items()],
        )
    ]
    kinds: dict[str, list[str]] = {}
    for clip in clips:
        kinds.setdefault(classes.get(clip.rpartition(", ")[0], "other"), []).append(clip)
    if classes:
        by_class = [
            line({"class": kind, "against": other}, ratios, members, True)
            for kind, members in kinds.items()
            for other, ratios in found.items()
        ]
        result.append(Table(f"{about}, by class", by_class))
    by_clip = [
        line({"clip": clip, "against": other}, ratios, [clip], False)
        for clip in clips
        for other, ratios in found.items()
    ]
    return [*result, Table(f"{about}, by clip", by_clip)]


def _cell(ratios: Sequence[float], tested: bool) -> str:
    if not ratios:
        return ""
    told = f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.3f}"
    if not tested:
        return told
    won, apart, p = sign_test(ratios)
    return f"{told} ({won} of {apart}; p {p:.2g})"
