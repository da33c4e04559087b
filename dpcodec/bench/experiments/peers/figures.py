"""The peers' rows as tables and rate-distortion curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from dpcodec.bench.engine.experiment import Row, Table
from dpcodec.bench.engine.plots import Line, Panel, draw_panels
from dpcodec.bench.engine.statistics import FEWEST, grouped, interval, mean, plus_minus
from dpcodec.bench.evaluation import FIGURES, file_name, spelled

SAME = ("clip", "clip_digest", "codec", "solver", "profile", "kbps", "rate", "seconds", "start")
"""A later row that agrees in these replaces an earlier one, of another version or set of metrics."""
ON_DISK = "kbit/s on disk"
AT_DB = (15.0, 20.0, 25.0, 30.0)
EAR = ("peaq_odg", "visqol")
"""Metrics of the small figure: two models of hearing, of different makers."""
EAR_OURS = "dpcodec perceptual"
"""This codec in the small figure: what it makes where nothing else is asked for."""
SLACK = 0.01
"""A curve's end stands for bit rates this share beyond it: files that just miss their target."""
Point = tuple[float, float]


def tables(rows: Sequence[Row]) -> list[Table]:
    """For each sample rate and length of clips: means as asked for and at equal bytes, and how it was run."""
    result = []
    for where, group in _runs(rows):
        lossy, lossless = _of_whole_clips(group)
        clips = len({row["clip_digest"] for row in lossy or lossless})
        over = f"mean over {clips} clip{'s' * (clips != 1)} {where}"
        bitrates = sorted({row["kbps"] for row in lossy})
        for name in _measured(lossy):
            result.append(_as_asked(name, over, lossy, bitrates))
            result += _at_equal_bytes(name, over, lossy, bitrates)
        if _measured(lossy, ("snr",)):
            result.append(_rates_for_snr(over, lossy))
        if lossless:
            result.append(_lossless(over, lossless))
        result.append(_programs(where, group))
    return result


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """For each sample rate and length of clips: means of each metric over kbit/s on disk, and a small figure
    of the metrics `EAR`, where there are both."""
    written: list[Path] = []
    for where, group in _runs(rows):
        lossy, _ = _of_whole_clips(group)
        bitrates = sorted({row["kbps"] for row in lossy})
        panels = []
        for name in _measured(lossy):
            lines = _lines(lossy, name)
            panels.append(Panel(spelled(name), ON_DISK, lines, file_name(name), bitrates, log_x=True))
        if panels:
            rate, seconds = group[0]["rate"], group[0]["seconds"]
            clips = len({row["clip_digest"] for row in lossy})
            note = f"mean over {clips} clip{'s' * (clips != 1)} {where}"
            note += f"; band: 95 % interval of {EAR_OURS}" if clips >= FEWEST and EAR_OURS in lines else ""
            start = f"-from-{group[0]['start']:g}s" if group[0].get("start") else ""
            name = f"peers-{rate}hz-{seconds:g}s{start}".replace(".", "_")  # what follows a point is a suffix
            written += draw_panels(panels, folder / name, note)
            written += _draw_small(lossy, folder / name.replace("peers", "peers-ear"), where)
    return written


def _draw_small(rows: Sequence[Row], path: Path, where: str) -> list[Path]:
    """Quality for the ear of this codec and the others, nothing else: legible in a page that is 360 pixels
    wide. Nothing, where one of the metrics `EAR` or this codec is missing."""
    shown = [row for row in rows if label(row) == EAR_OURS or not row["solver"]]
    ticks = sorted({row["kbps"] for row in shown})
    panels = []
    for name in _measured(shown, EAR):
        lines = {
            codec.removesuffix(" perceptual"): replace(line, low=None, high=None)
            for codec, line in _lines(shown, name).items()
        }
        panels.append(Panel(spelled(name), ON_DISK, lines, file_name(name), ticks, log_x=True))
    ours = EAR_OURS.removesuffix(" perceptual")
    if len(panels) < len(EAR) or any(ours not in panel.lines for panel in panels):
        return []
    clips = len({row["clip_digest"] for row in shown})
    return draw_panels(panels, path, f"mean over {clips} clip{'s' * (clips != 1)} {where}")


