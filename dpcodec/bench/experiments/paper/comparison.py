"""Solvers side by side on single clips: whether `auto` took the right one, and who is how good where."""

from __future__ import annotations

from collections.abc import Sequence

from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.statistics import column, grouped, rounded

AS_GOOD_DB = 0.1
"""Distance from the best single solver within which a choice counts as right."""


def choices(readings: Sequence[Row], drops: Sequence[float]) -> list[Table]:
    """How far `auto` is below the best single solver on the clip where it is farthest, and how often it is
    within `AS_GOOD_DB` of it: where at least two single ones were measured beside it."""
    apart = {
        (mask, drop): _apart(group)
        for (mask, drop), group in grouped(_as_decoded(readings), "mask", "drop").items()
    }
    rows = []
    for mask in dict.fromkeys(mask for mask, _ in apart):
        found = {drop: apart.get((mask, drop), []) for drop in drops}
        if any(found.values()):
            rows.append({"mask": mask, **{f"{drop:g}": _told(found[drop]) for drop in drops}})
    title = f"least over clips (clips within {AS_GOOD_DB} dB), by drop"
    return [Table(f"SNR, dB: auto less the best single solver, {title}", rows)] if rows else []


def clip_by_clip(readings: Sequence[Row], drops: Sequence[float]) -> list[Table]:
    """SNR of each clip, with context."""
    rows = []
    for (mask, clip, how), group in grouped(_as_decoded(readings), "mask", "clip", "method").items():
        levels = {row["drop"]: float(column([row], "snr")[0]) for row in group}
        shown = {f"{drop:g}": rounded(levels.get(drop)) for drop in drops}
        rows.append({"mask": mask, "clip": clip, "method": how, **shown})
    rows.sort(key=lambda row: (not row["mask"].startswith("random"), row["mask"], row["clip"]))
    return [Table("SNR, dB: clip by clip, with context, by drop", rows)] if rows else []


def _as_decoded(readings: Sequence[Row]) -> list[Row]:
    """What `decode` gives: with context, where there is a difference."""
    return [row for row in readings if row["context"] != "without" and column([row], "snr").size]


def _apart(group: Sequence[Row]) -> list[float]:
    """For each clip the SNR of `auto` less that of the best single solver."""
    found = []
    for rows in grouped(group, "clip_digest").values():
        levels = {row["method"]: float(column([row], "snr")[0]) for row in rows}
        chosen = levels.pop("auto", None)
        if chosen is not None and len(levels) > 1:
            found.append(chosen - max(levels.values()))
    return found


def _told(apart: Sequence[float]) -> str | None:
    if not apart:
        return None
    good = sum(one >= -AS_GOOD_DB for one in apart)
    return f"{min(apart) + 0.0:.2f} ({good} of {len(apart)})"
