"""Figures of many pairs of files, as `dpcodec eval` prints them: text, JSON lines, CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence

from dpcodec import metrics

Value = float | str | None
Pair = tuple[str, str, Mapping[str, Value]]
"""Reference, degraded, and the figures by name."""


def means(pairs: Sequence[Pair]) -> dict[str, float]:
    """Of each figure over the pairs where it is a finite number; nan where there is none."""
    found = {}
    for name in names_of(pairs):
        finite = [value for value in numbers(pairs, name) if math.isfinite(value)]
        found[name] = sum(finite) / len(finite) if finite else math.nan
    return found


def names_of(pairs: Sequence[Pair]) -> list[str]:
    """The figures that any pair has."""
    return list(dict.fromkeys(name for _, _, figures in pairs for name in figures))


def numbers(pairs: Sequence[Pair], name: str) -> list[float]:
    """A figure of the pairs that have it."""
    values = [float(figures[name]) for _, _, figures in pairs if figures.get(name) is not None]  # type: ignore[arg-type]
    return [value for value in values if not math.isnan(value)]


def as_json(pairs: Sequence[Pair]) -> Iterator[str]:
    """A line a pair, and one of the means."""
    for reference, degraded, figures in pairs:
        yield json.dumps({"reference": reference, "degraded": degraded, **figures})
    found = {name: metrics.to_json_value(value) for name, value in means(pairs).items()}
    yield json.dumps({"mean": found, "files": len(pairs)})


def as_csv(pairs: Sequence[Pair]) -> str:
    """A line a pair, and where there are several one of the means, whose reference is "mean"."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = names_of(pairs)
    writer.writerow(["reference", "degraded", *names])
    for reference, degraded, figures in pairs:
        writer.writerow([reference, degraded, *(_cell(figures.get(name)) for name in names)])
    if len(pairs) > 1:
        writer.writerow(["mean", "", *(_cell(value) for value in means(pairs).values())])
    return out.getvalue().removesuffix("\n")


def as_table(pairs: Sequence[Pair]) -> Iterator[str]:
    """For people: a line a pair; then mean, least and most of each figure over the pairs that have it."""
    names = names_of(pairs)
    first = max(len("file"), *(len(degraded) for _, degraded, _ in pairs))
    widths = [max(9, len(name)) for name in names]
    yield f"{'file':<{first}}  " + "  ".join(f"{name:>{w}}" for name, w in zip(names, widths, strict=True))
    for _, degraded, figures in pairs:
        cells = (_shown(figures.get(name)).rjust(w) for name, w in zip(names, widths, strict=True))
        yield f"{degraded:<{first}}  " + "  ".join(cells)
    yield ""
    width = max(map(len, names))
    yield f"{'':<{width}}  {'mean':>9} {'least':>9} {'most':>9}  files"
    for name, mean in means(pairs).items():
        values = numbers(pairs, name)
        ends = (_shown(end) for end in ((min(values), max(values)) if values else (None, None)))
        yield (
            f"{name:<{width}}  {_shown(mean):>9} "
            + " ".join(f"{end:>9}" for end in ends)
            + f"  {len(values)}"
        )


def _shown(value: Value) -> str:
    number = math.nan if value is None else float(value)
    return "-" if math.isnan(number) else f"{number:.3f}"


def _cell(value: Value) -> str:
    """Nothing where it is not defined; floats in full."""
    number = math.nan if value is None else float(value)
    return "" if math.isnan(number) else repr(number)