def label(row: Row) -> str:
    """The codec, its profile, and what decodes it where that is a choice."""
    if row.get("profile"):
        return f"{row['codec']} {row['profile']}"
    return f"{row['codec']} stft, {row['solver']}" if row["solver"] else str(row["codec"])


def value_at(points: Sequence[Point], x: float) -> float | None:
    """y at x > 0 on the line through points (x, y), straight over log x; None beyond its ends.

    >>> value_at([(10, 1.0), (40, 3.0)], 20), value_at([(10, 1.0), (40, 3.0)], 50)
    (2.0, None)
    """
    ordered = sorted(points)
    for end in (ordered[0], ordered[-1]):
        if abs(x - end[0]) <= SLACK * x:
            return end[1]
    for (x0, y0), (x1, y1) in pairwise(ordered):
        if x0 <= x <= x1 and x1 > x0:
            return y0 + (y1 - y0) * math.log(x / x0) / math.log(x1 / x0)
    return None


def rate_at(points: Sequence[Point], y: float) -> float | None:
    """The least x > 0 at which the same line reaches y from below; None if it does not.

    >>> round(rate_at([(10, 1.0), (40, 3.0)], 2.0), 6), rate_at([(10, 1.0), (40, 3.0)], 0.5)
    (20.0, None)
    """
    for (x0, y0), (x1, y1) in pairwise(sorted(points)):
        if y0 <= y <= y1 and y1 > y0:
            return float(x0 * (x1 / x0) ** ((y - y0) / (y1 - y0)))
    return None


def latest_rows(rows: Sequence[Row]) -> list[Row]:
    """Each measurement once: its latest values, metric by metric."""
    latest: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in SAME)
        latest[key] = {**latest.get(key, {}), **row}
    return list(latest.values())


def _runs(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The latest rows of each sample rate and length of clips, and these in words."""
    for (rate, seconds, start), group in grouped(latest_rows(rows), "rate", "seconds", "start").items():
        after = f" from second {start:g} on" if start else ""
        yield f"of {seconds:g} s{after} at {rate / 1000:g} kHz", group


def _of_whole_clips(group: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Lossy and lossless rows of those clips on which every codec has been measured at every bit rate that it
    has been measured at on any: means are over the same clips. Of all clips, if there are none such."""
    cases = {(label(row), row["kbps"]) for row in group}
    whole = {
        clip
        for (clip,), rows in grouped(group, "clip_digest").items()
        if len({(label(row), row["kbps"]) for row in rows}) == len(cases)
    }
    chosen = [row for row in group if not whole or row["clip_digest"] in whole]
    return [row for row in chosen if row["kbps"] is not None], [row for row in chosen if row["kbps"] is None]


def _measured(rows: Sequence[Row], names: Sequence[str] = tuple(FIGURES)) -> list[str]:
    return [name for name in names if any(row.get(name) is not None for row in rows)]


def _as_asked(name: str, over: str, rows: Sequence[Row], bitrates: Sequence[float]) -> Table:
    title, unit = FIGURES[name]
    digits = 1 if unit == "dB" else 2

    def cell(group: Sequence[Row], kbps: float) -> str:
        at = [row for row in group if row["kbps"] == kbps]
        return f"{plus_minus(at, name, digits)} ({mean(at, 'kbps_on_disk'):.1f})" if at else ""

    shown = [
        {"codec": codec, **{f"{kbps:g}": cell(group, kbps) for kbps in bitrates}}
        for codec, group in _by_codec(rows).items()
    ]
    about = f"{over} ± half of its 95 % interval (kbit/s on disk), by kbit/s asked for"
    return Table(f"{title}, {unit}: {about}", shown)


def _at_equal_bytes(name: str, over: str, rows: Sequence[Row], bitrates: Sequence[float]) -> list[Table]:
    """Differences clip by clip: points of this codec, of its profile that does best, against a line through
    each other codec's."""
    title, unit = FIGURES[name]
    digits = 1 if unit == "dB" else 2
    codecs = _by_codec(rows)
    own = [codec for codec, group in codecs.items() if group[0]["solver"]]
    if not own or len(codecs) == 1:
        return []
    ours = max(own, key=lambda codec: mean(codecs[codec], name) or -math.inf)
    clips = len({row["clip_digest"] for row in rows})

    def cell(group: Sequence[Row], kbps: float) -> str:
        by_clip = grouped(group, "clip_digest")
        gains = []
        for row in codecs[ours]:
            points = _points(by_clip.get((row["clip_digest"],), []), name)
            if row["kbps"] == kbps and points:
                theirs, ours_there = value_at(points, row["kbps_on_disk"]), mean([row], name)
                if theirs is not None and ours_there is not None:
                    gains.append({"gain": ours_there - theirs})
        fewer = f" ({len(gains)} clip{'s' * (len(gains) != 1)})" if 0 < len(gains) < clips else ""
        return plus_minus(gains, "gain", digits) + fewer

    shown = [
        {"against": codec, **{f"{kbps:g}": cell(group, kbps) for kbps in bitrates}}
        for codec, group in codecs.items()
        if codec != ours
    ]
    about = f"gain of {ours} over others at its own bytes, {over} ± half of its 95 % interval, by kbit/s"
    return [Table(f"{title}, {unit}: {about}", shown)]


def _rates_for_snr(over: str, rows: Sequence[Row]) -> Table:
    """`< 15.9`: the lowest point is above the SNR already; `> 63.8`: the highest is still below."""

    def cell(group: Sequence[Row], db: float) -> str:
        points = _points(group, "snr")
        found = rate_at(points, db)
        if found is not None:
            return f"{found:.1f}"
        above = [kbps for kbps, level in points if level >= db]
        return f"< {points[0][0]:.1f}" if above else f"> {points[-1][0]:.1f}"

    shown = [
        {"codec": codec, **{f"{db:g} dB": cell(group, db) for db in AT_DB}}
        for codec, group in _by_codec(rows).items()
    ]
    return Table(f"kbit/s on disk for an SNR ({over}), between measured points", shown)


def _lossless(over: str, rows: Sequence[Row]) -> Table:
    shown = [
        {"codec": codec, "kbit/s on disk": plus_minus(group, "kbps_on_disk", 0)}
        for codec, group in _by_codec(rows).items()
    ]
    return Table(f"Lossless: {over} ± half of its 95 % interval", shown)


def _programs(where: str, rows: Sequence[Row]) -> Table:
    """The command of the last row of each codec, and the delays that were taken out."""
    shown = []
    for codec, group in _by_codec(rows).items():
        delays = sorted({row["delay"] for row in group})
        told = f"{delays[0]}" if len(delays) == 1 else f"{delays[0]} ... {delays[-1]}"
        last = group[-1]
        shown.append(
            {
                "codec": codec,
                "version": last["codec_version"],
                "delay": told,
                "command": last["command"],
            }
        )
    return Table(f"How each was run on clips {where}; delay: samples taken out after decoding", shown)


def _by_codec(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {label(group[0]): group for group in grouped(rows, "codec", "solver", "profile").values()}


def _points(rows: Sequence[Row], name: str) -> list[Point]:
    """Mean kbit/s on disk and mean of a metric, a point a bit rate asked for, in order."""
    line = _line(rows, name)
    return list(zip(line.x, line.y, strict=True))


def _lines(rows: Sequence[Row], name: str) -> dict[str, Line]:
    """This codec's default first, the only one with a band: eight of them would hide each other."""
    lines = {}
    for codec, group in sorted(_by_codec(rows).items(), key=lambda item: item[0] != EAR_OURS):
        line = replace(_line(group, name), ours=bool(group[0]["solver"]))
        if line.x:
            lines[codec] = line if codec == EAR_OURS else replace(line, low=None, high=None)
    return lines


def _line(rows: Sequence[Row], name: str) -> Line:
    points = []
    for at in grouped(rows, "kbps").values():
        kbps, centre = mean(at, "kbps_on_disk"), mean(at, name)
        if kbps is not None and centre is not None:
            points.append((kbps, centre, *(interval(at, name) or (centre, centre))))
    points.sort()
    x, y, low, high = ([point[i] for point in points] for i in range(4))
    return Line(x, y, low, high)
